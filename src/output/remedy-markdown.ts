import type { Change, State } from '../journal/types.ts';
import type { Outcome } from '../remedies/types.ts';
import type { Clock } from '../signals/asked.ts';
import { codeSpan, escapeMarkdown } from './escape.ts';
import { SENTENCE } from './lines.ts';
import { codeOf, markdownCommand, markdownList, markdownPage, markdownTable, momentOf } from './markdown.ts';
import { showSeconds } from './times.ts';

/** Rows that an incident channel can bear; the JSON document has them all. */
const ROWS = 20;

/**
 * What became of a remedy, for the incident channel: who, what, why, until when, and how to undo it. Times are
 * absolute only, since it is read later.
 */
export function remedyMarkdown(outcome: Outcome, clock: Clock): string {
  const { status, operator, reason, at, expiresAt, message, refusals, warnings } = outcome;
  // What was refused was not even tried.
  const changes = status === 'refused' ? [] : outcome.changes;
  const until = expiresAt === null ? [] : [`- until: ${momentOf(expiresAt, clock)}`];
  return markdownPage([
    `## ${status}: ${outcome.remedy}${outcome.subject === null ? '' : ` ${codeSpan(outcome.subject, 200)}`}`,
    '',
    `- by: ${escapeMarkdown(operator, 100)}`,
    ...(reason === null ? [] : [`- reason: ${escapeMarkdown(reason, 200)}`]),
    `- at: ${momentOf(at, clock)}`,
    ...until,
    ...(outcome.id === null ? [] : [`- journal: ${codeSpan(outcome.id)}`]),
    '',
    ...(status === 'dry-run' ? ['Nothing was written.', ''] : []),
    ...markdownTable(
      [
        'target',
        status === 'conflict' ? 'seen' : 'before',
        status === 'conflict' ? 'now' : 'after',
        'status',
      ],
      changes.slice(0, ROWS).map((change) => changeRow(change, clock)),
    ),
    ...(changes.length > ROWS ? [`and ${changes.length - ROWS} more`, ''] : []),
    ...(refusals.length > 0 ? markdownList('Refused', refusals.map(whyRefused)) : said(message)),
    ...verdict(outcome),
    ...markdownList('Warnings', warnings),
    ...markdownCommand('Undo', outcome.undo),
    ...markdownCommand('Run', outcome.advice),
  ]);
}

const whyRefused = ({ message, override }: Outcome['refusals'][number]): string =>
  override === null || message.includes(override) ? message : `${message} (${override} overrides this)`;

const said = (message: string | null): string[] =>
  message === null
    ? []
    : message.split('\n').flatMap((line) => (line === '' ? [] : [escapeMarkdown(line, SENTENCE), '']));

/** A change as cells: target, before, after, what became of it. */
export function changeRow(change: Change, clock: Clock): string[] {
  const { system, before, status, message, verified } = change;
  const notes = [status, ...(verified === null ? [] : [verified]), ...(message === null ? [] : [message])];
  return [
    codeSpan(change.target, 400),
    before === null && system === 'api' ? 'not known' : stateCell(before, system, clock),
    stateCell(change.after, system, clock),
    escapeMarkdown(notes.join(', '), SENTENCE),
  ];
}

function stateCell(state: State | null, system: Change['system'], clock: Clock): string {
  if (state === null) return 'nothing';
  const value = codeOf(state.value);
  if (state.expiresAt === null) return system === 'redis' ? `${value}, no expiry` : value;
  const lasts = state.ttlSeconds === null ? '' : ` (${showSeconds(state.ttlSeconds)})`;
  return `${value}, until ${momentOf(state.expiresAt, clock)}${lasts}`;
}

function verdict({ verified, verification }: Outcome): string[] {
  if (verified === null) return [];
  const seen = verification === null ? '' : `: ${escapeMarkdown(verification, SENTENCE)}`;
  return [`**${verified}**${seen}`, ''];
}
