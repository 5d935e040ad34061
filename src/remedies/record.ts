import type { JournalEvent, NewEvent } from '../journal/types.ts';
import { SourceError } from '../signals/source-error.ts';
import type { Door } from './door.ts';

/**
 * Adds an event to this machine's journal, and to the stream that the team reads, where there is one.
 * @returns the event as it stands there, and why the stream does not have it; null: it does, or there is none
 * @throws JournalError when this machine's journal cannot be written: then neither has it
 */
export async function record(
  event: NewEvent,
  { journal, stream, writer }: Pick<Door, 'journal' | 'stream' | 'writer'>,
): Promise<{ readonly written: JournalEvent; readonly warning: string | null }> {
  const written = await journal.append(event);
  if (stream === null) return { written, warning: null };
  try {
    await writer.publish(stream, [JSON.stringify(written)]);
    return { written, warning: null };
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    return { written, warning: `the team's journal ${stream} was not written: ${error.message}` };
  }
}
