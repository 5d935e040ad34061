import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ConfigError } from '../../src/errors.ts';
import { conditionSchema } from '../../src/runbooks/conditions-schema.ts';
import { parseRunbook } from '../../src/runbooks/parse.ts';
import { exampleRunbook } from '../../src/runbooks/template.ts';

// The page is held against what the program says is possible: the lists in its own messages.

const PAGE = readFileSync(new URL('../../docs/vocabulary.md', import.meta.url), 'utf8');
const section = (title: string): string => {
  const [, text] = PAGE.split(`\n## ${title}\n`);
  if (text === undefined) throw new Error(`the page has no part ${title}`);
  return text.split('\n## ')[0] ?? '';
};
/** First cells of the rows of a table that are examples, with the whole row. */
const rows = (text: string): { example: string; row: string }[] =>
  [...text.matchAll(/^\| `([^`]+)` \|.*$/gm)].map(([row, example = '']) => ({ example, row }));

const problemsOf = (from: string, to: string): string[] => {
  const yaml = exampleRunbook('edge');
  if (!yaml.includes(from)) throw new Error(`the example has no ${from}`);
  try {
    parseRunbook(
      yaml.replace(from, () => to),
      'edge.yaml',
    );
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [...error.problems];
  }
};
/** What the message about an unknown key says is valid. */
const validKeys = (from: string, to: string): string[] => {
  const text = problemsOf(from, to).join('\n');
  const list = /zzz: unknown key.*Valid: (.*)/.exec(text)?.[1];
  if (list === undefined) throw new Error(`no list of keys in: ${text}`);
  return list.split(', ');
};
const messageOf = (condition: unknown): string =>
  conditionSchema
    .safeParse(condition)
    .error?.issues.map(({ message }) => message)
    .join('\n') ?? '';

const CONDITIONS = /condition of: ([^;]*);/.exec(messageOf({ zzz: {} }))?.[1]?.split(', ') ?? [];

describe('conditions', () => {
  const examples = rows(section('Conditions'));

  test('each has a row, and no other', () => {
    expect(CONDITIONS.length).toBeGreaterThan(30);
    const shown = examples.map(({ example }) => example.split(':')[0]);
    expect([...shown].sort()).toEqual([...CONDITIONS].sort());
  });

  test.each(examples)('$example is one, and every key of it is told', ({ example, row }) => {
    const condition = parse(example) as Record<string, object>;
    expect(messageOf(condition)).toBe('');
    const [name = ''] = Object.keys(condition);
    const keys = /keys: (.*)/.exec(messageOf({ [name]: { ...condition[name], zzz: 1 } }))?.[1];
    for (const key of keys?.split(', ') ?? []) expect(row, key).toMatch(new RegExp(`[\`{ ]${key}[\`:]`));
  });
});

describe('sources', () => {
  const AT = '{ kind: redis-eviction }';
  const examples = rows(section('Sources'));
  const kinds = /expected one of ([^,]*(?:, [^,]*)*), got "zzz"/.exec(
    problemsOf(AT, '{ kind: zzz }').join('\n'),
  );

  test('each kind has a row, and no other', () => {
    const shown = examples.map(({ example }) => (parse(example) as { kind: string }).kind);
    expect([...shown].sort()).toEqual(kinds?.[1]?.split(', ').sort());
  });

  test.each(examples)('$example is one, and every key of it is told', ({ example, row }) => {
    // What it refers to is not in the example; that it is well formed is what counts.
    const others =
      /there is no (?:threshold|signal) |needs `limits`|the only one of its signal|as prometheus-rate counts/;
    expect(problemsOf(AT, example).filter((line) => !others.test(line))).toEqual([]);
    const keys = validKeys(AT, example.replace(/ \}$/, ', zzz: 1 }'));
    for (const key of keys.filter((one) => one !== 'kind')) {
      expect(row, key).toMatch(new RegExp(`[\`{ ]${key}[\`:]`));
    }
  });
});

test.each([
  ['The file', '\nseverity: P3', '\nzzz: 1\nseverity: P3'],
  ['Signals', '    title: rejected requests by client', '    zzz: 1\n    title: rejected requests by client'],
  ['Standing out', 'volume: reject-rate\n', 'volume: reject-rate\n      zzz: 1\n'],
  ['Categories', '    rank: 10', '    zzz: 1\n    rank: 10'],
  ['Categories', '        lowers: 2', '        zzz: 1\n        lowers: 2'],
  ['Categories', '        each: ip', '        zzz: 1\n        each: ip'],
])('every key under %s is told', (title, from, to) => {
  const text = section(title);
  const told = [...text.matchAll(/`([a-z-]+)`|^ +([a-z-]+):/gm)].map(([, ticked, key]) => ticked ?? key);
  expect(validKeys(from, to).filter((key) => !told.includes(key))).toEqual([]);
});

test('every kind of entity and every place of a headline is told', () => {
  const kinds = problemsOf('kind: instance, one: backend', 'kind: zzz, one: backend').join('\n');
  for (const kind of /one of ([^;]*), got "zzz"/.exec(kinds)?.[1]?.split(', ') ?? ['none']) {
    expect(section('Signals')).toContain(`\`${kind}\``);
  }
  const places = problemsOf('{subjects} made', '{zzz} made').join('\n');
  for (const place of /places: (.*)/.exec(places)?.[1]?.split(' ') ?? ['none']) {
    expect(section('Places in texts')).toContain(`\`${place}\``);
  }
});
