import type { Alert } from '../evidence/alert.ts';
import type { Evidence, Id, Row, Signal } from '../evidence/types.ts';
import type { Proposal } from '../remedies/propose.ts';
import type { CategorySpec, Runbook } from '../runbooks/schema.ts';
import { formatDuration } from '../values/duration.ts';
import { groupedBy } from '../values/grouped.ts';
import { type Link, linkTo } from '../values/pages.ts';
import type { Because, Finding, Subject, Verdict } from '../verdict/types.ts';
import { escapeText } from './escape.ts';
import { listed } from './lines.ts';
import { formatAmount, formatNumber, formatShare } from './numbers.ts';
import { eitherOf, namesOf, othersOf } from './question-sentences.ts';
import { explain } from './sentences.ts';
import { describeEstimate, describeEviction, roundEstimate } from './signal-text.ts';
import { showReset } from './times.ts';
import { unread } from './triage-unseen.ts';

/** All that a triage run has to say; each format renders this and decides nothing. */
export interface TriageDocument {
  readonly evidence: Evidence;
  readonly runbook: Runbook;
  readonly verdict: Verdict;
  readonly context: string | null;
  /** What the triage is about; null: no alert was named. */
  readonly alert: Alert | null;
  /** Rows shown per signal. */
  readonly top: number;
  /** By category, in the order of the findings. */
  readonly remedies: ReadonlyMap<string, readonly Proposal[]>;
  readonly totalMs: number;
  /** True when the evidence was recorded earlier: nothing is to be done about it now. */
  readonly replayed: boolean;
}

export const categoryOf = (document: TriageDocument, id: string): CategorySpec | undefined =>
  document.runbook.categories.find((category) => category.id === id);

/** True when at least one configured signal, or one of its sources, could not be read. */
export const isDegraded = (evidence: Evidence): boolean =>
  Object.values(evidence.signals).some(
    ({ status, sources }) => status === 'unknown' || sources.some((source) => source.status === 'unknown'),
  );

/** An id for people: escaped, or its bytes when it is not UTF-8. */
export const showId = (id: Id, max = 64): string =>
  typeof id === 'string' ? escapeText(id, max) : `0x${id.hex.slice(0, max)}`;

/** `P2 tenant-over-rps-cap (confidence high)`. */
export const findingName = ({ severity, category, confidence }: Finding): string =>
  `${severity} ${category} (confidence ${confidence})`;

/**
 * The verdict by its name: the worst finding's, or `quiet (confidence high)`. Where an open question leaves several,
 * none of them stands there alone.
 */
export function verdictName(verdict: Verdict): string {
  const { findings, category, confidence } = verdict;
  const [worst] = findings;
  return worst
    ? findingName({ ...worst, category: eitherOf(verdict) })
    : `${category} (confidence ${confidence})`;
}

export const toneOf = ({ findings, category }: Verdict): 'bad' | 'good' | 'warn' =>
  findings.length > 0 ? 'bad' : category === 'quiet' ? 'good' : 'warn';

/** The verdict in one sentence, escaped. Alone it must be worth the page. */
export function summarise(document: TriageDocument): string {
  const { verdict } = document;
  const [worst, ...others] = verdict.findings;
  if (worst) {
    const either = namesOf(verdict);
    const rest = othersOf(
      verdict,
      either,
      others.map(({ category }) => category),
    );
    const also = rest.length > 0 ? `; also ${rest.join(', ')}` : '';
    const open = either.length > 1 ? `; the signals cannot tell it from ${either.slice(1).join(' or ')}` : '';
    return `${headlineOf(worst, document)}${open}${also}`;
  }
  if (verdict.category === 'quiet') return `nothing abnormal: ${totals(document).join(', ')}`;
  const reasons = [
    ...verdict.unexplained.map((because) => `${explain(because, document.runbook)} and no category fits`),
    ...blindness(verdict.blind, document),
  ];
  if (reasons.length === 0) {
    reasons.push(...unread(document));
  }
  return reasons.join('; ');
}

