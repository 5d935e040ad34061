import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { quoteCommand } from '../../src/output/quote.ts';
import { splitCommand } from '../../src/values/command-line.ts';

test('the words of a quoted command are the words', () => {
  const word = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((one) => !/[\p{Cc}\p{Cs}]/u.test(one));
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), (words) => {
      expect(splitCommand(quoteCommand(words))).toEqual(words);
    }),
  );
});

test.each([
  ['', []],
  ['   ', []],
  ['# a remark', []],
  ['triage # for now', ['triage']],
  ['triage#5', ['triage#5']],
  ['  ratelimit\ttriage  ', ['ratelimit', 'triage']],
  [
    'block-ip 203.0.113.0/28 --reason "it\'s \\"them\\""',
    ['block-ip', '203.0.113.0/28', '--reason', 'it\'s "them"'],
  ],
  ["--reason='two words'' more'", ['--reason=two words more']],
  ['a\\ b "c\\d" \'e\\f\'', ['a b', 'c\\d', 'e\\f']],
  ['"" \'\'', ['', '']],
  ['$HOME * ~ `ls` {1,2}', ['$HOME', '*', '~', '`ls`', '{1,2}']],
])('%j', (line, words) => {
  expect(splitCommand(line)).toEqual(words);
});

describe('what is no single command', () => {
  test.each([
    ['triage -o json | jq .', /^\| is for a shell/],
    ['a && b', /^& is for a shell/],
    ['a; b', /^; is for a shell/],
    ['triage > file', /^> is for a shell/],
    ['a $(ls)', /^\( is for a shell/],
    ['--reason "open', /^the quote " has no other half$/],
    ["it's", /^the quote ' has no other half$/],
    ['a \\', /ends with a backslash/],
    ['a \u0000', /control characters/],
    ['a \u001b[2J', /control characters/],
  ])('%j', (line, problem) => {
    expect(splitCommand(line)).toMatch(problem);
  });
});
