import { open, stat } from 'node:fs/promises';
import { fileTrouble } from '../values/text.ts';

const CHUNK = 64 * 1024;

/**
 * The first `limit` bytes of a file and one more when it has more, so that the caller can tell. Whatever the path
 * names, a device without end too, no more than that is read.
 */
export async function readStart(path: string, limit: number): Promise<Uint8Array> {
  const handle = await open(path);
  try {
    const chunks: Uint8Array[] = [];
    for (let left = limit + 1; left > 0; ) {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(Math.min(left, CHUNK)));
      if (bytesRead === 0) break;
      chunks.push(buffer.subarray(0, bytesRead));
      left -= bytesRead;
    }
    return Buffer.concat(chunks);
  } finally {
    await handle.close();
  }
}

/** As `readStart`, of a file alone: a pipe may never be written to. @throws Error also for what is no file */
export async function readFileStart(path: string, limit: number): Promise<Uint8Array> {
  if (!(await stat(path)).isFile()) throw new Error('it is not a file');
  return readStart(path, limit);
}

/**
 * Why a path cannot be read to its end: nothing is there, or a pipe that may never be written to. null: it is a file.
 * For files that were found in a folder; one that was named may be a pipe.
 */
export async function notAFile(path: string): Promise<string | null> {
  try {
    return (await stat(path)).isFile() ? null : `${path} cannot be read: it is not a file`;
  } catch (error) {
    return `${path} cannot be read: ${fileTrouble(error)}`;
  }
}