/** A finding's headline: the first whose conditions all hold, filled with this finding's numbers. */
export function headlineOf(finding: Finding, document: TriageDocument): string {
  const category = categoryOf(document, finding.category);
  const met = finding.because.filter((because) => because.met === true);
  const held = new Map(met.map((because): [string, Because] => [because.code, because]));
  const doubted = new Set(finding.caveats.map(({ code }) => code));
  const chosen = category?.headline.find((option) =>
    option.if.every((wanted) => doubted.has(wanted) || met.some((because) => isMeant(wanted, because))),
  );
  const signal = document.evidence.signals[category?.about ?? ''];
  if (!category || !chosen || !signal) return finding.category;
  const own = finding.subjects.filter((subject) => subject.signal === category.about);
  const subjects = own.length > 0 ? own : finding.subjects;
  const value = own.reduce((sum, subject) => sum + subject.value, 0);
  const total = signal.total ?? 0;
  const { resets } = document.evidence;
  const money = signal.unit === 'USD';
  const amount = (n: number) => (money ? formatAmount(n, signal.unit) : formatNumber(n));
  const all = (n: number, show = amount) =>
    signal.sample === null ? show(n) : `about ${show(roundEstimate(n))}`;
  // What conditions measured is of the part that was seen.
  const least = (text: string) => (signal.sample === null ? text : `at least ${text}`);
  const places: Readonly<Record<string, string>> = {
    subjects: nameSubjects(subjects),
    value: amount(value),
    share: formatShare(total > 0 ? value / total : 0),
    total: all(total),
    distinct: all(signal.distinct ?? 0, formatNumber),
    window: formatDuration(signal.windowSeconds ?? document.evidence.windowSeconds),
    crowd: least(formatNumber(held.get('spread-many')?.measured ?? 0)),
    'rest-total': least(amount(held.get('rest-volume')?.measured ?? 0)),
    'rest-distinct': least(formatNumber(Number(held.get('rest-sources')?.args.count ?? 0))),
    count: least(formatNumber(held.get('count')?.measured ?? 0)),
    'day-end': showReset(resets.day),
    'month-end': showReset(resets.month),
  };
  return chosen.say.replaceAll(/\{([a-z-]+)\}/g, (_, place: string) => places[place] ?? '');
}

/** `mix-only`, or `mix-only=daily` for the one that was about that value or signal. */
function isMeant(wanted: string, { code, signal, args }: Because): boolean {
  const [name, value] = wanted.split('=');
  return name === code && (value === undefined || value === args.value || value === signal);
}

function nameSubjects(subjects: readonly Subject[]): string {
  const name = ({ kind, id }: Subject) =>
    kind === 'ip' ? escapeText(id, 48) : `${kind} ${escapeText(id, 40)}`;
  return listed(subjects.map(name));
}

function totals({ runbook, evidence }: TriageDocument): string[] {
  return runbook['quiet-needs'].map((group) => {
    const id = group.find((name) => evidence.signals[name]?.total != null) ?? group[0] ?? '';
    const signal = evidence.signals[id];
    return `${formatNumber(signal?.total ?? 0)} ${signal?.unit ?? ''}`;
  });
}

/** What `quiet` needs and nobody tells, a clause for each reason. */
function blindness(groups: Verdict['blind'], { runbook, evidence }: TriageDocument): string[] {
  const titlesOf = (group: readonly string[]) =>
    group.map((id) => runbook.signals[id]?.title ?? id).join(' or ');
  const reasonOf = ([first = '']: readonly string[]) =>
    escapeText(evidence.signals[first]?.reason ?? 'not seen', 160);
  return [...groupedBy(groups, reasonOf)].map(
    ([reason, alike]) => `no live source for ${alike.map(titlesOf).join(', nor for ')}: ${reason}`,
  );
}

/** What a signal measured, in one line: `6,812 failures from 41 IPs in 5m`. */
export function describeSignal(id: string, signal: Signal, runbook: Runbook): string {
  const spec = runbook.signals[id];
  const { one = 'entity', many = 'entities' } = spec?.entity ?? {};
  if (signal.sample !== null && signal.status === 'measured')
    return describeEstimate(signal, signal.sample, many);
  const distinct = signal.distinct ?? 0;
  const entities = `${formatNumber(distinct)} ${distinct === 1 ? one : many}`;
  const kind = spec?.sources[0]?.kind;
  if (kind === 'prometheus-age' || (kind === 'prometheus-query' && signal.unit === 's')) {
    return `${entities}, the newest started ${formatDuration(signal.rows[0]?.value ?? 0)} ago`;
  }
  if (kind === 'prometheus-excess' && signal.total !== null) {
    const about = formatAmount(roundEstimate(signal.total), signal.unit);
    return `about ${about} in ${formatDuration(signal.windowSeconds ?? 0)}`;
  }
  if (kind === 'redis-eviction') return describeEviction(signal);
  if (kind === 'redis-entry') return entities;
  if (spec?.sources.some((source) => 'first' in source && source.first === 'smallest')) {
    const down = signal.rows.filter((row) => row.value === 0);
    return down.length === 0
      ? `${entities}, all up`
      : `${entities}, down: ${down
          .slice(0, 5)
          .map((row) => showId(row.id))
          .join(' ')}${down.length > 5 ? ` and ${down.length - 5} more` : ''}`;
  }
  const parts = signal.total === null ? [] : [formatAmount(signal.total, signal.unit)];
  if (signal.distinct !== null && spec?.entity) parts.push(entities);
  const window = signal.windowSeconds === null ? '' : ` in ${formatDuration(signal.windowSeconds)}`;
  return `${parts.join(' from ')}${window}${spec?.show === 'line' ? usualOf(signal) : ''}`;
}

