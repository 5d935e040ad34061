import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../src/errors.ts';
import { withSettings } from '../../src/runbooks/load.ts';
import { startingPoint } from '../../src/runbooks/new.ts';
import { parseRunbook } from '../../src/runbooks/parse.ts';
import type { Runbook } from '../../src/runbooks/schema.ts';
import { linkTo } from '../../src/values/pages.ts';
import { aegis } from '../support/evidence.ts';

const own = (url: string): Runbook => {
  const { yaml } = startingPoint('edge');
  const links = `links:\n  page: { title: A page, see: somewhere, url: ${JSON.stringify(url)} }\n`;
  return parseRunbook(
    yaml.replace(/^links:\n(?: .*\n|\n(?= ))*/m, links).replaceAll(/^ +link: .*\n/gm, ''),
    'edge.yaml',
  );
};

const bound = (url: string, links: Record<string, string>) =>
  withSettings(own(url), { thresholds: {}, limits: {}, queries: {}, links }).links.page?.url ?? null;

const subject = (id: string, kind = 'user') => ({ kind, id });
const pages = (url: string | null, ...subjects: ReturnType<typeof subject>[]) =>
  linkTo({ title: 'A page', see: 'somewhere', url }, subjects).urls;

describe('a link of a runbook', () => {
  test.each([
    '{web}/users/{user}',
    '{web}',
    '{grafana-eu}/d/abc?var-ip={ip}&from=now-1h#panel',
    '{web}/{subject}/x/{subject}',
  ])('%s', (url) => {
    expect(own(url).links.page?.url).toBe(url);
  });

  test.each([
    ['https://encv.org/{user}', /expected a name in braces first/],
    ['javascript:{web}', /expected a name in braces first/],
    ['{user}/x', /expected a name in braces first/],
    ['{web}/{nobody}', /there is no place \{nobody\}; places: \{ip\}/],
    ['{web}/{user}/{ip}', /subjects of one kind only/],
    ['{web}.evil.example/', /expected a path after the first place/],
    ['{web}@evil.example', /expected a path after the first place/],
    ['{web}/a b', /of characters that a URL may hold/],
    ['{web}/<b>', /of characters that a URL may hold/],
    ['{web}/{user', /of characters that a URL may hold/],
  ])('%s is none', (url, problem) => {
    expect(() => own(url)).toThrow(ConfigError);
    try {
      own(url);
    } catch (error) {
      expect((error as ConfigError).problems.join()).toMatch(problem);
    }
  });

  test('is where the context says, and nowhere without it', () => {
    expect(bound('{web}/users/{user}', { web: 'https://encv.org/base' })).toBe(
      'https://encv.org/base/users/{user}',
    );
    expect(pages(bound('{web}/users/{user}', {}), subject('41'))).toEqual([]);
    expect(() => bound('{web}/x', { wbe: 'https://encv.org' })).toThrow(ConfigError);
  });

  test('of the runbook itself is where the context says, whatever pages it has', () => {
    const settings = { thresholds: {}, limits: {}, queries: {} };
    const links = { runbook: 'https://wiki.example/spike' };
    expect(withSettings(aegis, { ...settings, links }).url).toBe('https://wiki.example/spike');
    expect(withSettings(aegis, { ...settings, links: {} }).url).toBe(aegis.url);
    expect(() => withSettings(aegis, { ...settings, links: { runbok: links.runbook } })).toThrow(ConfigError);
  });
});

describe('pages of subjects', () => {
  const url = 'https://encv.org/users/{user}';

  test('are one for each of the kind, each once, at most ten', () => {
    expect(pages(url, subject('41'), subject('203.0.113.9', 'ip'), subject('7'), subject('41'))).toEqual([
      'https://encv.org/users/41',
      'https://encv.org/users/7',
    ]);
    expect(pages('https://x/{subject}', subject('41'), subject('2001:db8::1', 'ip'))).toEqual([
      'https://x/41',
      'https://x/2001%3Adb8%3A%3A1',
    ]);
    expect(pages(url, ...Array.from({ length: 30 }, (_, id) => subject(`u${id}`)))).toHaveLength(10);
    expect(pages('https://x/dashboard', subject('41'))).toEqual(['https://x/dashboard']);
  });

  test.each([
    '../admin',
    'a/b',
    'a?b',
    'a#b',
    '%2e%2e',
    '-x',
    '',
    'ä',
    'a b',
    '{user}',
    '"><script>',
    'a'.repeat(129),
  ])('an id that is not a valid one enters no URL: %s', (id) => {
    expect(pages(url, subject(id))).toEqual([]);
  });

  test('an address that is none enters no URL', () => {
    expect(pages('https://x/{ip}', subject('203.0.113', 'ip'), subject('1.2.3.4/../x', 'ip'))).toEqual([]);
  });

  test.each([null, '{web}/users/{user}', 'javascript:alert(1)//{user}'])('%s leads nowhere', (nowhere) => {
    expect(pages(nowhere, subject('41'))).toEqual([]);
  });
});
