import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseLine } from './events.ts';
import { syncFolder } from './folder.ts';
import { type Link, ORIGIN } from './head.ts';
import { hashOf, linesOf, readTail, type Tail } from './lines.ts';
import { ignore } from './trouble.ts';

/**
 * Adds one line of JSON to the file (mode 0600 when it is new), on disk before it returns. Only under the journal's
 * lock. What a killed writer left of its line is removed first; when this write fails halfway, what it left.
 * @param head what was written last, or before last; null when that is not known
 * @param make what to write after what was written last
 * @throws Error of the operating system
 */
export async function addLine<T>(
  file: string,
  head: Link | null,
  make: (last: Link) => T,
): Promise<{ written: T; link: Link }> {
  const handle = await open(file, 'a+', 0o600);
  try {
    const { size } = await handle.stat();
    const { tail, lacksBreak } = settle(await readTail(handle, size), head);
    const last = await lastWritten(handle, tail.line, head);
    const written = make(last);
    const line = Buffer.from(JSON.stringify(written));
    if (tail.end < size) await handle.truncate(tail.end);
    try {
      await writeAll(handle, Buffer.concat([Buffer.from(lacksBreak ? '\n' : ''), line, Buffer.from('\n')]));
      await handle.datasync();
    } catch (error) {
      await handle.truncate(tail.end).catch(ignore);
      throw error;
    }
    if (size === 0) await syncFolder(dirname(file));
    return { written, link: { seq: last.seq + 1, hash: hashOf(line) } };
  } finally {
    await handle.close();
  }
}

/** A last line that is whole, as the head tells, lost nothing but its line break: an editor did that, not a crash. */
function settle(tail: Tail, head: Link | null): { tail: Tail; lacksBreak: boolean } {
  if (hashOf(tail.torn) !== head?.hash) return { tail, lacksBreak: false };
  const { torn, end } = tail;
  return { tail: { line: torn, end: end + torn.length, torn: Buffer.alloc(0) }, lacksBreak: true };
}

/**
 * What the next line follows. In a sound journal the last line and the head agree, or the head is older. Where the
 * end of the file was changed or removed, the head is believed: were the line that is found there believed, the
 * next one would make the change look sound.
 */
async function lastWritten(handle: FileHandle, line: Buffer | null, head: Link | null): Promise<Link> {
  if (line === null) return head ?? ORIGIN;
  const hash = hashOf(line);
  if (hash === head?.hash) return head;
  const { seq } = parseLine(line.toString());
  if (seq !== null) return head !== null && head.seq >= seq ? head : { seq, hash };
  let lines = 0;
  for await (const { isComplete } of linesOf(handle)) lines += isComplete ? 1 : 0;
  return { seq: Math.max(lines, head?.seq ?? 0), hash };
}

/** The system may write less than it is given, when the disk is nearly full for one. */
async function writeAll(handle: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at)).bytesWritten;
}
