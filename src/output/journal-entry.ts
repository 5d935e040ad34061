import type { Clock } from '../signals/asked.ts';
import { changeLines } from './change-text.ts';
import { codeSpan, escapeMarkdown, escapeText, literalMarkdown } from './escape.ts';
import { effectOf, type ShownEntry, type ShownJournal, stateOf, undoOf } from './journal-facts.ts';
import { journalJson } from './journal-json.ts';
import { tampered, trouble } from './journal-trouble.ts';
import { labelled, linesOf, marked, paintEnd, type Screen, SENTENCE, showCommand } from './lines.ts';
import type { Format } from './lists.ts';
import { markdownCommand, markdownList, markdownPage, markdownTable, momentOf } from './markdown.ts';
import type { Paint } from './paint.ts';
import { changeRow } from './remedy-markdown.ts';
import { showMoment, showTime } from './times.ts';
import { wrap } from './wrap.ts';

/** All that is known of each entry, for `journal show`. Ends with a newline. */
export function journalEntryText(
  journal: ShownJournal,
  format: Format,
  paint: Paint,
  width: number,
  clock: Clock,
): string {
  if (format === 'json') return journalJson(journal);
  const { entries, warnings } = journal;
  if (format === 'markdown') {
    const pages = entries.flatMap((entry) => entryMarkdown(entry, clock));
    return markdownPage([...pages, ...tampered(journal), ...markdownList('Warnings', warnings)]);
  }
  const screen = { paint, width };
  const shown = entries.flatMap((entry) => entryLines(entry, screen, clock));
  return linesOf([...shown, ...trouble(journal, screen)]);
}

function entryLines(entry: ShownEntry, screen: Screen, clock: Clock): string[] {
  const { paint, width } = screen;
  const { text, tone } = stateOf(entry, clock);
  const head = wrap(`${escapeText(entry.id)}: ${whatOf(entry, text)}`, width, '  ');
  const facts = factsOf(entry, (iso) => showTime(iso, clock)).map(({ name, value }) => ({
    name,
    value: escapeText(value, SENTENCE),
  }));
  const undo = undoOf(entry, clock);
  const sides = { before: 'was', after: entry.resolved ? 'now' : 'meant', fresh: false };
  return [
    tone === undefined ? paint.strong(head) : paintEnd(head, text, paint[tone]),
    ...labelled([{ name: 'at', value: showTime(entry.at, clock) }, ...facts], width),
    ...entry.changes.flatMap((change) => {
      const status = [change.status, ...(change.verified === null ? [] : [change.verified])].join(', ');
      const note = change.message === null ? '' : `: ${escapeText(change.message, SENTENCE)}`;
      return changeLines(change, sides, screen, clock, [{ name: 'status', value: `${status}${note}` }]);
    }),
    ...(entry.now === null ? [] : [marked('!', escapeText(entry.now, SENTENCE), screen, 'bad')]),
    ...(undo === null ? [] : [`Undo: ${paint.name(showCommand(undo))}`]),
  ];
}

/** `block-ip, applied`; that a note is noted goes without saying. */
const whatOf = ({ remedy, note }: ShownEntry, state: string): string =>
  note === undefined ? `${escapeText(remedy)}, ${state}` : escapeText(remedy);

/**
 * What an entry says beside its changes, as it stands there; `exact`: an id or the like, to be copied.
 * @param show a time
 */
function factsOf(
  entry: ShownEntry,
  show: (iso: string) => string,
): { name: string; value: string; exact?: boolean }[] {
  const { context, note, reason, runbook, seq, systems, undoes, undoneBy } = entry;
  const prometheus = systems.prometheus ?? null;
  const source = entry.team ? "the team's stream" : "this machine's journal";
  const found = (name: string, value: string | null, exact = true) =>
    value === null ? [] : [{ name, value, exact }];
  return [
    { name: 'by', value: entry.operator },
    { name: note === undefined ? 'reason' : 'text', value: reason },
    ...found('category', note?.category ?? null),
    ...found('step', note?.step ?? null),
    ...found('happened', note?.happenedAt == null ? null : show(note.happenedAt)),
    ...found('context', context),
    { name: 'runbook', value: runbook, exact: true },
    // A runbook that reads no Redis has only a default of it.
    ...found('redis', prometheus === null ? systems.redis : null),
    ...found('api', systems.api),
    ...found('prometheus', prometheus),
    ...found('effect', effectOf(entry), false),
    ...found('undoes', undoes),
    ...found('undone by', undoneBy),
    { name: 'source', value: `${source}, number ${seq}` },
  ];
}

function entryMarkdown(entry: ShownEntry, clock: Clock): string[] {
  const rows = entry.changes.map((change) => changeRow(change, clock));
  return [
    `## ${escapeMarkdown(entry.remedy)}${entry.note === undefined ? `: ${literalMarkdown(stateOf(entry, clock).text)}` : ''}`,
    '',
    `- id: ${codeSpan(entry.id)}`,
    `- at: ${momentOf(entry.at, clock)}`,
    ...factsOf(entry, (iso) => showMoment(iso, clock)).map(
      ({ name, value, exact }) => `- ${name}: ${(exact ? codeSpan : escapeMarkdown)(value, SENTENCE)}`,
    ),
    '',
    ...markdownTable(['target', 'before', 'after', 'status'], rows),
    ...(entry.now === null ? [] : [escapeMarkdown(entry.now, SENTENCE), '']),
    ...markdownCommand('Undo', undoOf(entry, clock)),
  ];
}
