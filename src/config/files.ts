import { open } from 'node:fs/promises';

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
