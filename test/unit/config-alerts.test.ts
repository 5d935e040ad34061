import { describe, expect, test } from 'vitest';
import { type AlertSource, alertSource } from '../../src/config/alert-source.ts';
import type { ConfigInput } from '../../src/config/in-use.ts';
import { parseConfigFile } from '../../src/config/read.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import { ConfigError } from '../../src/errors.ts';

const FILE = '/home/ratelimit/config.yaml';
const YAML = `current-context: us
contexts:
  us: { redis: { url: "redis://r", password-file: gone }, alertmanager: "http://am-us:9093/prefix/" }
  eu:
    runbook: books/eu.yaml
    timeout: 8s
    alertmanager: { url: "https://am-eu", bearer-token-file: token, headers: { X-Scope-OrgID: team, X-Key: S3cr3t } }
alerts:
  - { match: { alertname: RateLimitSpike, cluster: eu }, context: eu, runbook: books/eu.yaml }
  - { match: { cluster: "" }, runbook: aegis }
`;

type Options = Partial<Pick<ConfigInput, 'flags' | 'env'>> & { readonly yaml?: string | null };

function inputOf({ flags = {}, env = {}, yaml = YAML }: Options): ConfigInput {
  const files: Record<string, string | null> = { [FILE]: yaml, '/home/ratelimit/token': 'S3cr3t-token\n' };
  const readFile = async (path: string) => {
    const text = files[path] ?? null;
    if (text === null) throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
    return new TextEncoder().encode(text);
  };
  return { flags, env, configHome: '/home', readFile };
}

const sourceOf = (options: Options = {}): Promise<AlertSource> => alertSource(inputOf(options));

const problemsOf = (asking: Promise<unknown>): Promise<readonly string[]> =>
  asking.then(
    () => [],
    (error) => {
      if (error instanceof ConfigError) return error.problems;
      throw error;
    },
  );

describe('rules in the file', () => {
  const problems = (rules: string) => {
    try {
      parseConfigFile('/c.yaml', new TextEncoder().encode(`contexts: { prod: {} }\nalerts:\n${rules}\n`));
      return [];
    } catch (error) {
      if (error instanceof ConfigError) return error.problems;
      throw error;
    }
  };

  test.each([
    ['  - { match: { a: b }, context: prod }', []],
    ['  - { match: { a: "" }, runbook: ./x.yaml }', []],
    [
      '  - { match: { a: b }, context: prd }',
      ['/c.yaml:3: alerts.0.context: no context "prd" in this file; did you mean "prod"? Valid: prod'],
    ],
    [
      '  - { match: {}, runbook: aegis }',
      ['/c.yaml:3: alerts.0.match: expected at least one label: a rule without any would be for every alert'],
    ],
    ['  - { match: { a: b } }', ['/c.yaml:3: alerts.0: expected a context, a runbook or both']],
    [
      '  - { match: { shard: 1 }, context: prod }',
      ['/c.yaml:3: alerts.0.match.shard: expected text (a number needs quotes), got 1'],
    ],
    [
      '  - { match: { a: b }, context: prod, when: x }',
      ['/c.yaml:3: alerts.0.when: unknown key, did you mean "match"? Valid: match, context, runbook'],
    ],
    ['  prod: x', ['/c.yaml:2: alerts: expected a list of rules, got a mapping']],
    [
      Array.from({ length: 201 }, () => '  - { match: { a: b }, context: prod }').join('\n'),
      ['/c.yaml:2: alerts: expected at most 200 rules, got a list'],
    ],
  ])('%#', (rules, expected) => {
    expect(problems(rules)).toEqual(expected);
  });
});

describe('what is asked about an alert', () => {
  test('the Alertmanager of the context in use; no secret of another system is read', async () => {
    const source = await sourceOf();
    expect(source).toMatchObject({
      target: { url: 'http://am-us:9093/prefix', bearerToken: null },
      ...{ origin: 'context', context: 'us', isContextGiven: false, timeoutSeconds: 5, givenRunbook: null },
      ...{ connectedBy: null, defaultRunbook: 'aegis', reach: [] },
    });
    expect([...source.runbookOf]).toEqual([
      ['us', 'aegis'],
      ['eu', '/home/ratelimit/books/eu.yaml'],
    ]);
    expect(source.rules.map(({ runbook, context }) => [runbook, context])).toEqual([
      ['/home/ratelimit/books/eu.yaml', 'eu'],
      ['aegis', undefined],
    ]);
    expect(await problemsOf(resolveConfig(inputOf({})))).toEqual([
      `${FILE}:3: contexts.us.redis.password-file: cannot use the file "/home/ratelimit/gone": no such file`,
    ]);
  });

  test('what was named for this run is named again, and nothing that was not', async () => {
    const env = {
      RATELIMIT_CONTEXT: 'eu',
      RATELIMIT_RUNBOOK: 'mine',
      RATELIMIT_REDIS_URL: 'redis://u:S3cr3t@r',
    };
    const source = await sourceOf({ env, flags: { config: FILE, alertmanagerUrl: 'http://me:S3cr3t@am' } });
    expect(source).toMatchObject({
      ...{ context: 'eu', isContextGiven: true, givenRunbook: 'mine', connectedBy: 'RATELIMIT_REDIS_URL' },
      ...{ timeoutSeconds: 8, origin: 'flag' },
    });
    // The variable with the password is needed all the same.
    expect(source.reach).toEqual([
      '--config',
      FILE,
      '--context',
      'eu',
      '--runbook',
      'mine',
      '--alertmanager-url',
      'http://am',
    ]);
    expect(source.target.basicAuth?.password.reveal()).toBe('S3cr3t');
  });

  test('no context need be chosen when the Alertmanager is given', async () => {
    const yaml = YAML.replace('current-context: us\n', '');
    expect(await problemsOf(sourceOf({ yaml }))).toHaveLength(1);
    const flags = { alertmanagerUrl: 'http://am' };
    expect(await sourceOf({ yaml, flags })).toMatchObject({ context: null, isContextGiven: false });
    expect(await sourceOf({ yaml: null })).toMatchObject({
      ...{ origin: 'default', context: null, rules: [], target: { url: 'http://127.0.0.1:9093' } },
    });
  });

  test('all that is wrong is told at once', async () => {
    const flags = { alertmanagerUrl: 'am', redisUrl: 'r', prometheusUrl: 'p', context: 'ap', timeout: '0s' };
    const found = await problemsOf(sourceOf({ flags }));
    expect(found.map((problem) => problem.split(':')[0])).toEqual([
      '--context',
      '--alertmanager-url',
      '--redis-url',
      '--prometheus-url',
      '--timeout',
    ]);
  });
});

test('the whole configuration has it, secrets redacted where they are shown', async () => {
  const config = await resolveConfig(inputOf({ flags: { context: 'eu' } }));
  expect(config.alertmanager.bearerToken?.reveal()).toBe('S3cr3t-token');
  expect(config.from.alertmanager).toBe('context');
  const shown = config.origins.filter(({ key }) => key.startsWith('alertmanager'));
  expect(shown.map(({ key, shown: value, origin }) => `${key} ${value} ${origin}`)).toEqual([
    'alertmanager.url https://am-eu context',
    'alertmanager.headers.X-Key [redacted] context',
    'alertmanager.headers.X-Scope-OrgID team context',
    'alertmanager.bearer-token [redacted] context',
  ]);
});
