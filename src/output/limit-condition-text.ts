import type { Condition } from '../runbooks/conditions-schema.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { parseDuration } from '../values/duration.ts';
import { PERIOD_SECONDS } from '../values/periods.ts';
import type { Because } from '../verdict/types.ts';
import type { About } from './condition-text.ts';
import { formatAmount, formatNumber, formatShare } from './numbers.ts';
import { showReset } from './times.ts';

type Node<K extends string> = Extract<Condition, Record<K, unknown>>[K];

// Conditions on entities that have a limit, in words.

export function sayOverLimit(
  { ratio, 'reached-in': other, 'except-in': except }: Node<'over-limit'>,
  { title, one, share, runbook, number }: About,
): string {
  const too = other === undefined ? '' : `, and ${sayReached(other, { number, runbook })}`;
  const left = except === undefined ? '' : `, except those ${sayReached(except, { number, runbook })}`;
  return `${title}: at least one ${one} at ${share(ratio)} of its limit or above${too}${left}`;
}

/** What another signal must have of the same entity. */
const sayReached = (
  { signal, 'at-least': least }: { readonly signal: string; readonly 'at-least': string },
  { number, runbook }: Pick<About, 'number' | 'runbook'>,
): string => `at ${number(least)} or more of ${runbook.signals[signal]?.title ?? signal}`;

const WITHOUT = {
  none: 'without a limit',
  invalid: 'with a limit that cannot be used',
  'unknown-tier': 'of a tier that the table of limits does not have',
  'several-tiers': 'of several tiers that have different limits',
} as const;

export function sayNoLimit(
  { problem, 'reached-in': other }: Node<'no-limit'>,
  { title, one, runbook, number }: About,
): string {
  const too = other === undefined ? '' : `, and ${sayReached(other, { number, runbook })}`;
  return `${title}: at least one ${one} ${WITHOUT[problem]}${too}`;
}

export function sayUnderLimit(
  { each, by, ratio, share: dominant, 'at-least': least }: Node<'under-limit'>,
  { title, many, amount, share, number, runbook }: About,
): string {
  const beside = dominant === undefined ? '' : `, beside those with ${share(dominant)} of all or more`;
  return `${title}: at least ${number(least)} ${many} with ${amount(each)} or more that are below ${share(ratio)} of their own limits (${runbook.signals[by]?.title ?? by})${beside}`;
}

export function sayDominates(
  { share: least, ratio }: Node<'dominates'>,
  { title, one, share }: About,
): string {
  const too = ratio === undefined ? '' : `, at ${share(ratio)} of its own limit or above`;
  return `${title}: one ${one} with at least ${share(least)} of all${too}`;
}

export function sayOutweighs(
  { by, times, 'at-least': least, 'reached-in': other, grown, steady }: Node<'outweighs'>,
  { title, one, amount, number, runbook }: About,
): string {
  const much = least === undefined ? '' : ` at ${amount(least)} or more`;
  const growth = grown === undefined ? '' : `, ${number(grown.times)} times what it was earlier or more`;
  const still = steady === undefined ? '' : `, while that changed by ${number(steady.times)} times at most`;
  const too = other === undefined ? '' : `, and ${sayReached(other, { number, runbook })}`;
  return `${title}: at least one ${one}${much} with ${number(times)} times as much as of ${runbook.signals[by]?.title ?? by} or more${too}${growth}${still}`;
}

/** What an evaluated sentence of these is made with. */
interface Told {
  readonly entities: (count: number) => string;
  readonly one: string;
  readonly number: (value: string | number | undefined) => number;
  readonly text: (value: string | number | undefined) => string;
  readonly titleOf: (signal: string | number) => string;
  readonly formatNumber: (value: number) => string;
  /** In the unit of the signal. */
  readonly amount: (value: number) => string;
  /** A limit in the signal's unit, as its table has it, with the table's name. */
  readonly limitText: (value: number) => string;
}

export function explainOverLimit({ met, measured, threshold, args }: Because, told: Told): string {
  const { entities, one, number, titleOf } = told;
  const [from, highest] = [formatShare(threshold ?? 0), formatShare(measured ?? 0)];
  if (args.allowed !== undefined) return limitSentence({ met, measured, threshold, args }, told);
  const left = args.except === undefined ? '' : `, without those among the ${titleOf(args.except)}`;
  if (args.other !== undefined) {
    const other = titleOf(args.other);
    return met
      ? `${entities(number(args.count))} at ${from} of the limit or above and among the ${other}${left}`
      : `no ${one} at ${from} of its limit is among the ${other}${left}`;
  }
  return met
    ? `${entities(number(args.count))} at ${from} of the limit or above, the highest at ${highest}${left}`
    : `no ${one} at ${from} of its limit, the highest is at ${highest}${left}`;
}

