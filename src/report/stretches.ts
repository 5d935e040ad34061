import type { ReportChart } from './model.ts';

/** A stretch of time in which all of a chart together was at or above its level. */
export interface Stretch {
  /** Indices of the chart and of its level. */
  readonly chart: number;
  readonly level: number;
  readonly fromMs: number;
  /** The first moment below it again; null: it was above where the chart ends, or where its samples do. */
  readonly toMs: number | null;
  /** True when it was above already where the chart begins. */
  readonly open: boolean;
}

/** Two stretches that are closer than that are one. */
const APART_MS = 300_000;
/** One point alone is no stretch. */
const LEAST_POINTS = 2;
/** Told of one chart at most; the longest. */
const MOST = 6;

/** When charts of ranges of time were at or above the level that the runbook holds them against. */
export function stretchesOf(charts: readonly ReportChart[], levels: readonly (string | null)[]): Stretch[] {
  return charts.flatMap((chart, index) => {
    const name = levels[index] ?? null;
    const level = chart.levels.findIndex(({ label }) => label === name);
    const value = chart.levels[level]?.value;
    if (name === null || value === undefined || chart.total === null || chart.stepSeconds === null) return [];
    return above(chart.total.points, value).map((stretch) => ({ ...stretch, chart: index, level }));
  });
}

type Found = Omit<Stretch, 'chart' | 'level'> & { readonly points: number; readonly lastMs: number };

function above(points: readonly (readonly [number, number | null])[], level: number): Found[] {
  const found: Found[] = [];
  let known = false;
  for (const [at, value] of points) {
    const current = found.at(-1);
    const isOpen = current !== undefined && current.toMs === null;
    if (value !== null && value >= level) {
      if (isOpen) found[found.length - 1] = { ...current, points: current.points + 1, lastMs: at };
      else found.push({ fromMs: at, toMs: null, open: !known, points: 1, lastMs: at });
    } else if (isOpen && value !== null) {
      found[found.length - 1] = { ...current, toMs: at };
    }
    if (value !== null) known = true;
  }
  const joined: Found[] = [];
  for (const one of found) {
    const last = joined.at(-1);
    if (last?.toMs != null && one.fromMs - last.toMs < APART_MS) {
      joined[joined.length - 1] = {
        ...one,
        fromMs: last.fromMs,
        open: last.open,
        points: last.points + one.points,
      };
    } else joined.push(one);
  }
  const length = ({ fromMs, toMs, lastMs }: Found) => (toMs ?? lastMs) - fromMs;
  return joined
    .filter((one) => one.points >= LEAST_POINTS)
    .sort((a, b) => length(b) - length(a))
    .slice(0, MOST)
    .sort((a, b) => a.fromMs - b.fromMs);
}
