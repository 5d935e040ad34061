import { lookup } from 'node:dns/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { addAbortSignal } from 'node:stream';
import { xdgConfig, xdgState } from 'xdg-basedir';
import type { Config, HttpTarget } from './config/types.ts';
import type { Adapters } from './evidence/collect.ts';
import type { Historian } from './evidence/history.ts';
import type { Journal } from './journal/log.ts';
import type { CommandLines } from './output/command-lines.ts';
import type { Paint } from './output/paint.ts';
import type { Prompter } from './output/prompt.ts';
import { makeStreams, type Streams } from './output/streams.ts';
import type { Host, Terminal, TerminalWatcher } from './output/terminal.ts';
import type { TriageDocument } from './output/triage-document.ts';
import type { RunbookPlaces } from './runbooks/places.ts';
import type { Alertmanager } from './signals/alertmanager.ts';
import type { Api } from './signals/api.ts';
import type { Clock } from './signals/asked.ts';
import type { Probes } from './signals/probes.ts';
import type { Keyspace } from './signals/redis/keyspace.ts';

/** The world as a command sees it: made once, here, and passed in. */
export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Folder that holds `ratelimit/config.yaml` (XDG base directories). */
  readonly configHome: string;
  /** Folder that holds the journal (XDG base directories). */
  readonly stateFolder: string;
  /** The words after the program's name. */
  readonly argv: readonly string[];
  /** The user of this machine, for the journal. */
  readonly user: () => string;
  /** All of stdin as text. @throws RangeError when it is longer than so many bytes */
  readonly readStdin: (limit: number) => Promise<string>;
  /** The addresses of a host name. @throws the error of the system's resolver */
  readonly addressesOf: (host: string) => Promise<string[]>;
  /** The program's own version. */
  readonly version: string;
  /** Where runbooks are looked for by their names. */
  readonly runbooks: RunbookPlaces;
  /** Where the incidents lie that come with the program. */
  readonly incidents: URL;
  /** Aborted with an InterruptedError by Ctrl-C or SIGTERM. */
  readonly interrupt: AbortSignal;
  readonly streams: (color: 'auto' | 'always' | 'never') => Streams;
  /** Real clients, loaded when they are first needed. */
  readonly adapters: () => Promise<Adapters>;
  /** Reads what a range of time looked like; loaded when it is first needed. */
  readonly historian: () => Promise<Historian>;
  /** The doctor's questions to real systems, loaded when they are first needed. */
  readonly probes: () => Promise<Probes>;
  /** @param ends what ends a look of it; without it, what interrupts the program */
  readonly keyspace: (config: Config, ends?: AbortSignal) => Promise<Keyspace>;
  readonly api: (target: HttpTarget, config: Config) => Promise<Api>;
  /** @param timeoutMs for each question to it */
  readonly alertmanager: (target: HttpTarget, timeoutMs: number) => Promise<Alertmanager>;
  readonly journal: () => Promise<Journal>;
  /** A journal in another folder than the operator's own. */
  readonly journalIn: (folder: string) => Promise<Journal>;
  /** Told what each triage of the systems came to. */
  readonly onTriage?: (document: TriageDocument) => void;
  /** Command lines of somebody at a terminal, after that prompt; null: from stdin, whatever it is. */
  readonly commandLines: (prompt: string | null) => Promise<CommandLines>;
  /** Somebody at a terminal who can be asked. */
  readonly prompter: (paint: Paint) => Promise<Prompter>;
  /** The whole terminal, for a screen that is drawn over and over; it is taken at once. */
  readonly terminal: (watcher: TerminalWatcher) => Promise<Terminal>;
}

declare const __VERSION__: string;

const clock: Clock = {
  now: () => Date.now(),
  iso: (milliseconds) => new Date(milliseconds).toISOString(),
  ms: (iso) => Date.parse(iso),
  steady: () => performance.now(),
};

export function makeContext(interrupt: AbortSignal, argv: readonly string[]): Context {
  const { env } = process;
  const stateFolder = join(xdgState ?? '.local/state', 'ratelimit');
  const configHome = xdgConfig ?? '.config';
  const journalIn = async (folder: string) => {
    const { openJournal } = await import('./journal/log.ts');
    const probe = (pid: number) => process.kill(pid, 0);
    return openJournal({ folder, clock, pid: process.pid, probe });
  };
  return {
    env,
    clock,
    argv,
    stateFolder,
    user,
    readStdin: (limit) => readStdin(limit, interrupt),
    addressesOf: async (host) => (await lookup(host, { all: true })).map(({ address }) => address),
    configHome,
    version: __VERSION__,
    runbooks: {
      builtIn: new URL('./runbooks/', import.meta.url),
      own: join(configHome, 'ratelimit', 'runbooks'),
    },
    incidents: new URL('./incidents/', import.meta.url),
    interrupt,
    streams: once((color) =>
      makeStreams({ stdout: process.stdout, stderr: process.stderr, stdin: process.stdin, color, env }),
    ),
    adapters: async () => (await import('./signals/adapters.ts')).adapters,
    historian: async () => (await import('./signals/prometheus/history.ts')).readHistory,
    probes: async () => (await import('./signals/probes.ts')).probes,
    keyspace: async (config, ends = interrupt) => {
      const { Keyspace } = await import('./signals/redis/keyspace.ts');
      return new Keyspace(config.redis, config.timeoutSeconds * 1_000, ends);
    },
    api: async (target, config) => {
      const { Api } = await import('./signals/api.ts');
      return new Api(target, config.timeoutSeconds * 1_000, clock.now, interrupt);
    },
    alertmanager: async (target, timeoutMs) => {
      const { connectAlertmanager } = await import('./signals/alertmanager.ts');
      return connectAlertmanager(target, timeoutMs, clock, interrupt);
    },
    journal: () => journalIn(stateFolder),
    journalIn,
    commandLines: async (prompt) => {
      const { makeCommandLines } = await import('./output/command-lines.ts');
      const [input, output] = [process.stdin, process.stderr];
      return makeCommandLines({ input, output, prompt, signal: interrupt });
    },
    prompter: async (paint) => {
      const { makePrompter } = await import('./output/prompt.ts');
      const [input, output] = [process.stdin, process.stderr];
      return makePrompter({ input, output, signal: interrupt, paint });
    },
    terminal: async (watcher) => {
      const { openTerminal } = await import('./output/terminal.ts');
      const [input, output] = [process.stdin, process.stdout];
      const host: Host = {
        on: (event, listener) => process.on(event, listener),
        off: (event, listener) => process.off(event, listener),
        // Those of its process group, as the terminal itself would: a program that started this one waits for it.
        suspend: () => void process.kill(0, 'SIGTSTP'),
      };
      return openTerminal({ input, output, host, signal: interrupt }, watcher);
    },
  };
}

function user(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}

async function readStdin(limit: number, interrupt: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of addAbortSignal(interrupt, process.stdin)) {
    size += (chunk as Buffer).length;
    if (size > limit) throw new RangeError(`stdin has more than ${limit} bytes`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString();
}

/** The streams are made once: each makes its own listeners. The first choice of colour stands. */
function once<A, T>(make: (argument: A) => T): (argument: A) => T {
  let made: T | undefined;
  return (argument) => {
    made ??= make(argument);
    return made;
  };
}
