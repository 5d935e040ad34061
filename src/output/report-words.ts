import type { AlertPeriod } from '../evidence/history.ts';
import type { Entry, Note } from '../journal/types.ts';
import type { Look, Mean, Report, ReportChart, Response, Subject } from '../report/model.ts';
import type { Clock } from '../signals/asked.ts';
import { formatDuration } from '../values/duration.ts';
import { escapeText } from './escape.ts';
import { someOf } from './lines.ts';
import { formatAmount } from './numbers.ts';
import { showMoment } from './times.ts';
import { showId, type TriageDocument } from './triage-document.ts';

/** `2026-05-29 03:12:04 UTC`. */
export const momentText = (ms: number, clock: Clock): string => showMoment(clock.iso(ms), clock);

/** The one day that a report is about, `2026-05-29`; null: it is about several. */
export function dayOf({ period: { fromMs, toMs } }: Report, clock: Clock): string | null {
  const [first, last] = [clock.iso(fromMs).slice(0, 10), clock.iso(toMs).slice(0, 10)];
  return first === last ? first : null;
}

/** `03:12:04` where the report is about one day, else `2026-05-29 03:12:04`: for a column whose head says UTC. */
export const plainMoment = (ms: number, report: Report, clock: Clock): string =>
  momentText(ms, clock)
    .replace(/ UTC$/, '')
    .slice(dayOf(report, clock) === null ? 0 : 11);

/** A name with its kind, unless it is an address, which shows what it is. */
const subjectText = ({ kind, id }: Subject): string =>
  kind === 'ip' ? escapeText(id, 64) : `${kind} ${escapeText(id, 64)}`;

/** `203.0.113.42, agent agent-7 and 3 more`. */
const subjectsText = (subjects: readonly Subject[]): string => someOf(subjects.map(subjectText));

/** Who was part of it, the first few: `tenant acme, agent agent-7 and 3 more`; null: nobody that is known. */
export function affectedText({ affected, affectedMore }: Report): string | null {
  if (affected.length === 0) return null;
  const unseen = Object.values(affectedMore).reduce((sum, count) => sum + count, 0);
  const names = affected.map(({ kind, id }) => (kind === 'ip' ? showId(id) : `${kind} ${showId(id)}`));
  const more = affected.length + unseen - MOST_NAMED;
  return `${names.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

const MOST_NAMED = 4;

/** `block-ip 203.0.113.42`, `note, step tell-crm`. */
export function responseTitle({ entry, subjects }: Pick<Response, 'entry' | 'subjects'>): string {
  const step = entry.note?.step ?? null;
  const what = `${escapeText(entry.remedy)}${step === null ? '' : `, step ${escapeText(step)}`}`;
  return [what, ...(subjects.length === 0 ? [] : [subjectsText(subjects)])].join(' ');
}

const DEEDS: ReadonlyMap<string, string> = new Map([
  ['block-ip', 'blocked'],
  ['unblock-ip', 'unblocked'],
  ['raise-cap', 'raised the cap of'],
  ['kill-switch', 'used the kill switch of'],
]);

/** What somebody did, as a clause: `alice blocked 203.0.113.42`, `alice by hand (tell-crm)`. */
export function deedText({ entry, subjects }: Response): string {
  const who = escapeText(entry.operator, 60);
  if (entry.note !== undefined) return noteClause(who, entry.note);
  const deed = DEEDS.get(entry.remedy);
  const about = subjectsText(subjects);
  if (entry.status !== 'applied') return `${who} tried ${responseTitle({ entry, subjects })}`;
  return deed === undefined || about === ''
    ? `${who} ran ${escapeText(entry.remedy)}`
    : `${who} ${deed} ${about}`;
}

/** A note without a step or a category is what somebody saw. */
function noteClause(who: string, { category, step }: Note): string {
  if (step !== null) return `${who} by hand (${escapeText(step)})`;
  return category === null ? `${who} noted` : `${who} by hand (for ${escapeText(category)})`;
}

const VERIFIED = {
  enforced: 'seen to take effect',
  stored: 'stored, its effect was not seen by the command itself',
  'not-enforced': 'seen to have no effect',
  unknown: 'whether it took effect is not known',
} as const;

/** What became of it: `applied, seen to take effect`. @param isMeasured the rates before and after it are told beside */
export function outcomeText({ status, resolved, verified }: Entry, isMeasured = false): string {
  const what = resolved ? status : 'its outcome was never written';
  if (verified === null) return what;
  return `${what}, ${verified === 'stored' && isMeasured ? 'stored' : VERIFIED[verified]}`;
}

/** Labels that are there for whoever routes an alert; they say nothing of what it is about. */
const ROUTING =
  /^(?:ratelimit_.*|alert(?:name|state|group)|severity|priority|team|job|prometheus(?:_.*)?|(?:prometheus_)?replica|monitor)$/;

/** `alert RateLimitSpike (tenant=acme)`: with the labels that tell what it is about. */
export function alertText({ name, labels }: AlertPeriod): string {
  const pairs = Object.entries(labels)
    .filter(([label]) => !ROUTING.test(label))
    .map(([label, value]) => `${escapeText(label, 40)}=${escapeText(value, 40)}`);
  const shown = pairs.length > 4 ? [...pairs.slice(0, 4), `and ${pairs.length - 4} more labels`] : pairs;
  return `alert ${escapeText(name, 80)}${shown.length === 0 ? '' : ` (${shown.join(', ')})`}`;
}

/** `12.3 rejects/s`, as many digits as it deserves. */
export const amountOf = (value: number, { unit }: Pick<ReportChart, 'unit'>): string =>
  formatAmount(value, unit);

/** How long a mean was taken of. */
export const spanText = ({ fromMs, toMs, points }: Mean, { from }: Pick<ReportChart, 'from'>): string =>
  points === 1
    ? from === 'looks'
      ? 'one look'
      : 'one point'
    : `mean of ${formatDuration(((toMs - fromMs) / 1_000) * (points / (points - 1)))}`;

/** A look as triage would have shown it, for the sentences that triage has of it. */
export const documentOf = (
  { evidence, verdict, file }: Look,
  { runbook, context }: Report,
): TriageDocument => ({
  ...{ evidence, verdict, runbook, context, alert: null, top: 0, totalMs: 0 },
  ...{ remedies: new Map(), replayed: file !== null },
});
