import { absent, empty, measured, type Reading, type Row, rowOf } from '../../evidence/types.ts';
import { type Match, matchersOf } from '../../runbooks/match.ts';
import { neverSeen, selector } from '../../runbooks/sources.ts';
import { parseDuration } from '../../values/duration.ts';
import { isValidId } from '../entities.ts';
import { SourceError } from '../source-error.ts';
import { query, type Sample } from './api.ts';
import { mixOf, strangersAmong } from './mix.ts';
import { agoOf, askParts } from './parts.ts';
import { mostSamples, partOf, perSecond, type When } from './promql.ts';
import type { Held, Of, Question } from './question.ts';
import { fold, ranked } from './rank.ts';
import { noneSuch, nothing } from './read.ts';
import { leavingOut, targetsOf } from './targets.ts';
import { startUsual } from './usual.ts';

/** Entities that are kept at most; the rest is in the total and the count. */
const TOP = 200;

/**
 * Increase per second over the window, with the mix, and where the source asks for it what it was at the same hour
 * yesterday and a week ago. One evaluation of the rate is enough as long as all parts of it fit into the answer, for all
 * sources that share it; beyond that Prometheus sums and ranks them. Throws SourceError.
 */
export async function readRate(source: Of<'prometheus-rate'>, question: Question): Promise<Held> {
  const { http, windowSeconds, without } = question;
  const { metric, match, by, mix } = source;
  const when = { windowSeconds, agoSeconds: agoOf(source) };
  const earlier = source.usual ? startUsual(source, question) : null;
  const { answer, parts, isWhole } = await askParts(source, question);
  const targets = targetsOf(answer, 'targets');
  const held = (reading: Reading): Held => ({ reading, usual: null, targets });
  if (source.ago !== null && !isScraped(answer)) {
    const none = await nothing(http, metric, match, windowSeconds, false);
    return held(
      none.status === 'absent' ? none : empty(`${metric} has too few samples of ${source.ago} ago`, false),
    );
  }
  const state = await requireWindow(answer, metric, when, http);
  if (parts.length === 0) {
    const none = state.inWindow
      ? await noneSuch(http, metric, match, question.runbook)
      : await nothing(http, metric, match, windowSeconds, false);
    return held(
      none.status === 'empty' && (await isNeverSeen(source, http)) ? absent(neverSeen(source)) : none,
    );
  }
  const rateOf = (only: Match) =>
    leavingOut(perSecond(metric, match, when, matchersOf(only)), metric, without, when);
  const numbers = isWhole || by === null ? fold(parts, by, mix) : await ranked(source, rateOf, http);
  const rows = numbers.entities.map(({ id, value, mix: mixed }) =>
    rowOf({ id, valid: true, value, labels: mix === null ? {} : { [mix]: mixed } }),
  );
  const reading = measured({
    total: numbers.total,
    distinct: by === null ? null : numbers.distinct,
    rows,
    live: state.now,
  });
  const largest = [...numbers.entities].sort((a, b) => b.value - a.value).slice(0, TOP);
  const usual = (await earlier?.(largest.map(({ id }) => id))) ?? null;
  return { reading, usual, targets };
}

/** The rates that are kept, largest first, each with its share, its mix and what is usual for it. */
export function rateReading(
  { entity, mix }: Of<'prometheus-rate'>,
  signalKind: string | null,
  { reading, usual }: Held,
): Reading {
  if (reading.status !== 'measured') return reading;
  const kind = entity ?? signalKind;
  const total = reading.total ?? 0;
  const rows = [...reading.rows]
    .sort((a, b) => b.value - a.value)
    .slice(0, TOP)
    .map((row): Row => {
      const id = String(row.id);
      const parts = mix === null ? [] : Object.entries(row.labels[mix] ?? {});
      return {
        ...{ ...row, kind: entity, valid: isValidId(kind, id) },
        share: total > 0 ? row.value / total : null,
        usual: usual?.of(id) ?? null,
        labels:
          mix === null
            ? {}
            : mixOf(
                mix,
                row.value,
                parts.sort((a, b) => b[1] - a[1]),
              ),
      };
    });
  return {
    ...reading,
    rows,
    strangers: strangersAmong(rows),
    baseline: usual?.baseline ?? null,
    warnings: [...reading.warnings, ...(usual?.warnings ?? [])],
  };
}

/** Was there no series with these labels in all the time that the source asks for? Then nobody may count them. */
async function isNeverSeen(source: Of<'prometheus-rate'>, http: Question['http']): Promise<boolean> {
  const seconds = parseDuration(source['seen-within'] ?? '') ?? null;
  if (seconds === null) return false;
  const series = selector(source.metric, source.match);
  return (await query(http, `count(present_over_time(${series}[${seconds}s]))`)).length === 0;
}

/** Were there three samples of a series, so that there is a rate at all? */
const isScraped = (answer: readonly Sample[]): boolean => (partOf(answer, 'window')[0]?.value ?? 0) >= 3;

/**
 * A rate needs two samples of a series, so the window must span at least two scrape intervals.
 * @returns whether the metric has samples inside the window, and whether it is still exposed now
 * @throws SourceError when the window is too short for what the samples show
 */
async function requireWindow(
  answer: readonly Sample[],
  metric: string,
  { windowSeconds, agoSeconds }: Required<When>,
  http: Question['http'],
): Promise<{ readonly inWindow: boolean; readonly now: boolean }> {
  const part = (name: string) => partOf(answer, name)[0]?.value ?? 0;
  const inWindow = part('window');
  const now = part('now') > 0;
  // Three are proof of a young series, too. Less is rare, and worth a question of its own.
  if (inWindow >= 3 || (inWindow === 0 && !now)) return { inWindow: inWindow > 0, now };
  const four = await query(http, mostSamples(metric, { windowSeconds: 4 * windowSeconds, agoSeconds }));
  const inFour = four[0]?.value ?? 0;
  // Four windows of two intervals each hold eight samples.
  if (inWindow < 2 || inFour < 8) {
    throw new SourceError(
      'window',
      `${metric} has ${inWindow} samples in the window of ${windowSeconds} s and ${inFour} in four of them: the window ` +
        'must span at least two scrape intervals (use a longer --window, unless scraping has only just begun)',
    );
  }
  return { inWindow: inWindow > 0, now };
}
