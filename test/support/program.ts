import { delimiter, dirname, join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { execa } from 'execa';
import { onStop, searchPath, temporaryFolder } from './processes.ts';

interface ProgramOptions {
  /** Added to an otherwise clean environment. */
  env?: Record<string, string>;
  /** What the program reads from stdin, which is closed otherwise. */
  input?: string;
  cwd?: string;
  /** HOME, with `config` and `state` below it (XDG); an empty one of its own unless given. */
  home?: string;
  /** Another executable than this repository's, such as an installed package's. */
  program?: string;
}

interface ProgramResult {
  /** Undefined when a signal ended it. */
  code: number | undefined;
  signal: NodeJS.Signals | undefined;
  stdout: string;
  stderr: string;
  /** Wall-clock time from the start to the end. */
  ms: number;
}

const builtProgram = fileURLToPath(new URL('../../bin/ratelimit.js', import.meta.url));

/** Starts the built program as a process: for signals and streams. Ended by `stopEverything` at the latest. */
export async function spawnProgram(args: readonly string[], options: ProgramOptions = {}) {
  return start(process.execPath, [options.program ?? builtProgram, ...args], options, options.input);
}

/** Runs the built program to its end. */
export async function runProgram(
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  const { child } = await spawnProgram(args, options);
  const { exitCode, signal, stdout, stderr, durationMs } = await child;
  return { code: exitCode, signal, stdout, stderr, ms: durationMs };
}

interface Answer {
  /** Waited for in what has been shown since the last answer (without colours). */
  after: string | RegExp;
  /** Keys: `\r` is Enter, `\x03` is Ctrl-C. */
  type: string;
  /** Done before it is typed. */
  first?: () => Promise<unknown>;
}

/**
 * Runs the built program in a pseudo-terminal of 100 columns (`script` of util-linux), typing each answer once its
 * question has appeared. `output` is everything the terminal got, stdout and stderr together, control codes included.
 */
export async function runInTerminal(
  args: readonly string[],
  options: Omit<ProgramOptions, 'input'> & { answers?: readonly Answer[] } = {},
): Promise<{ code: number | undefined; output: string }> {
  const words = [process.execPath, options.program ?? builtProgram, ...args].map(shellQuote);
  const command = `stty cols 100 rows 30; exec ${words.join(' ')}`;
  const env = { TERM: 'xterm-256color', ...options.env };
  const { child } = await start('script', ['-qec', command, '/dev/null'], { ...options, env }, 'open');

  const pending = [...(options.answers ?? [])];
  let seen = '';
  const decoder = new StringDecoder();
  child.stdout.on('data', (chunk: Buffer) => {
    seen += decoder.write(chunk);
    const next = pending[0];
    if (next === undefined) return;
    const shown = stripVTControlCharacters(seen);
    if (typeof next.after === 'string' ? !shown.includes(next.after) : !next.after.test(shown)) return;
    pending.shift();
    seen = '';
    void Promise.resolve(next.first?.()).then(() => child.stdin?.write(next.type));
  });
  const { exitCode, stdout } = await child;
  return { code: exitCode, output: stdout };
}

/** What a terminal got, without the line that told how it went and was cleared: a fast machine has none. */
export function withoutProgress(output: string): string {
  const cleared = '\r\u001b[K';
  const lines = output.split('\n').map((line) => {
    const parts = line.split(cleared);
    return parts.length === 1 ? line : `${parts[0]}${parts.at(-1)}`;
  });
  return lines.join('\n');
}

/** `input`: undefined closes stdin, `open` leaves it open, anything else is written to it. */
async function start(
  file: string,
  args: readonly string[],
  options: ProgramOptions,
  input: string | undefined,
) {
  const home = options.home ?? (await temporaryFolder('home'));
  const child = execa(file, args, {
    cwd: options.cwd ?? home,
    env: {
      PATH: [dirname(process.execPath), searchPath].join(delimiter),
      HOME: home,
      XDG_CONFIG_HOME: join(home, 'config'),
      XDG_STATE_HOME: join(home, 'state'),
      ...options.env,
    },
    extendEnv: false,
    forceKillAfterDelay: 2000,
    reject: false,
    stripFinalNewline: false,
    stdin: input === undefined ? 'ignore' : 'pipe',
  });
  if (child.pid === undefined) throw new Error(`${file} cannot be run`, { cause: await child });
  if (input !== undefined && input !== 'open') child.stdin?.end(input);
  const stop = onStop(async () => {
    child.kill();
    await child;
  });
  void child.finally(stop);
  return { child, home };
}

function shellQuote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
