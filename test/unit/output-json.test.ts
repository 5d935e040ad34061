import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toJson } from '../../src/output/json.ts';

test('indents by two and ends with a newline', () => {
  expect(toJson({ a: [1, 'é'], b: null })).toBe('{\n  "a": [\n    1,\n    "é"\n  ],\n  "b": null\n}\n');
  expect(toJson(undefined)).toBe('null\n');
});

test('writes hidden characters as escapes', () => {
  expect(toJson('a\x7f\u009b\u202e\u200b\ud800')).toBe('"a\\u007f\\u009b\\u202e\\u200b\\ud800"\n');
  expect(toJson('\u{e0041}')).toBe('"\\udb40\\udc41"\n');
  expect(toJson('e\u0301 \u0301')).toBe('"e\u0301 \\u0301"\n');
});

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  fc.constantFrom('\u202e', '\u0301\u0301\u0301\u0301\u0301', '\\u0041', '"\\', '\n', '__proto__'),
);

test('parses back to the same value and is inert in a terminal', () => {
  const anyValue = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      anyText,
      fc.constantFrom(null, true, false, 0, -1.5, 1e21),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(anyText, tie('value'), { maxKeys: 4, noNullPrototype: true }),
    ),
  })).value;
  fc.assert(
    fc.property(anyValue, (value) => {
      const json = toJson(value);
      expect(JSON.parse(json)).toEqual(value);
      expect(json).not.toMatch(/(?!\n)[\p{C}\p{DI}\p{Zl}\p{Zp}]|(?! )\p{Z}|\p{M}{4}/u);
    }),
    { numRuns: 1000 },
  );
});
