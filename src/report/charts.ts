import type { ChartHistory, History, Line } from '../evidence/history.ts';
import type { Signal } from '../evidence/types.ts';
import type { ChartSpec, Runbook } from '../runbooks/schema.ts';
import { mergedHistory } from './merge-history.ts';
import type { Look, ReportChart } from './model.ts';
import { peakOf } from './peak.ts';
import type { Series } from './types.ts';

/** What is known of a range of time: asked of Prometheus just now, or kept in captures, in order of time. */
export interface Ranges {
  readonly from: 'range' | 'capture';
  readonly histories: readonly History[];
}

/** As many lines as a range of Prometheus has. */
const SHOWN = 10;

/** The charts that the runbook has for a report: of ranges of time, and where there is none a point for each look. */
export function chartsOf(
  runbook: Runbook,
  looks: readonly Look[],
  { from, histories }: Ranges,
): ReportChart[] {
  return runbook.charts.map((spec): ReportChart => {
    const kept = histories.flatMap(({ charts }) => charts.filter(({ chart }) => chart === spec.signal));
    const whole = kept.length === 0 ? null : mergedHistory(kept);
    if (whole !== null && isAny(whole)) return fromHistory(spec, whole, from, runbook, looks);
    return fromLooks(spec, whole, runbook, looks);
  });
}

const isAny = ({ lines, total }: ChartHistory): boolean => lines.length > 0 || hasValue(total);

const hasValue = (line: Line | null): boolean => line?.points.some(([, value]) => value !== null) ?? false;

/** What every chart of a signal has, wherever its points come from. */
function frame({ signal: id, title, by, level }: ChartSpec, runbook: Runbook, looks: readonly Look[]) {
  const signal = runbook.signals[id];
  const value = level === null ? null : (runbook.thresholds[level]?.value ?? null);
  const unit = signal?.unit ?? '';
  const caps = capsOf(looks, id, unit);
  return {
    id,
    title: title ?? signal?.title ?? id,
    unit,
    kind: by === null ? (signal?.entity?.kind ?? null) : null,
    levels: [...(level === null || value === null ? [] : [{ label: level, value }]), ...caps],
  };
}

/** Caps that are drawn: more lines across a chart hide what it shows. */
const MOST_CAPS = 4;

/** The caps of spend, or the limits, of those that came closest to theirs. */
function capsOf(looks: readonly Look[], id: string, unit: string): { label: string; value: number }[] {
  const caps = new Map<string, { value: number; ratio: number }>();
  for (const { evidence } of looks) {
    for (const { id: name, limit } of evidence.signals[id]?.rows ?? []) {
      if (typeof name !== 'string' || limit?.value == null || limit.ratio === null) continue;
      const ratio = Math.max(limit.ratio, caps.get(name)?.ratio ?? 0);
      caps.set(name, { value: limit.value, ratio });
    }
  }
  return [...caps]
    .sort(([, a], [, b]) => b.ratio - a.ratio)
    .slice(0, MOST_CAPS)
    .map(([name, { value }]) => ({ label: `${unit === 'USD' ? 'cap' : 'limit'} of ${name}`, value }));
}

function fromHistory(
  spec: ChartSpec,
  history: ChartHistory,
  from: 'range' | 'capture',
  runbook: Runbook,
  looks: readonly Look[],
): ReportChart {
  const { lines, others, total, stepSeconds, windowSeconds, reason, cause } = history;
  const common = frame(spec, runbook, looks);
  // Without entities there is one line, which is the whole.
  const series = lines.length > 0 || total === null ? lines : [{ ...total, id: common.title }];
  return { ...common, series, others, total, stepSeconds, windowSeconds, reason, cause, from };
}

function fromLooks(
  spec: ChartSpec,
  history: ChartHistory | null,
  runbook: Runbook,
  looks: readonly Look[],
): ReportChart {
  const common = frame(spec, runbook, looks);
  const seen = looks.map(({ atMs, evidence }) => ({ atMs, signal: evidence.signals[spec.signal] }));
  const ids = new Set(seen.flatMap(({ signal }) => (signal?.rows ?? []).flatMap(({ id }) => idOf(id))));
  const lines = [...ids].map(
    (id): Series => ({
      id,
      points: seen.map(({ atMs, signal }) => [atMs, valueAt(signal, id)]),
    }),
  );
  const shown = lines
    .filter((line) => peakOf(line) > 0)
    .sort((a, b) => peakOf(b) - peakOf(a) || (a.id < b.id ? -1 : 1))
    .slice(0, SHOWN);
  const totals: Series = {
    id: common.title,
    points: seen.map(({ atMs, signal }) => [atMs, totalOf(signal)]),
  };
  // A cap is each one's own, so what all of them have spent says nothing.
  const hasTotal = hasValue(totals) && common.unit !== 'USD';
  const windows = seen.map(({ signal }) => signal?.windowSeconds ?? 0);
  return {
    ...common,
    series: shown.length > 0 || !hasTotal ? shown : [totals],
    ...{ others: null, total: hasTotal ? totals : null },
    ...{ stepSeconds: null, windowSeconds: Math.max(0, ...windows), from: 'looks' },
    reason: history?.reason ?? 'no range of time was kept',
    cause: history?.cause ?? null,
  };
}

const idOf = (id: string | { readonly hex: string }): string[] => (typeof id === 'string' ? [id] : []);

/** The value of an entity at one look; null: not known. Who is not among all the rows there are has none. */
function valueAt(signal: Signal | undefined, id: string): number | null {
  if (signal === undefined) return null;
  const row = signal.rows.find((one) => one.id === id);
  if (row !== undefined) return row.value;
  if (signal.status === 'empty') return 0;
  const isWhole = signal.coverage === 1 && signal.distinct === signal.rows.length;
  return signal.status === 'measured' && isWhole ? 0 : null;
}

/** Counted, not estimated. */
const totalOf = (signal: Signal | undefined): number | null =>
  signal === undefined || signal.sample !== null ? null : signal.total;
