import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Tally } from '../../src/signals/redis/tally.ts';

const tally = (keys: Iterable<string>) => {
  const made = new Tally('acp:');
  for (const key of keys) made.add(Buffer.from(key, 'utf8').toString('latin1'));
  return made;
};
const counts = (keys: Iterable<string>) =>
  Object.fromEntries(
    tally(keys)
      .families()
      .map(({ pattern, keys: count }) => [pattern, count]),
  );

describe('families of keys', () => {
  test('ids are what varies: addresses, numbers, dates, uuids', () => {
    expect(
      counts([
        'acp:auth_fail2:203.0.113.1',
        'acp:auth_fail2:2001:db8::1',
        'acp:auth_fail2:cafe::1',
        'acp:spend:agent-7:2026-05',
        'acp:spend:agent-8:2026-05',
        'acp:x:0b9f3f3e-6a0f-4b7e-9a39-0d5c2f9f8a11:last',
        'acp:ratelimit:global',
      ]),
    ).toEqual({ 'acp:auth_fail2:*': 3, 'acp:spend:*': 2, 'acp:x:*:last': 1, 'acp:ratelimit:global': 1 });
  });

  test('a few words stay apart, many in one place are ids', () => {
    const names = Array.from({ length: 26 }, (_, i) => String.fromCharCode(97 + i).repeat(4));
    expect(counts(names.map((name) => `acp:quota:rps:${name}`))).toEqual({ 'acp:quota:rps:*': 26 });
    expect(counts(names.slice(0, 3).map((name) => `acp:limits:${name}:9`))).toEqual({
      'acp:limits:aaaa:*': 1,
      'acp:limits:bbbb:*': 1,
      'acp:limits:cccc:*': 1,
    });
    expect(Object.keys(counts(names.map((name) => `acp:${name}:7`)))).toHaveLength(26);
  });

  test('a sample is a key as it is, bytes that are not UTF-8 as hexadecimal', () => {
    const made = new Tally('acp:');
    made.add('acp:odd:\xff\xfe');
    made.add('acp:\u001b[2J:9');
    expect(made.families().map(({ sample }) => sample)).toEqual([
      'acp:\u001b[2J:9',
      { hex: '6163703a6f64643afffe' },
    ]);
  });

  test('millions of families that somebody invents take no more room than a thousand', () => {
    function* hostile() {
      for (let i = 0; i < 300_000; i += 1) {
        const word = i.toString(26).replaceAll(/\d/g, (digit) => String.fromCharCode(113 + Number(digit)));
        yield `acp:${word}:${word}x:${word}y:9`;
      }
      yield* Array(5).fill('acp:auth_fail2:1');
    }
    const made = tally(hostile());
    expect(made.families().length).toBeLessThanOrEqual(1_000);
    const sum = made.families().reduce((total, { keys }) => total + keys, 0);
    expect(sum).toBeGreaterThan(0);
  });

  test('whatever the keys are, each is counted once', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 60 }), { maxLength: 200 }), (ids) => {
        const made = tally(ids.map((id) => `acp:${id}`));
        expect(made.isComplete).toBe(true);
        expect(made.families().reduce((total, { keys }) => total + keys, 0)).toBe(ids.length);
      }),
    );
  });
});
