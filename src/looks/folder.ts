import { randomUUID } from 'node:crypto';
import { link, lstat, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../journal/folder.ts';
import { codeOf, ignore } from '../journal/trouble.ts';
import type { Clock } from '../signals/asked.ts';
import type { Sized } from './choose.ts';
import { fileNameOf, type LookName, readName, type Seen, systemKey } from './names.ts';

/** What the folder holds at most; the oldest go first. */
export interface Bounds {
  readonly files: number;
  readonly bytes: number;
  readonly days: number;
}

export const BOUNDS: Bounds = { files: 200, bytes: 64 * 1024 * 1024, days: 30 };

/** What is read back is not larger, so nothing that is larger is kept. */
const MOST_BYTES = 16 * 1024 * 1024;
const DAY_MS = 86_400_000;
/** Nobody writes one for so long: what is older was left by a process that was killed. */
const DRAFT_MS = 3_600_000;
const DRAFT = /^\.look-[0-9a-f-]{36}\.tmp$/;

interface Fresh {
  readonly seen: Seen;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly category: string;
  /** Made only for what is kept. */
  readonly text: () => Promise<string>;
}

/**
 * Keeps a look, mode 0600: one with a verdict other than `quiet`, or the first `quiet` after such a one of the same
 * systems. It gets its name when it is whole, and never the name of another one.
 * @throws Error of the operating system, or one that says what is wrong with the folder
 */
export async function keepLook(
  folder: string,
  { seen, at, category, text }: Fresh,
  clock: Clock,
  bounds: Bounds = BOUNDS,
): Promise<void> {
  if (category === 'quiet' && !(await isFirstQuiet(folder, seen, clock.ms(at), clock))) return;
  await makeFolder(folder);
  await refuseLink(folder);
  const bytes = Buffer.from(await text());
  if (bytes.length > MOST_BYTES) throw new Error(`it has more than ${MOST_BYTES / 1024 / 1024} MiB`);
  const draft = join(folder, `.look-${randomUUID()}.tmp`);
  try {
    const file = await open(draft, 'wx', 0o600);
    await file.writeFile(bytes).finally(() => file.close());
    await link(draft, join(folder, fileNameOf(at, category, seen))).catch(unlessThere);
  } finally {
    await rm(draft, { force: true }).catch(ignore);
  }
  await makeRoom(folder, clock, bounds);
}

/** Another process looked at the same moment and saw the same. */
function unlessThere(error: unknown): void {
  if (codeOf(error) !== 'EEXIST') throw error;
}

async function isFirstQuiet(folder: string, seen: Seen, atMs: number, clock: Clock): Promise<boolean> {
  const system = systemKey(seen);
  const last = (await namesIn(folder, clock)).findLast((one) => one.system === system && one.atMs <= atMs);
  return last !== undefined && last.category !== 'quiet';
}

/** The looks that are kept, in order of time; none where there is no folder. @throws as `keepLook` */
export async function looksIn(folder: string, clock: Clock): Promise<Sized[]> {
  const names = await namesIn(folder, clock);
  const found = await Promise.all(
    names.map(async (name): Promise<Sized[]> => {
      // It may be gone by now, as others make room; a link or a pipe is none of ours.
      const stats = await lstat(join(folder, name.file)).catch(ignore);
      return stats?.isFile() ? [{ ...name, bytes: stats.size }] : [];
    }),
  );
  return found.flat();
}

async function namesIn(folder: string, clock: Clock): Promise<LookName[]> {
  let files: string[];
  try {
    await refuseLink(folder);
    files = await readdir(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
  return files.flatMap((file) => readName(file, clock) ?? []).sort((a, b) => a.atMs - b.atMs);
}

/** Somebody else's folder, that a link leads to, is not for us to fill and to empty. */
async function refuseLink(folder: string): Promise<void> {
  const stats = await lstat(folder);
  if (stats.isSymbolicLink()) throw new Error('the folder is a link, which is not followed');
}

/** Removes what is too old, and the oldest of what is too much. What is no look of ours stays. */
async function makeRoom(folder: string, clock: Clock, { files, bytes, days }: Bounds): Promise<void> {
  const now = clock.now();
  let [count, size] = [0, 0];
  for (const look of (await looksIn(folder, clock)).reverse()) {
    count += 1;
    size += look.bytes;
    if (count <= files && size <= bytes && now - look.atMs <= days * DAY_MS) continue;
    await rm(join(folder, look.file), { force: true });
  }
  for (const file of await readdir(folder)) {
    if (!DRAFT.test(file)) continue;
    const stats = await lstat(join(folder, file)).catch(ignore);
    if (stats !== undefined && now - stats.mtimeMs > DRAFT_MS) await rm(join(folder, file), { force: true });
  }
}
