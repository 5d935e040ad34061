import { valueAt } from './timeline.ts';
import type { SeriesState, Situation } from './types.ts';

/** A series with its samples, as OpenMetrics writes it. */
export interface Recorded {
  readonly family: string;
  readonly type: 'counter' | 'gauge' | 'unknown';
  /** `name{a="b"}` */
  readonly id: string;
  /** Seconds since the epoch, value. */
  readonly points: readonly (readonly [at: number, value: number])[];
}

interface Recording {
  /** The moment of the incident, seconds since the epoch. */
  readonly now: number;
  /** The scrape interval, seconds (15). */
  readonly step?: number;
  /** So far into the future, seconds (600): rates stay true for as long as whoever reads them takes. */
  readonly ahead?: number;
}

/** A situation's series with their samples. */
export const recordSeries = ({ series }: Pick<Situation, 'series'>, recording: Recording): Recorded[] =>
  series.map((one) => recorded(one.metric, one.labels, one.kind, pointsOf(one, recording)));

function pointsOf(series: SeriesState, { now, step = 15, ahead = 600 }: Recording): [number, number][] {
  return series.spans.flatMap(({ from, to }) => {
    const count = Number.isFinite(to) ? Math.ceil((to - from) / step) : Math.floor((ahead - from) / step) + 1;
    return Array.from({ length: count }, (_, index): [number, number] => {
      const at = from + index * step;
      return [now + at, valueAt(series, at) ?? 0];
    });
  });
}

/** One series; throws on a name that Prometheus would not take. */
export function recorded(
  name: string,
  labels: Readonly<Record<string, string>>,
  kind: 'counter' | 'gauge',
  points: Recorded['points'],
): Recorded {
  for (const [word, shape] of [
    [name, /^[a-zA-Z_:][a-zA-Z0-9_:]*$/] as const,
    ...Object.keys(labels).map((label) => [label, /^[a-zA-Z_][a-zA-Z0-9_]*$/] as const),
  ]) {
    if (!shape.test(word)) throw new Error(`not a metric or label name: ${word}`);
  }
  const pairs = Object.entries(labels)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, value]) => `${label}="${escapeLabel(value)}"`);
  const isCounter = name.endsWith('_total');
  return {
    family: isCounter ? name.slice(0, -'_total'.length) : name,
    type: isCounter ? 'counter' : kind === 'gauge' ? 'gauge' : 'unknown',
    id: pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`,
    points,
  };
}

/** OpenMetrics text for `promtool tsdb create-blocks-from openmetrics`; throws on a series given twice. */
export function openMetrics(all: readonly Recorded[]): string {
  const sorted = [...all].sort((a, b) => (`${a.family} ${a.id}` < `${b.family} ${b.id}` ? -1 : 1));
  const lines: string[] = [];
  let last: Recorded | undefined;
  for (const one of sorted) {
    if (one.id === last?.id) throw new Error(`given twice: ${one.id}`);
    if (one.family !== last?.family) lines.push(`# TYPE ${one.family} ${one.type}`);
    else if (one.type !== last.type) throw new Error(`two types for ${one.family}`);
    for (const [at, value] of one.points) lines.push(`${one.id} ${formatValue(value)} ${seconds(at)}`);
    last = one;
  }
  return `${[...lines, '# EOF'].join('\n')}\n`;
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function formatValue(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}

/** Milliseconds are all that Prometheus keeps. */
function seconds(at: number): string {
  return String(Math.round(at * 1000) / 1000);
}
