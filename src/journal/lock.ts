import { createHash, randomUUID } from 'node:crypto';
import { link, lstat, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { quote, quotePath } from '../values/text.ts';
import { type Holder, identify, isAlive, isGone, parseHolder, type Self } from './holder.ts';
import { codeOf, ignore, JournalError } from './trouble.ts';

const PATIENCE_MS = 5_000;
const MAX_DELAY_MS = 20;

/**
 * Takes the lock that is the file `path`, in an existing folder; answers how to release it.
 * The file appears with its content, by a link: nobody ever sees a lock that does not say whose it is.
 * The lock of a process that is gone is taken over.
 * @throws JournalError that names the holder when the lock is not to be had for 5 seconds;
 * Error of the operating system when the folder cannot be written
 */
export async function takeLock(
  path: string,
  self: Self,
  patience = AbortSignal.timeout(PATIENCE_MS),
): Promise<() => Promise<void>> {
  const me: Holder = { token: randomUUID(), ...(await identify(self)) };
  const draft = `${path}.${me.pid}.${machineOf(me)}.${me.token.slice(0, 8)}.tmp`;
  const writeDraft = () => writeFile(draft, JSON.stringify(me), { mode: 0o600 });
  // The clock of the file system, which may be another machine's, tells the age: the draft is written once more for it.
  const ageMs = async ({ writtenMs }: Found) => {
    await writeDraft();
    return (await lstat(draft)).mtimeMs - writtenMs;
  };
  const isStale = (found: Found) => isGone(found.holder, () => ageMs(found), me, self.probe);
  try {
    await writeDraft();
    while (!(await isLinked(draft, path))) {
      const found = await look(path);
      // A link over the network may succeed while its answer is lost.
      if (found?.holder?.token === me.token) break;
      if (found && (await isStale(found))) await takeAway(path, found, isStale, self, patience);
      else if (patience.aborted) throw notToBeHad(path, found?.holder ?? null);
      else if (found) await sleep(1 + Math.random() * (MAX_DELAY_MS - 1));
    }
  } finally {
    await rm(draft, { force: true }).catch(ignore);
  }
  return async () => {
    const found = await look(path);
    if (found?.holder?.token === me.token) await rm(path, { force: true });
  };
}

async function isLinked(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

interface Found {
  readonly text: string;
  /** null: the file cannot be read or does not say. */
  readonly holder: Holder | null;
  /** When the file was last written, milliseconds since the epoch by the clock of the file system. */
  readonly writtenMs: number;
}

/** The lock as it is; null when there is none. */
async function look(path: string): Promise<Found | null> {
  // First the text, then the time: when the lock changes hands in between it looks too young, never too old.
  const text = await readFile(path, 'utf8').catch(() => '');
  try {
    const { mtimeMs } = await lstat(path);
    return { text, holder: parseHolder(text), writtenMs: mtimeMs };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/**
 * Removes the lock of a process that is gone. Of two that find it at the same time, the slower one would remove the
 * fresh lock of the faster one; so whoever removes holds another lock meanwhile, and looks again.
 */
async function takeAway(
  path: string,
  dead: Found,
  isStale: (found: Found) => Promise<boolean>,
  self: Self,
  patience: AbortSignal,
): Promise<void> {
  const release = await takeLock(`${path}.recover`, self, patience);
  try {
    const found = await look(path);
    if (found?.text === dead.text && (await isStale(found))) await rm(path, { force: true });
    await removeDrafts(path, self);
  } finally {
    await release();
  }
}

/** Removes what killed processes of this machine left while they took a lock. */
async function removeDrafts(path: string, self: Self): Promise<void> {
  const machine = machineOf(await identify(self));
  for (const name of await readdir(dirname(path))) {
    const [pid, of] = /\.(\d+)\.(\w+)\.\w+\.tmp$/.exec(name)?.slice(1) ?? [];
    const isDraft = name.startsWith(`${basename(path)}.`) && of === machine;
    if (isDraft && !isAlive(Number(pid), self.probe)) await rm(join(dirname(path), name)).catch(ignore);
  }
}

/** Whose process ids these are, in a few characters that any file system takes. */
function machineOf({ host, namespace }: Pick<Holder, 'host' | 'namespace'>): string {
  return createHash('sha256')
    .update(JSON.stringify([host, namespace]))
    .digest('hex')
    .slice(0, 8);
}

function notToBeHad(path: string, holder: Holder | null): JournalError {
  const who = holder === null ? 'somebody' : `process ${holder.pid} on ${quote(holder.host)}`;
  return new JournalError(
    `cannot write the journal: ${who} has held its lock ${quotePath(path)} for ${PATIENCE_MS / 1000} s`,
    'Wait for that process or end it, or set XDG_STATE_HOME to another folder.',
  );
}
