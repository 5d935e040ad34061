import { describe, expect, test } from 'vitest';
import { placesOf } from '../../src/config/contexts.ts';
import { reachWords } from '../../src/config/reach.ts';
import { resolveConfig } from '../../src/config/resolve.ts';
import type { ConfigFlags } from '../../src/config/types.ts';
import { ConfigError } from '../../src/errors.ts';

const FILES: Record<string, string> = { '/home/ratelimit/token': 'S3cr3t\n' };

async function resolved(context: unknown, flags: ConfigFlags = {}, env: Record<string, string> = {}) {
  const file = JSON.stringify({ 'current-context': 'c', contexts: { c: context } });
  return resolveConfig({
    ...{ flags, env, configHome: '/home' },
    readFile: async (path) => {
      const text = path.endsWith('config.yaml') ? file : FILES[path];
      if (text === undefined) throw Object.assign(new Error('none'), { code: 'ENOENT' });
      return new TextEncoder().encode(text);
    },
  });
}

async function problemsOf(context: unknown): Promise<string> {
  try {
    await resolved(context);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.join('\n');
    throw error;
  }
  throw new Error('the configuration is valid');
}

describe('logs of a context', () => {
  test('are read nowhere unless it is said where', async () => {
    expect((await resolved({})).logs).toBeNull();
  });

  test('a URL alone is a Loki whose streams the runbook names', async () => {
    expect((await resolved({ logs: 'https://loki.example/prefix/' })).logs).toMatchObject({
      ...{ kind: 'loki', selector: null },
      http: { url: 'https://loki.example/prefix', bearerToken: null },
    });
  });

  test('with everything', async () => {
    const logs = {
      ...{ kind: 'loki', url: 'https://loki.example', 'bearer-token-file': 'token' },
      ...{ headers: { 'X-Scope-OrgID': 'team' }, selector: { app: 'shop', env: 'prod' } },
    };
    const config = await resolved({ logs });
    expect(config.logs?.http.bearerToken?.reveal()).toBe('S3cr3t');
    expect(config.logs?.selector).toEqual({ app: 'shop', env: 'prod' });
    const shown = config.origins.filter(({ key }) => key.startsWith('logs.'));
    expect(shown.map(({ key, shown: value }) => `${key} ${value}`)).toEqual([
      'logs.url https://loki.example',
      'logs.headers.X-Scope-OrgID team',
      'logs.bearer-token [redacted]',
      'logs.selector.app shop',
      'logs.selector.env prod',
    ]);
  });

  test.each([
    [{ kind: 'splunk', url: 'https://l' }, /logs\.kind: expected .*loki/],
    [{ url: 'ftp://l' }, /logs\.url: expected an http/],
    [{ url: 'https://l', selector: {} }, /logs\.selector: expected 1 to 20 labels, got 0/],
    [{ url: 'https://l', selector: { 'a b': 'x' } }, /logs\.selector/],
    [{ url: 'https://l', selector: { app: '' } }, /logs\.selector\.app: expected 1 to 200 characters/],
    [{ url: 'https://l', selector: { app: 5 } }, /logs\.selector\.app: expected text/],
    [{ url: 'https://l', query: 'x' }, /logs\.query: unknown key/],
    [{ url: 'http://l', tls: {} }, /expected an https:\/\/ URL beside tls/],
    [{ url: 'https://u:p@l', 'bearer-token-file': 'token' }, /one kind of credentials/],
  ])('%j is refused', async (logs, problem) => {
    expect(await problemsOf({ logs })).toMatch(problem);
  });

  test('a flag or a variable replaces where they are, not which streams are meant', async () => {
    const context = {
      logs: { url: 'https://loki.example', 'bearer-token-file': 'token', selector: { app: 'shop' } },
    };
    const flag = await resolved(context, { logsUrl: 'http://other:3100' });
    expect(flag.logs).toMatchObject({
      http: { url: 'http://other:3100', bearerToken: null },
      selector: { app: 'shop' },
    });
    expect(reachWords(flag, ['logs'])).toEqual(['--context', 'c', '--logs-url', 'http://other:3100']);
    const variable = await resolved({}, {}, { RATELIMIT_LOGS_URL: 'http://third:3100' });
    expect(variable.logs).toMatchObject({ http: { url: 'http://third:3100' }, selector: null });
  });

  test('two contexts read the same where address, tenant and streams are the same', async () => {
    const place = async (logs: unknown) => placesOf(await resolved({ logs })).logs;
    const url = 'https://loki.example';
    expect(await place({ url })).toBe(await place(url));
    expect(await place({ url, headers: { 'X-Scope-OrgID': 'a' } })).not.toBe(await place(url));
    expect(await place({ url, selector: { app: 'a' } })).not.toBe(
      await place({ url, selector: { app: 'b' } }),
    );
  });
});

describe('links of a context', () => {
  test('are URLs by name, without a slash at the end', async () => {
    const links = { web: 'https://encv.org/', 'grafana-eu': 'http://127.0.0.1:3000/base' };
    expect((await resolved({ links })).links).toEqual({
      ...{ web: 'https://encv.org', 'grafana-eu': 'http://127.0.0.1:3000/base' },
    });
  });

  test.each([
    [{ web: 'javascript:alert(1)' }, /links\.web: expected an http/],
    [{ web: 'https://u:p@encv.org' }, /links\.web: expected a URL without a user and a password/],
    [{ web: 'https://encv.org?x=1' }, /links\.web: expected a URL without a query/],
    [{ Web: 'https://encv.org' }, /links/],
    ['https://encv.org', /links: expected a mapping/],
  ])('%j is refused', async (links, problem) => {
    expect(await problemsOf({ links })).toMatch(problem);
    expect(await problemsOf({ links })).not.toContain('u:p');
  });
});