/** A limit in the unit of its table, with the name under which a context corrects it: `100 requests a day (limits.x)`. */
export function limitAs(
  value: number,
  spec: Runbook['signals'][string] | undefined,
  { limits }: Runbook,
): string {
  const table = spec?.limits == null ? undefined : limits[spec.limits];
  if (spec === undefined || table === undefined) return formatNumber(value);
  const period = table.per === null ? 1 : PERIOD_SECONDS[table.per];
  const own = Number(((value * period) / (secondsOf(spec) ?? period)).toPrecision(12));
  return `${formatAmount(own, table.unit)}${table.per === null ? '' : ` a ${table.per}`} (limits.${spec.limits})`;
}

/** What a limit in the unit of a signal is for: rates are per second, and counters of their own time; null: as its table has it. */
function secondsOf({ sources }: Runbook['signals'][string]): number | null {
  for (const source of sources) {
    if (source.kind === 'prometheus-rate') return 1;
    if (source.kind === 'prometheus-count') return parseDuration(source.over);
    if (source.kind === 'redis-counter') return source.window === null ? null : parseDuration(source.window);
  }
  return null;
}

/** Of this much more than its limit, some was counted for a time before. */
const MORE = 1.05;

/** The same where it is to say which limit that was, and until when it is used up. */
function limitSentence(
  { met, measured, threshold, args }: Pick<Because, 'met' | 'measured' | 'threshold' | 'args'>,
  { one, number, text, limitText }: Told,
): string {
  const used = `${formatShare(measured ?? 0)}${args.least === undefined ? '' : ' or more'}`;
  const own = `${used} of its limit of ${limitText(number(args.allowed))}`;
  if (!met)
    return `no ${one} at ${formatShare(threshold ?? 0)} of its limit: ${text(args.names)} has the most, ${own}`;
  const isMore = (measured ?? 0) > MORE;
  // Of what was counted some may belong to a time before, and of what was not recorded some may have been first.
  const bound = isMore === (args.least !== undefined) ? '' : isMore ? ' at the earliest' : ' at the latest';
  const until =
    args.freesAt === undefined
      ? ''
      : `, used up until about ${showReset({ at: text(args.freesAt), inSeconds: number(args.freesIn) })}${bound}`;
  const more = number(args.count) > 1 ? `, the highest of ${number(args.count)}` : '';
  return `${text(args.names)} at ${own}${more} (threshold ${formatShare(threshold ?? 0)})${until}`;
}

export function explainUnderLimit({ signal, met, measured, threshold, args }: Because, told: Told): string {
  const { entities, one, number, text, titleOf, formatNumber } = told;
  const among = `among the ${titleOf(signal ?? '')}`;
  const ratio = formatShare(number(args.ratio));
  const least = formatNumber(threshold ?? 0);
  if ((measured ?? 0) === 0) return `no ${one} below ${ratio} of its own limit is ${among}`;
  const found = `${entities(measured ?? 0)} below ${ratio} of the own limit and yet ${among}`;
  return met ? `${found}: ${text(args.names)} (threshold ${least})` : `${found}, fewer than ${least}`;
}

export function explainNoLimit({ measured, args }: Because, { one, text }: Told): string {
  const problem = isProblem(args.problem) ? args.problem : 'none';
  if ((measured ?? 0) > 0) return `${WITHOUT[problem]}: ${text(args.names)}`;
  return problem.endsWith('-tier') || problem.endsWith('-tiers')
    ? `no ${one} ${WITHOUT[problem]}`
    : `every ${one} has a limit`;
}

const isProblem = (problem: unknown): problem is keyof typeof WITHOUT =>
  typeof problem === 'string' && Object.hasOwn(WITHOUT, problem);

export function explainDominates({ met, measured, threshold, args }: Because, told: Told): string {
  const { number, text } = told;
  const share = formatShare(measured ?? 0);
  const from = `threshold ${formatShare(threshold ?? 0)}`;
  const too =
    args.ratio === undefined
      ? ''
      : ` and is ${met ? '' : 'not '}at ${formatShare(number(args.ratio))} of its own limit`;
  return `${text(args.names)} has ${share} of all${(measured ?? 0) >= (threshold ?? 0) ? too : ''} (${from})`;
}

export function explainOutweighs({ met, measured, threshold, args }: Because, told: Told): string {
  const { one, number, text, titleOf, formatNumber, amount } = told;
  const from = `threshold ${formatNumber(threshold ?? 0)} times`;
  const most = `${formatNumber(measured ?? 0)} times as much as of ${titleOf(args.other ?? '')}`;
  const then =
    args.before === undefined
      ? ''
      : `, ${amount(number(args.now))} now and ${formatNumber(number(args.before))} earlier`;
  const still =
    args.otherBefore === undefined
      ? ''
      : `, of that ${formatNumber(number(args.otherNow))} now and ${formatNumber(number(args.otherBefore))} earlier`;
  if (met || (measured ?? 0) >= (threshold ?? 0))
    return `${text(args.names)}: up to ${most} (${from})${then}${still}`;
  if (args.least !== undefined) return `no ${one} with ${amount(number(args.least))} or more`;
  return `at most ${most} (${from})`;
}
