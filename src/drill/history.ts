import { type ChartHistory, type Historian, noHistory } from '../evidence/history.ts';
import { rounded } from '../evidence/rounded.ts';
import { riseOf } from '../incidents/timeline.ts';
import { isMatch } from '../runbooks/match.ts';
import type { ChartSpec, Runbook, SourceSpec } from '../runbooks/schema.ts';
import { labelOf } from '../runbooks/sources.ts';
import { chartOf, NOTHING, type Told, unite } from '../signals/prometheus/lines.ts';
import { type Grid, gridOf, pointsOf, timeOf } from '../signals/prometheus/range.ts';
import type { Recording } from './prometheus.ts';

type Rate = Extract<SourceSpec, { kind: 'prometheus-rate' }>;

/** As for scrapes that are 15 s apart. */
const LEAST_WINDOW = 60;

/**
 * Reads a runbook's charts from an incident: the same as `signals/prometheus` gives of a real Prometheus that holds the
 * incident's series. @param record what is held now
 */
export const historyOf =
  (record: () => Recording): Historian =>
  async ({ runbook, fromMs, toMs }) => {
    const recording = record();
    const grid = gridOf(fromMs, Math.min(toMs, recording.nowSeconds * 1_000));
    return {
      charts: runbook.charts.map((chart) => chartHistory(chart, runbook, recording, grid)),
      alerts: {
        ...{ names: runbook.alerts, periods: [], stepSeconds: grid.stepSeconds },
        ...{ reason: 'a drill has no alerting rules', cause: null },
      },
    };
  };

function chartHistory(
  { signal: id, by }: ChartSpec,
  { signals }: Runbook,
  recording: Recording,
  grid: Grid,
): ChartHistory {
  const rates = (signals[id]?.sources ?? []).filter(
    (source): source is Rate => source.kind === 'prometheus-rate' && source.ago === null,
  );
  if (rates.length === 0) return noHistory(id, 'Redis holds only the present of this');
  const told = rates.map((source) => rateOf(source, by ?? source.by, recording, grid));
  const isAny = told.some(({ total }) => total?.some((value) => value !== null));
  const reason = isAny
    ? null
    : `nothing is recorded of then: no samples of ${rates.map(labelOf).join(', nor of ')}`;
  return { ...chartOf(id, unite(told, 'sources'), grid), reason, cause: null };
}

/** A counter's increase per second at the moments of a grid, by a label. */
export function rateOf({ metric, match }: Rate, by: string | null, recording: Recording, grid: Grid): Told {
  const windowSeconds = Math.max(LEAST_WINDOW, grid.stepSeconds);
  const count = pointsOf(grid);
  const lines = new Map<string, (number | null)[]>();
  const total = Array<number | null>(count).fill(null);
  const found = recording.series.filter((one) => one.metric === metric && isMatch(one.labels, match));
  for (const series of found) {
    const id = series.labels[by ?? ''] ?? '';
    const values = lines.get(id) ?? Array<number | null>(count).fill(null);
    for (let index = 0; index < count; index += 1) {
      const to = timeOf(grid, index) / 1_000 - recording.nowSeconds + recording.atSeconds;
      if (!series.spans.some((span) => span.from <= to && to < span.to)) continue;
      const rise = riseOf(series, { from: to - windowSeconds, to }, recording.stoppedOf(series));
      const rate = rounded(rise / windowSeconds);
      values[index] = (values[index] ?? 0) + rate;
      total[index] = (total[index] ?? 0) + rate;
    }
    lines.set(id, values);
  }
  return {
    ...NOTHING,
    ...{ lines: by === null ? new Map() : lines, windowSeconds },
    total: found.length === 0 ? null : total,
  };
}
