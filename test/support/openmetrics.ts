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

interface Series {
  family: string;
  type: 'counter' | 'gauge' | 'unknown';
  /** `name{a="b"}` */
  id: string;
  points: Samples['points'];
}

/** One series; throws on a name that Prometheus would not take. */
export function series(name: string, labels: Record<string, string>, samples: Samples): Series {
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
    type: isCounter ? 'counter' : samples.kind === 'gauge' ? 'gauge' : 'unknown',
    id: pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`,
    points: samples.points,
  };
}

/** OpenMetrics text for `promtool tsdb create-blocks-from openmetrics`; throws on a series given twice. */
export function openMetrics(all: readonly Series[]): string {
  const sorted = [...all].sort((a, b) => (`${a.family} ${a.id}` < `${b.family} ${b.id}` ? -1 : 1));
  const lines: string[] = [];
  let last: Series | undefined;
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
