import { open } from 'node:fs/promises';
import { fileTrouble, quotePath } from '../values/text.ts';
import { type ChainLine, chainProblems } from './chain.ts';
import { parseLine } from './events.ts';
import { type Link, readHead } from './head.ts';
import { hashOf, linesOf } from './lines.ts';
import { codeOf } from './trouble.ts';
import type { JournalEvent } from './types.ts';

/** The journal as it was found. */
export interface Found {
  /** Every event that can be read, in the order of the lines, also where the chain is broken. */
  readonly events: readonly JournalEvent[];
  /** What is wrong, as sentences that name the line; empty for a sound journal. */
  readonly problems: readonly string[];
  /** True when there is no such file: nothing was ever recorded here. */
  readonly missing: boolean;
}

/** Reads and checks the journal; never throws for what it finds. A line that is not yet complete is left out. */
export async function readJournal(file: string, headFile: string): Promise<Found> {
  const found = await readOnce(file, headFile);
  // Read without the lock, a line that somebody just repairs may look broken: what is really wrong stays so.
  return found.problems.length === 0 ? found : readOnce(file, headFile);
}

async function readOnce(file: string, headFile: string): Promise<Found> {
  // The head first: read after the lines, it could tell of one that was added in between.
  const head = await readHead(headFile);
  const events: JournalEvent[] = [];
  const lines: ChainLine[] = [];
  let missing = false;
  try {
    for await (const bytes of writtenLines(file, head)) {
      if (bytes === null) {
        missing = true;
        continue;
      }
      const { event, ...place } = parseLine(bytes.toString());
      if (typeof event !== 'string') events.push(event);
      lines.push({ ...place, hash: hashOf(bytes), problem: typeof event === 'string' ? event : null });
    }
  } catch (error) {
    if (codeOf(error) === null) throw error;
    const problem = `cannot read the journal ${quotePath(file)} after line ${lines.length}: ${fileTrouble(error)}`;
    return { events, problems: [...chainProblems(lines, null), problem], missing };
  }
  return { events, problems: chainProblems(lines, head), missing };
}

/** The lines of the journal; null in place of any when there is no such file. */
async function* writtenLines(file: string, head: Link | null): AsyncGenerator<Buffer | null> {
  const handle = await open(file).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  });
  if (handle === null) {
    yield null;
    return;
  }
  try {
    for await (const { bytes, isComplete } of linesOf(handle)) {
      // What has no line break was never finished, unless the head knows better.
      if (isComplete || hashOf(bytes) === head?.hash) yield bytes;
    }
  } finally {
    await handle.close();
  }
}
