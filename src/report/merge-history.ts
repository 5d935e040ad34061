import type { ChartHistory, Line } from '../evidence/history.ts';
import { peakOf } from './peak.ts';

type Point = Line['points'][number];

/** As many lines as one range of Prometheus has. */
const SHOWN = 10;

/**
 * One chart that several captures kept, each some time of it. Of a time that several kept the last one counts, and
 * between those that do not meet there is a gap.
 * @param all at least one, in order of time
 */
export function mergedHistory(all: readonly ChartHistory[]): ChartHistory {
  const [first, ...rest] = all;
  if (first === undefined) throw new RangeError('no chart at all');
  if (rest.length === 0) return first;
  const parts = segments(all);
  const step = Math.max(...all.map(({ stepSeconds }) => stepSeconds));
  const joined = (pick: (part: ChartHistory) => Line | null | undefined, id: string): Line => ({
    id,
    points: parts.flatMap(({ chart, times, gap }): Point[] => {
      const values = new Map(pick(chart)?.points ?? []);
      const own = times.map((at): Point => [at, values.get(at) ?? null]);
      return gap === null ? own : [[gap, null], ...own];
    }),
  });
  const ids = [...new Set(all.flatMap(({ lines }) => lines.map(({ id }) => id)))];
  const lines = ids
    .map((id) => joined(({ lines: own }) => own.find((line) => line.id === id), id))
    .sort((a, b) => peakOf(b) - peakOf(a));
  const beside = [
    ...(all.some(({ others }) => others !== null) ? [joined(({ others }) => others, '')] : []),
    ...lines.slice(SHOWN),
  ];
  const reasons = [...new Set(all.flatMap(({ reason }) => reason ?? []))];
  return {
    chart: first.chart,
    lines: lines.slice(0, SHOWN),
    others: sum(beside),
    total: all.some(({ total }) => total !== null) ? joined(({ total }) => total, '') : null,
    stepSeconds: step,
    windowSeconds: Math.max(...all.map(({ windowSeconds }) => windowSeconds)),
    reason: reasons.length === 0 ? null : reasons.join('; '),
    cause: all.find(({ cause }) => cause !== null)?.cause ?? null,
  };
}

interface Segment {
  readonly chart: ChartHistory;
  readonly times: readonly number[];
  /** Where nothing is known before it; null: it follows the one before. */
  readonly gap: number | null;
}

/** The times that each one counts for, in order. */
function segments(all: readonly ChartHistory[]): Segment[] {
  const found: { chart: ChartHistory; times: number[] }[] = [];
  let until = Number.POSITIVE_INFINITY;
  for (const chart of [...all].reverse()) {
    const times = timesOf(chart).filter((at) => at < until);
    if (times.length === 0) continue;
    until = Math.min(until, times[0] ?? until);
    found.unshift({ chart, times });
  }
  return found.map(({ chart, times }, index) => {
    const before = found[index - 1];
    const last = before?.times.at(-1);
    if (before === undefined || last === undefined) return { chart, times, gap: null };
    const step = Math.max(before.chart.stepSeconds, chart.stepSeconds) * 1_000;
    const meets = (times[0] ?? 0) - last <= step;
    return { chart, times, gap: meets ? null : last + before.chart.stepSeconds * 1_000 };
  });
}

function timesOf({ lines, total, others }: ChartHistory): number[] {
  const all = [...lines, ...(total === null ? [] : [total]), ...(others === null ? [] : [others])];
  return [...new Set(all.flatMap(({ points }) => points.map(([at]) => at)))].sort((a, b) => a - b);
}

function sum(lines: readonly Line[]): Line | null {
  const [first, ...rest] = lines;
  if (first === undefined) return null;
  return rest.reduce((a, b) => ({ id: '', points: a.points.map((point, at) => plus(point, b.points[at])) }), {
    ...first,
    id: '',
  });
}

function plus([at, a]: Point, b: Point | undefined): Point {
  const other = b?.[1] ?? null;
  return [at, a === null ? other : a + (other ?? 0)];
}