/** What a total is at this hour yesterday or a week ago, whichever was more; a table has a column for it. */
function usualOf({ baseline, unit }: Signal): string {
  const known = [baseline?.day ?? null, baseline?.week ?? null].filter((value) => value !== null);
  return known.length === 0 ? '' : `, usual ${formatAmount(Math.max(...known), unit)}`;
}

/** What to do once it is over; nothing after a quiet run. */
export const afterwards = ({ verdict, runbook }: TriageDocument): readonly string[] =>
  verdict.findings.length > 0 ? runbook.afterwards : [];

/** The checks of a finding that are no reason to doubt it, a sentence each. */
export const checksOf = ({ checks }: Finding, runbook: Runbook): string[] => [
  ...new Set(
    checks.map(({ code, state, because }) => {
      const details = because.map((one) => explain(one, runbook)).join('; ');
      return `${state === 'clear' ? `not ${code}` : `${code} cannot be checked`}: ${details}`;
    }),
  ),
];

/** The same by their codes alone. */
export function checksInShort({ checks, caveats }: Finding): string[] {
  // Of two checks with one code one may have found something: then there is a sign of it.
  const found = new Set(caveats.map(({ code }) => code));
  const codes = (state: Finding['checks'][number]['state']) => [
    ...new Set(
      checks.filter((check) => check.state === state && !found.has(check.code)).map(({ code }) => code),
    ),
  ];
  const [clear, untold, unset] = [codes('clear'), codes('not-told'), codes('not-configured')];
  return [
    ...(clear.length > 0 ? [`no sign of ${clear.join(', ')}`] : []),
    ...(untold.length > 0 ? [`${untold.join(', ')}: no source tells`] : []),
    ...(unset.length > 0 ? [`${unset.join(', ')}: no query is configured to check it`] : []),
  ];
}

/** Of a category that is no finding, the conditions that kept it from being one. */
export const failing = (because: readonly Because[]): readonly Because[] =>
  because.some((one) => one.met !== true) ? because.filter((one) => one.met !== true) : because;

/** Largest parts of a row's mix: `/execute 98 %, /agents 2 %`. */
export function describeMix(row: Row, label: string, limit = 3): string {
  const mix = row.labels[label];
  if (!mix) return '';
  const whole = Object.values(mix).reduce((sum, value) => sum + value, 0);
  const parts = Object.entries(mix).sort((a, b) => b[1] - a[1]);
  const shown = parts
    .slice(0, limit)
    .map(([name, value]) => `${escapeText(name, 24)} ${formatShare(value / whole)}`);
  return parts.length > limit ? `${shown.join(', ')}, ...` : shown.join(', ');
}

/** Where a response points to, as a sentence of its own; nothing when it points nowhere. */
export const linkOf = ({ link }: Proposal): string =>
  link === null ? '' : link.urls.length > 0 ? ` See ${pagesText(link)}` : ` See ${link.title} (${link.see}).`;

/** `The user's page: https://...`, or how it is found without a URL. */
const pagesText = ({ title, see, urls }: Link): string =>
  `${title}: ${urls.length > 0 ? urls.join(' ') : see}`;

/** The runbook's links, once something was found, with the pages of all subjects. */
export const linksOf = (document: TriageDocument): string[] => allLinks(document).map(pagesText);

/** The same as data. */
export function allLinks({ verdict, runbook }: TriageDocument): Link[] {
  const subjects = verdict.findings.flatMap((finding) => finding.subjects);
  return verdict.findings.length > 0
    ? Object.values(runbook.links).map((link) => linkTo(link, subjects))
    : [];
}
