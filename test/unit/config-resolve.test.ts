import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ConfigInput } from '../../src/config/in-use.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import type { Config } from '../../src/config/types.ts';
import { ConfigError } from '../../src/errors.ts';

const FILE = '/home/ratelimit/config.yaml';
const YAML = `current-context: prod
contexts:
  prod:
    production: true
    redis:
      url: rediss://redis.example:6380/1
      username: triage
      password-file: secrets/redis
      tls: { ca-file: tls/ca.pem, cert-file: /tls/c.pem, key-file: tls/c.key }
    prometheus:
      url: http://prom:9090/prefix/
      bearer-token-file: secrets/prom
      headers: { X-Scope-OrgID: team, X-Key: S3cr3t }
    api: { url: "https://aegis.example/api", token-file: secrets/api }
    timeout: 8s
    thresholds: { heavy-ip-failures: 30, a: 0.5 }
    never-block: [198.51.100.0/24, 2001:db8::7]
    max-block-ttl: 36h
    cap-ceiling: 250
    journal-stream: ratelimit:journal
  staging:
    runbook: books/mine.yaml
    redis: redis://staging
`;
const FILES: Readonly<Record<string, string>> = {
  [FILE]: YAML,
  '/home/ratelimit/secrets/redis': 'S3cr3t-redis\n',
  '/home/ratelimit/secrets/prom': 'S3cr3t-prom\r\n',
  '/home/ratelimit/secrets/api': 'S3cr3t-api',
  '/home/ratelimit/tls/ca.pem': '-----BEGIN CERTIFICATE-----\nca\n',
  '/tls/c.pem': '-----BEGIN CERTIFICATE-----\nc\n',
  '/home/ratelimit/tls/c.key': '-----BEGIN PRIVATE KEY-----\nS3cr3t\n',
};

type Options = Partial<Pick<ConfigInput, 'flags' | 'env'>> & {
  files?: Readonly<Record<string, string | Error | Uint8Array>>;
};

function fsError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** Resolves over files in memory; `files` adds to the ones above, an Error is what reading gives. */
function resolve({ flags = {}, env = {}, files = {} }: Options = {}, asked: string[] = []) {
  const all: typeof files = { ...FILES, ...files };
  const readFile = async (path: string, limit: number) => {
    asked.push(path);
    const content = all[path] ?? fsError('ENOENT');
    if (content instanceof Error) throw content;
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    return bytes.subarray(0, limit + 1);
  };
  return resolveConfig({ flags, env, configHome: '/home', readFile });
}

async function problems(options: Options): Promise<readonly string[]> {
  const error = await resolve(options).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ConfigError)) throw new Error('expected a ConfigError', { cause: error });
  expect(error.exitCode).toBe(2);
  return error.problems;
}

const noFile = { [FILE]: fsError('ENOENT') };

describe('several Prometheus', () => {
  const file = (prometheus: string) =>
    `contexts: { prod: { prometheus: ${prometheus} } }\ncurrent-context: prod\n`;

  test('each with its own credentials and its own place among the origins', async () => {
    const config = await resolve({
      files: {
        [FILE]: file('[http://a:9090, { url: "https://b/prefix", bearer-token-file: secrets/b }]'),
        '/home/ratelimit/secrets/b': 'S3cr3t-b\n',
      },
    });
    expect(config.prometheus.map(({ url, bearerToken }) => [url, bearerToken?.reveal() ?? null])).toEqual([
      ['http://a:9090', null],
      ['https://b/prefix', 'S3cr3t-b'],
    ]);
    const shown = config.origins.filter(({ key }) => key.startsWith('prometheus'));
    expect(shown.map(({ key, shown: value, origin }) => `${key} ${value} ${origin}`)).toEqual([
      'prometheus[0].url http://a:9090 context',
      'prometheus[0].bearer-token (none) default',
      'prometheus[1].url https://b/prefix context',
      'prometheus[1].bearer-token [redacted] context',
    ]);
  });

  test('a list of one is shown as one, and a flag stands for all of them', async () => {
    const keys = ({ origins }: Config) =>
      origins.flatMap(({ key }) => (key.startsWith('prometheus') ? key : []));
    const one = await resolve({ files: { [FILE]: file('[http://a:9090]') } });
    expect(keys(one)).toEqual(['prometheus.url', 'prometheus.bearer-token']);
    const flags = { prometheusUrl: 'http://c' };
    const given = await resolve({ files: { [FILE]: file('[http://a, http://b]') }, flags });
    expect(given.prometheus.map(({ url }) => url)).toEqual(['http://c']);
  });

  test('a file that cannot be used is named by its place in the list', async () => {
    const lines = ['contexts:', '  prod:', '    prometheus:', '      - http://a', '      - url: https://b'];
    const yaml = [...lines, '        bearer-token-file: gone', 'current-context: prod', ''].join('\n');
    expect(await problems({ files: { [FILE]: yaml, '/home/ratelimit/gone': fsError('ENOENT') } })).toEqual([
      `${FILE}:6: contexts.prod.prometheus.1.bearer-token-file: cannot use the file "/home/ratelimit/gone": no such file`,
    ]);
  });
});

