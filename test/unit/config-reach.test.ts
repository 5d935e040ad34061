import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { reachWords } from '../../src/config/reach.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import type { Config, ConfigFlags, System } from '../../src/config/types.ts';

const SECRET = 'S3cr3t';
const ALL: readonly System[] = ['redis', 'prometheus', 'api'];
const DEFAULT_FILE = '/home/ratelimit/config.yaml';

const CONTEXTS = `current-context: prod
contexts:
  prod:
    runbook: books/mine.yaml
    redis: { url: "rediss://triage@redis.example:6380/1", password-file: secret }
    prometheus: { url: "http://me:${SECRET}@prom.example/prefix" }
    api: { url: "https://aegis.example/api", token-file: secret }
  bare: {}
`;
const FILES: Readonly<Record<string, string>> = {
  [DEFAULT_FILE]: CONTEXTS,
  'team.yaml': CONTEXTS,
  'empty.yaml': 'contexts: {}',
  'undecided.yaml': CONTEXTS.replace('current-context: prod', ''),
  secret: SECRET,
  '/home/ratelimit/secret': SECRET,
};

interface Run {
  flags?: ConfigFlags;
  env?: Readonly<Record<string, string>>;
  /** The content of the default file; null: there is none. */
  file?: string | null;
}

function resolve({ flags = {}, env = {}, file = null }: Run): Promise<Config> {
  const readFile = async (path: string) => {
    const content = path === DEFAULT_FILE ? file : FILES[path];
    if (content === null || content === undefined)
      throw Object.assign(new Error('no file'), { code: 'ENOENT' });
    return new TextEncoder().encode(content);
  };
  return resolveConfig({ flags, env, configHome: '/home', readFile });
}

const words = async (run: Run, systems = ALL) => reachWords(await resolve(run), systems).join(' ');

test('defaults need no words', async () => {
  expect(await words({})).toBe('');
});

describe('a context', () => {
  test('is named, wherever it came from, and says all the rest', async () => {
    expect(await words({ file: CONTEXTS })).toBe('--context prod');
    expect(await words({ file: CONTEXTS, flags: { context: 'bare' } })).toBe('--context bare');
    expect(await words({ file: CONTEXTS, env: { RATELIMIT_CONTEXT: 'prod' } })).toBe('--context prod');
  });

  test('whatever the command talks to', async () => {
    for (const systems of [[], ['redis'], ['prometheus'], ['api']] as const) {
      expect(await words({ file: CONTEXTS }, systems)).toBe('--context prod');
    }
  });

  test('beside a connection that was given by itself', async () => {
    const run = { file: CONTEXTS, flags: { redisUrl: 'redis://other' } };
    expect(await words(run)).toBe('--context prod --redis-url redis://other:6379');
  });
});

describe('the file', () => {
  test('is named when a flag or the environment named it', async () => {
    expect(await words({ flags: { config: 'team.yaml' } })).toBe('--config team.yaml --context prod');
    expect(await words({ env: { RATELIMIT_CONFIG: 'team.yaml' } })).toBe('--config team.yaml --context prod');
    const both = { flags: { config: 'team.yaml' }, env: { RATELIMIT_CONFIG: 'empty.yaml' } };
    expect(await words(both)).toBe('--config team.yaml --context prod');
  });

  test('also without a context: another file may have one', async () => {
    expect(await words({ flags: { config: 'empty.yaml' }, file: CONTEXTS })).toBe('--config empty.yaml');
  });

  test('is not named when it is the default one', async () => {
    expect(await words({ file: 'contexts: {}' })).toBe('');
  });
});

describe('a runbook', () => {
  test('is named when a flag or the environment named it', async () => {
    expect(await words({ flags: { runbook: './mine.yaml' } }, [])).toBe('--runbook ./mine.yaml');
    expect(await words({ env: { RATELIMIT_RUNBOOK: 'mine' } }, [])).toBe('--runbook mine');
    expect(await words({ file: CONTEXTS, env: { RATELIMIT_RUNBOOK: 'mine' } })).toBe(
      '--context prod --runbook mine',
    );
  });
});

test('the deadline is never named', async () => {
  expect(await words({ flags: { timeout: '9s' } })).toBe('');
});

