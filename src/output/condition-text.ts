import type { Condition, Mix } from '../runbooks/conditions-schema.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { formatDuration } from '../values/duration.ts';
import { escapeText } from './escape.ts';
import {
  sayDominates,
  sayNoLimit,
  sayOutweighs,
  sayOverLimit,
  sayUnderLimit,
} from './limit-condition-text.ts';
import { formatAmount, formatNumber, formatShare } from './numbers.ts';

/** A condition in words, before it is evaluated; `parts` of `all` and `any`. */
export interface Said {
  readonly text: string;
  readonly parts: readonly Said[];
}

/** What a condition asks, with the numbers that it measures against, then the names of those. Escaped. */
export function sayCondition(condition: Condition, runbook: Runbook): Said {
  if ('all' in condition) return said('all of these', condition.all, runbook);
  if ('any' in condition) return said('any of these', condition.any, runbook);
  if ('unless' in condition && 'when' in condition.unless) {
    const { text, parts } = sayCondition(condition.unless.when, runbook);
    return { text: `not: ${text}`, parts };
  }
  if ('besides' in condition) {
    const { text, parts } = sayCondition(condition.besides.when, runbook);
    return { text: `without those of ${condition.besides.category}: ${text}`, parts };
  }
  const [key = '', node] = Object.entries(condition)[0] ?? [];
  const say = SAY[key as Kind] as (node: unknown, about: About) => string;
  const about = aboutOf(node, runbook);
  const text = say(node, about);
  const names = [...new Set(about.used)].join(', ');
  return { text: names === '' ? text : `${text} (${names})`, parts: [] };
}

/** Several of one are that one. */
function said(text: string, conditions: readonly Condition[], runbook: Runbook): Said {
  const parts = conditions.map((condition) => sayCondition(condition, runbook));
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : { text, parts };
}

/** The sentence of a condition on one line, the parts of `all` and `any` joined. */
export function sayInOne(said: Said): string {
  if (said.parts.length === 0) return said.text;
  const parts = said.parts.map((part) => (part.parts.length > 1 ? `(${sayInOne(part)})` : sayInOne(part)));
  const [prefix = ''] = /^(?:not: |without those of [a-z0-9-]+: )/.exec(said.text) ?? [];
  const all = parts.join(said.text.slice(prefix.length).startsWith('all') ? ', and ' : ', or ');
  return `${prefix}${all}`;
}

type Keys<C> = C extends unknown ? keyof C : never;
type Kind = Exclude<Keys<Condition>, 'all' | 'any' | 'besides'>;
type Node<K extends Kind> = Extract<Condition, Record<K, unknown>>[K];

/** The signal that a condition is on, and how to write numbers down. */
export interface About {
  readonly runbook: Runbook;
  readonly title: string;
  readonly one: string;
  readonly many: string;
  readonly spread: Runbook['signals'][string]['spread'];
  /** Names of the thresholds that were written down. */
  readonly used: readonly string[];
  /** A threshold in the signal's unit, as a share, as a bare number, as a time. */
  readonly amount: (name: string) => string;
  readonly share: (name: string) => string;
  readonly number: (name: string | null | undefined) => string;
  readonly time: (name: string) => string;
}

function aboutOf(node: unknown, runbook: Runbook): About {
  const id = typeof node === 'object' && node !== null ? String(Reflect.get(node, 'signal') ?? '') : '';
  const signal = runbook.signals[id];
  const used: string[] = [];
  const shown = (name: string | null | undefined, format: (value: number) => string) => {
    const value = runbook.thresholds[name ?? '']?.value ?? null;
    if (name != null) used.push(name);
    return value === null ? 'a number that is not known' : format(value);
  };
  return {
    runbook,
    title: signal?.title ?? id,
    one: signal?.entity?.one ?? 'entity',
    many: signal?.entity?.many ?? 'entities',
    spread: signal?.spread ?? null,
    used,
    amount: (name) => shown(name, (value) => formatAmount(value, signal?.unit ?? '')),
    share: (name) => shown(name, formatShare),
    number: (name) => shown(name, formatNumber),
    time: (name) => shown(name, formatDuration),
  };
}

