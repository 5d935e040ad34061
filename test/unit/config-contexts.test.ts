import { expect, test } from 'vitest';
import { placesOf, resolveContexts } from '../../src/config/contexts.ts';
import type { Config } from '../../src/config/types.ts';
import { ConfigError } from '../../src/errors.ts';

const YAML = `
contexts:
  eu: { redis: "redis://u:p@r:1/2", prometheus: { url: "http://p/x/", headers: { X-Scope-OrgID: a } } }
  us: { redis: "redis://r:1/2", prometheus: { url: "http://p/x", headers: { X-Scope-OrgID: b } } }
  ap: { redis: "redis://r:1/3", prometheus: { url: "http://p/x", headers: { X-Scope-OrgID: a } } }
`;
const input = (env: Record<string, string> = {}) => {
  const reads: string[] = [];
  const readFile = async (path: string) => {
    reads.push(path);
    return new TextEncoder().encode(YAML);
  };
  return { reads, flags: { config: '/c.yaml' }, env, configHome: '/home', readFile };
};
const name = async ({ context }: Config) => context;

test('all of the file are resolved, and the file is read once: it may be a pipe', async () => {
  const given = input();
  expect(await resolveContexts(given, null, name)).toEqual(['eu', 'us', 'ap']);
  expect(await resolveContexts(input(), ['ap', 'eu'], name)).toEqual(['ap', 'eu']);
  expect(given.reads).toEqual(['/c.yaml']);
});

test('what cannot be prepared is told by context, with every hint once, beside what is wrong elsewhere', async () => {
  const prepare = async ({ context }: Config) => {
    if (context === 'us') throw new ConfigError('no such runbook', [], 'Runbooks: aegis.');
    throw new ConfigError('does not fit:', ['one', 'two'], 'Runbooks: aegis.');
  };
  const env = { RATELIMIT_REDIS_URL: 'redis://elsewhere' };
  const failure = await resolveContexts(input(env), ['eu', 'us', 'sa'], prepare).catch((error) => error);
  expect(failure).toBeInstanceOf(ConfigError);
  expect(failure).toMatchObject({ hint: 'Runbooks: aegis.', exitCode: 2 });
  expect([...failure.problems].sort()).toEqual([
    expect.stringMatching(/^--context: no context "sa" in \/c\.yaml/),
    expect.stringMatching(/^RATELIMIT_REDIS_URL: .*unset it/),
    'context eu: one',
    'context eu: two',
    'context us: no such runbook',
  ]);
});

test('a defect in preparing one is no problem of the configuration', async () => {
  const prepare = async () => {
    throw new TypeError('x is not a function');
  };
  await expect(resolveContexts(input(), null, prepare)).rejects.toThrow(TypeError);
});

test('the same system is known by its place, whoever reads it; a header chooses a tenant of Prometheus', async () => {
  const [eu, us, ap] = await resolveContexts(input(), null, async (config) => placesOf(config));
  expect([eu?.redis === us?.redis, eu?.redis === ap?.redis]).toEqual([true, false]);
  expect([eu?.prometheus === us?.prometheus, eu?.prometheus === ap?.prometheus]).toEqual([false, true]);
});
