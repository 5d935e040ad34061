import { doneAt } from '../journal/entries.ts';
import type { Entry } from '../journal/types.ts';
import type { JournalView, Period } from '../report/model.ts';
import type { Done } from '../report/responses.ts';
import type { Clock } from '../signals/asked.ts';

interface Read {
  readonly entries: readonly Entry[];
  readonly missing: boolean;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  readonly team: boolean;
}

/** Entries of a time that are about the system in question, and what the journal is worth. */
export function journalOf(
  { entries, missing, problems, warnings, team }: Read,
  { fromMs, toMs }: Period,
  isHere: (entry: Entry) => boolean,
  clock: Clock,
): { readonly done: readonly Done[]; readonly journal: JournalView } {
  const inTime = entries
    .map((entry): Done => ({ entry, atMs: clock.ms(doneAt(entry)) }))
    .filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
  const done = inTime.filter(({ entry }) => isHere(entry));
  const isUnreadable = entries.length === 0 && problems.length > 0;
  return {
    done,
    journal: {
      state: isUnreadable ? 'unreadable' : missing ? 'missing' : 'read',
      intact: problems.length === 0,
      ...{ problems, warnings, elsewhere: inTime.length - done.length, team },
    },
  };
}