/** How loud one must be to stand out. */
const standOut = ({ spread, amount, share }: About): string =>
  spread === null
    ? ''
    : `, each with at least ${amount(spread['loud-at'])} and ${share(spread['loud-share'])} of what remains`;

const mixOf = (mix: Mix, { share }: About): string => {
  const [much, value] = 'only' in mix ? ['at least', mix.only] : ['less than', mix['not-only']];
  const whole = mix.of === 'all' ? 'all of it' : 'it';
  return `${much} ${share(mix.share)} of ${whole} with ${mix.label} ${escapeText(value.join(' or '), 80)}`;
};

const VOLUME = { all: 'in all', judged: 'above the noise floor', rest: 'beside what stands out' };

const SAY: { readonly [K in Kind]: (node: Node<K>, about: About) => string } = {
  spread: ({ is, mix, except }, about) => {
    const { title, one, many, spread, number, share, amount } = about;
    if (is === 'one-or-few') {
      const clause = mix === undefined ? '' : `, ${mixOf(mix, about)}`;
      const left =
        except === undefined ? '' : `, except those with ${mixOf({ ...except, of: 'all' }, about)}`;
      return `${title}: one ${one} stands out, or up to ${number(spread?.few)} do${standOut(about)}${clause}${left}`;
    }
    const crowd = spread?.many ?? null;
    if (crowd === null)
      return `${title}: more than ${number(spread?.few)} ${many} stand out${standOut(about)}`;
    return `${title}: at least ${number(crowd['at-least'])} ${many} at once with at least ${amount(crowd.each)} each, none of them with more than ${share(crowd['none-above'])} of all`;
  },
  rest: (_, { title, many, spread, amount, number }) =>
    spread?.rest == null
      ? title
      : `${title}: without noise and without what stands out, at least ${amount(spread.rest.volume)}, as diverse as ${number(spread.rest.sources)} equally loud ${many} or more`,
  volume: (node, { title, amount }) =>
    `${title}: at least ${amount(node['at-least'])} ${VOLUME[node.beside === undefined ? node.of : 'rest']}`,
  sources: (node, { title, many, number }) =>
    `${title}: at least ${number(node['at-least'])} ${many} beside what stands out`,
  'each-at-most': ({ value }, { title, one, amount }) =>
    `${title}: no ${one} beside what stands out has more than ${amount(value)}`,
  'one-shot': ({ sources }, { title, many, number }) =>
    `${title}: at least ${number(sources)} ${many} below the noise floor`,
  mix: (node, about) => `${about.title}: ${mixOf(node, about)}`,
  'over-limit': (node, about) => sayOverLimit(node, about),
  'under-limit': (node, about) => sayUnderLimit(node, about),
  dominates: (node, about) => sayDominates(node, about),
  outweighs: (node, about) => sayOutweighs(node, about),
  'no-limit': (node, about) => sayNoLimit(node, about),
  started: ({ within, share, before }, about) => {
    const { title, many, runbook, time } = about;
    const events =
      before === undefined
        ? ''
        : `, before those of "${runbook.signals[before]?.title ?? before}", as far as can be seen`;
    const much = share === undefined ? `one of the ${many}` : `at least ${about.share(share)} of the ${many}`;
    return `${title}: ${much} started in the last ${time(within)}${events}`;
  },
  down: ({ named, all }, { title, one }) => {
    const which = named === undefined ? '' : ` named ${escapeText(named.join(' or '), 80)}`;
    if (all) return `${title}: every ${one}${which} is down`;
    return `${title}: ${named === undefined ? 'at least one' : 'a'} ${one}${which} is down`;
  },
  'not-public': ({ of }, { title, many }) =>
    of === 'crowd'
      ? `${title}: most of the ${many} of a crowd are no public addresses`
      : `${title}: not all ${many} that stand out are public addresses`,
  'one-network': ({ share }, about) =>
    `${about.title}: at least ${about.share(share)} of a crowd from one IPv6 network (/64)`,
  strangers: (node, { title, one, many, amount, number }) => {
    if (node.of === 'names')
      return `${title}: at least ${number(node['at-least'])} names that are not valid ${many}`;
    return node.of === 'largest'
      ? `${title}: a name that is not a valid ${one} has at least ${amount(node['at-least'])}`
      : `${title}: names that are not valid ${many} have at least ${amount(node['at-least'])} above the noise`;
  },
  listed: ({ by, all }, { title, many, runbook }) =>
    `${title}: ${all ? `all ${many} that stand out are` : `one of the ${many} that stand out is`} among the ${runbook.signals[by]?.title ?? by}`,
  unless: (node) => ('category' in node ? `${node.category} does not explain it` : ''),
  reaches: ({ id, kind, 'at-least': least }, { title, one, amount }) => {
    const whose = id !== undefined ? escapeText(id, 80) : `one ${kind ?? one}`;
    return `${title}: ${whose} at ${amount(least)} or more`;
  },
  count: ({ each, 'at-least': least }, { title, many, number, amount }) =>
    `${title}: at least ${number(least)} ${many}${each === undefined ? '' : ` with ${amount(each)} or more each`}`,
  diverse: ({ sources }, { title, many, number }) =>
    `${title}: what does not stand out is as diverse as ${number(sources)} equally loud ${many} or more`,
  covers: ({ by, share: least }, { title, runbook, share }) =>
    `${title}: what does not stand out makes up at least ${share(least)} of ${runbook.signals[by]?.title ?? by}`,
  'made-of': (node, { title, share }) =>
    'only' in node
      ? `${title}: at least ${share(node.share)} of it are ${escapeText(node.only.join(' or '), 80)}`
      : `${title}: less than ${share(node.share)} of it are ${escapeText(node['not-only'].join(' or '), 80)}`,
  unlabelled: ({ label }, { title }) => `${title}: no source tells the ${label}`,
  claimed: ({ of }, { title, many }) =>
    of === 'crowd'
      ? `${title}: most of the ${many} of a crowd are named by the clients themselves`
      : `${title}: some of the ${many} are named by the client itself`,
  plateau: (_, { title, many }) => `${title}: some of the ${many} are at the end of their counters`,
  shared: ({ by, 'at-least': least, all }, { title, many, runbook, number }) =>
    `${title}: ${all ? `all ${many} have` : `one of the ${many} has`} ${number(least)} or more by ${runbook.signals[by]?.title ?? by}`,
  ended: ({ after }, { title, time }) => `${title}: the last one was ${time(after)} ago or longer`,
  recurred: ({ of, within, times, apart }, { number, time }) =>
    `earlier looks or remedies in the journal tell of ${of.join(' or ')} at ${number(times)} or more other times in the last ${time(within)}, at least ${time(apart)} apart`,
  silent: ({ signal }, { runbook }) => `${runbook.signals[signal]?.title ?? signal}: no source tells it`,
  undated: (_, { title, many }) => `${title}: the counter of one of the ${many} has no end`,
  outgrown: ({ by, times }, { title, runbook, number }) =>
    `${title}: what stands out has counted more than ${number(times)} times what ${runbook.signals[by]?.title ?? by} saw in that time`,
  usual: ({ is, times, than, beside }, { title, number, runbook }) => {
    const then =
      than === undefined
        ? 'it was at the same hour yesterday and a week ago'
        : `${runbook.signals[than]?.title ?? than} tells`;
    const without = beside === undefined ? '' : ', without what stands out';
    return `${title}${without}: ${is === 'above' ? 'more than' : 'at most'} ${number(times)} times what ${then}`;
  },
};