describe('where values come from', () => {
  test('without anything: the defaults, context null', async () => {
    const config = await resolve({ files: noFile });
    expect({
      ...config,
      origins: config.origins.map(({ key, shown, origin }) => `${key} ${shown} ${origin}`),
    }).toMatchInlineSnapshot(`
      {
        "alertmanager": {
          "basicAuth": null,
          "bearerToken": null,
          "headers": {},
          "tls": null,
          "url": "http://127.0.0.1:9093",
        },
        "api": null,
        "capCeiling": null,
        "context": null,
        "file": null,
        "from": {
          "alertmanager": "default",
          "api": "default",
          "context": "default",
          "file": "default",
          "logs": "default",
          "prometheus": "default",
          "redis": "default",
          "runbook": "default",
        },
        "journalStream": null,
        "keepLooks": true,
        "limits": {},
        "links": {},
        "logs": null,
        "maxBlockTtlSeconds": 604800,
        "neverBlock": [],
        "origins": [
          "context (none) default",
          "production false default",
          "runbook aegis default",
          "redis.url redis://127.0.0.1:6379 default",
          "redis.username (none) default",
          "redis.password (none) default",
          "prometheus.url http://127.0.0.1:9090 default",
          "prometheus.bearer-token (none) default",
          "alertmanager.url http://127.0.0.1:9093 default",
          "alertmanager.bearer-token (none) default",
          "api.url (none) default",
          "api.token (none) default",
          "logs.url (none) default",
          "timeout 5s default",
          "never-block (none) default",
          "max-block-ttl 7d default",
          "cap-ceiling (none) default",
          "journal-stream (none) default",
          "keep-looks true default",
        ],
        "production": false,
        "prometheus": [
          {
            "basicAuth": null,
            "bearerToken": null,
            "headers": {},
            "tls": null,
            "url": "http://127.0.0.1:9090",
          },
        ],
        "queries": {},
        "redis": {
          "db": 0,
          "display": "redis://127.0.0.1:6379",
          "host": "127.0.0.1",
          "password": null,
          "path": null,
          "port": 6379,
          "read": "primary",
          "tls": null,
          "topology": {
            "kind": "server",
            "reader": null,
          },
          "username": null,
        },
        "runbook": "aegis",
        "thresholds": {},
        "timeoutSeconds": 5,
      }
    `);
  });

  test('the context of the file, its secrets read from beside it', async () => {
    const config = await resolve();
    expect(config).toMatchObject({
      context: 'prod',
      file: FILE,
      production: true,
      runbook: 'aegis',
      timeoutSeconds: 8,
    });
    expect(config.thresholds).toEqual({ 'heavy-ip-failures': 30, a: 0.5 });
    expect(config).toMatchObject({
      neverBlock: ['198.51.100.0/24', '2001:db8::7'],
      maxBlockTtlSeconds: 129_600,
      capCeiling: '250.00',
      journalStream: 'ratelimit:journal',
    });
    expect(config.redis).toMatchObject({
      host: 'redis.example',
      port: 6380,
      db: 1,
      username: 'triage',
      display: 'rediss://triage@redis.example:6380/1',
      tls: { ca: '-----BEGIN CERTIFICATE-----\nca\n', cert: '-----BEGIN CERTIFICATE-----\nc\n' },
    });
    expect(config.redis.password?.reveal()).toBe('S3cr3t-redis');
    expect(config.redis.tls?.key?.reveal()).toBe('-----BEGIN PRIVATE KEY-----\nS3cr3t\n');
    expect(config.prometheus[0].url).toBe('http://prom:9090/prefix');
    expect(config.prometheus[0].bearerToken?.reveal()).toBe('S3cr3t-prom');
    expect(config.prometheus[0].headers).toEqual({ 'X-Scope-OrgID': 'team', 'X-Key': 'S3cr3t' });
    expect(config.api?.url).toBe('https://aegis.example/api');
    expect(config.api?.bearerToken?.reveal()).toBe('S3cr3t-api');
    expect(
      config.origins.map(({ key, shown, origin }) => `${key} ${shown} ${origin}`),
    ).toMatchInlineSnapshot(`
      [
        "context prod context",
        "production true context",
        "runbook aegis default",
        "redis.url rediss://triage@redis.example:6380/1 context",
        "redis.username triage context",
        "redis.password [redacted] context",
        "redis.tls.ca-file /home/ratelimit/tls/ca.pem context",
        "redis.tls.cert-file /tls/c.pem context",
        "redis.tls.key-file /home/ratelimit/tls/c.key context",
        "prometheus.url http://prom:9090/prefix context",
        "prometheus.headers.X-Key [redacted] context",
        "prometheus.headers.X-Scope-OrgID team context",
        "prometheus.bearer-token [redacted] context",
        "alertmanager.url http://127.0.0.1:9093 default",
        "alertmanager.bearer-token (none) default",
        "api.url https://aegis.example/api context",
        "api.token [redacted] context",
        "logs.url (none) default",
        "timeout 8s context",
        "never-block 198.51.100.0/24, 2001:db8::7 context",
        "max-block-ttl 36h context",
        "cap-ceiling 250.00 context",
        "journal-stream ratelimit:journal context",
        "keep-looks true default",
        "thresholds.a 0.5 context",
        "thresholds.heavy-ip-failures 30 context",
      ]
    `);
  });

  test('flag over environment over context', async () => {
    const env = {
      RATELIMIT_CONTEXT: 'staging',
      RATELIMIT_REDIS_URL: 'redis://from-env',
      RATELIMIT_PROMETHEUS_URL: 'http://from-env',
      RATELIMIT_API_URL: 'http://api-env',
      RATELIMIT_RUNBOOK: 'from-env',
    };
    const byEnv = await resolve({ env });
    expect([byEnv.context, byEnv.redis.host, byEnv.prometheus[0].url, byEnv.api?.url, byEnv.runbook]).toEqual(
      ['staging', 'from-env', 'http://from-env', 'http://api-env', 'from-env'],
    );
    const flags = {
      context: 'prod',
      redisUrl: 'redis://from-flag',
      prometheusUrl: 'http://from-flag',
      apiUrl: 'http://api-flag',
      runbook: './from-flag.yaml',
      timeout: '1m',
    };
    const byFlag = await resolve({ env, flags });
    expect([
      byFlag.context,
      byFlag.redis.host,
      byFlag.prometheus[0].url,
      byFlag.api?.url,
      byFlag.runbook,
    ]).toEqual(['prod', 'from-flag', 'http://from-flag', 'http://api-flag', './from-flag.yaml']);
    expect(byFlag.timeoutSeconds).toBe(60);
    const origins = Object.fromEntries(byFlag.origins.map(({ key, origin }) => [key, origin]));
    expect(origins).toMatchObject({
      context: 'flag',
      'redis.url': 'flag',
      timeout: 'flag',
      production: 'context',
    });
  });

  test('an empty variable is unset', async () => {
    const names = [
      'CONFIG',
      'CONTEXT',
      'REDIS_URL',
      'PROMETHEUS_URL',
      'API_URL',
      'API_TOKEN_FILE',
      'API_TOKEN',
      'RUNBOOK',
    ];
    const env = Object.fromEntries(names.map((name) => [`RATELIMIT_${name}`, '']));
    expect(inspect(await resolve({ env }), { depth: 9 })).toBe(inspect(await resolve(), { depth: 9 }));
  });

  test('a value that is overridden is not looked at', async () => {
    const env = { RATELIMIT_REDIS_URL: 'nonsense', RATELIMIT_CONTEXT: 'nonsense' };
    const config = await resolve({ env, flags: { redisUrl: 'redis://h', context: 'staging' } });
    expect(config.redis.display).toBe('redis://h:6379');
  });

  test("a runbook's path is relative to the file, its name is not", async () => {
    expect((await resolve({ flags: { context: 'staging' } })).runbook).toBe(
      '/home/ratelimit/books/mine.yaml',
    );
    const yaml = 'current-context: a\ncontexts: { a: { runbook: ./mine } }';
    expect((await resolve({ flags: { config: 'c.yaml' }, files: { 'c.yaml': yaml } })).runbook).toBe(
      './mine',
    );
  });
});

