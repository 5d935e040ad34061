import { isRecord } from '../../values/parse.ts';
import { SourceError } from '../source-error.ts';
import { successData } from './api.ts';
import type { HttpClient } from './http.ts';

/** Moments that a range is asked for: from the first to the last, always so far apart. */
export interface Grid {
  readonly fromSeconds: number;
  readonly toSeconds: number;
  readonly stepSeconds: number;
}

/** Values at the moments of a grid; null: no sample then. */
export type Values = readonly (number | null)[];

/** One series of a range. */
export interface Run {
  readonly labels: Readonly<Record<string, string>>;
  readonly values: Values;
}

/** A chart has no more points than that: more are not to be seen. */
const MOST_POINTS = 250;
/** Those below 15 s are for short times, of which every moment counts. */
const STEPS = [
  1, 2, 3, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400,
] as const;
/** A bounded number is asked for; what answers more does not do what it was asked. */
const MOST_RUNS = 500;

/** The finest grid over a time that a chart can show. Its moments are whole multiples of its step, so that subqueries meet them. */
export function gridOf(fromMs: number, toMs: number): Grid {
  const seconds = Math.max(0, (toMs - fromMs) / 1_000);
  const step = STEPS.find((one) => seconds / one < MOST_POINTS - 1) ?? Math.ceil(seconds / MOST_POINTS);
  return aligned(fromMs / 1_000, toMs / 1_000, step);
}

/** Of something that is there or is not, so that there is next to nothing to read. */
const MOST_MOMENTS = 1_000;

/**
 * A grid for what begins and ends at any moment: up to the very end of the time, since what has just ended must not seem
 * to go on. It fits no subquery.
 */
export function momentsOf(fromMs: number, toMs: number, coarseness = 1): Grid {
  const toSeconds = Math.max(fromMs, toMs) / 1_000;
  const seconds = toSeconds - fromMs / 1_000;
  const stepSeconds = coarseness * Math.max(1, Math.ceil(seconds / MOST_MOMENTS));
  return { fromSeconds: toSeconds - Math.floor(seconds / stepSeconds) * stepSeconds, toSeconds, stepSeconds };
}

/** The same time with half as many points. */
export const coarser = ({ fromSeconds, toSeconds, stepSeconds }: Grid): Grid =>
  aligned(fromSeconds, toSeconds, 2 * stepSeconds);

function aligned(from: number, to: number, stepSeconds: number): Grid {
  const fromSeconds = Math.ceil(from / stepSeconds) * stepSeconds;
  const toSeconds = Math.max(fromSeconds, Math.floor(to / stepSeconds) * stepSeconds);
  return { fromSeconds, toSeconds, stepSeconds };
}

export const pointsOf = ({ fromSeconds, toSeconds, stepSeconds }: Grid): number =>
  Math.round((toSeconds - fromSeconds) / stepSeconds) + 1;

/** Milliseconds since the epoch of a moment of the grid. */
export const timeOf = ({ fromSeconds, stepSeconds }: Grid, index: number): number =>
  Math.round((fromSeconds + index * stepSeconds) * 1_000);

/**
 * Runs a range query. That the answer lacks data is noted in `http.lacks`. A value that is no finite number is none.
 * @throws SourceError
 */
export async function queryRange(http: HttpClient, promql: string, grid: Grid): Promise<Run[]> {
  const { fromSeconds, toSeconds, stepSeconds } = grid;
  const params = { start: `${fromSeconds}`, end: `${toSeconds}`, step: `${stepSeconds}` };
  const data = successData(await http.ask('/api/v1/query_range', { query: promql, ...params }), {
    lacks: http.lacks ?? new Set(),
  });
  if (!isRecord(data) || data.resultType !== 'matrix' || !Array.isArray(data.result)) {
    throw new SourceError('malformed', 'the answer is not a range of values');
  }
  if (data.result.length > MOST_RUNS) {
    throw new SourceError(
      'malformed',
      `the answer has ${data.result.length} series, at most ${MOST_RUNS} are read, so none is`,
    );
  }
  return data.result.map((entry) => runOf(entry, grid));
}

function runOf(entry: unknown, grid: Grid): Run {
  if (!isRecord(entry) || !isRecord(entry.metric) || !Array.isArray(entry.values)) {
    throw new SourceError('malformed', 'a series of the answer is not well formed');
  }
  const labels = Object.entries(entry.metric);
  if (!labels.every((label): label is [string, string] => typeof label[1] === 'string')) {
    throw new SourceError('malformed', 'a label of the answer is not a text');
  }
  const count = pointsOf(grid);
  const values = Array<number | null>(count).fill(null);
  for (const sample of entry.values) {
    const [at, text]: unknown[] = Array.isArray(sample) ? sample : [];
    const index = typeof at === 'number' ? Math.round((at - grid.fromSeconds) / grid.stepSeconds) : -1;
    const value = typeof text === 'string' && /^[-+]?\d/.test(text) ? Number(text) : Number.NaN;
    if (index >= 0 && index < count && Number.isFinite(value)) values[index] = value;
  }
  return { labels: Object.fromEntries(labels), values };
}

/** Does a server say that it was asked for too many points or samples, so that fewer may be had? */
export const isTooMuch = ({ cause, message }: SourceError): boolean =>
  cause === 'refused' && /HTTP 4(?:00|13|22)\b/.test(message) && TOO_MUCH.test(message);

/** As Prometheus, VictoriaMetrics, Thanos and Mimir say it. */
const TOO_MUCH =
  /maximum resolution|too many (?:samples|points|data ?points|chunks)|max[A-Za-z]*(?:Points|Samples)|exceed(?:s|ed)[^:]{0,60}(?:limit|samples|points)/i;
