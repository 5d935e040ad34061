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
/** Parts (an entity and a value of the mixed label) that fit into one answer. */
const TOP_PARTS = 2_000;
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

/**
 * Increase per second over the window, largest first, with the mix. One evaluation of the rate is enough as long as all
 * parts of it fit into the answer; beyond that Prometheus sums and ranks them. Throws SourceError.
 */
export async function readRate(source: Of<'prometheus-rate'>, question: Question): Promise<Reading> {
  const { http, windowSeconds } = question;
  const { metric, match, by, mix } = source;
  const rate = perSecond(metric, match, windowSeconds);
  const labels = [by, mix].filter((label) => label !== null).join(', ');
  const probes = scrapeProbe(metric, windowSeconds);
  const answer = await query(
    http,
    combine({ ...probes, parts: `topk(${TOP_PARTS}, sum by (${labels}) (${rate}))` }),
  );
  const state = requireWindow(answer, metric, windowSeconds);
  const parts = partOf(answer, 'parts').map((sample) => ({ ...sample, value: rounded(sample.value) }));
  if (parts.length === 0) return nothing(http, metric, match, windowSeconds, state.inWindow);
  const numbers =
    parts.length < TOP_PARTS || by === null ? fold(parts, by) : await ranked(source, rate, http);
  const rows = numbers.entities.slice(0, TOP).map(([id, value]): Row => {
    const own = mix === null ? [] : numbers.parts.filter(({ labels }) => (labels[by ?? ''] ?? '') === id);
    const mixed: Record<string, number> = Object.create(null);
    for (const { labels, value: part } of own.filter((one) => one.value > 0).slice(0, TOP_MIX)) {
      mixed[labels[mix ?? ''] ?? ''] = part;
    }
    return {
      ...plainRow(id, question.kind, value),
      share: numbers.total > 0 ? value / numbers.total : null,
      labels: mix !== null && own.length > 0 ? { [mix]: mixed } : {},
    };
  });
  return measured({
    total: numbers.total,
    distinct: by === null ? null : numbers.distinct,
    rows,
    strangers: strangersAmong(rows),
    live: state.now,
  });
}

interface Numbers {
  readonly total: number;
  readonly distinct: number;
  /** Largest first. */
  readonly entities: readonly (readonly [id: string, value: number])[];
  /** Largest first. */
  readonly parts: readonly Sample[];
}

/** Sums of all the parts, which the answer holds. */
function fold(parts: readonly Sample[], by: string | null): Numbers {
  const sums = new Map<string, number>();
  for (const { labels, value } of parts) {
    const id = labels[by ?? ''] ?? '';
    sums.set(id, (sums.get(id) ?? 0) + value);
  }
  const entities = [...sums]
    .map(([id, value]): readonly [string, number] => [id, rounded(value)])
    .filter(([, value]) => value > 0)
    .sort((a, b) => b[1] - a[1]);
  const total = rounded(parts.reduce((sum, { value }) => sum + value, 0));
  const sorted = [...parts].sort((a, b) => b.value - a.value);
  return { total, distinct: entities.length, entities: by === null ? [] : entities, parts: sorted };
}

/** Sums and ranks by Prometheus, asked for in parallel, where the parts are too many for one answer. */
async function ranked({ by, mix }: Of<'prometheus-rate'>, rate: string, http: HttpClient): Promise<Numbers> {
  const byEntity = `sum by (${by}) (${rate}) > 0`;
  const top = `topk(${TOP}, ${byEntity})`;
  const [sums, entities, parts] = await Promise.all([
    query(http, combine({ total: `sum(${rate})`, count: `count(${byEntity})` })),
    query(http, top),
    mix === null
      ? []
      : query(
          http,
          `topk by (${by}) (${TOP_MIX}, (sum by (${by}, ${mix}) (${rate}) > 0) and on (${by}) ${top})`,
        ),
  ]);
  const number = (name: string) => rounded(partOf(sums, name)[0]?.value ?? 0);
  return {
    total: number('total'),
    distinct: number('count'),
    entities: entities
      .map(({ labels, value }): readonly [string, number] => [labels[by ?? ''] ?? '', rounded(value)])
      .sort((a, b) => b[1] - a[1]),
    parts: [...parts].sort((a, b) => b.value - a.value),
  };
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
 * @returns whether the metric has samples inside the window, and whether it is still exposed now
 * @throws SourceError when the window is too short for what the samples show
 */
function requireWindow(
  answer: readonly Sample[],
  metric: string,
  windowSeconds: number,
): { readonly inWindow: boolean; readonly now: boolean } {
  const part = (name: string) => partOf(answer, name)[0]?.value ?? 0;
  const [inWindow, inFour] = [part('window'), part('long')];
  const now = part('now') > 0;
  if (inWindow === 0 && !now) return { inWindow: false, now };
  // Four windows of two intervals each hold eight samples; three in one window are proof for a younger series.
  if (inWindow < 3 && (inWindow < 2 || inFour < 8)) {
    throw new SourceError(
      'window',
      `${metric} has ${inWindow} samples in the window of ${windowSeconds} s and ${inFour} in four of them: the window ` +
        'must span at least two scrape intervals (use a longer --window, unless scraping has only just begun)',
    );
  }
  return { inWindow: inWindow > 0, now };
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
