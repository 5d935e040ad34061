import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { merge } from '../../src/evidence/merge.ts';
import { absent, empty, measured, type Reading, rowOf, unknown } from '../../src/evidence/types.ts';

const rate = (entities: Record<string, number>, more: Partial<Reading> = {}, source = 'a'): Reading => {
  const rows = Object.entries(entities).map(([id, value]) =>
    rowOf({ id, valid: true, value, share: 1, sources: [source] }),
  );
  const total = rows.reduce((sum, { value }) => sum + value, 0);
  return measured({ total, distinct: rows.length, rows, ...more });
};
const late = unknown('timeout', 'no answer in 5s');

describe('the status of several sources', () => {
  test.each([
    ['measured', [rate({ acme: 1 }), late, empty(), absent('no such metric')]],
    ['unknown', [late, empty(), absent('no such metric')]],
    ['empty', [absent('no such metric'), empty('none')]],
    ['absent', [absent('no such metric'), absent('no such key')]],
  ] as const)('%s', (status, readings) => {
    for (const order of [readings, readings.toReversed()]) expect(merge(order).status).toBe(status);
  });

  test('what one could not read is said beside what the other did', () => {
    const merged = merge([rate({ acme: 1 }), late]);
    expect(merged).toMatchObject({ status: 'measured', total: 1, reason: null });
    expect(merged.warnings).toEqual(['no answer in 5s']);
  });

  test('is alive when one of them is, and not when it could not be read', () => {
    expect(merge([empty('stale', false), absent('none')]).live).toBe(false);
    expect(merge([empty('stale', false), empty()]).live).toBe(true);
    expect(merge([late, empty()]).live).toBe(false);
  });

  test('nothing at all is unknown', () => {
    expect(merge([])).toMatchObject({ status: 'unknown' });
  });
});

describe('numbers of several sources', () => {
  test('an entity that both name counts once, with the larger value and what either tells', () => {
    const paths = rowOf({
      id: 'acme',
      valid: true,
      value: 9,
      sources: ['a'],
      labels: { path: { '/execute': 9 } },
    });
    const limits = rowOf({
      ...{ id: 'acme', valid: true, value: 8, sources: ['b'], usual: 2 },
      labels: { limit_type: { rps: 8 } },
    });
    const [one, other] = [paths, limits].map((row) =>
      measured({
        total: row.value + 1,
        distinct: 2,
        rows: [row, rowOf({ id: row.sources[0] ?? '', valid: true, value: 1 })],
      }),
    ) as [Reading, Reading];
    for (const merged of [merge([one, other]), merge([other, one])]) {
      expect(merged).toMatchObject({ total: 11, distinct: 3 });
      expect(merged.rows[0]).toMatchObject({ id: 'acme', value: 9, usual: 2 });
      expect(merged.rows[0]?.labels).toEqual({ path: { '/execute': 9 }, limit_type: { rps: 8 } });
      expect(merged.rows[0]?.sources.toSorted()).toEqual(['a', 'b']);
    }
  });

  test('the same id of another kind is another entity', () => {
    const of = (kind: string) =>
      measured({ total: 3, distinct: 1, rows: [rowOf({ id: 'x', valid: true, value: 3, kind })] });
    expect(merge([of('agent'), of('tenant')])).toMatchObject({ total: 6, distinct: 2 });
  });

  test('a name is claimed only when every source has it from the client', () => {
    const of = (claimed: boolean) =>
      measured({ total: 3, distinct: 1, rows: [rowOf({ id: 'x', valid: true, value: 3, claimed })] });
    expect(merge([of(true), of(false)]).rows[0]?.claimed).toBe(false);
    expect(merge([of(true), of(true)]).rows[0]?.claimed).toBe(true);
  });

  test('an exact total stands before one that is at most so much', () => {
    const exact = measured({ total: 2, distinct: null, rows: [] });
    const most = measured({ total: 30, distinct: null, rows: [], atMost: true });
    expect(merge([most, exact])).toMatchObject({ total: 2, atMost: false });
    expect(merge([most, absent('none')])).toMatchObject({ total: 30, atMost: true });
  });

  test('totals without entities count the same events: the larger one is nearer', () => {
    const of = (total: number) => measured({ total, distinct: null, rows: [] });
    expect(merge([of(2), of(5)]).total).toBe(5);
  });

  test('whatever the order, nothing is counted twice and no share is above one', () => {
    const side = fc.dictionary(
      fc.constantFrom('a', 'b', 'c', 'd', '__proto__'),
      fc.integer({ min: 1, max: 90 }),
      {
        minKeys: 1,
        noNullPrototype: true,
      },
    );
    fc.assert(
      fc.property(side, side, (left, right) => {
        const merged = merge([rate(left), rate(right, {}, 'b')]);
        const ids = [...new Set([...Object.keys(left), ...Object.keys(right)])];
        const of = (all: Record<string, number>, id: string) => (Object.hasOwn(all, id) ? (all[id] ?? 0) : 0);
        const values = ids.map((id) => Math.max(of(left, id), of(right, id)));
        expect(merged.total).toBeCloseTo(values.reduce((sum, value) => sum + value, 0));
        expect(merged.distinct).toBe(ids.length);
        expect(merged.rows.map(({ value }) => value)).toEqual(values.toSorted((a, b) => b - a));
        expect(merged.rows.reduce((sum, { share }) => sum + (share ?? 0), 0)).toBeCloseTo(1);
      }),
    );
  });

  test('what was usual is the most that one of them knows', () => {
    const of = (day: number | null, week: number | null) =>
      measured({ total: 1, distinct: null, rows: [], baseline: { day, week } });
    expect(merge([of(1, null), of(3, 2)]).baseline).toEqual({ day: 3, week: 2 });
    expect(merge([of(null, null), of(null, null)]).baseline).toEqual({ day: null, week: null });
  });
});
