import { join } from 'node:path';
import { type Context, makeContext } from '../../src/context.ts';
import type { ExitCode } from '../../src/errors.ts';
import { RatelimitError } from '../../src/errors.ts';
import type { Streams } from '../../src/output/streams.ts';
import { buildProgram } from '../../src/program.ts';

/** Streams that nobody sits at, 80 columns wide, and what was written to them. */
export function keptStreams(): { streams: Streams; out: () => string; err: () => string } {
  const written: { out: string[]; err: string[] } = { out: [], err: [] };
  const streams: Streams = {
    ...{ out: (text) => void written.out.push(text), err: (text) => void written.err.push(text) },
    ...{ columns: 80, colorOut: false, colorErr: false, terminal: false, stderrTerminal: false },
    ...{ canAsk: false, closed: false, flush: async () => {} },
  };
  return { streams, out: () => written.out.join(''), err: () => written.err.join('') };
}

/** The program's context with an empty environment and folders below `home`; what comes with the program is the built one. */
export const contextIn = (home: string, streams: Streams): Context => ({
  ...makeContext(new AbortController().signal, []),
  env: {},
  configHome: join(home, 'config'),
  stateFolder: join(home, 'state', 'ratelimit'),
  runbooks: {
    builtIn: new URL('../../dist/runbooks/', import.meta.url),
    own: join(home, 'config/ratelimit/runbooks'),
  },
  incidents: new URL('../../dist/incidents/', import.meta.url),
  version: '0.0.0',
  streams: () => streams,
});

/** Runs a command line against a context, and tells its exit code. @throws what the program would report */
export async function runWords(words: readonly string[], context: Context): Promise<ExitCode> {
  let code: ExitCode = 0;
  const finish = (result: ExitCode) => {
    code = result;
  };
  await buildProgram(context, finish, words).parseAsync([...words], { from: 'user' });
  return code;
}

/**
 * Runs the whole program, from its arguments to its exit code, but in this process: where one does so hundreds of times,
 * the start of a process would be most of the time.
 */
export async function runHere(words: readonly string[], home: string) {
  const { streams, out, err } = keptStreams();
  try {
    const code = await runWords(words, contextIn(home, streams));
    return { code, stdout: out(), stderr: err() };
  } catch (error) {
    if (!(error instanceof RatelimitError)) throw error;
    return { code: error.exitCode, stdout: out(), stderr: `${err()}${error.message}\n` };
  }
}
