import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { estimate } from '../../src/evidence/sample.ts';

/** Numbers that are the same in every run. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe('an estimate from a part', () => {
  const counted = fc.array(fc.integer({ min: 1, max: 10_000 }), { minLength: 1, maxLength: 200 });
  const share = fc.double({ min: 0.001, max: 0.999, noNaN: true });

  test('is never less than what was seen, and lies within its interval', () => {
    fc.assert(
      fc.property(counted, share, (values, coverage) => {
        const total = values.reduce((sum, value) => sum + value, 0);
        const squares = values.reduce((sum, value) => sum + value * value, 0);
        const { seen, ...range } = estimate({ total, squares, distinct: values.length }, coverage);
        expect(seen).toEqual({ total, distinct: values.length });
        const [low = 0, high = 0] = range.total ?? [];
        expect(low).toBeGreaterThanOrEqual(total);
        expect(high).toBeGreaterThanOrEqual(total / coverage);
        expect(range.distinct[0]).toBeGreaterThanOrEqual(values.length);
        expect(range.distinct[1]).toBeGreaterThanOrEqual(values.length / coverage);
        expect(range.missed).toBeCloseTo(1 - coverage, 12);
      }),
    );
  });

  test.each([0.1, 0.4, 0.8])('of %d of the keys holds the truth in about 95 of 100 samples', (coverage) => {
    const next = random(7);
    const values = Array.from({ length: 2_000 }, () => 1 + Math.floor(next() * 30));
    const truth = values.reduce((sum, value) => sum + value, 0);
    const hits = { total: 0, distinct: 0 };
    const runs = 400;
    for (let run = 0; run < runs; run++) {
      const seen = values.filter(() => next() < coverage);
      const { total, distinct } = estimate(
        {
          total: seen.reduce((sum, value) => sum + value, 0),
          squares: seen.reduce((sum, value) => sum + value * value, 0),
          distinct: seen.length,
        },
        coverage,
      );
      if (total !== null && total[0] <= truth && truth <= total[1]) hits.total += 1;
      if (distinct[0] <= values.length && values.length <= distinct[1]) hits.distinct += 1;
    }
    expect(hits.total / runs).toBeGreaterThan(0.92);
    expect(hits.distinct / runs).toBeGreaterThan(0.92);
    expect(hits.total / runs).toBeLessThan(0.99);
  });

  test('of nothing seen says how much there may be all the same: so many keys are missed with a chance of 5 %', () => {
    const { total, distinct } = estimate({ total: 0, squares: 0, distinct: 0 }, 0.5);
    expect(total).toBe(null);
    expect(distinct).toEqual([0, 5]);
    expect(0.5 ** 5).toBeLessThan(0.05);
  });
});
