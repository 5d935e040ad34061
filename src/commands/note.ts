import type { Context } from '../context.ts';
import { EXIT, type ExitCode, UsageError } from '../errors.ts';
import { entriesOf } from '../journal/entries.ts';
import { NOTE } from '../journal/types.ts';
import { noteText } from '../output/journal-text.ts';
import type { GlobalFlags } from '../program.ts';
import { record } from '../remedies/record.ts';
import { Writer } from '../remedies/writer.ts';
import type { Clock } from '../signals/asked.ts';
import { systemsOfNote } from './here.ts';
import { type Given, momentOf } from './moment.ts';
import { responseNamed } from './note-response.ts';
import { withParts } from './parts.ts';
import { screenOf, streamsFor } from './streams.ts';
import { checkWords } from './words.ts';

export interface NoteFlags extends GlobalFlags {
  readonly step?: string;
  readonly category?: string;
  readonly at?: Given;
  readonly operator?: string;
}

/**
 * `ratelimit journal note`: records what somebody did by hand, or noticed. It changes no system, so nobody is asked; no
 * system is reached but the one that holds the team's journal, where there is one.
 * @throws UsageError for words that must not be stored, and for what the runbook does not have
 * @throws JournalError (exit 6) when the journal cannot be written
 */
export async function journalNote(
  words: readonly string[],
  flags: NoteFlags,
  context: Context,
): Promise<ExitCode> {
  const { clock } = context;
  const reason = words.join(' ').trim();
  checkWords('the note', reason, 'a text is needed');
  checkWords('--operator', flags.operator, 'a name is needed');
  const happenedAt = pastOf(flags.at, clock);
  const streams = streamsFor(flags, context);
  return withParts(flags, context, async ({ config, runbook, keyspace, api }) => {
    const named = responseNamed(flags, runbook);
    const [{ ulid }, journal] = await Promise.all([import('ulid'), context.journal()]);
    context.interrupt.throwIfAborted();
    const { written, warning } = await record(
      {
        ...{ event: 'intent', id: ulid(clock.now()), remedy: NOTE, reason },
        ...{ operator: flags.operator ?? context.user(), context: config.context, runbook: runbook.name },
        ...{ systems: systemsOfNote({ config, runbook }), systemAt: null, changes: [], undoes: null },
        note: { ...named, happenedAt },
      },
      { journal, stream: config.journalStream, writer: new Writer(keyspace, api, false) },
    );
    const { problems } = await journal.read();
    const entries = entriesOf([written]).map((entry) => ({ ...entry, now: null, team: false }));
    const warnings = [
      ...problems.map((problem) => `journal: ${problem}`),
      ...(warning === null ? [] : [warning]),
    ];
    const recorded = { entries, intact: problems.length === 0, warnings };
    streams.out(noteText(recorded, flags.output, await screenOf(streams), clock));
    // Recorded all the same: what was begun is brought to its end.
    return context.interrupt.aborted ? EXIT.interrupted : EXIT.done;
  });
}

/** When it was, ISO 8601; null: now. @throws UsageError for a time that is still to come */
function pastOf(given: Given | undefined, clock: Clock): string | null {
  const ms = momentOf(given, clock);
  if (ms === null) return null;
  if (ms > clock.now()) throw new UsageError(`--at ${clock.iso(ms)}: that is still to come`);
  return clock.iso(ms);
}
