import type { Condition } from '../runbooks/conditions-schema.ts';
import type { Because } from '../verdict/types.ts';
import type { About } from './condition-text.ts';
import { formatShare } from './numbers.ts';

type Node<K extends string> = Extract<Condition, Record<K, unknown>>[K];

// Conditions on entities that have a limit, in words.

export function sayOverLimit(
  { ratio, 'reached-in': other, 'except-in': except }: Node<'over-limit'>,
  { title, one, share, runbook, number }: About,
): string {
  const at = (signal: string, least: string) =>
    `at ${number(least)} or more of ${runbook.signals[signal]?.title ?? signal}`;
  const too = other === undefined ? '' : `, and ${at(other.signal, other['at-least'])}`;
  const left = except === undefined ? '' : `, except those ${at(except.signal, except['at-least'])}`;
  return `${title}: at least one ${one} at ${share(ratio)} of its limit or above${too}${left}`;
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
  { by, times, 'reached-in': other }: Node<'outweighs'>,
  { title, one, number, runbook }: About,
): string {
  const titleOf = (signal: string) => runbook.signals[signal]?.title ?? signal;
  const too =
    other === undefined ? '' : `, and at ${number(other['at-least'])} or more of ${titleOf(other.signal)}`;
  return `${title}: at least one ${one} with ${number(times)} times as much as of ${titleOf(by)} or more${too}`;
}

/** What an evaluated sentence of these is made with. */
interface Told {
  readonly entities: (count: number) => string;
  readonly one: string;
  readonly number: (value: string | number | undefined) => number;
  readonly text: (value: string | number | undefined) => string;
  readonly titleOf: (signal: string | number) => string;
  readonly formatNumber: (value: number) => string;
}

export function explainOverLimit({ met, measured, threshold, args }: Because, told: Told): string {
  const { entities, one, number, titleOf } = told;
  const [from, highest] = [formatShare(threshold ?? 0), formatShare(measured ?? 0)];
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

export function explainUnderLimit({ signal, measured, threshold, args }: Because, told: Told): string {
  const { entities, one, number, text, titleOf, formatNumber } = told;
  const among = `among the ${titleOf(signal ?? '')}`;
  const ratio = formatShare(number(args.ratio));
  return (measured ?? 0) > 0
    ? `${entities(measured ?? 0)} below ${ratio} of the own limit and yet ${among}: ${text(args.names)} (threshold ${formatNumber(threshold ?? 0)})`
    : `no ${one} below ${ratio} of its own limit is ${among}`;
}

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
  const { text, titleOf, formatNumber } = told;
  const from = `threshold ${formatNumber(threshold ?? 0)} times`;
  const most = `${formatNumber(measured ?? 0)} times as much as of ${titleOf(args.other ?? '')}`;
  return met ? `${text(args.names)}: up to ${most} (${from})` : `at most ${most} (${from})`;
}
