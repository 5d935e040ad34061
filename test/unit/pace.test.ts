import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Pace, type PaceName } from '../../src/signals/redis/pace.ts';

const WAY_MS = 0.1;

/** Calls to a server that needs so long for a key. @returns how many keys each visited, and how long was rested */
function calls(pace: Pace, howMany: number, eachMs: (index: number) => number) {
  const counts: number[] = [];
  let restedMs = 0;
  for (let index = 0; index < howMany; index++) {
    const { count } = pace;
    counts.push(count);
    restedMs += pace.scanned(count, WAY_MS + count * eachMs(index));
  }
  return { counts, restedMs };
}

describe('the pace', () => {
  test.each(['gentle', 'normal', 'fast'] as const)(
    '%s settles where a call takes its slice of the server',
    (name) => {
      const pace = new Pace(name, WAY_MS);
      calls(pace, 60, () => 0.001);
      const { sliceMs, most } = pace.limits;
      expect(pace.count).toBe(Math.min(most, Math.round(sliceMs / 0.001)));
    },
  );

  test('never doubles faster than twice, nor falls below a few keys', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<PaceName>('gentle', 'normal', 'fast'),
        fc.array(fc.double({ min: 0, max: 5, noNaN: true }), { minLength: 1, maxLength: 60 }),
        (name, costs) => {
          const pace = new Pace(name, WAY_MS);
          const { counts } = calls(pace, costs.length, (index) => costs[index] ?? 0);
          for (const [index, count] of counts.entries()) {
            expect(count).toBeGreaterThanOrEqual(10);
            expect(count).toBeLessThanOrEqual(pace.limits.most);
            expect(count).toBeLessThanOrEqual(2 * (counts[index - 1] ?? count) + 1);
          }
        },
      ),
    );
  });

  test('goes down where the server has become slow, and up again', () => {
    const pace = new Pace('gentle', WAY_MS);
    calls(pace, 40, () => 0.001);
    const fast = pace.count;
    calls(pace, 40, () => 0.01);
    expect(pace.count).toBeLessThan(fast / 5);
    calls(pace, 40, () => 0.001);
    expect(pace.count).toBe(fast);
  });

  test('is not misled by what happens on the way: the least of the recent calls is what the server needs', () => {
    const pace = new Pace('gentle', WAY_MS);
    calls(pace, 40, () => 0.001);
    const before = pace.count;
    calls(pace, 40, (index) => (index % 4 === 0 ? 0.001 : 0.004));
    expect(pace.count).toBe(before);
  });

  test('a call that takes far longer than expected halves it at once, and gives way for as long', () => {
    const pace = new Pace('gentle', WAY_MS);
    calls(pace, 40, () => 0.001);
    const before = pace.count;
    const restMs = pace.scanned(before, WAY_MS + 40);
    expect(pace.count).toBe(Math.floor(before / 2));
    expect(restMs).toBeCloseTo(40, 1);
  });

  test('rests as long as its share of the server says, and not at all when it is to be fast', () => {
    const share = (name: PaceName) => {
      const pace = new Pace(name, WAY_MS);
      calls(pace, 40, () => 0.001);
      const { counts, restedMs } = calls(pace, 100, () => 0.001);
      return restedMs / counts.reduce((sum, count) => sum + count * 0.001, 0);
    };
    expect(share('gentle')).toBeCloseTo(0.5, 2);
    expect(share('normal')).toBeCloseTo(0.1, 2);
    expect(share('fast')).toBe(0);
  });

  test('asks for less each time that it is refused, and still for something', () => {
    const pace = new Pace('fast', WAY_MS);
    const counts = Array.from({ length: 8 }, () => {
      pace.refused();
      return pace.count;
    });
    expect(counts).toEqual([100, 50, 25, 12, 10, 10, 10, 10]);
  });
});
