import { describe, expect, test } from 'vitest';
import { closeFrom, withRowLimits } from '../../src/evidence/limits.ts';
import { measured, type Reading, type Row, rowOf } from '../../src/evidence/types.ts';
import type { Runbook, SourceSpec } from '../../src/runbooks/schema.ts';
import { rateReading } from '../../src/signals/prometheus/rate.ts';
import { builtIn } from '../support/evidence.ts';

// Of thousands of callers those that are kept are not the largest alone: a small one may be far above its own limit.

const tps = builtIn('tps-limits');
const SIGNAL = 'requests-by-caller';
const source = tps.signals[SIGNAL]?.sources.find(
  (one): one is Extract<SourceSpec, { kind: 'prometheus-rate' }> => one.kind === 'prometheus-rate',
);
if (source === undefined) throw new Error('no rate of requests by caller');

const caller = (id: string, value: number, tier: string | null): Row =>
  rowOf({ id, valid: true, value, labels: tier === null ? {} : { tier: { [tier]: value } } });
/** 250 that may send 500 a second, one that may send 20, and many that hardly send anything. */
const CALLERS = [
  ...Array.from({ length: 250 }, (_, i) => caller(`large-${i}`, 100 + i, 'premium')),
  caller('crawler', 60, 'free'),
  ...Array.from({ length: 2_000 }, (_, i) => caller(`idle-${i}`, 1 + i / 10_000, 'free')),
];

function kept(rows: readonly Row[], runbook: Runbook = tps): Reading {
  const total = rows.reduce((sum, { value }) => sum + value, 0);
  const reading = measured({ total, distinct: rows.length, rows });
  return rateReading(
    source as NonNullable<typeof source>,
    'caller',
    { reading, usual: null, targets: null },
    closeFrom(SIGNAL, runbook, 300),
  );
}
const limited = (reading: Reading) =>
  withRowLimits(SIGNAL, { ...reading, sources: [], unit: 'requests/s', windowSeconds: 300 }, tps);

describe('where each has a limit', () => {
  test('whoever may be close to it is kept beside the largest, and one more, so that it is known of the rest', () => {
    const reading = kept([...CALLERS].reverse());
    expect(reading.rows).toHaveLength(252);
    expect(reading.rows.map(({ value }) => value)).toEqual(
      reading.rows.map(({ value }) => value).sort((a, b) => b - a),
    );
    const { rows, warnings } = limited(reading);
    expect(rows.find(({ id }) => id === 'crawler')?.limit).toMatchObject({ value: 20, ratio: 3 });
    // Nobody who is left out can be close to a limit.
    expect(warnings).toEqual([]);
  });

  test('those of whom it is not known which limit they have are not', () => {
    // As Prometheus ranks them: the mix of the 200 largest alone is fetched.
    const ranked = [...CALLERS].sort((a, b) => b.value - a.value).slice(0, 400);
    const reading = kept(
      ranked.map((row, index) => (index < 200 ? row : caller(String(row.id), row.value, null))),
    );
    expect(reading.rows).toHaveLength(200);
    expect(limited(reading).warnings.join()).toContain('are not held against their limits');
  });

  test('more than some thousands are not, and that is said', () => {
    const all = Array.from({ length: 9_000 }, (_, i) => caller(`c${i}`, 30 + i / 1_000, 'free'));
    const reading = kept(all);
    expect(reading.rows).toHaveLength(2_000);
    expect(limited(reading).warnings.join()).toContain('7000 more');
  });
});

test('where nobody has a limit the largest are kept', () => {
  const without = { ...tps, limits: {} };
  expect(closeFrom(SIGNAL, without, 300)).toBe(Number.POSITIVE_INFINITY);
  expect(kept(CALLERS, without).rows).toHaveLength(200);
});
