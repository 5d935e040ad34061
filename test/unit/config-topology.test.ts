import { describe, expect, test } from 'vitest';
import { parseRedisUrl } from '../../src/config/endpoints.ts';
import { reachWords } from '../../src/config/reach.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import type { Config, ConfigFlags } from '../../src/config/types.ts';
import { ConfigError } from '../../src/errors.ts';

const SECRETS: Readonly<Record<string, string>> = {
  '/home/ratelimit/redis-pw': 'of-the-servers\n',
  '/home/ratelimit/sentinel-pw': 'of-the-sentinels\n',
  '/home/ratelimit/ca.pem': '-----BEGIN CERTIFICATE-----\n',
};

function resolve(redis: string | null, flags: ConfigFlags = {}, env = {}): Promise<Config> {
  const indented = redis?.replaceAll('\n', '\n      ');
  const file =
    redis === null ? null : `current-context: prod\ncontexts:\n  prod:\n    redis:\n      ${indented}\n`;
  const readFile = async (path: string) => {
    const content = path === '/home/ratelimit/config.yaml' ? file : SECRETS[path];
    if (content === null || content === undefined)
      throw Object.assign(new Error('no file'), { code: 'ENOENT' });
    return new TextEncoder().encode(content);
  };
  return resolveConfig({ flags, env, configHome: '/home', readFile });
}

const problems = (redis: string): Promise<readonly string[]> =>
  resolve(redis).then(
    () => [],
    (error: unknown) => {
      if (!(error instanceof ConfigError)) throw error;
      return error.problems.map((problem) =>
        problem.replace('/home/ratelimit/config.yaml:', '').replaceAll('contexts.prod.', ''),
      );
    },
  );

const redisLeaves = (config: Config) =>
  config.origins.filter(({ key }) => key.startsWith('redis')).map(({ key, shown }) => `${key}: ${shown}`);

describe('what a context says', () => {
  test('sentinels: their credentials are told apart from those of the servers', async () => {
    const config = await resolve(
      [
        'sentinel: { name: mymaster, nodes: [S1.example, "s2.example:1", "[2001:db8::1]:2"], username: w, password-file: sentinel-pw }',
        ...[
          'username: triage',
          'password-file: redis-pw',
          'tls: { ca-file: ca.pem }',
          'db: 2',
          'read: replica',
        ],
      ].join('\n'),
    );
    const { redis } = config;
    expect(redis).toMatchObject({
      ...{ host: '', port: 0, path: null, db: 2, username: 'triage', read: 'replica' },
      topology: {
        ...{ kind: 'sentinel', name: 'mymaster', username: 'w' },
        sentinels: [
          { host: 's1.example', port: 26_379 },
          { host: 's2.example', port: 1 },
          { host: '2001:db8::1', port: 2 },
        ],
      },
    });
    expect(redis.password?.reveal()).toBe('of-the-servers');
    expect(redis.topology.kind === 'sentinel' && redis.topology.password?.reveal()).toBe('of-the-sentinels');
    expect(redisLeaves(config)).toEqual([
      'redis.url: sentinel+tls://triage@s1.example:26379,s2.example:1,[2001:db8::1]:2/mymaster/2?read=replica',
      ...['redis.username: triage', 'redis.password: [redacted]'],
      ...['redis.sentinel.username: w', 'redis.sentinel.password: [redacted]'],
      'redis.tls.ca-file: /home/ratelimit/ca.pem',
    ]);
    expect(reachWords(config, ['redis'])).toEqual(['--context', 'prod']);
    expect(JSON.stringify(config)).not.toContain('of-the-');
  });

  test('a cluster, with the usual authorities', async () => {
    const { redis } = await resolve('cluster: [a, "b:7000", a]\ntls: {}');
    expect(redis.display).toBe('cluster+tls://a:6379,b:7000');
    expect(redis.tls).toMatchObject({ ca: null, cert: null, key: null });
  });

  test('a reader beside the primary, and the same by a URL', async () => {
    const config = await resolve('url: rediss://me@h:1/3\nreplica-url: rediss://r:2\nread: replica');
    expect(config.redis).toMatchObject({
      ...{ host: 'h', port: 1, db: 3, read: 'replica', display: 'rediss://me@h:1/3' },
      topology: { kind: 'server', reader: { host: 'r', port: 2 } },
    });
    expect(redisLeaves(config)).toContain('redis.replica-url: rediss://r:2');
    expect((await resolve('url: cluster://a\nread: replica')).redis.display).toBe(
      'cluster://a:6379?read=replica',
    );
  });
});

