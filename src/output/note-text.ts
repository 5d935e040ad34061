import type { Clock } from '../signals/asked.ts';
import { escapeText } from './escape.ts';
import { journalEntryText } from './journal-entry.ts';
import { responseOf, type ShownEntry, type ShownJournal } from './journal-facts.ts';
import { trouble } from './journal-trouble.ts';
import { labelled, linesOf, type Screen, SENTENCE } from './lines.ts';
import type { Format } from './lists.ts';
import { showTime } from './times.ts';
import { wrap } from './wrap.ts';

/** A note that was just recorded, and what was wrong with doing so; `ratelimit/journal/v1`. Ends with a newline. */
export function noteText(journal: ShownJournal, format: Format, screen: Screen, clock: Clock): string {
  if (format !== 'human') return journalEntryText(journal, format, screen.paint, screen.width, clock);
  const lines = journal.entries.flatMap((entry) => noteLines(entry, screen, clock));
  return linesOf([...lines, ...trouble(journal, screen)]);
}

function noteLines(entry: ShownEntry, { paint, width }: Screen, clock: Clock): string[] {
  const { id, operator, reason, note } = entry;
  const response = responseOf(entry);
  const happenedAt = note?.happenedAt ?? null;
  const isOpen = note?.category === null && note.step !== null;
  const open = isOpen ? ', which several categories have (--category says of which)' : '';
  return [
    paint.strong(wrap(`Noted: ${escapeText(reason, SENTENCE)}`, width, '  ')),
    ...labelled(
      [
        ...(response === null ? [] : [{ name: 'response to', value: `${escapeText(response, 200)}${open}` }]),
        ...(happenedAt === null ? [] : [{ name: 'happened', value: showTime(happenedAt, clock) }]),
      ],
      width,
    ),
    paint.dim(wrap(`Recorded as ${escapeText(id)} by ${escapeText(operator, 100)}`, width, '  ')),
  ];
}
