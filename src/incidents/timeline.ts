import { parseDuration } from '../values/duration.ts';
import type { SeriesItem } from './schema.ts';
import type { SeriesState, Span } from './types.ts';

/** How far back the present is recorded, seconds; further where a series says when it began. */
const RECORDED = 3_600;
/** How much of the same time of another day is recorded: an hour before it, and ten minutes after. */
const AROUND = { before: 3_600, after: 600 } as const;
const DAY = 86_400;

/** The recorded stretches of a series. @param level since `since`, or all along */
export function spansOf(item: SeriesItem, level: number): Span[] {
  const { since, before, yesterday } = item;
  const began = since === undefined ? -RECORDED : -(parseDuration(since) ?? 0);
  const at = (days: number, then: number | undefined): Span[] => {
    if (then === undefined) return [];
    return [{ from: -days * DAY - AROUND.before, to: -days * DAY + AROUND.after, level: then }];
  };
  const earlier = before === undefined ? [] : [{ from: began - RECORDED, to: began, level: before }];
  const present: Span = { from: began, to: Number.POSITIVE_INFINITY, level };
  return [...at(7, item['last-week']), ...at(1, yesterday), ...earlier, present];
}

/** A stretch of time, seconds from the moment of the incident on. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** How long both last together, seconds. */
const overlap = (a: Interval, b: Interval): number =>
  Math.max(0, Math.min(a.to, b.to) - Math.max(a.from, b.from));

/** How much a counter rises within an interval. @param stopped when it stood still, apart from one another */
export function riseOf(
  { spans }: SeriesState,
  interval: Interval,
  stopped: readonly Interval[] = [],
): number {
  let rise = 0;
  for (const span of spans) {
    const during = { from: Math.max(span.from, interval.from), to: Math.min(span.to, interval.to) };
    const still = stopped.reduce((sum, one) => sum + overlap(one, during), 0);
    rise += span.level * (overlap(span, interval) - still);
  }
  return rise;
}

/** The value at one moment; null: nothing is recorded of then. */
export function valueAt(series: SeriesState, at: number, stopped: readonly Interval[] = []): number | null {
  const span = series.spans.find(({ from, to }) => at >= from && at < to);
  if (span === undefined) return null;
  if (series.kind === 'counter') return riseOf(series, { from: Number.NEGATIVE_INFINITY, to: at }, stopped);
  return stopped.some(({ from, to }) => at >= from && at < to) ? 0 : span.level;
}