describe('credentials stay with their host', () => {
  test('a connection by flag or environment drops the whole connection of the context, whose files are not read', async () => {
    for (const given of [
      { flags: { redisUrl: 'redis://other', prometheusUrl: 'http://other', apiUrl: 'http://other' } },
      {
        env: {
          RATELIMIT_REDIS_URL: 'redis://other',
          RATELIMIT_PROMETHEUS_URL: 'http://other',
          RATELIMIT_API_URL: 'http://other',
        },
      },
    ]) {
      const asked: string[] = [];
      const { redis, prometheus, api, production } = await resolve(given, asked);
      expect(redis).toMatchObject({ host: 'other', username: null, password: null, tls: null });
      expect(prometheus).toHaveLength(1);
      expect(prometheus[0]).toEqual({
        url: 'http://other',
        basicAuth: null,
        bearerToken: null,
        headers: {},
        tls: null,
      });
      expect(api).toEqual({
        url: 'http://other',
        basicAuth: null,
        bearerToken: null,
        headers: {},
        tls: null,
      });
      expect(production).toBe(true);
      expect(asked).toEqual([FILE]);
    }
  });

  test("the environment's API token replaces the context's, which is not read", async () => {
    const asked: string[] = [];
    const config = await resolve({ env: { RATELIMIT_API_TOKEN: 'S3cr3t-env' } }, asked);
    expect(config.api?.bearerToken?.reveal()).toBe('S3cr3t-env');
    expect(config.api?.url).toBe('https://aegis.example/api');
    expect(asked).not.toContain('/home/ratelimit/secrets/api');
    expect(config.origins.find(({ key }) => key === 'api.token')).toEqual({
      key: 'api.token',
      shown: '[redacted]',
      origin: 'environment',
    });
  });

  test("the token's file is relative to where the program runs, not to the configuration file", async () => {
    const options = { env: { RATELIMIT_API_TOKEN_FILE: 'token' }, files: { token: 'S3cr3t-file\n' } };
    expect((await resolve(options)).api?.bearerToken?.reveal()).toBe('S3cr3t-file');
  });

  test('a token without an API is not looked at', async () => {
    const env = { RATELIMIT_API_TOKEN_FILE: '/nowhere' };
    expect((await resolve({ env, files: noFile })).api).toBeNull();
  });
});

