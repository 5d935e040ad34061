import type { Runbook } from '../runbooks/schema.ts';
import { formatDuration } from '../values/duration.ts';
import type { Because, Caveat, Code } from '../verdict/types.ts';
import { escapeText } from './escape.ts';
import {
  explainDominates,
  explainNoLimit,
  explainOutweighs,
  explainOverLimit,
  explainUnderLimit,
  limitAs,
} from './limit-condition-text.ts';
import { formatAmount, formatNumber, formatShare } from './numbers.ts';
import { answeredSentence, recurredSentence } from './question-sentences.ts';

/** The sentence for one evaluated condition, escaped: what was measured, and the threshold it was held against. */
export function explain(because: Because, runbook: Runbook): string {
  // A condition that must not hold is told as what it found.
  const { what } = because.args;
  if (because.code === 'unless' && what !== undefined) return explain(denied(because, what), runbook);
  const spec = because.signal === null ? undefined : runbook.signals[because.signal];
  const title = spec?.title ?? because.signal ?? '';
  if (because.met === null && !OWN_WORDS.has(because.code)) {
    const isUnread = because.args.status === 'unknown' || because.args.status === 'partial';
    if (!isUnread && (because.code === 'mix-only' || because.code === 'mix-mixed')) {
      return `${title}: no source tells the ${text(because.args.label)}`;
    }
    if (because.args.status === 'at-least') {
      return `${title}: too little of that time is recorded to say that there were no more`;
    }
    if (because.code === 'over-limit' && because.args.status === 'absent') {
      return `${title}: not seen against a limit (no such source, or the limit is not known)`;
    }
    if (because.args.status === 'hidden') return `${title}: could not be told apart from what stands out`;
    if (because.args.status === 'partial') return `${title}: one of its sources could not be read`;
    if (because.args.status === 'unasked') return `${title}: not configured`;
    if (because.args.status === 'absent' && /^usual-/.test(because.code)) {
      return `${title}: what is usual at this hour is not known`;
    }
    if (because.args.status === 'absent' && because.code === 'ended') {
      return `${title}: no source tells when it was last seen`;
    }
    if (because.args.status === 'absent' && because.code === 'outgrown') {
      return `${title}: no source tells what the counters could be held against`;
    }
    if (because.args.status === 'at-most')
      return `${title}: no source tells more than how much it is at most`;
    if (because.args.status === 'stale') return `${title}: no sign of life in the window`;
    return because.args.status === 'absent'
      ? `${title}: there is no such source`
      : `${title}: could not be read`;
  }
  const unit = spec?.unit ?? '';
  const one = spec?.entity?.one ?? 'entity';
  const many = spec?.entity?.many ?? 'entities';
  const measured = because.measured ?? 0;
  const threshold = because.threshold ?? 0;
  const { args } = because;
  const count = number(args.count);
  const amount = (value: number) => formatAmount(value, unit);
  const entities = (value: number) => `${formatNumber(value)} ${value === 1 ? one : many}`;
  const titleOf = (signal: string | number) => runbook.signals[signal]?.title ?? text(signal);
  const limitText = (value: number) => limitAs(value, spec, runbook);
  const told = { entities, one, number, text, titleOf, formatNumber, amount, limitText };
  const standsOut = `stands out from ${amount(number(args.at))} and ${formatShare(threshold)}`;

  switch (because.code) {
    case 'spread-one':
      return `one ${one} stands out: ${amount(number(args.largest))}, ${formatShare(measured)} of all (${standsOut})`;
    case 'spread-few':
      return `${entities(count)} stand out with ${formatShare(measured)} of all, the largest with ${amount(number(args.largest))} (${standsOut})`;
    case 'spread-one-or-few':
      return count > 0
        ? `${entities(count)} stand out, more than a few (${formatNumber(number(args.few))})`
        : `no ${one} stands out: the largest has ${amount(number(args.largest))}, ${formatShare(measured)} of all (${standsOut})`;
    case 'spread-many':
      return spreadMany(because, entities(measured));
    case 'rest-volume':
      return `${amount(measured)} remain without noise and without what stands out (threshold ${formatNumber(threshold)})`;
    case 'rest-sources':
      return `they come from ${entities(count)}, as diverse as ${formatNumber(measured)} equally loud ones (threshold ${formatNumber(threshold)})`;
    case 'volume':
      return `${args.bound === 'at-most' ? 'at most ' : ''}${amount(measured)} ${volumeOf(args.of)} (threshold ${formatNumber(threshold)})`;
    case 'sources':
      return `${entities(measured)} beside what stands out (threshold ${formatNumber(threshold)})`;
    case 'each-at-most':
      return `the largest of them has ${amount(measured)} (${because.met ? 'at most' : 'more than'} ${formatNumber(threshold)})`;
    case 'one-shot':
      return `${entities(measured)} below ${amount(number(args.floor))} each (threshold ${formatNumber(threshold)})`;
    case 'mix-only':
    case 'mix-mixed':
      return mixSentence(because);
    case 'over-limit':
      return explainOverLimit(because, told);
    case 'under-limit':
      return explainUnderLimit(because, told);
    case 'dominates':
      return explainDominates(because, told);
    case 'outweighs':
      return explainOutweighs(because, told);
    case 'no-limit':
      return explainNoLimit(because, told);
    case 'started':
      if (number(args.of) === 0) return `no ${one} is known`;
      return `${formatNumber(count)} of ${entities(number(args.of))}${args.names === undefined ? '' : ` of ${text(args.names)}`} started in the last ${formatDuration(number(args.within))}, the newest ${formatDuration(number(args.newest))} ago (threshold ${formatShare(threshold)})`;
    case 'started-after':
      return 'most of the sources had stopped before the first process started';
    case 'down':
      if (measured === 0 && args.which !== undefined) return `no ${one} named ${text(args.which)} is down`;
      if (!because.met && measured > 0)
        return `${entities(measured)} down: ${text(args.names)}, and ${formatNumber(number(args.left))} more up`;
      return measured > 0 ? `${entities(measured)} down: ${text(args.names)}` : `no ${one} is down`;
    case 'not-public':
      if (because.met || measured === 0) {
        return measured > 0 ? `not public: ${text(args.names)}` : `every ${one} that stands out is public`;
      }
      return `most of them are public, others not: ${text(args.names)}`;
    case 'one-network':
      return measured > 0
        ? `${entities(count)} of the network ${text(args.network)} have ${formatShare(measured)} of it (threshold ${formatShare(threshold)})`
        : `no two of them are of one IPv6 network`;
    case 'strangers':
      if (args.of === 'names')
        return `${formatNumber(measured)} names are not valid ${many} (threshold ${formatNumber(threshold)})`;
      return args.of === 'judged'
        ? `names that are not valid ${many} have ${amount(measured)} above the noise (threshold ${formatNumber(threshold)})`
        : `the largest name that is not a valid ${one} has ${amount(measured)} (threshold ${formatNumber(threshold)})`;
    case 'listed':
      return measured > 0
        ? `among the ${title}: ${text(args.names)}${andLeft(args)}`
        : `none of them is among the ${title}`;
    case 'reaches':
      return reachesSentence(because, title, amount);
    case 'count':
      return args.each === undefined
        ? `${entities(measured)} (threshold ${formatNumber(threshold)})`
        : `${entities(measured)} with ${amount(number(args.each))} or more (threshold ${formatNumber(threshold)})`;
    case 'diverse':
      return `${entities(count)} beside what stands out, as diverse as ${formatNumber(measured)} equally loud ones (threshold ${formatNumber(threshold)})`;
    case 'covers':
      return `the counters of the ${many} beside what stands out account for ${formatShare(measured)} of the whole (threshold ${formatShare(threshold)})`;
    case 'made-only':
    case 'made-mixed':
      return `${formatShare(measured)} of the ${title} are ${text(args.value)} (threshold ${formatShare(threshold)})`;
    case 'unlabelled':
      return because.met
        ? `no source tells the ${text(args.label)} of the ${title}`
        : `the ${text(args.label)} of the ${title} is known`;
    case 'claimed':
      return measured > 0
        ? `named by the client: ${text(args.names)} (${text(args.sources)})`
        : `no ${one} is named by the client itself`;
    case 'plateau':
      return measured > 0
        ? `no longer counted: ${text(args.names)}`
        : `no ${one} is at the end of its counter`;
    case 'shared':
      return measured >= threshold
        ? `${title}: several behind ${text(args.names)}${andLeft(args)}`
        : `${title}: at most ${formatNumber(measured)} each (several is ${formatNumber(threshold)})`;
    case 'ended':
      return `the last one${args.names === undefined ? '' : ` of ${text(args.names)}`} was ${formatDuration(Math.round(measured))} ago (over is ${formatDuration(threshold)})`;
    case 'undated':
      return measured > 0
        ? `without an end, so that nobody knows since when it counts: ${text(args.names)}`
        : `every ${one} that stands out has a counter that ends`;
    case 'visited':
      return visitedSentence(because);
    case 'outgrown':
      return `${formatNumber(number(args.counted))} counted, ${formatNumber(number(args.seen))} seen in all in that time (threshold ${formatNumber(threshold)} times)`;
    case 'silent':
      return because.met ? `no source tells the ${title}` : `the ${title} are known`;
    case 'usual-above':
    case 'usual-same': {
      const usual = amount(number(args.usual));
      const then =
        args.than === undefined
          ? `${usual} at the same hour yesterday or last week`
          : `${runbook.signals[args.than]?.title ?? text(args.than)}: ${usual}`;
      return `${amount(measured)} now, ${then} (threshold ${formatNumber(number(args.times))} times)`;
    }
    case 'recurred':
      return recurredSentence(because);
    case 'answered':
      return answeredSentence(because, runbook);
    case 'unless':
      if (because.met === null) return `whether ${text(args.category)} explains it could not be checked`;
      return because.met
        ? `${text(args.category)} does not explain it`
        : `${text(args.category)} explains it`;
  }
}

