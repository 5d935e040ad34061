import { CommanderError } from 'commander';
import type { Main } from './cli/drill.ts';
import { COMPLETE } from './completion/scripts.ts';
import { type Context, makeContext } from './context.ts';
import { EXIT, type ExitCode, InterruptedError, RatelimitError, UsageError, unexpected } from './errors.ts';
import { renderError } from './output/error.ts';
import { buildProgram, flagsOf } from './program.ts';
import { nearest } from './values/nearest.ts';

/** Runs the program: arguments in, exit code out. The only place where an error ends. */
const main: Main = async (argv, context, prepare = () => {}) => {
  let code: ExitCode = EXIT.done;
  const finish = (result: ExitCode) => {
    code = result;
  };
  if (argv[0] === COMPLETE) {
    await complete(argv.slice(1), context);
    return EXIT.done;
  }
  const program = buildProgram(context, finish, argv, main);
  prepare(program);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done;
    return report(toKnown(error, context), argv, context);
  }
};

/** What a shell asks for when TAB is pressed. Its words are no flags of ours, and whatever goes wrong is silence. */
async function complete(words: readonly string[], context: Context): Promise<void> {
  try {
    const { completeCommand } = await import('./commands/complete.ts');
    await completeCommand(
      words,
      buildProgram(context, () => {}, words),
      context,
    );
  } catch {
    // Nothing is offered.
  }
}

/** Everything that can go wrong as an error with a code, a sentence and an exit code. */
function toKnown(error: unknown, context: Context): RatelimitError {
  if (context.interrupt.aborted) return new InterruptedError();
  if (error instanceof RatelimitError) return error;
  if (error instanceof CommanderError) {
    // `config help nonsense`
    if (error.code === 'commander.help') return new UsageError('no such command', 'See ratelimit --help.');
    const message = error.message.replace(/^error: /, '');
    const [, flag] = /^unknown option '([^'=]+)/.exec(message) ?? [];
    return new UsageError(
      `${message}${flag ? nearest(flag, otherFlags(flag, context)) : ''}`,
      'See ratelimit --help.',
    );
  }
  return unexpected(error);
}

/** Every flag of every command, as a flag that this command does not have may have been meant to be. */
const otherFlags = (flag: string, context: Context): string[] =>
  flagsOf(buildProgram(context, () => {})).filter((one) => one !== flag);

function report(error: RatelimitError, argv: readonly string[], context: Context): ExitCode {
  const streams = context.streams(argv.includes('--no-color') ? 'never' : 'auto');
  const { out, err } = renderError(error, {
    json: wantsJson(argv),
    stack: argv.includes('--verbose') || argv.includes('-v'),
  });
  streams.out(out);
  streams.err(err);
  return error.exitCode;
}

/** Asked of the raw arguments: an error in the flags must reach a script as JSON too. */
function wantsJson(argv: readonly string[]): boolean {
  return argv.some((word, index) => {
    if (/^-[vq]*ojson$/.test(word) || word === '--output=json') return true;
    return /^(-[vq]*o|--output)$/.test(word) && argv[index + 1] === 'json';
  });
}

async function start(): Promise<void> {
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // Once: a second Ctrl-C ends the process at once, whatever it is doing.
    process.once(signal, () => interrupt.abort(new InterruptedError()));
  }
  const argv = process.argv.slice(2);
  const context = makeContext(interrupt.signal, argv);
  process.exitCode = await main(argv, context);
  const streams = context.streams('auto');
  try {
    await streams.flush();
  } catch (error) {
    streams.err(`ratelimit: the answer could not be written: ${(error as Error).message}\n`);
    process.exitCode = EXIT.failure;
  }
  // Somebody waits at a prompt: what the system's resolver has not answered by now, which nothing can take back, is not
  // waited for. Without it the program is over before that.
  if (argv[0] === COMPLETE) setTimeout(() => process.kill(process.pid, 'SIGKILL'), LEFT_MS).unref();
}

/** How long whatever is left may take once a shell has its words. */
const LEFT_MS = 50;

// Rejects only when reporting an error failed itself: then Node's own report is the best there is.
void start();