test.each([
  [
    'url: redis://h\ncluster: [a]',
    ['4: redis: expected one of url, sentinel and cluster, got url and cluster'],
  ],
  ['username: u', ['4: redis: expected one of url, sentinel and cluster, got none']],
  ['url: redis://h\nread: replica', ['6: redis.read: expected replica-url beside it, where replicas answer']],
  ['url: redis://h\nread: both', ['6: redis.read: expected primary or replica, got "both"']],
  [
    'url: redis://h\nreplica-url: rediss://r',
    ['6: redis.replica-url: expected TLS in both of url and replica-url, or in none'],
  ],
  [
    'url: redis://h\nreplica-url: redis://me@r',
    ['6: redis.replica-url: expected a host and a port alone: the user and the database are those of url'],
  ],
  ['url: redis://h\nreplica-url: unix:/s', ['6: redis.replica-url: expected a redis:// or rediss:// URL']],
  [
    'cluster: [a]\nreplica-url: redis://r\ndb: 1',
    [
      '6: redis.replica-url: expected beside url alone: the others know their replicas',
      '7: redis.db: a cluster has one database',
    ],
  ],
  ['url: redis://h/1\ndb: 1', ['6: redis.db: expected at the end of the URL']],
  ['url: cluster://a?read=replica\nread: replica', ['6: redis.read: expected here or in the URL, got both']],
  ['url: cluster://a\ntls: {}', ['6: redis.tls: expected a cluster+tls:// URL beside tls']],
  ['cluster: []', ['5: redis.cluster: expected a list of nodes as host:port, got a list']],
  [
    'cluster: ["a:0", "b b", 7]',
    [
      '5: redis.cluster.0: expected a port of 1 to 65535 after the host, got "a:0"',
      '5: redis.cluster.1: expected a host name, an IPv4 address or an IPv6 address in brackets, got "b b"',
      '5: redis.cluster.2: expected a host, or host:port, got 7',
    ],
  ],
  [
    'sentinel: { name: a b, nodes: [h], role: replica }',
    [
      '5: redis.sentinel.name: expected the name of the primary, of letters, digits and . _ -, got "a b"',
      '5: redis.sentinel.role: unknown key, did you mean "name"? Valid: name, nodes, username, password-file',
    ],
  ],
])('%s', async (redis, expected) => {
  expect(await problems(redis)).toEqual(expected);
});

test.each([
  'sentinel://me@a:1,b:2/m/3?read=replica',
  'sentinel+tls://a:26379/m',
  'cluster://me@a:1,b:2?read=replica',
  'cluster+tls://[2001:db8::1]:6379',
])('%s is what a suggested command names, and it is the same system', async (url) => {
  const config = await resolve(null, { redisUrl: url });
  expect(reachWords(config, ['redis'])).toEqual(['--redis-url', url]);
  expect(parseRedisUrl(url)).toEqual(config.redis);
  // A variable with a password is needed all the same, so that no flag replaces it.
  const secret = url.replace('://', '://u:pw@').replace('u:pw@me', 'me:pw');
  const env = { RATELIMIT_REDIS_URL: secret };
  expect(reachWords(await resolve(null, {}, env), ['redis'])).toEqual([]);
});