/** Those that say themselves what could not be seen. */
const OWN_WORDS: ReadonlySet<Code> = new Set(['unless', 'visited', 'recurred', 'answered']);

function denied({ met, args, ...because }: Because, what: string | number): Because {
  const { what: _, ...own } = args;
  return { ...because, code: what as Code, met: met === null ? null : !met, args: own };
}

/** The sentences for several conditions in one line; what could not be seen of a signal is said once. */
export function explainAll(
  list: readonly Because[],
  runbook: Runbook,
  most = Number.POSITIVE_INFINITY,
): string {
  const sentences = [...new Set(list.map((because) => explain(because, runbook)))];
  const more = sentences.length - most;
  return `${sentences.slice(0, most).join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

/** The sentence for a reason to doubt. */
export function explainCaveat(caveat: Caveat, runbook: Runbook): string {
  const details = explainAll(caveat.because, runbook);
  switch (caveat.code) {
    case 'unconfirmed':
      return details;
    case 'incomplete-scan':
    case 'open-question':
      return details;
    case 'signal-unknown':
      return `could not be checked: ${details}`;
    case 'signal-absent':
      return `cannot be checked here: ${details}`;
    default:
      return `${caveat.text ?? ''} (${details})`;
  }
}

function visitedSentence({ measured, args }: Because): string {
  if (measured === null) return 'how much of the keyspace was read is not known';
  const part = `${formatShare(measured)} of the keyspace was read`;
  return args.proven === 1
    ? `${part}; this holds whatever is in the rest`
    : `${part}; one particular key was missed with a chance of ${formatShare(1 - measured)}, however much it holds`;
}

function reachesSentence(
  { measured, threshold, args }: Because,
  title: string,
  amount: (value: number) => string,
): string {
  const from = `(threshold ${formatNumber(threshold ?? 0)})`;
  if ((measured ?? 0) > 0) return `${title}: ${text(args.names)} at ${amount(measured ?? 0)} ${from}`;
  return `${title}: none${args.which === '' ? '' : ` ${text(args.which)}`} ${from}`;
}

function mixSentence({ code, measured, threshold, met, args }: Because): string {
  const only = (code === 'mix-only') === met;
  const share = `${formatShare(measured ?? 0)} of it with ${text(args.label)} ${text(args.value)}`;
  return only
    ? `${share}, so that alone (from ${formatShare(threshold ?? 0)})`
    : `${share}, so a mix (below ${formatShare(threshold ?? 0)})`;
}

function spreadMany({ measured, threshold, met, args }: Because, entities: string): string {
  const enough = (measured ?? 0) >= (threshold ?? 0);
  const many = `many is ${formatNumber(threshold ?? 0)}`;
  if (args.of !== 'all') return `${entities} ${measured === 1 ? 'stands' : 'stand'} out (${many})`;
  if (met) return `${entities} at once, none of them dominates (${many})`;
  return enough
    ? `${entities} at once, but one of them dominates or there are too little in all`
    : `${entities} at once (${many})`;
}

function volumeOf(of: string | number | undefined): string {
  if (of === 'judged') return 'above the noise floor';
  return of === 'rest' ? 'beside what stands out' : 'in all';
}

/** Where all were asked for, that others are not so. */
const andLeft = ({ left }: Because['args']): string =>
  number(left) > 0 ? `, and not of ${formatNumber(number(left))} more` : '';

const number = (value: string | number | undefined): number => (typeof value === 'number' ? value : 0);
const text = (value: string | number | undefined): string => escapeText(String(value ?? ''), 80);
