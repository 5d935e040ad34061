import { absent, empty, measured, type Reading, type Row } from '../../evidence/types.ts';
import type { Runbook, SourceSpec } from '../../runbooks/schema.ts';
import { selector } from '../../runbooks/sources.ts';
import { isValidId } from '../entities.ts';
import { SourceError } from '../source-error.ts';
import { metricExists, query, type Sample } from './api.ts';
import type { HttpClient } from './http.ts';
import { combine, partOf, perSecond, scrapeProbe } from './promql.ts';

type Of<K extends SourceSpec['kind']> = Extract<SourceSpec, { kind: K }>;

/** Entities that are fetched at most; the rest is in the total and the count. */
const TOP = 200;
/** Values of the mixed label per entity that are fetched at most. */
const TOP_MIX = 20;
/** Processes that are fetched at most, youngest first. */
const TOP_PROCESSES = 1_000;

export interface Question {
  readonly http: HttpClient;
  readonly runbook: Runbook;
  /** The kind of the signal's entities, null for a mere total. */
  readonly kind: string | null;
  readonly windowSeconds: number;
}

/**
 * Without the noise of floating point: a steady 2 per second comes back as 1.9999999999999998, and a threshold must not
 * turn on that.
 */
const rounded = (value: number): number => Number(value.toPrecision(12));

/** Increase per second over the window, largest first, with the mix. Throws SourceError. */
export async function readRate(source: Of<'prometheus-rate'>, question: Question): Promise<Reading> {
  const { http, kind, windowSeconds } = question;
  const { metric, match, by, mix } = source;
  const rate = perSecond(metric, match, windowSeconds);
  const byEntity = `sum by (${by}) (${rate}) > 0`;
  const top = `topk(${TOP}, ${byEntity})`;
  const mixes = `topk by (${by}) (${TOP_MIX}, (sum by (${by}, ${mix}) (${rate}) > 0) and on (${by}) ${top})`;
  const raw = await query(
    http,
    combine({
      ...scrapeProbe(metric, windowSeconds),
      total: `sum(${rate})`,
      ...(by === null ? {} : { count: `count(${byEntity})`, top }),
      ...(by === null || mix === null ? {} : { mixes }),
    }),
  );
  const answer = raw.map((sample) => ({ ...sample, value: rounded(sample.value) }));
  const alive = requireWindow(answer, metric, windowSeconds);
  const sum = partOf(answer, 'total')[0]?.value;
  if (sum === undefined) return nothing(http, metric, match, windowSeconds, alive);

  const mixOf = new Map<string, Record<string, number>>();
  for (const { labels, value } of partOf(answer, 'mixes')) {
    const id = labels[by ?? ''] ?? '';
    const parts = mixOf.get(id) ?? Object.create(null);
    parts[labels[mix ?? ''] ?? ''] = value;
    mixOf.set(id, parts);
  }
  const rows = partOf(answer, 'top')
    .map(({ labels, value }): Row => {
      const id = labels[by ?? ''] ?? '';
      const parts = mixOf.get(id);
      return {
        ...plainRow(id, kind, value),
        share: sum > 0 ? value / sum : null,
        labels: mix !== null && parts ? { [mix]: parts } : {},
      };
    })
    .sort((a, b) => b.value - a.value);
  const distinct = by === null ? null : (partOf(answer, 'count')[0]?.value ?? 0);
  return measured({ total: sum, distinct, rows, strangers: strangersAmong(rows) });
}

/** The present value by entity. Throws SourceError. */
export async function readGauge(source: Of<'prometheus-gauge'>, question: Question): Promise<Reading> {
  const { http, runbook, kind } = question;
  const series = selector(source.metric, source.match);
  const limit = source.limit === null ? null : (runbook.thresholds[source.limit]?.value ?? null);
  const smallest = source.first === 'smallest';
  const byEntity = `${smallest ? 'min' : 'sum'} by (${source.by}) (${series})`;
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
        limit:
          limit === null
            ? null
            : { value: limit, ratio: value / limit, problem: null, stored: null, perHour: null },
      }),
    )
    .sort((a, b) => (smallest ? a.value - b.value : b.value - a.value));
  return measured({ total, distinct: partOf(answer, 'count')[0]?.value ?? rows.length, rows });
}

/** Seconds since the time that a gauge holds, youngest first. Throws SourceError. */
export async function readAge(source: Of<'prometheus-age'>, question: Question): Promise<Reading> {
  const { http, kind } = question;
  const series = selector(source.metric, source.match);
  const newest = `max by (${source.by}) (${series})`;
  const answer = await query(
    http,
    combine({ count: `count(${newest})`, rows: `time() - topk(${TOP_PROCESSES}, ${newest})` }),
  );
  const distinct = partOf(answer, 'count')[0]?.value;
  if (distinct === undefined) return nothing(http, source.metric, source.match, null, false);
  const rows = partOf(answer, 'rows')
    // A process cannot be younger than now: that is the skew between two clocks.
    .map(({ labels, value }) => plainRow(labels[source.by] ?? '', kind, Math.max(0, value)))
    .sort((a, b) => a.value - b.value);
  return measured({ total: null, distinct, rows });
}

/** An empty answer: is the metric there with other labels, only in the past, or not at all? */
async function nothing(
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

/**
 * A rate needs two samples of a series, so the window must span at least two scrape intervals.
 * @returns true when the metric has samples inside the window
 * @throws SourceError when the window is too short for what the samples show
 */
function requireWindow(answer: readonly Sample[], metric: string, windowSeconds: number): boolean {
  const part = (name: string) => partOf(answer, name)[0]?.value ?? 0;
  const [inWindow, inFour] = [part('window'), part('long')];
  const alive = part('now') > 0;
  if (inWindow === 0 && !alive) return false;
  // Four windows of two intervals each hold eight samples; three in one window are proof for a younger series.
  if (inWindow < 3 && (inWindow < 2 || inFour < 8)) {
    throw new SourceError(
      'window',
      `${metric} has ${inWindow} samples in the window of ${windowSeconds} s and ${inFour} in four of them: the window ` +
        'must span at least two scrape intervals (use a longer --window, unless scraping has only just begun)',
    );
  }
  return inWindow > 0;
}

function plainRow(id: string, kind: string | null, value: number): Row {
  return {
    id,
    valid: isValidId(kind, id),
    public: null,
    value,
    share: null,
    lastSeenSeconds: null,
    labels: {},
    limit: null,
  };
}

function strangersAmong(rows: readonly Row[]) {
  const strangers = rows.filter((row) => !row.valid);
  return {
    distinct: strangers.length,
    total: strangers.reduce((sum, row) => sum + row.value, 0),
    largest: strangers[0]?.value ?? 0,
    bins: [],
  };
}
