import { absent, empty, measured, type Reading, type Row, rowOf } from '../../evidence/types.ts';
import type { Runbook, SourceSpec } from '../../runbooks/schema.ts';
import { selector } from '../../runbooks/sources.ts';
import { isValidId } from '../entities.ts';
import { metricExists, query } from './api.ts';
import type { HttpClient } from './http.ts';
import { combine, partOf } from './promql.ts';

export type Of<K extends SourceSpec['kind']> = Extract<SourceSpec, { kind: K }>;

/** Processes that are fetched at most, youngest first. */
const TOP_PROCESSES = 1_000;

export interface Question {
  readonly http: HttpClient;
  readonly runbook: Runbook;
  /** The kind of the signal's entities, null for a mere total. */
  readonly kind: string | null;
  readonly windowSeconds: number;
  /** The operator's own queries by name. */
  readonly queries: Readonly<Record<string, string>>;
}

/** The present value by entity. Throws SourceError. */
export async function readGauge(source: Of<'prometheus-gauge'>, question: Question): Promise<Reading> {
  const { http, runbook, kind } = question;
  const series = selector(source.metric, source.match);
  const limit = source.limit === null ? null : (runbook.thresholds[source.limit]?.value ?? null);
  const smallest = source.first === 'smallest';
  const labels = [source.by, source.mix].filter((label) => label !== null).join(', ');
  const byEntity = `${smallest ? 'min' : 'sum'} by (${labels}) (${series})`;
  const answer = await query(
    http,
    combine({
      sum: `sum(${series})`,
      count: `count(${byEntity})`,
      rows: `${smallest ? 'bottomk' : 'topk'}(${TOP_PROCESSES}, ${byEntity})`,
    }),
  );
  const total = partOf(answer, 'sum')[0]?.value;
  if (total === undefined) return nothing(http, source.metric, source.match, null, false);
  const rows = partOf(answer, 'rows')
    .map(
      ({ labels, value }): Row => ({
        ...plainRow(labels[source.by] ?? '', kind, value),
        labels: source.mix === null ? {} : { [source.mix]: { [labels[source.mix] ?? '']: 1 } },
        limit:
          limit === null
            ? null
            : {
                value: limit,
                ratio: value / limit,
                problem: null,
                stored: null,
                endsInSeconds: null,
                perHour: null,
              },
      }),
    )
    .sort((a, b) => (smallest ? a.value - b.value : b.value - a.value));
  return measured({ total, distinct: partOf(answer, 'count')[0]?.value ?? rows.length, rows });
}

/** Seconds since the time that a gauge holds, youngest first. Throws SourceError. */
export async function readAge(source: Of<'prometheus-age'>, question: Question): Promise<Reading> {
  const { http, kind } = question;
  const series = selector(source.metric, source.match);
  const labels = [source.by, source.mix].filter((label) => label !== null).join(', ');
  const newest = `max by (${labels}) (${series})`;
  const answer = await query(
    http,
    combine({ count: `count(${newest})`, rows: `time() - topk(${TOP_PROCESSES}, ${newest})` }),
  );
  const distinct = partOf(answer, 'count')[0]?.value;
  if (distinct === undefined) return nothing(http, source.metric, source.match, null, false);
  const rows = partOf(answer, 'rows')
    // A process cannot be younger than now: that is the skew between two clocks.
    .map(
      ({ labels, value }): Row => ({
        ...plainRow(labels[source.by] ?? '', kind, Math.max(0, value)),
        labels: source.mix === null ? {} : { [source.mix]: { [labels[source.mix] ?? '']: 1 } },
      }),
    )
    .sort((a, b) => a.value - b.value);
  return measured({ total: null, distinct, rows });
}

/** An empty answer: is the metric there with other labels, only in the past, or not at all? */
export async function nothing(
  http: HttpClient,
  metric: string,
  match: Readonly<Record<string, string>>,
  windowSeconds: number | null,
  alive: boolean,
): Promise<Reading> {
  if (alive) return empty(`${metric} is there, and no series of it is ${selector('', match)}`);
  if (!(await metricExists(http, metric))) return absent(`Prometheus has no metric ${metric}`);
  const span = windowSeconds === null ? 'now' : `in the last ${windowSeconds} s`;
  return empty(`${metric} has no samples ${span}: is it still scraped?`, false);
}

export const plainRow = (id: string, kind: string | null, value: number): Row =>
  rowOf({ id, valid: isValidId(kind, id), value });