/** A flag, its variable, a URL, how it is shown; the same with credentials, and how that is shown. */
const CONNECTIONS: readonly {
  system: System;
  key: 'redisUrl' | 'prometheusUrl' | 'apiUrl';
  flag: string;
  variable: string;
  plain: readonly [string, string];
  secret: readonly [string, string];
}[] = [
  {
    ...{ system: 'redis', key: 'redisUrl', flag: '--redis-url', variable: 'RATELIMIT_REDIS_URL' },
    plain: ['rediss://triage@Redis.example/2', 'rediss://triage@redis.example:6379/2'],
    secret: [`redis://triage:${SECRET}@h`, 'redis://triage@h:6379'],
  },
  {
    ...{ system: 'prometheus', key: 'prometheusUrl', flag: '--prometheus-url' },
    variable: 'RATELIMIT_PROMETHEUS_URL',
    plain: ['http://prom:9090/prefix/', 'http://prom:9090/prefix'],
    secret: [`http://me:${SECRET}@prom:9090`, 'http://prom:9090'],
  },
  {
    ...{ system: 'api', key: 'apiUrl', flag: '--api-url', variable: 'RATELIMIT_API_URL' },
    plain: ['https://aegis.example/api', 'https://aegis.example/api'],
    secret: [`https://me:${SECRET}@aegis.example/api`, 'https://aegis.example/api'],
  },
];

describe.each(CONNECTIONS)('$system', ({ system, key, flag, variable, plain, secret }) => {
  const only = [system];
  const others = ALL.filter((one) => one !== system);

  test('by flag: its URL, without credentials', async () => {
    expect(await words({ flags: { [key]: plain[0] } }, only)).toBe(`${flag} ${plain[1]}`);
    expect(await words({ flags: { [key]: secret[0] } }, only)).toBe(`${flag} ${secret[1]}`);
  });

  test('by the environment: its URL, but nothing when the variable holds credentials', async () => {
    expect(await words({ env: { [variable]: plain[0] } }, only)).toBe(`${flag} ${plain[1]}`);
    expect(await words({ env: { [variable]: secret[0] } }, only)).toBe('');
  });

  test('a flag over a variable with credentials is named', async () => {
    const run = { flags: { [key]: plain[0] }, env: { [variable]: secret[0] } };
    expect(await words(run, only)).toBe(`${flag} ${plain[1]}`);
  });

  test('an empty variable is no variable', async () => {
    expect(await words({ env: { [variable]: '' } }, only)).toBe('');
  });

  test('only for a command that talks to it', async () => {
    expect(await words({ flags: { [key]: plain[0] } }, others)).toBe('');
    expect(await words({ env: { [variable]: plain[0] } }, [])).toBe('');
  });
});

test('a socket, an IPv6 address', async () => {
  expect(await words({ flags: { redisUrl: 'unix:/run/my%20redis.sock?db=3' } })).toBe(
    '--redis-url unix:///run/my%20redis.sock?db=3',
  );
  expect(await words({ flags: { redisUrl: 'redis://[::1]', prometheusUrl: 'http://[::1]:9090' } })).toBe(
    '--redis-url redis://[::1]:6379 --prometheus-url http://[::1]:9090',
  );
});

test('a user name alone in an HTTP URL is basic auth too', async () => {
  expect(await words({ env: { RATELIMIT_PROMETHEUS_URL: 'http://me@prom' } })).toBe('');
  expect(await words({ flags: { prometheusUrl: 'http://me@prom' } })).toBe('--prometheus-url http://prom');
});

test('a token of the environment does not keep the URL of the API from being named', async () => {
  const env = { RATELIMIT_API_URL: 'https://aegis.example', RATELIMIT_API_TOKEN: SECRET };
  expect(await words({ env })).toBe('--api-url https://aegis.example');
});

describe('a file whose contexts were not used, because Redis and Prometheus were named', () => {
  const flags = { redisUrl: 'redis://h', prometheusUrl: 'http://p', apiUrl: 'http://a' };
  const run = { file: FILES['undecided.yaml'] ?? '', flags };

  test('both are named even for a command that talks to one', async () => {
    const both = '--redis-url redis://h:6379 --prometheus-url http://p';
    expect(await words(run, ['redis'])).toBe(both);
    expect(await words(run, ['api'])).toBe(`${both} --api-url http://a`);
    expect(await words({ ...run, file: null }, ['redis'])).toBe('--redis-url redis://h:6379');
  });

  test('else the command would be refused', async () => {
    await expect(resolve({ file: run.file, flags: { redisUrl: 'redis://h' } })).rejects.toThrow(
      /expected --context/,
    );
  });
});

