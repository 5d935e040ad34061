import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { codeOf } from './trouble.ts';

/** The process that writes. */
export interface Self {
  readonly pid: number;
  /** `process.kill(pid, 0)`: throws ESRCH when there is no such process. */
  readonly probe: (pid: number) => unknown;
}

/** Who holds a lock, as the lock's file says. */
export interface Holder {
  /** Another one each time that a lock is taken. */
  readonly token: string;
  readonly pid: number;
  readonly host: string;
  /** Which processes `pid` counts (Linux: a container counts its own); null: all of the host. */
  readonly namespace: string | null;
  /** When the process started, in clock ticks since the host did (Linux); null: not known. */
  readonly started: string | null;
}

/** A lock without a readable holder was left by a crash of the whole machine, or is being looked into by hand. */
const UNREADABLE_MS = 2_000;
/** Much longer than any append: who cannot be asked whether he is alive is given up then. */
const UNKNOWN_MS = 30_000;

/** This process, as it writes itself into its locks. */
export async function identify(self: Self): Promise<Omit<Holder, 'token'>> {
  const [namespace, running] = await Promise.all([
    readlink('/proc/self/ns/pid').catch(() => null),
    runningSince(self.pid),
  ]);
  return { pid: self.pid, host: hostname(), namespace, started: running?.started ?? null };
}

/** What a lock's file holds; null when it is not that. */
export function parseHolder(text: string): Holder | null {
  const isText = (value: unknown) => typeof value === 'string' && value !== '';
  try {
    const { token, pid, host, namespace = null, started = null } = JSON.parse(text);
    if (!isText(token) || !isText(host) || !Number.isSafeInteger(pid) || pid <= 0) return null;
    if (!(namespace === null || isText(namespace)) || !(started === null || isText(started))) return null;
    return { token, pid, host, namespace, started };
  } catch {
    return null;
  }
}

/**
 * Whether whoever holds a lock is gone and will never release it. In doubt, time decides.
 * @param ageMs how long ago the lock's file was written, by the clock of the file system
 */
export async function isGone(
  holder: Holder | null,
  ageMs: () => Promise<number>,
  me: Omit<Holder, 'token'>,
  probe: Self['probe'],
): Promise<boolean> {
  if (holder === null) return (await ageMs()) > UNREADABLE_MS;
  if (holder.host !== me.host || (holder.namespace ?? me.namespace) !== me.namespace)
    return (await ageMs()) > UNKNOWN_MS;
  if (!isAlive(holder.pid, probe)) return true;
  const running = await runningSince(holder.pid);
  // Killed, but its parent has not noticed: in a container without an init, nobody ever will.
  if (running?.state === 'Z' || running?.state === 'X') return true;
  if (running && holder.started !== null) return running.started !== holder.started;
  return (await ageMs()) > UNKNOWN_MS;
}

/** A process that may not be asked (EPERM) is there. */
export function isAlive(pid: number, probe: Self['probe']): boolean {
  try {
    probe(pid);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
}

/** The state and the start of a process (proc_pid_stat(5), fields 3 and 22); null where /proc does not say. */
async function runningSince(pid: number): Promise<{ state: string; started: string } | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  // The second field is the program's name in parentheses, and may hold spaces and parentheses itself.
  const [state, ...fields] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const started = fields[18];
  return state === undefined || started === undefined ? null : { state, started };
}
