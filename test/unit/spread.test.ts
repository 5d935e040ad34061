import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SpreadSpec } from '../../src/runbooks/schema.ts';
import { analyse, type Crowd, effectiveSources, thresholdOf } from '../../src/verdict/spread.ts';
import { aegis, counters, crowd, evidence, rejects } from '../support/evidence.ts';

const crowdOf = (values: readonly number[]): Crowd => ({
  count: values.length,
  total: values.reduce((sum, value) => sum + value, 0),
  squares: values.reduce((sum, value) => sum + value * value, 0),
});

const specOf = (id: string): SpreadSpec => {
  const spec = aegis.signals[id]?.spread;
  if (!spec) throw new Error(`${id} has no spread`);
  return spec;
};

function analysisOf(id: string, reading: ReturnType<typeof counters>) {
  const signal = evidence({ [id]: reading }).signals[id];
  if (!signal) throw new Error(`no signal ${id}`);
  return analyse(signal, specOf(id), aegis);
}
const ofFailures = (byIp: Record<string, number>) => analysisOf('auth-failures-by-ip', counters(byIp));

describe('the effective number of sources', () => {
  test.each([
    [[], 0],
    [[7], 1],
    [[1, 1], 2],
    [[50, 50, 50, 50, 50], 5],
    [[3, 1], 1.6],
    [[90, 5, 5], 100 ** 2 / (90 ** 2 + 2 * 5 ** 2)],
  ])('of %j is %f', (values, expected) => {
    expect(effectiveSources(crowdOf(values))).toBeCloseTo(expected, 10);
  });

  test('lies between one and the number of sources, which only equal ones reach', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 200 }),
        (values) => {
          const effective = effectiveSources(crowdOf(values));
          expect(effective).toBeGreaterThanOrEqual(1 - 1e-9);
          expect(effective).toBeLessThanOrEqual(values.length + 1e-9);
          if (new Set(values).size === 1) expect(effective).toBeCloseTo(values.length, 6);
        },
      ),
    );
  });

  test('does not depend on the unit, and a tail of ones hardly moves it', () => {
    const values = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(values, fc.integer({ min: 2, max: 1000 }), (list, factor) => {
        const scaled = effectiveSources(crowdOf(list.map((value) => value * factor)));
        expect(scaled).toBeCloseTo(effectiveSources(crowdOf(list)), 6);
      }),
    );
    expect(effectiveSources(crowdOf([10_000, ...Array<number>(200).fill(1)]))).toBeLessThan(1.1);
  });

  test('of every crowd is the number of equal sources as diverse as it: merging two makes it smaller', () => {
    const values = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 2, maxLength: 50 });
    fc.assert(
      fc.property(values, ([a = 0, b = 0, ...others]) => {
        expect(effectiveSources(crowdOf([a + b, ...others]))).toBeLessThan(
          effectiveSources(crowdOf([a, b, ...others])),
        );
      }),
    );
  });
});

describe('the split into loud ones and the rest', () => {
  test('takes the heavy address out of the judgement of the rest', () => {
    const found = ofFailures({ '203.0.113.42': 900, ...crowd(60, 15), ...crowd(40, 2, 100) });
    expect(found.loud.map(({ id }) => id)).toEqual(['203.0.113.42']);
    expect(found.judged).toEqual({ count: 61, total: 1800, squares: 900 ** 2 + 60 * 15 ** 2 });
    expect(found.rest).toEqual({ count: 60, total: 900, squares: 60 * 15 ** 2 });
    expect(found.others).toEqual({ count: 100, total: 980, squares: 60 * 15 ** 2 + 40 * 2 ** 2 });
    expect(found).toMatchObject({ belowFloor: 40, largestOther: 15, many: false, manyCount: 0 });
  });

  test('loses nobody and counts nobody twice', () => {
    const values = fc.array(fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 9000 })), {
      maxLength: 150,
    });
    fc.assert(
      fc.property(values, (list) => {
        fc.pre(list.length > 0);
        const { rest, judged, others, belowFloor, largestOther, ...told } = ofFailures(
          crowd(list.length, (index) => list[index] ?? 1),
        );
        const loud = told.out;
        const loudTotal = loud.reduce((sum, { value }) => sum + value, 0);
        expect(rest.count + loud.length).toBe(judged.count);
        expect(rest.total + loudTotal).toBe(judged.total);
        expect(judged.count + belowFloor).toBe(list.length);
        expect(others.count + loud.length).toBe(list.length);
        expect(others.total + loudTotal).toBe(crowdOf(list).total);
        expect(rest.squares).toBeCloseTo(
          judged.squares - loud.reduce((sum, { value }) => sum + value ** 2, 0),
          3,
        );
        for (const { value } of loud) expect(value).toBeGreaterThanOrEqual(Math.max(20, largestOther));
      }),
    );
  });

  test('sees a crowd beyond the rows that are kept', () => {
    const found = ofFailures({ '203.0.113.42': 5000, ...crowd(5000, 4) });
    expect(found.rest).toMatchObject({ count: 5000, total: 20_000 });
    expect(effectiveSources(found.rest)).toBeCloseTo(5000, 6);
  });

  test('tells many tenants unless one of them dominates', () => {
    const tenants = (loud: number) =>
      analysisOf(
        'rejects-by-tenant',
        rejects([
          ['loud', { '/agents': loud }],
          ...Array.from({ length: 8 }, (_, index) => [`t${index}`, { '/agents': 1 }] as const),
        ]),
      );
    // Nine with a ninth each are more than a few.
    expect(tenants(1)).toMatchObject({ loud: [], many: true, manyCount: 9 });
    expect(tenants(2.9)).toMatchObject({ loud: [{ id: 'loud' }], many: true, manyCount: 9 });
    expect(tenants(3)).toMatchObject({ loud: [{ id: 'loud' }], many: true, manyCount: 9 });
    expect(tenants(100)).toMatchObject({ loud: [{ id: 'loud' }], many: false, manyCount: 9 });
  });
});

test('a threshold is its number', () => {
  expect(thresholdOf(aegis, 'noise-floor')).toBe(3);
});
