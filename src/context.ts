import { xdgConfig } from 'xdg-basedir';
import type { Adapters } from './evidence/collect.ts';
import { makeStreams, type Streams } from './output/streams.ts';
import type { Clock } from './signals/asked.ts';

/** The world as a command sees it: made once, here, and passed in. */
export interface Context {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Folder that holds `ratelimit/config.yaml` (XDG base directories). */
  readonly configHome: string;
  /** Where the built-in runbooks lie. */
  readonly runbooks: URL;
  /** Aborted with an InterruptedError by Ctrl-C or SIGTERM. */
  readonly interrupt: AbortSignal;
  readonly streams: (color: 'auto' | 'always' | 'never') => Streams;
  /** Real clients, loaded when they are first needed. */
  readonly adapters: () => Promise<Adapters>;
}

export function makeContext(interrupt: AbortSignal): Context {
  const { env } = process;
  return {
    env,
    clock: { now: () => Date.now(), iso: (milliseconds) => new Date(milliseconds).toISOString() },
    configHome: xdgConfig ?? '.config',
    runbooks: new URL('./runbooks/', import.meta.url),
    interrupt,
    streams: once((color) =>
      makeStreams({ stdout: process.stdout, stderr: process.stderr, stdin: process.stdin, color, env }),
    ),
    adapters: async () => (await import('./signals/adapters.ts')).adapters,
  };
}

/** The streams are made once: each makes its own listeners. The first choice of colour stands. */
function once<A, T>(make: (argument: A) => T): (argument: A) => T {
  let made: T | undefined;
  return (argument) => {
    made ??= make(argument);
    return made;
  };
}
