import { rounded } from '../../evidence/rounded.ts';
import { isMatch, type Match } from '../../runbooks/match.ts';
import { selector } from '../../runbooks/sources.ts';
import { parseDuration } from '../../values/duration.ts';
import { SourceError } from '../source-error.ts';
import { query, type Sample } from './api.ts';
import { isTooLarge } from './http.ts';
import { combine, increasePerSecond, offset, partOf, perSecond, scrapeProbe, type When } from './promql.ts';
import type { Of, Question } from './question.ts';
import { sharedBy } from './shared.ts';
import { leavingOut, targetParts } from './targets.ts';

type Rate = Of<'prometheus-rate'>;

/**
 * Parts (an entity and a value of the mixed label) that are fetched. To work out a rate of very many series takes
 * Prometheus longer than to send it, and each sum and each ranking of it works it out again, so all of them are fetched
 * where they fit. Where they do not, a few tell as much.
 */
const MOST_PARTS = 25_000;
const FEW_PARTS = 2_000;

interface Parts {
  /** With the parts of `scrapeProbe` and, where several are asked, of `targetParts`. */
  readonly answer: readonly Sample[];
  /** The largest rates of the source, per second, by entity and value of the mixed label. */
  readonly parts: readonly Sample[];
  /** These are all that are not zero, and some of those that are. */
  readonly isWhole: boolean;
}

/** The rates of a source, in one question with all that share it where that is not too much. Throws SourceError. */
export async function askParts(source: Rate, question: Question): Promise<Parts> {
  const labels = [source.by, source.mix].filter((label) => label !== null);
  const own = { match: source.match, labels };
  const shared = sharedBy(source, question.sources);
  try {
    if (shared !== null) {
      const all = await ask(source, shared, question, mostParts);
      const parts = all.parts.filter((part) => isMatch(part.labels, shared.own));
      // Rates of zero are the first to be left out, so where there is none of the source there may still be some.
      if (all.isWhole && (parts.length > 0 || !isCut(all.parts))) return { ...all, parts };
    }
    return await ask(source, own, question, mostParts);
  } catch (error) {
    if (!(error instanceof SourceError) || !isTooLarge(error)) throw error;
    return ask(source, own, question, () => `${FEW_PARTS}`);
  }
}

interface Wanted {
  readonly match: Match;
  readonly labels: readonly string[];
}

async function ask(
  source: Rate,
  { match, labels }: Wanted,
  { http, windowSeconds, without, isOneOfSeveral }: Question,
  most: typeof mostParts,
): Promise<Parts> {
  const { metric } = source;
  const when = { windowSeconds, agoSeconds: agoOf(source) };
  const rate = leavingOut(perSecond(metric, match, when), metric, without, when);
  const answer = await query(
    http,
    combine({
      ...scrapeProbe(metric, when),
      ...(isOneOfSeveral ? targetParts('targets', metric, when) : {}),
      parts: `topk(${most(selector(metric, match), labels, when)}, sum by (${labels.join(', ')}) (${rate}))`,
    }),
  );
  const parts = partOf(answer, 'parts').map((part) => ({ ...part, value: rounded(part.value) }));
  // What was left out is no larger than the smallest of them.
  const isWhole = !isCut(parts) || parts.some(({ value }) => value <= 0);
  if (isWhole && isCut(parts)) {
    // `topk` leaves NaN out first, and a sum cannot: it is asked for so that it is noted.
    await query(http, `sum(${leavingOut(increasePerSecond(metric, match, when), metric, without, when)})`);
  }
  return { answer, parts, isWhole };
}

/** May there be more of them? */
const isCut = ({ length }: readonly Sample[]): boolean => length === FEW_PARTS || length === MOST_PARTS;

/**
 * How many are to be fetched. Prometheus counts first those that have risen, so that an answer that would not do is small:
 * whose counter is now what it was before the window, or has ended since, is not among them, which costs next to nothing.
 */
function mostParts(
  series: string,
  labels: readonly string[],
  { windowSeconds, agoSeconds = 0 }: When,
): string {
  if (labels.length === 0) return `${FEW_PARTS}`;
  const now = `${series}${offset(agoSeconds)}`;
  const before = `${series}${offset(agoSeconds + windowSeconds)}`;
  const parts = `count(group by (${labels.join(', ')}) (${now} != ${before} or ${now} unless ${before})) or vector(0)`;
  return `scalar(${FEW_PARTS} + ${MOST_PARTS - FEW_PARTS} * ((${parts}) <= bool ${MOST_PARTS}))`;
}

/** How long ago the window of a source ended, seconds. */
export const agoOf = ({ ago }: Rate): number => (ago === null ? 0 : (parseDuration(ago) ?? 0));
