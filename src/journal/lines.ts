import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

const CHUNK = 64 * 1024;
const LINE_BREAK = 0x0a;

/** SHA-256, hexadecimal. */
export function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The end of a file of lines. */
export interface Tail {
  /** The last complete line, without its line break; null when there is none. */
  readonly line: Buffer | null;
  /** Where the last complete line ends, in bytes, its line break included. */
  readonly end: number;
  /** What follows: a line without its line break. */
  readonly torn: Buffer;
}

/** Reads the end of a file of `size` bytes, backwards, no further than it has to. */
export async function readTail(handle: FileHandle, size: number): Promise<Tail> {
  let text: Buffer = Buffer.alloc(0);
  let breaks: number[] = [];
  for (let start = size; start > 0 && breaks.length < 2; ) {
    const length = Math.min(start, Math.max(CHUNK, text.length));
    start -= length;
    text = Buffer.concat([await readAt(handle, start, length), text]);
    const last = text.lastIndexOf(LINE_BREAK);
    const before = last > 0 ? text.lastIndexOf(LINE_BREAK, last - 1) : -1;
    breaks = [last, before].filter((at) => at >= 0);
  }
  const [last, before = -1] = breaks;
  if (last === undefined) return { line: null, end: 0, torn: text };
  const torn = text.subarray(last + 1);
  return { line: text.subarray(before + 1, last), end: size - torn.length, torn };
}

/** Fewer bytes when the file has been cut meanwhile. */
async function readAt(handle: FileHandle, start: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

/** One line of a file, without its line break. */
export interface RawLine {
  readonly bytes: Buffer;
  /** False for what follows the last line break. */
  readonly isComplete: boolean;
}

/** The lines of a file as long as it is now, one after the other; what is added meanwhile is left out. */
export async function* linesOf(handle: FileHandle): AsyncGenerator<RawLine> {
  const { size } = await handle.stat();
  let pieces: Buffer[] = [];
  for (let at = 0; at < size; ) {
    const chunk = await readAt(handle, at, Math.min(CHUNK, size - at));
    if (chunk.length === 0) break;
    at += chunk.length;
    let start = 0;
    for (let end = chunk.indexOf(LINE_BREAK); end >= 0; end = chunk.indexOf(LINE_BREAK, start)) {
      yield { bytes: Buffer.concat([...pieces, chunk.subarray(start, end)]), isComplete: true };
      pieces = [];
      start = end + 1;
    }
    if (start < chunk.length) pieces.push(chunk.subarray(start));
  }
  if (pieces.length > 0) yield { bytes: Buffer.concat(pieces), isComplete: false };
}
