import { readFile, rename, writeFile } from 'node:fs/promises';

/** One line of the journal, as the next one refers to it. */
export interface Link {
  readonly seq: number;
  /** SHA-256, hexadecimal, of the line without its line break. */
  readonly hash: string;
}

/** What comes before the first line. */
export const ORIGIN: Link = { seq: 0, hash: '0'.repeat(64) };

export const isSeq = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) > 0;
export const isHash = (value: unknown): value is string =>
  typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);

/**
 * What was written last, noted beside the journal: without it nobody would miss the last line. It may be older than
 * the journal, when a writer was killed between the two. null when it is missing or unreadable.
 */
export async function readHead(path: string): Promise<Link | null> {
  try {
    const { seq, hash } = JSON.parse(await readFile(path, 'utf8'));
    return isSeq(seq) && isHash(hash) ? { seq, hash } : null;
  } catch {
    return null;
  }
}

/** Notes what was written last. Only under the journal's lock: the file that is renamed has the same name for all. */
export async function writeHead(path: string, { seq, hash }: Link): Promise<void> {
  await writeFile(`${path}.tmp`, JSON.stringify({ seq, hash }), { mode: 0o600 });
  await rename(`${path}.tmp`, path);
}
