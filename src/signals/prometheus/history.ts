import { type ChartHistory, type Historian, type HistoryRequest, noHistory } from '../../evidence/history.ts';
import type { ChartSpec, SourceSpec } from '../../runbooks/schema.ts';
import { labelOf } from '../../runbooks/sources.ts';
import { formatDuration } from '../../values/duration.ts';
import { SourceError } from '../source-error.ts';
import { alertHistory } from './alert-history.ts';
import { type HttpClient, makeHttpClient } from './http.ts';
import { chartOf, type Told, unite } from './lines.ts';
import { coarser, type Grid, gridOf, isTooMuch } from './range.ts';
import { type Ask, askOwn, askRate } from './range-sources.ts';

/** How often a range that is too much is asked for again with half the points. */
const DOUBLINGS = 6;

/** Reads the charts of a runbook from its range of time, each on its own: one that fails leaves the others be. */
export const readHistory: Historian = async (request) => {
  const { config, runbook, clock, signal, fromMs, toMs } = request;
  const clients = config.prometheus.map((target) =>
    makeHttpClient(target, AbortSignal.any([signal]), clock.now),
  );
  const endMs = Math.min(toMs, clock.now());
  const grid = gridOf(fromMs, endMs);
  try {
    const [charts, alerts] = await Promise.all([
      Promise.all(runbook.charts.map((chart) => readChart(chart, request, clients, grid))),
      alertHistory(runbook.alerts, clients, { fromMs, toMs: endMs }),
    ]);
    return { charts, alerts };
  } finally {
    for (const client of clients) client.close();
  }
};

type Rate = Extract<SourceSpec, { kind: 'prometheus-rate' }>;

async function readChart(
  chart: ChartSpec,
  { runbook, config }: HistoryRequest,
  clients: readonly HttpClient[],
  grid: Grid,
): Promise<ChartHistory> {
  const { signal: id, query } = chart;
  const rates = (runbook.signals[id]?.sources ?? []).filter(
    (source): source is Rate => source.kind === 'prometheus-rate' && source.ago === null,
  );
  const own = query === null || !Object.hasOwn(config.queries, query.setting) ? null : query;
  const promql = own === null ? undefined : config.queries[own.setting];
  const asks = [
    ...rates.map((source) => askRate(source, chart.by ?? source.by)),
    ...(own === null || promql === undefined ? [] : [askOwn(promql, own.by)]),
  ];
  if (asks.length === 0) {
    const more =
      query === null ? '' : `; a query of your own can tell (queries.${query.setting}: ${query.about})`;
    return noHistory(id, `Redis holds only the present of this${more}`);
  }
  const names = [
    ...rates.map(labelOf),
    ...(own === null || promql === undefined ? [] : [`queries.${own.setting}`]),
  ];
  return fewer(grid, id, (at, remark) => together(id, asks, names, clients, at, remark));
}

/** Asks, and where that is refused as too much asks for half the points, again and again. */
async function fewer(
  grid: Grid,
  id: string,
  ask: (grid: Grid, remark: string | null) => Promise<ChartHistory>,
): Promise<ChartHistory> {
  let [at, remark]: [Grid, string | null] = [grid, null];
  for (let doubled = 0; ; doubled += 1) {
    try {
      return await ask(at, remark);
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      if (!isTooMuch(error) || doubled === DOUBLINGS) return noHistory(id, error.message, error.cause);
      at = coarser(at);
      remark = `fewer points, one every ${formatDuration(at.stepSeconds)}: a finer range was refused (${error.message})`;
    }
  }
}

/** What all sources of a chart say together. @throws SourceError when one of them says that it is too much */
async function together(
  id: string,
  asks: readonly Ask[],
  names: readonly string[],
  clients: readonly HttpClient[],
  grid: Grid,
  remark: string | null,
): Promise<ChartHistory> {
  const told = await Promise.all(asks.map((ask) => ask(clients, grid)));
  const united = unite(told, 'sources');
  const missing = told.flatMap((one) => one.missing);
  const reasons = [...(remark === null ? [] : [remark]), ...missing.map(({ reason }) => reason)];
  // Of whoever did not answer it is not known what they have.
  if (missing.length === 0 && !isAny(united)) reasons.push(nothingOf(told, names));
  const cause = missing.some((one) => one.cause === 'auth') ? 'auth' : (missing[0]?.cause ?? null);
  const reason = reasons.length === 0 ? null : [...new Set(reasons)].join('; ');
  return { ...chartOf(id, united, grid), reason, cause };
}

/** A source whose samples give no rate yet has a window, since that was made for them. */
function nothingOf(told: readonly Told[], names: readonly string[]): string {
  const young = names.filter((_, index) => (told[index]?.windowSeconds ?? 0) > 0);
  if (young.length === 0) return `nothing is recorded of then: no samples of ${names.join(', nor of ')}`;
  const window = formatDuration(Math.max(...told.map(({ windowSeconds }) => windowSeconds)));
  return `no rate can be told of then yet: ${young.join(' and ')} ${young.length === 1 ? 'has' : 'have'} too few samples for one over ${window}`;
}

const isAny = ({ lines, total }: Told): boolean =>
  lines.size > 0 || (total?.some((value) => value !== null) ?? false);