describe('choosing a context', () => {
  test('an unknown one: the nearest name and the list', async () => {
    expect(await problems({ flags: { context: 'stagin' } })).toEqual([
      `--context: no context "stagin" in ${FILE}; did you mean "staging"? Valid: prod, staging`,
    ]);
    expect(await problems({ env: { RATELIMIT_CONTEXT: 'constructor' } })).toEqual([
      `RATELIMIT_CONTEXT: no context "constructor" in ${FILE}; did you mean "prod"? Valid: prod, staging`,
    ]);
    expect(await problems({ files: { [FILE]: YAML.replace('prod', 'prd') } })).toEqual([
      `${FILE}:1: current-context: no context "prd" in ${FILE}; did you mean "prod"? Valid: prod, staging`,
    ]);
  });

  test('one without a file, or without any contexts', async () => {
    expect(await problems({ flags: { context: 'prod' }, files: noFile })).toEqual([
      `--context: no context "prod": there is no configuration file at ${FILE}`,
    ]);
    expect(await problems({ flags: { context: '' }, files: { [FILE]: 'contexts: {}' } })).toEqual([
      `--context: no context "": ${FILE} has no contexts`,
    ]);
  });

  test('none asked for and none in the file: null', async () => {
    expect((await resolve({ files: { [FILE]: 'contexts: {}' } })).context).toBeNull();
  });

  test('none asked for, but some in the file: a problem, unless the systems are named', async () => {
    const files = { [FILE]: YAML.replace('current-context: prod', '') };
    expect(await problems({ files })).toEqual([
      `${FILE}: expected --context, RATELIMIT_CONTEXT or current-context to choose one of prod, staging, got none`,
    ]);
    const flags = { redisUrl: 'redis://h', prometheusUrl: 'http://h' };
    expect(await resolve({ files, flags })).toMatchObject({ context: null, production: false });
  });
});

