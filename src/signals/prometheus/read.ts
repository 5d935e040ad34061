import { absent, empty, measured, type Reading, type Row, rowOf } from '../../evidence/types.ts';
import type { Match } from '../../runbooks/match.ts';
import type { Runbook } from '../../runbooks/schema.ts';
import { selector } from '../../runbooks/sources.ts';
import { neededLabels, withoutLabel } from '../../runbooks/wanted-labels.ts';
import { isValidId } from '../entities.ts';
import { SourceError } from '../source-error.ts';
import { labelsOf, metricExists, query } from './api.ts';
import type { HttpClient } from './http.ts';
import { combine, partOf } from './promql.ts';
import { alone, type Held, type Of, type Question } from './question.ts';
import { leavingOut, targetParts, targetsOf } from './targets.ts';

/** Processes that are fetched and kept at most, the largest, the youngest or the smallest. */
export const TOP_PROCESSES = 1_000;

/** The present value by entity. Throws SourceError. */
export async function readGauge(source: Of<'prometheus-gauge'>, question: Question): Promise<Held> {
  const { http, runbook, kind, isOneOfSeveral, windowSeconds, without } = question;
  const { metric, match } = source;
  const when = { windowSeconds, alive: true };
  const series = leavingOut(selector(metric, match), metric, without, when);
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
      ...(isOneOfSeveral && !isByTarget(source) ? targetParts('targets', metric, when) : {}),
    }),
  );
  const rows = partOf(answer, 'rows').map(
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
  );
  // A sum that one broken value spoils is left out; the others have one of their own.
  const sum = partOf(answer, 'sum')[0]?.value;
  if (sum === undefined && rows.length === 0) return alone(await nothing(http, metric, match, null, false));
  const total = sum ?? rows.reduce((all, { value }) => all + value, 0);
  const reading = measured({ total, distinct: partOf(answer, 'count')[0]?.value ?? rows.length, rows });
  return { ...alone(reading), targets: targetsOf(answer, 'targets') };
}

/** Entities that are targets themselves are the same in every Prometheus: there is nothing to find out about them. */
export const isByTarget = ({ by }: Of<'prometheus-gauge' | 'prometheus-age'>): boolean => by === 'instance';

/** Seconds since the time that a gauge holds. Throws SourceError. */
export async function readAge(source: Of<'prometheus-age'>, question: Question): Promise<Held> {
  const { http, kind } = question;
  const series = selector(source.metric, source.match);
  const labels = [source.by, source.mix].filter((label) => label !== null).join(', ');
  const newest = `max by (${labels}) (${series})`;
  const answer = await query(
    http,
    combine({ count: `count(${newest})`, rows: `time() - topk(${TOP_PROCESSES}, ${newest})` }),
  );
  const distinct = partOf(answer, 'count')[0]?.value;
  if (distinct === undefined) return alone(await nothing(http, source.metric, source.match, null, false));
  const rows = partOf(answer, 'rows').map(
    ({ labels, value }): Row => ({
      // A process cannot be younger than now: that is the skew between two clocks.
      ...plainRow(labels[source.by] ?? '', kind, Math.max(0, value)),
      labels: source.mix === null ? {} : { [source.mix]: { [labels[source.mix] ?? '']: 1 } },
    }),
  );
  return alone(measured({ total: null, distinct, rows }));
}

/** The rows that are kept, in the order that matters. */
export function keptRows(reading: Reading, first: 'smallest' | 'largest', most: number): Reading {
  const order = first === 'smallest' ? 1 : -1;
  return { ...reading, rows: [...reading.rows].sort((a, b) => order * (a.value - b.value)).slice(0, most) };
}

/** An empty answer: is the metric there with other labels, only in the past, or not at all? */
export async function nothing(
  http: HttpClient,
  metric: string,
  match: Match,
  windowSeconds: number | null,
  alive: boolean,
): Promise<Reading> {
  // That there is nothing is nothing to rely on when some of it is missing.
  const [lack] = http.lacks ?? [];
  if (lack !== undefined) throw new SourceError('incomplete', lack);
  if (alive) return empty(`${metric} is there, and no series of it is ${selector('', match)}`);
  if (!(await metricExists(http, metric))) return absent(`Prometheus has no metric ${metric}`);
  const span = windowSeconds === null ? 'now' : `in the last ${windowSeconds} s`;
  return empty(`${metric} has no samples ${span}: is it still scraped?`, false);
}

/**
 * A living metric of which no series has these values: is it zero, or does none have such a label, so that it may be
 * counted under another name? A server that does not tell its labels leaves it at zero.
 */
export async function noneSuch(
  http: HttpClient,
  metric: string,
  match: Match,
  runbook: Runbook,
): Promise<Reading> {
  const none = await nothing(http, metric, match, null, true);
  const needed = neededLabels(runbook, metric, match);
  const labels = needed.length === 0 ? [] : await labelsOf(http, metric).catch(sourceErrorAsNone);
  const lacking = labels.includes('__name__') ? needed.filter((label) => !labels.includes(label)) : [];
  return lacking.length === 0 ? none : absent(withoutLabel(metric, lacking));
}

function sourceErrorAsNone(error: unknown): unknown[] {
  if (error instanceof SourceError) return [];
  throw error;
}

export const plainRow = (id: string, kind: string | null, value: number): Row =>
  rowOf({ id, valid: isValidId(kind, id), value });
