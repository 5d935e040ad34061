import { empty, measured, type Reading, type Row, rowOf } from '../../evidence/types.ts';
import { parseDuration } from '../../values/duration.ts';
import { isValidId } from '../entities.ts';
import { SourceError } from '../source-error.ts';
import { query, type Sample } from './api.ts';
import type { HttpClient } from './http.ts';
import { mixOf, rounded } from './mix.ts';
import { combine, partOf, perSecond, scrapeProbe } from './promql.ts';
import { nothing, type Of, type Question } from './read.ts';
import { startUsual } from './usual.ts';

/** Entities that are fetched at most; the rest is in the total and the count. */
const TOP = 200;
/** Values of the mixed label per entity that are fetched at most. */
const TOP_MIX = 20;
/** Parts (an entity and a value of the mixed label) that fit into one answer. */
const TOP_PARTS = 2_000;

/**
 * Increase per second over the window, largest first, with the mix, and where the source asks for it what it was at the
 * same hour yesterday and a week ago. One evaluation of the rate is enough as long as all parts of it fit into the
 * answer; beyond that Prometheus sums and ranks them. Throws SourceError.
 */
export async function readRate(source: Of<'prometheus-rate'>, question: Question): Promise<Reading> {
  const { http, windowSeconds } = question;
  const { metric, match, by, mix } = source;
  const ago = source.ago === null ? 0 : (parseDuration(source.ago) ?? 0);
  const rate = perSecond(metric, match, windowSeconds, ago);
  const labels = [by, mix].filter((label) => label !== null).join(', ');
  const probes = scrapeProbe(metric, windowSeconds, ago);
  const earlier = source.usual ? startUsual(source, question) : null;
  const answer = await query(
    http,
    combine({ ...probes, parts: `topk(${TOP_PARTS}, sum by (${labels}) (${rate}))` }),
  );
  if (source.ago !== null && !isScraped(answer)) {
    const none = await nothing(http, metric, match, windowSeconds, false);
    return none.status === 'absent'
      ? none
      : empty(`${metric} has too few samples of ${source.ago} ago`, false);
  }
  const state = requireWindow(answer, metric, windowSeconds);
  const parts = partOf(answer, 'parts').map((sample) => ({ ...sample, value: rounded(sample.value) }));
  if (parts.length === 0) return nothing(http, metric, match, windowSeconds, state.inWindow);
  const numbers =
    parts.length < TOP_PARTS || by === null ? fold(parts, by) : await ranked(source, rate, http);
  const usual = await earlier?.();
  const kind = source.entity ?? question.kind;
  const rows = numbers.entities.slice(0, TOP).map(([id, value]): Row => {
    return rowOf({
      id,
      valid: isValidId(kind, id),
      kind: source.entity,
      value,
      share: numbers.total > 0 ? value / numbers.total : null,
      usual: usual?.of(id) ?? null,
      labels:
        mix === null || by === null
          ? {}
          : mixOf(
              mix,
              value,
              numbers.parts.flatMap(({ labels, value: part }) =>
                (labels[by] ?? '') === id ? [[labels[mix] ?? '', part] as const] : [],
              ),
            ),
    });
  });
  return measured({
    total: numbers.total,
    distinct: by === null ? null : numbers.distinct,
    rows,
    strangers: strangersAmong(rows),
    live: state.now,
    baseline: usual?.baseline ?? null,
    warnings: usual?.warnings ?? [],
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

/** Were there three samples of a series, so that there is a rate at all? */
const isScraped = (answer: readonly Sample[]): boolean => (partOf(answer, 'window')[0]?.value ?? 0) >= 3;

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

function strangersAmong(rows: readonly Row[]) {
  const strangers = rows.filter((row) => !row.valid);
  return {
    distinct: strangers.length,
    total: strangers.reduce((sum, row) => sum + row.value, 0),
    largest: strangers[0]?.value ?? 0,
    bins: [],
  };
}
