import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { conclude, isExpectedToRise, type Sample, type Track } from '../../src/remedies/conclude.ts';

const every = (stepMs: number, values: readonly (number | null)[], startMs = 1_000_000): Sample[] =>
  values.map((value, index) => ({ atMs: startMs + index * stepMs, value }));
const track = (
  before: readonly (number | null)[],
  after: readonly (number | null)[],
  stopsAt: number | null = null,
): Track => ({ before: every(200, before), after: every(200, after, 1_010_000), stopsAt });
const still = (value: number | null, samples: number) => Array<number | null>(samples).fill(value);

/** 20 a second before it, and nothing for two seconds after it. */
const STEADY = [10, 14, 18, 22];
const proven = track(STEADY, still(22, 11));

/** Failures that the samples prove, counted in another way than the program does: step by step, a reset from zero. */
function rose(samples: readonly Sample[]): number {
  let total = 0;
  for (let at = 1; at < samples.length; at += 1) {
    const [was, is] = [samples[at - 1]?.value ?? 0, samples[at]?.value ?? null];
    if (is !== null) total += is < was ? is : is - was;
  }
  return total;
}
const seconds = (samples: readonly Sample[]) =>
  ((samples.at(-1)?.atMs ?? 0) - (samples[0]?.atMs ?? 0)) / 1_000;

describe('a silent counter', () => {
  test('that was rising, had to rise on, and did not: enforced', () => {
    expect(conclude([proven])).toEqual({
      verified: 'enforced',
      text: '12 failures in the 0.6 s before the block, none in the 2.0 s after it',
    });
  });

  test.each<[string, Track, RegExp]>([
    ['has expired', track(STEADY, [22, 22, null, null]), /has expired/],
    ['was gone all the while', track(STEADY, still(null, 11)), /has expired/],
    ['is where the system stops counting', track(STEADY, still(25, 11), 25), /stops counting at 25/],
    ['is above that', track(STEADY, still(26, 11), 25), /stops counting at 25/],
    ['was silent before', track(still(22, 6), still(22, 11)), /no failures came in just before/],
    ['was seen once only', track([22], still(22, 11)), /no failures came in just before/],
    ['rose too slowly', track([10, 10, 10, 10, 10, 11], still(11, 11)), /too seldom/],
    ['was not watched for long enough', track(STEADY, still(22, 2)), /too seldom/],
    ['was not watched at all', track(STEADY, [22]), /too seldom/],
  ])('that %s: stored', (_, one, why) => {
    expect(conclude([one])).toEqual({ verified: 'stored', text: expect.stringMatching(why) });
  });

  test('just below where the system stops counting: enforced', () => {
    expect(conclude([track(STEADY, still(24, 11), 25)]).verified).toBe('enforced');
  });

  test.each([[[]], [[track([], [])]]])('of which nothing was seen (%j): stored', (tracks) => {
    expect(conclude(tracks).verified).toBe('stored');
  });
});

describe('a counter that rose after the block: not enforced', () => {
  test.each<[string, (number | null)[], string]>([
    ['by one', [22, 22, 22, 23], '1 failure in the 0.6 s after the block'],
    ['steadily', [22, 26, 30], '8 failures in the 0.4 s after the block'],
    ['from a new start', [22, 3], '3 failures in the 0.2 s after the block'],
    ['from nothing', [null, null, 2], '2 failures in the 0.4 s after the block'],
    ['and then expired', [22, 24, null], '2 failures in the 0.4 s after the block'],
    ['after it had expired', [22, null, 1], '1 failure in the 0.4 s after the block'],
  ])('%s', (_, after, text) => {
    for (const stopsAt of [null, 25]) {
      expect(conclude([track(STEADY, after, stopsAt)])).toEqual({ verified: 'not-enforced', text });
    }
  });

  test('whatever another counter of the same address says', () => {
    expect(conclude([proven, track([], [3, 4])]).verified).toBe('not-enforced');
    expect(conclude([track(STEADY, still(26, 11), 25), track([], [3, 4])]).verified).toBe('not-enforced');
  });
});

test('one counter that proves it is enough, beside one that proves nothing', () => {
  const silent = track(still(30, 4), still(30, 11), 25);
  for (const tracks of [
    [proven, silent],
    [silent, proven],
  ]) {
    expect(conclude(tracks)).toEqual({ verified: 'enforced', text: expect.stringMatching(/^12 failures/) });
  }
});