describe('problems', () => {
  test('all at once: flags, variables and the files of the context', async () => {
    const flags = { redisUrl: 'http://u:S3cr3t@x', timeout: '11m', runbook: '' };
    const env = { RATELIMIT_API_TOKEN: 'S3cr3t\n' };
    const files = { '/home/ratelimit/secrets/prom': fsError('EACCES') };
    expect(await problems({ flags, env, files })).toEqual([
      '--redis-url: expected a redis://, rediss://, unix:, sentinel:// or cluster:// URL, got "http://u:[redacted]@x"',
      `${FILE}:12: contexts.prod.prometheus.bearer-token-file: cannot use the file "/home/ratelimit/secrets/prom": permission denied`,
      'RATELIMIT_API_TOKEN: expected a token, but it holds a line break or another control character',
      '--runbook: expected the name or path of a runbook, got ""',
      '--timeout: expected a duration over 0 and up to 10m, like 5s, got "11m"',
    ]);
  });

  test('a broken file and broken variables together', async () => {
    const env = { RATELIMIT_PROMETHEUS_URL: 'prom', RATELIMIT_API_URL: 'ftp://h' };
    expect(await problems({ env, files: { [FILE]: 'contexts: 3\nx: 1' } })).toEqual([
      `${FILE}:1: contexts: expected a mapping of names to contexts, got 3`,
      `${FILE}:2: x: unknown key, did you mean "alerts"? Valid: current-context, contexts, alerts`,
      'RATELIMIT_PROMETHEUS_URL: expected an http:// or https:// URL, got "prom"',
      'RATELIMIT_API_URL: expected an http:// or https:// URL, got "ftp://h"',
    ]);
  });

  test('a broken file is not also said to lack the context', async () => {
    expect(await problems({ flags: { context: 'x' }, files: { [FILE]: '' } })).toHaveLength(1);
  });

  test.each<[string | Error | Uint8Array, string]>([
    ['S3cr3t\nmore', 'it holds a line break or another control character'],
    ['S3cr3t\n\n', 'it holds a line break or another control character'],
    ['S3cr3t\u0000', 'it holds a line break or another control character'],
    ['', 'it is empty'],
    ['\n', 'it is empty'],
    ['x'.repeat(64 * 1024 + 1), 'it is over 64 kB'],
    [new Uint8Array([0xff]), 'it is not UTF-8 text'],
    [fsError('ENOENT'), 'no such file'],
    [fsError('EISDIR'), 'it is a folder, not a file'],
    [fsError('EACCES'), 'permission denied'],
  ])('a secret file that cannot be used %#', async (content, why) => {
    expect(await problems({ files: { '/home/ratelimit/secrets/redis': content } })).toEqual([
      `${FILE}:8: contexts.prod.redis.password-file: cannot use the file "/home/ratelimit/secrets/redis": ${why}`,
    ]);
  });

  test('a token that cannot be a header, a TLS file that is no PEM text', async () => {
    const files = {
      '/home/ratelimit/secrets/prom': 'S3cr3t and more',
      '/home/ratelimit/tls/ca.pem': 'S3cr3t',
    };
    expect(await problems({ files })).toEqual([
      `${FILE}:9: contexts.prod.redis.tls.ca-file: cannot use the file "/home/ratelimit/tls/ca.pem": it is not PEM text (-----BEGIN ...)`,
      `${FILE}:12: contexts.prod.prometheus.bearer-token-file: cannot use the file "/home/ratelimit/secrets/prom": it holds a space or a character that is not ASCII`,
    ]);
  });

  test('two tokens, and a token beside userinfo', async () => {
    const env = {
      RATELIMIT_API_TOKEN_FILE: '/t',
      RATELIMIT_API_TOKEN: 'x',
      RATELIMIT_API_URL: 'http://u:S3cr3t@h',
    };
    expect(await problems({ env, files: { '/t': 'y' } })).toEqual([
      'RATELIMIT_API_TOKEN_FILE: expected this or RATELIMIT_API_TOKEN, got both',
      "RATELIMIT_API_TOKEN_FILE: expected one kind of credentials, got this and the userinfo of the API's URL",
    ]);
  });

  test('a file that is named must exist', async () => {
    expect(await problems({ flags: { config: '/x' } })).toEqual([
      '--config: cannot use the file "/x": no such file',
    ]);
    expect(await problems({ env: { RATELIMIT_CONFIG: '/x' } })).toEqual([
      'RATELIMIT_CONFIG: cannot use the file "/x": no such file',
    ]);
    expect(await problems({ flags: { config: '' } })).toEqual([
      '--config: cannot use the file "": expected the path of a file',
    ]);
  });

  test.each([
    [fsError('EACCES'), 'permission denied'],
    [fsError('EISDIR'), 'it is a folder, not a file'],
    ['#'.repeat(1024 * 1024 + 1), 'it is over 1 MB'],
  ])('a default file that is there and cannot be used %#', async (content, why) => {
    expect(await problems({ files: { [FILE]: content } })).toEqual([`${FILE}: ${why}`]);
  });
});

