import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';

/** Where programs are looked for: Debian's folders too, which a plain user's PATH may lack. */
export const searchPath = [process.env.PATH, '/usr/bin', '/usr/sbin'].join(delimiter);

/** Runs a program to its end; throws with its output when it fails. */
export async function runTool(file: string, args: readonly string[], cwd: string): Promise<void> {
  await execa(file, args, { cwd, env: { PATH: searchPath }, stdin: 'ignore' });
}

const toStop = new Set<() => Promise<void>>();

/** Registers a clean-up for {@link stopEverything}; the returned function runs it at most once. */
export function onStop(stop: () => Promise<void>): () => Promise<void> {
  let stopping: Promise<void> | undefined;
  const once = () => {
    toStop.delete(once);
    stopping ??= stop();
    return stopping;
  };
  toStop.add(once);
  return once;
}

/** Stops whatever this test file still has running: `afterAll(stopEverything)`. */
export async function stopEverything(): Promise<void> {
  const results = await Promise.allSettled([...toStop].map((stop) => stop()));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

/** Makes a folder under the system's temporary one, removed by {@link stopEverything}. */
export async function temporaryFolder(name = 'test'): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `ratelimit-${name}-`));
  // A server that is being stopped may still write into it.
  onStop(() => rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }));
  return folder;
}

/** A loopback port on which nothing listened a moment ago: for a server that tries another one when it comes too late. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Ports below those that Linux gives to whoever asks for any (from 32768 on): here no other test's server comes up. */
const QUIET_PORTS = { from: 10_240, to: 32_767 };

/**
 * A loopback port on which nothing listens, and on which nothing will while the tests run, unless the one who asked for it
 * listens there itself.
 */
export async function deadPort(): Promise<number> {
  for (;;) {
    const port = randomInt(QUIET_PORTS.from, QUIET_PORTS.to);
    const isTaken = await new Promise<boolean>((resolve) => {
      const socket = connect({ host: '127.0.0.1', port });
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (!isTaken) return port;
  }
}

/** Asks again every 15 ms until `check` is true; a throw counts as "not yet". Throws after `limitMs`. */
export async function until(check: () => Promise<boolean>, what: string, limitMs = 60_000): Promise<void> {
  const end = performance.now() + limitMs;
  let last: unknown;
  while (performance.now() < end) {
    try {
      if (await check()) return;
    } catch (error) {
      last = error;
    }
    await sleep(15);
  }
  throw new Error(`${what}: not within ${limitMs} ms`, { cause: last });
}

interface ServiceSpec {
  name: string;
  folder: string;
  /** The command line for a port; asked again with another port when somebody else took the first one. */
  command(port: number): Promise<readonly [file: string, ...args: string[]]>;
  /** Whether the service on this port answers and is this very process. */
  ready(port: number, pid: number): Promise<boolean>;
}

interface Service {
  port: number;
  pid: number;
  stop(): Promise<void>;
}

/**
 * Starts a server on a free loopback port and waits until it is ready.
 * `stop()` ends it by its pid (SIGTERM, SIGKILL after 2 s) and removes its folder.
 * Throws with the server's last output when it ends or stays silent.
 */
export async function startService(spec: ServiceSpec): Promise<Service> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const outcome = await launch(spec, port);
    if (typeof outcome !== 'string') return outcome;
    const lostTheRace = /address already in use/i.test(outcome);
    if (!lostTheRace || attempt === 5) throw new Error(`${spec.name} did not start:\n${outcome}`);
  }
}

/** The running service, or the output of one that ended before it was ready. */
async function launch(spec: ServiceSpec, port: number): Promise<Service | string> {
  const [file, ...args] = await spec.command(port);
  const child = execa(file, args, {
    all: true,
    buffer: false,
    cwd: spec.folder,
    env: { PATH: searchPath },
    forceKillAfterDelay: 2000,
    reject: false,
    stdin: 'ignore',
  });
  let output = '';
  child.all.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-8000);
  });
  const { pid } = child;
  if (pid === undefined) return `${file}: cannot be run (${String((await child).originalMessage)})`;
  let ended = false;
  void child.then(() => {
    ended = true;
  });
  const stop = onStop(async () => {
    child.kill();
    await child;
    await rm(spec.folder, { recursive: true, force: true });
  });
  try {
    await until(async () => ended || (await spec.ready(port, pid)), `${spec.name} is ready`);
  } catch (error) {
    await stop();
    throw new Error(`${spec.name} is not ready; its last output:\n${output}`, { cause: error });
  }
  return ended ? output : { port, pid, stop };
}
