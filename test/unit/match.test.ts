import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isMatch, isNone, type Match, matchersOf, noneOf } from '../../src/runbooks/match.ts';
import { match as schema } from '../../src/runbooks/match-schema.ts';

/** What a matcher of PromQL with a regular expression accepts: `=~` is anchored, and a dot is any character. */
function accepts(matcher: string, value: string): boolean {
  const [, operator, quoted = ''] = /^[a-z_]+(=~|!~|=)(".*")$/s.exec(matcher) ?? [];
  const text = JSON.parse(quoted) as string;
  if (operator === '=') return text === value;
  return new RegExp(`^(?:${text})$`, 's').test(value) === (operator === '=~');
}

const odd = fc.constantFrom(
  '.*',
  '.+',
  '|',
  'a|b',
  '"} or vector(1) #',
  '\\',
  '\\Q',
  '(?i)a',
  '[',
  '',
  '^$',
  'a{2}',
);
const value = fc.oneof(odd, fc.string({ maxLength: 8 }), fc.string({ unit: 'binary', maxLength: 8 }));
const values = fc.uniqueArray(value, { minLength: 1, maxLength: 6 });

describe('several values of a label', () => {
  test('match nothing else, however they are written, for a server and for a drill', () => {
    fc.assert(
      fc.property(values, value, (wanted, other) => {
        const match = { label: wanted };
        const [matcher = ''] = matchersOf(match);
        for (const one of [...wanted, other]) {
          const isWanted = wanted.includes(one);
          expect(accepts(matcher, one)).toBe(isWanted);
          expect(isMatch({ label: one }, match)).toBe(isWanted);
          expect(accepts(noneOf(match)[0] ?? '', one)).toBe(!isWanted);
          expect(isNone({ label: one }, match)).toBe(!isWanted);
        }
        // Without the label it is an empty one.
        expect(isMatch({}, match)).toBe(wanted.includes(''));
      }),
    );
  });

  test('stand in one text that nothing ends before its end', () => {
    fc.assert(
      fc.property(values, (wanted) => {
        const [matcher = ''] = matchersOf({ label: wanted });
        expect(matcher).toMatch(/^label=~"(?:[^"\\\n]|\\.)*"$/);
      }),
    );
  });

  test('are kept in their order, and a list of one stays one', () => {
    const parsed = (given: unknown): Match => schema.parse(given);
    expect(parsed({ a: ['x'], b: 'y', c: ['z', 'w'] })).toEqual({ a: ['x'], b: 'y', c: ['z', 'w'] });
    expect(matchersOf(parsed({ a: 'x.', c: ['z.', 'w'] }))).toEqual(['a="x."', String.raw`c=~"z\\.|w"`]);
    expect(noneOf({ a: 'x.', b: [], c: ['z.'] })).toEqual(['a!="x."', String.raw`c!~"z\\."`]);
    expect(parsed(undefined)).toEqual({});
    expect(parsed(parsed({ a: ['x', 'y'] }))).toEqual({ a: ['x', 'y'] });
  });
});
