import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quoteCommand } from '../../src/output/quote.ts';

test.each([
  ['--ttl'],
  ['24h'],
  ['203.0.113.42'],
  ['203.0.113.0/24'],
  ['redis://h:6379/0'],
  ['2001:db8::1'],
  ['--reason=x'],
  ['ops@example.com'],
])('%s stays bare', (word) => {
  expect(quoteCommand(['ratelimit', word])).toBe(`ratelimit ${word}`);
});

test.each([
  ['', "''"],
  ['credential stuffing', "'credential stuffing'"],
  ["it's", `"it's"`],
  ["it's $HOME", `"it's \\$HOME"`],
  ["what's up!", `'what'"'"'s up!'`],
  ['a;rm -rf', "'a;rm -rf'"],
  ['$(id)', "'$(id)'"],
  ['~', "'~'"],
  ['=ls', "'=ls'"],
])('%j is quoted as %s', (word, quoted) => {
  expect(quoteCommand(['ratelimit', word])).toBe(`ratelimit ${quoted}`);
});

test('a first word is never an assignment', () => {
  expect(quoteCommand(['A=b', 'A=b'])).toBe("'A=b' A=b");
});

test('refuses a NUL character', () => {
  expect(() => quoteCommand(['a\0b'])).toThrow(RangeError);
});

test('a real shell gives back the exact words', () => {
  const word = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: fc.constantFrom(...` '"\\$\`!#&*?[]{}();<>|~^=%\n\r\t-ab`) }),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(
      fc.array(
        word.filter((text) => !text.includes('\0')),
        { minLength: 50, maxLength: 80 },
      ),
      (words) => {
        const script = quoteCommand(['printf', '%s\\0', ...words]);
        const printed = execFileSync('sh', ['-c', script], { encoding: 'utf8', env: {} });
        expect(printed.split('\0').slice(0, -1)).toEqual(words);
      },
    ),
    { numRuns: 12 },
  );
});
