import { join } from 'node:path';
import { addLine } from './append.ts';
import { SCHEMA } from './events.ts';
import { makeFolder } from './folder.ts';
import { readHead, writeHead } from './head.ts';
import type { Self } from './holder.ts';
import { takeLock } from './lock.ts';
import { type Found, readJournal } from './read.ts';
import { cannotWrite, ignore } from './trouble.ts';
import type { JournalEvent, NewEvent } from './types.ts';

export interface Journal {
  /** The file that holds the events, one JSON line each. */
  readonly file: string;
  /**
   * Adds an event; it is on disk when this resolves. Events are added in the order of the calls.
   * @throws JournalError (exit 6) when that cannot be done; then the event is not in the journal
   */
  append(event: NewEvent): Promise<JournalEvent>;
  /** All events, and what is wrong with the file; nothing in it makes this throw. */
  read(): Promise<Found>;
}

interface JournalOptions extends Self {
  /** Absolute path of the folder that holds the journal; made by the first append. */
  readonly folder: string;
  readonly clock: {
    /** Milliseconds since the epoch. */
    now(): number;
    /** ISO 8601 in UTC of a time in milliseconds. */
    iso(milliseconds: number): string;
  };
}

/**
 * The append-only record in `<folder>/journal.jsonl`. Nothing is read or made before it is used. Any number of
 * processes may write to it at once; whenever one is killed, each append that it saw resolve stays, and the others go on.
 */
export function openJournal({ folder, clock, pid, probe }: JournalOptions): Journal {
  const file = join(folder, 'journal.jsonl');
  const headFile = join(folder, 'journal.head');

  async function add(event: NewEvent): Promise<JournalEvent> {
    await makeFolder(folder);
    const release = await takeLock(join(folder, 'journal.lock'), { pid, probe });
    try {
      const { written, link } = await addLine(file, await readHead(headFile), (before): JournalEvent => {
        const at = clock.iso(clock.now());
        const frame = { schema: SCHEMA, seq: before.seq + 1, prev: before.hash, at } as const;
        // Once for the order of the keys, and once more because an event that was read brings these keys along.
        return { ...frame, ...event, ...frame };
      });
      await writeHead(headFile, link).catch(ignore);
      return written;
    } finally {
      // The event is written: a lock that cannot be released is for others to recover, once this process is gone.
      await release().catch(ignore);
    }
  }

  let last: Promise<unknown> = Promise.resolve();
  return {
    file,
    append(event) {
      const added = last
        .then(() => add(event))
        .catch((error) => {
          throw cannotWrite(file, error);
        });
      last = added.catch(ignore);
      return added;
    },
    read: () => readJournal(file, headFile),
  };
}