describe('with real files', () => {
  test('a folder, a file of exactly 1 MB, one above, a missing one, a device without end', async () => {
    const home = await mkdtemp(join(tmpdir(), 'config-'));
    const run = (config: string) =>
      resolveConfig({ flags: { config }, env: {}, configHome: home }).then(
        (resolved) => resolved.file,
        (error: unknown) => (error instanceof ConfigError ? error.problems.join() : error),
      );
    try {
      const fitting = join(home, 'fitting');
      const large = join(home, 'large');
      const yaml = 'contexts: {}\n#';
      await writeFile(fitting, yaml.padEnd(1024 * 1024, 'x'));
      await writeFile(large, yaml.padEnd(1024 * 1024 + 1, 'x'));
      expect(await run(fitting)).toBe(fitting);
      expect(await run(large)).toBe(`--config: cannot use the file "${large}": it is over 1 MB`);
      expect(await run(home)).toBe(`--config: cannot use the file "${home}": it is a folder, not a file`);
      expect(await run(join(home, 'no'))).toBe(`--config: cannot use the file "${home}/no": no such file`);
      expect(await run('/dev/zero')).toBe('--config: cannot use the file "/dev/zero": it is over 1 MB');
      expect((await resolveConfig({ flags: {}, env: {}, configHome: home })).file).toBeNull();
    } finally {
      await rm(home, { recursive: true });
    }
  });
});

describe('no secret ever shows', () => {
  const MARK = 'S3cr3t';
  const secret = fc
    .tuple(fc.constantFrom('', '@', '/', ':', '?', '#', '%', '%40', ' '), fc.string({ maxLength: 5 }))
    .map(([special, noise]) => `${MARK}${special}${noise}${MARK}`);

  test('neither in the origins, nor in a printed configuration, nor in a problem', async () => {
    await fc.assert(
      fc.asyncProperty(secret, fc.boolean(), async (text, isEncoded) => {
        const pass = isEncoded ? encodeURIComponent(text) : text;
        const options = {
          flags: { redisUrl: `redis://u:${pass}@h`, prometheusUrl: `http://u:${pass}@h`, apiUrl: `http://h` },
          env: { RATELIMIT_API_TOKEN: text },
          files: noFile,
        };
        const shown = await resolve(options).then(
          (config) => JSON.stringify(config) + inspect(config, { depth: 9, showHidden: true }),
          (error: unknown) => (error instanceof ConfigError ? error.message : 'another exception: S3cr3t'),
        );
        expect(shown).not.toContain(MARK);
      }),
    );
  });

  test('of the files of a context', async () => {
    const config = await resolve();
    expect(JSON.stringify(config.origins)).not.toContain(MARK);
    expect(
      inspect(
        { ...config, prometheus: config.prometheus.map((one) => ({ ...one, headers: {} })) },
        { depth: 9 },
      ),
    ).not.toContain(MARK);
  });

  test('any bytes as the file give a Config or a ConfigError', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), async (bytes) => {
        const outcome = await resolve({ files: { [FILE]: bytes } }).then(
          (config) => config.file === FILE,
          (error: unknown) => error instanceof ConfigError,
        );
        expect(outcome).toBe(true);
      }),
    );
  });
});
