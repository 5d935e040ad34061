import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../errors.ts';
import { doneAt } from '../journal/entries.ts';
import type { Entry } from '../journal/types.ts';
import { journalEntryText, journalText, type ShownEntry } from '../output/journal-text.ts';
import { paintFor } from '../output/paint-for.ts';
import type { GlobalFlags } from '../program.ts';
import { nowTeller } from '../remedies/now.ts';
import { findEntry, type History, readHistory } from './history.ts';
import { systemsOf, withParts } from './parts.ts';
import { streamsFor } from './streams.ts';

export interface JournalFlags extends GlobalFlags {
  /** Seconds. */
  readonly since?: number;
}

/** `ratelimit journal`: what was done, newest last. */
export async function journalCommand(flags: JournalFlags, context: Context): Promise<ExitCode> {
  return show(flags, context, ({ entries }) => {
    const { since } = flags;
    if (since === undefined) return entries;
    const from = context.clock.iso(context.clock.now() - since * 1_000);
    return entries.filter((entry) => doneAt(entry) >= from);
  });
}

/** `ratelimit journal show <id>`: all about one entry. */
export async function journalShow(id: string, flags: GlobalFlags, context: Context): Promise<ExitCode> {
  return show(flags, context, (history) => [findEntry(id, history)], true);
}

async function show(
  flags: GlobalFlags,
  context: Context,
  choose: (history: History) => readonly Entry[],
  whole = false,
): Promise<ExitCode> {
  const streams = streamsFor(flags, context);
  return withParts(flags, context, async (parts) => {
    const history = await readHistory(context, parts);
    const { config, keyspace } = parts;
    const tell = nowTeller({ keyspace, clock: context.clock, redis: systemsOf(config).redis });
    const entries: ShownEntry[] = [];
    for (const entry of choose(history)) {
      const isOpen = entry.status === 'unknown' && entry.undoneBy === null;
      const now = isOpen ? await tell(entry) : null;
      entries.push({ ...entry, now, team: history.team.has(entry.id) });
    }
    const paint = await paintFor(streams.colorOut);
    const { intact, warnings } = history;
    const render = whole ? journalEntryText : journalText;
    streams.out(render({ entries, intact, warnings }, flags.output, paint, streams.columns, context.clock));
    return EXIT.done;
  });
}
