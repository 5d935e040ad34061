import { type Recorded, recorded } from '../../src/incidents/openmetrics.ts';

export { openMetrics } from '../../src/incidents/openmetrics.ts';

/** The samples of one series: seconds since the epoch, value. */
interface Samples {
  kind: 'counter' | 'gauge';
  points: readonly (readonly [at: number, value: number])[];
}

/** Times are offsets in seconds from `now`: negative is the past. */
interface Span {
  /** First sample (-3600). */
  from?: number;
  /** Last sample (0). Later than now keeps a rate true while a slow test runs; see `startPrometheus`. */
  to?: number;
  /** The scrape interval (15). */
  step?: number;
  /** No sample before this offset: the series is born inside the window. */
  bornAt?: number;
}

interface CounterOptions extends Span {
  /** The value at the first sample, or at birth (0). */
  start?: number;
  /** Growth per second; a function of the offset makes bursts. */
  perSecond: number | ((offset: number) => number);
  /** The process restarts here: the counter starts again from 0. */
  resetAt?: number;
}

interface GaugeOptions extends Span {
  value: number | ((offset: number) => number);
}

function offsets({ from = -3600, to = 0, step = 15, bornAt = from }: Span): number[] {
  const all = Array.from({ length: Math.floor((to - from) / step + 1e-9) + 1 }, (_, i) => from + i * step);
  return all.filter((offset) => offset >= bornAt);
}

/** A growing counter's samples around `now` (seconds since the epoch). */
export function counter(now: number, options: CounterOptions): Samples {
  const { from = -3600, bornAt = from, start = 0, perSecond, resetAt } = options;
  const rate = typeof perSecond === 'function' ? perSecond : () => perSecond;
  let value = start;
  let previous = Math.max(from, bornAt);
  const points = offsets(options).map((offset) => {
    if (resetAt !== undefined && previous < resetAt && offset >= resetAt) {
      value = 0;
      previous = resetAt;
    }
    value += rate(offset) * (offset - previous);
    previous = offset;
    return [now + offset, value] as const;
  });
  return { kind: 'counter', points };
}

/** A gauge's samples around `now` (seconds since the epoch). */
export function gauge(now: number, options: GaugeOptions): Samples {
  const { value } = options;
  const valueAt = typeof value === 'function' ? value : () => value;
  return {
    kind: 'gauge',
    points: offsets(options).map((offset) => [now + offset, valueAt(offset)] as const),
  };
}

/** One series; throws on a name that Prometheus would not take. */
export const series = (name: string, labels: Record<string, string>, { kind, points }: Samples): Recorded =>
  recorded(name, labels, kind, points);