describe('any configuration', () => {
  const some = <Value>(...values: Value[]) => fc.option(fc.constantFrom(...values), { nil: undefined });
  const redisUrl = some('redis://a', 'rediss://u@b:7000/3', `redis://u:${SECRET}@c`, 'unix:/run/s');
  const httpUrl = some('http://a', 'https://b/prefix', `http://u:${SECRET}@c`);
  const file = some('team.yaml', 'empty.yaml', 'undecided.yaml');
  const context = some('prod', 'bare');
  const runbook = some('mine', './mine.yaml');
  const flags = fc.record(
    {
      ...{ config: file, context, runbook },
      ...{ redisUrl, prometheusUrl: httpUrl, apiUrl: httpUrl },
      timeout: some('9s'),
    },
    { requiredKeys: [] },
  );
  const env = fc.record(
    {
      ...{ RATELIMIT_CONFIG: file, RATELIMIT_CONTEXT: context, RATELIMIT_RUNBOOK: runbook },
      ...{ RATELIMIT_REDIS_URL: redisUrl, RATELIMIT_PROMETHEUS_URL: httpUrl, RATELIMIT_API_URL: httpUrl },
    },
    { requiredKeys: [] },
  );
  const content = fc.option(fc.constantFrom(CONTEXTS, 'contexts: {}', FILES['undecided.yaml'] ?? ''));
  const systems = fc.subarray([...ALL]);

  const given = <Value>(record: Readonly<Record<string, Value | undefined>>) =>
    Object.fromEntries(
      Object.entries(record).filter((entry): entry is [string, Value] => entry[1] !== undefined),
    );

  const NAMES: Readonly<Record<string, keyof ConfigFlags>> = {
    ...{ '--config': 'config', '--context': 'context', '--runbook': 'runbook' },
    ...{ '--redis-url': 'redisUrl', '--prometheus-url': 'prometheusUrl', '--api-url': 'apiUrl' },
  };
  function parseWords(argv: readonly string[]): ConfigFlags {
    expect(argv.length % 2).toBe(0);
    const pairs = argv.flatMap((word, i) => (i % 2 === 0 ? [[NAMES[word] ?? word, argv[i + 1]]] : []));
    expect(Object.keys(Object.fromEntries(pairs))).toHaveLength(argv.length / 2);
    expect(Object.values(NAMES)).toEqual(expect.arrayContaining(pairs.map(([name]) => name)));
    return Object.fromEntries(pairs);
  }
  const addresses = ({ context, runbook, redis, prometheus, api }: Config, systems: readonly System[]) => ({
    ...{ context, runbook },
    redis: systems.includes('redis') ? redis.display : '',
    prometheus: systems.includes('prometheus') ? prometheus.map(({ url }) => url).join(' ') : '',
    api: systems.includes('api') ? (api?.url ?? null) : '',
  });

  test('the words reach the same systems again, in the same environment', async () => {
    let resolved = 0;
    await fc.assert(
      fc.asyncProperty(flags, env, content, systems, async (someFlags, someEnv, inFile, wanted) => {
        const run = { env: given(someEnv), file: inFile };
        const config = await resolve({ ...run, flags: given(someFlags) }).catch(() => null);
        if (config === null) return;
        resolved += 1;
        const argv = reachWords(config, wanted);
        expect(argv.join(' ')).not.toContain(SECRET);
        const again = await resolve({ ...run, flags: parseWords(argv) });
        expect(addresses(again, wanted)).toEqual(addresses(config, wanted));
        expect(reachWords(again, wanted)).toEqual(argv);
      }),
      { numRuns: 1000 },
    );
    expect(resolved).toBeGreaterThan(300);
  });

  test('and in an empty environment, where no variable holds a secret', async () => {
    let resolved = 0;
    await fc.assert(
      fc.asyncProperty(flags, env, content, systems, async (someFlags, someEnv, inFile, wanted) => {
        const variables = given(someEnv);
        const secret = Object.values(variables).some((value) => String(value).includes(`:${SECRET}@`));
        const run = { flags: given(someFlags), env: variables, file: inFile };
        const config = secret ? null : await resolve(run).catch(() => null);
        if (config === null) return;
        resolved += 1;
        const again = await resolve({ file: inFile, flags: parseWords(reachWords(config, wanted)) });
        expect(addresses(again, wanted)).toEqual(addresses(config, wanted));
      }),
      { numRuns: 1000 },
    );
    expect(resolved).toBeGreaterThan(100);
  });

  test('no secret shows, wherever it stands in a URL', async () => {
    const password = fc
      .string({ unit: 'grapheme', maxLength: 8 })
      .map((noise) => encodeURIComponent(`${SECRET}${noise}`));
    const user = fc.constantFrom('', 'me');
    await fc.assert(
      fc.asyncProperty(user, password, fc.boolean(), async (name, secret, byFlag) => {
        const [redis, http] = [`redis://${name}:${secret}@h`, `http://${name}:${secret}@h`];
        const run: Run = byFlag
          ? { flags: { redisUrl: redis, prometheusUrl: http, apiUrl: http } }
          : {
              env: {
                RATELIMIT_REDIS_URL: redis,
                RATELIMIT_PROMETHEUS_URL: http,
                RATELIMIT_API_URL: http,
              },
            };
        const shown = await words(run).catch((error: unknown) => String(error));
        expect(shown).not.toContain(SECRET);
      }),
    );
  });
});