describe('whatever the counters did', () => {
  const value = fc.option(fc.nat({ max: 60 }), { nil: null, freq: 6 });
  const gap = fc.integer({ min: 1, max: 1_500 });
  /** Any values, or steady ones, as real counters are. */
  const samples = (startMs: number) =>
    fc
      .tuple(fc.array(gap, { maxLength: 12 }), fc.nat({ max: 60 }), fc.nat({ max: 9 }), fc.array(value))
      .map(([gaps, first, step, wild]) => {
        let atMs = startMs;
        return gaps.map((ms, index): Sample => {
          atMs += ms;
          return { atMs, value: wild.length > 6 ? (wild[index] ?? null) : first + index * step };
        });
      });
  const silence = (startMs: number) =>
    fc.tuple(fc.array(gap, { maxLength: 12 }), fc.nat({ max: 60 })).map(([gaps, same]) => {
      let atMs = startMs;
      return gaps.map((ms): Sample => {
        atMs += ms;
        return { atMs, value: same };
      });
    });
  const anyTrack: fc.Arbitrary<Track> = fc.record({
    before: samples(0),
    after: fc.oneof(samples(60_000), silence(60_000)),
    stopsAt: fc.option(fc.integer({ min: 1, max: 60 }), { nil: null }),
  });
  const tracks = fc.array(anyTrack, { minLength: 1, maxLength: 3 });
  const check = (property: (list: readonly Track[], verified: string) => void) =>
    fc.assert(
      fc.property(tracks, (list) => property(list, conclude(list).verified)),
      { numRuns: 2_000 },
    );

  test('any rise after the block is not enforced, and nothing else is', () => {
    check((list, verified) => {
      expect(verified === 'not-enforced').toBe(list.some(({ after }) => rose(after) > 0));
    });
  });

  test('enforced needs one counter that neither expired nor stood at its limit, and rose before', () => {
    let seen = 0;
    check((list, verified) => {
      if (verified !== 'enforced') return;
      seen += 1;
      const witness = list.some(({ before, after, stopsAt }) => {
        const last = after.at(-1)?.value ?? null;
        const isFree = last !== null && (stopsAt === null || last < stopsAt);
        const due = (rose(before) / seconds(before)) * seconds(after);
        return isFree && rose(before) > 0 && due >= 5;
      });
      expect(witness).toBe(true);
    });
    // The property is about something.
    expect(seen).toBeGreaterThan(20);
  });

  test('at or above its limit a single counter is never proof', () => {
    check(([one]) => {
      const last = one?.after.at(-1)?.value ?? null;
      if (one === undefined || last === null || last === 0) return;
      expect(conclude([{ ...one, stopsAt: Math.max(1, last - 3) }]).verified).not.toBe('enforced');
    });
  });

  test('an expiry at the end is never proof', () => {
    check((list) => {
      const ended = list.map((one) => {
        const atMs = (one.after.at(-1)?.atMs ?? 60_000) + 1;
        return { ...one, after: [...one.after, { atMs, value: null }] };
      });
      expect(conclude(ended).verified).not.toBe('enforced');
    });
  });

  test('the order of the counters does not matter', () => {
    check((list, verified) => {
      expect(conclude([...list].reverse()).verified).toBe(verified);
    });
  });

  test('a longer silence never makes it less sure', () => {
    check((list, verified) => {
      const longer = list.map((one) => {
        const last = one.after.at(-1);
        return last === undefined
          ? one
          : { ...one, after: [...one.after, { ...last, atMs: last.atMs + 5_000 }] };
      });
      if (verified === 'enforced') expect(conclude(longer).verified).toBe('enforced');
    });
  });

  test('it always says why', () => {
    check((list) => {
      expect(conclude(list).text).not.toBe('');
    });
  });
});

describe('a rise was to be expected', () => {
  test.each([
    ['20 a second, over two', STEADY, 2, true],
    ['5 a second, over two', [10, 11, 12, 13, 14, 15], 2, true],
    ['5 a second, over half of one', [10, 11, 12, 13, 14, 15], 0.5, false],
    ['1 a second, over two', [10, 10, 10, 10, 10, 11], 2, false],
    ['none', still(10, 6), 60, false],
    ['a counter that began just then', [null, 5, 9], 2, true],
    ['a single look', [10], 60, false],
    ['no look', [], 60, false],
  ])('%s: %s', (_, values, watch, expected) => {
    expect(isExpectedToRise(every(200, values), watch)).toBe(expected);
  });

  test('never in no time', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 100 }), { maxLength: 9 }), (values) => {
        expect(isExpectedToRise(every(200, values), 0)).toBe(false);
      }),
    );
  });
});
