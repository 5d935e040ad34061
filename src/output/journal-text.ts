import type { Clock } from '../signals/asked.ts';
import { showTarget } from './change-text.ts';
import { codeSpan, escapeMarkdown, escapeText, literalMarkdown } from './escape.ts';
import { othersOf, type ShownEntry, type ShownJournal, stateOf } from './journal-facts.ts';
import { journalJson } from './journal-json.ts';
import { tampered, trouble } from './journal-trouble.ts';
import { linesOf, marked, paintEnd, type Screen, SENTENCE } from './lines.ts';
import { type Cell, tableOf } from './listing.ts';
import type { Format } from './lists.ts';
import { markdownList, markdownPage, markdownTable, momentOf } from './markdown.ts';
import type { Paint } from './paint.ts';
import { showTime } from './times.ts';
import { wrap } from './wrap.ts';

export { journalEntryText } from './journal-entry.ts';
export type { ShownEntry } from './journal-facts.ts';
export { noteText } from './note-text.ts';

/** What was done, an entry a row, newest last, `ratelimit/journal/v1`. Ends with a newline. */
export function journalText(
  journal: ShownJournal,
  format: Format,
  paint: Paint,
  width: number,
  clock: Clock,
): string {
  if (format === 'json') return journalJson(journal);
  if (format === 'markdown') return journalMarkdown(journal, clock);
  const screen = { paint, width };
  const { entries } = journal;
  const rows = entries.map((entry) => {
    const { text, tone } = stateOf(entry, clock);
    return [
      { text: escapeText(entry.id) },
      { text: showTime(doneAt(entry), clock) },
      { text: whatOf(entry) },
      { text, tone },
      { text: byOf(entry) },
    ];
  });
  const table = tableOf({ head: ['id', 'when', 'what', 'status', 'by'], rows }, screen);
  const list = table === null ? rows.flatMap((row) => twoLines(row, screen)) : [table];
  return linesOf([
    ...(entries.length === 0 ? ['no entries'] : list),
    ...entries.flatMap(({ id, now }) =>
      now === null ? [] : [marked('!', `${escapeText(id)}: ${escapeText(now, SENTENCE)}`, screen, 'bad')],
    ),
    ...trouble(journal, screen),
  ]);
}

/** When what an entry tells was done; of a note that need not be when it was written. */
const doneAt = ({ note, at }: ShownEntry): string => note?.happenedAt ?? at;

/** Characters of a note in a list; `journal show` has all of it. */
const NOTE_CHARS = 60;

/** `block-ip acp:ip_block:203.0.113.42 and 3 more`, `note: told the CRM team`. */
function whatOf(entry: ShownEntry): string {
  if (entry.note !== undefined) return `${escapeText(entry.remedy)}: ${escapeText(entry.reason, NOTE_CHARS)}`;
  const [first] = entry.changes;
  const target = first === undefined ? '' : ` ${showTarget(first)}`;
  return `${escapeText(entry.remedy)}${target}${othersOf(entry)}`;
}

const byOf = ({ operator, team }: ShownEntry): string =>
  `${escapeText(operator, 60)}${team ? ' (team)' : ''}`;

/** An entry where the screen is too narrow for a table. */
function twoLines([id, when, what, status, by]: readonly Cell[], { paint, width }: Screen): string[] {
  const state = status?.text ?? '';
  const first = wrap(`${id?.text}  ${when?.text}  ${state}`, width, '  ').replace(/ +$/gm, '');
  const painted = status?.tone === undefined ? first : paintEnd(first, state, paint[status.tone]);
  return [painted, wrap(`  ${what?.text}, by ${by?.text}`, width, '    ')];
}

function whatCell(entry: ShownEntry): string {
  if (entry.note !== undefined)
    return `${escapeMarkdown(entry.remedy)}: ${escapeMarkdown(entry.reason, SENTENCE)}`;
  const [first] = entry.changes;
  const target = first === undefined ? '' : ` ${codeSpan(first.target, 400)}`;
  return `${escapeMarkdown(entry.remedy)}${target}${othersOf(entry)}`;
}

function journalMarkdown(journal: ShownJournal, clock: Clock): string {
  const { entries, warnings } = journal;
  const rows = entries.map((entry) => [
    codeSpan(entry.id),
    momentOf(doneAt(entry), clock),
    whatCell(entry),
    literalMarkdown(stateOf(entry, clock).text),
    literalMarkdown(byOf(entry)),
  ]);
  const open = entries.flatMap(({ id, now }) => (now === null ? [] : [`${id}: ${now}`]));
  return markdownPage([
    ...(entries.length === 0 ? ['no entries', ''] : []),
    ...markdownTable(['id', 'when', 'what', 'status', 'by'], rows),
    ...markdownList('Without an outcome', open),
    ...tampered(journal),
    ...markdownList('Warnings', warnings),
  ]);
}
