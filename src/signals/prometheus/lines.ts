import type { ChartHistory, Line } from '../../evidence/history.ts';
import { rounded } from '../../evidence/rounded.ts';
import { type Grid, timeOf, type Values } from './range.ts';
import type { Missing } from './several.ts';

/** Lines that a chart shows; the others are added up. */
const SHOWN = 10;

/** What some sources say of a range: values at the moments of one grid. */
export interface Told {
  readonly lines: ReadonlyMap<string, Values>;
  readonly total: Values | null;
  readonly windowSeconds: number;
  readonly missing: readonly Missing[];
}

export const NOTHING: Told = { lines: new Map(), total: null, windowSeconds: 0, missing: [] };

/**
 * Several that tell of the same. `parts`: each counts something else, so they are added up. `sources`: they may count the
 * same events of an entity, so the larger stands, and what both count of an entity is in the total once.
 */
export function unite(all: readonly Told[], are: 'parts' | 'sources'): Told {
  return all.reduce((one, other) => {
    const pick = are === 'parts' ? add : larger;
    const lines = new Map(one.lines);
    let total = both(one.total, other.total, add);
    for (const [id, values] of other.lines) {
      const known = lines.get(id);
      if (known !== undefined && are === 'sources') total = without(total, both(known, values, smaller));
      lines.set(id, known === undefined ? values : (both(known, values, pick) ?? values));
    }
    // Totals without entities count the same events: the one that saw the most of them.
    const isPlain = are === 'sources' && one.lines.size === 0 && other.lines.size === 0;
    return {
      lines,
      total: isPlain ? both(one.total, other.total, larger) : total,
      windowSeconds: Math.max(one.windowSeconds, other.windowSeconds),
      missing: [...one.missing, ...other.missing],
    };
  }, NOTHING);
}

const add = (a: number, b: number): number => a + b;
const larger = Math.max;
const smaller = Math.min;

/** Point by point. Where only one has a sample that one counts, except for what both must have. */
function both(a: Values | null, b: Values | null, how: (a: number, b: number) => number): Values | null {
  if (a === null || b === null) return how === smaller ? null : (a ?? b);
  return a.map((x, index) => {
    const y = b[index] ?? null;
    if (x === null || y === null) return how === smaller ? null : (x ?? y);
    return how(x, y);
  });
}

const without = (total: Values | null, twice: Values | null): Values | null =>
  total?.map((value, index) => (value === null ? null : value - (twice?.[index] ?? 0))) ?? null;

/** The largest lines by their peaks, and the rest of the total as one. */
export function chartOf(
  chart: string,
  { lines, total, windowSeconds }: Told,
  grid: Grid,
): Omit<ChartHistory, 'reason' | 'cause'> {
  const ranked = [...lines].map(([id, values]) => ({ id, values, peak: peakOf(values) }));
  // Who had nothing all along is no line.
  const shown = ranked
    .filter(({ peak }) => peak > 0)
    .sort((a, b) => b.peak - a.peak || (a.id < b.id ? -1 : 1))
    .slice(0, SHOWN);
  const line = (id: string, values: Values): Line => ({
    id,
    points: values.map((value, index) => [timeOf(grid, index), value === null ? null : rounded(value)]),
  });
  const rest = total?.map((value, index) =>
    value === null ? null : shown.reduce((left, { values }) => left - (values[index] ?? 0), value),
  );
  const isRest = lines.size > 0 && rest?.some((value) => (value ?? 0) > NOISE * (1 + peakOf(total ?? [])));
  return {
    chart,
    lines: shown.map(({ id, values }) => line(id, values)),
    others: isRest && rest !== undefined ? line('', rest.map(notNegative)) : null,
    total: total === null ? null : line('', total),
    stepSeconds: grid.stepSeconds,
    windowSeconds,
  };
}

/** What rounding leaves of a sum. */
const NOISE = 1e-9;

const notNegative = (value: number | null): number | null => (value === null ? null : Math.max(0, value));

/** The largest value; 0 where there is none. */
const peakOf = (values: Values): number =>
  values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
