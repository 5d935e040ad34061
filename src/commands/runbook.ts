import type { Context } from '../context.ts';
import { ConfigError, EXIT, type ExitCode } from '../errors.ts';
import { type Checked, checkedText, newRunbookText } from '../output/runbook-check.ts';
import { runbooksText } from '../output/runbook-list.ts';
import type { GlobalFlags } from '../program.ts';
import { listRunbooks } from '../runbooks/list.ts';
import { findRunbook, loadFound } from '../runbooks/load.ts';
import { startingPoint, writeStartingPoint } from '../runbooks/new.ts';
import { parseRunbook } from '../runbooks/parse.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { screenOf, streamsFor } from './streams.ts';

/** `ratelimit runbook list`: the built-in runbooks and the user's own. */
export async function runbookList(flags: GlobalFlags, context: Context): Promise<ExitCode> {
  const streams = streamsFor(flags, context);
  const runbooks = await listRunbooks(context.runbooks);
  const shown = { runbooks, folder: context.runbooks.own };
  streams.out(runbooksText(shown, flags.output, await screenOf(streams)));
  return EXIT.done;
}

/** `ratelimit runbook validate <file>`: all that is wrong with a runbook, or that nothing is. */
export async function runbookValidate(file: string, flags: GlobalFlags, context: Context): Promise<ExitCode> {
  const streams = streamsFor(flags, context);
  const checked = await check(file, context);
  streams.out(checkedText(checked, flags.output, await screenOf(streams)));
  return checked.runbook === null ? EXIT.usage : EXIT.done;
}

async function check(file: string, context: Context): Promise<Checked> {
  try {
    const runbook = await read(file, context);
    const { notesOf } = await import('../runbooks/notes.ts');
    return { file, runbook, problems: [], notes: notesOf(runbook) };
  } catch (error) {
    // A file that cannot be read has no problems of its own.
    if (!(error instanceof ConfigError) || error.problems.length === 0) throw error;
    return { file, runbook: null, problems: error.problems, notes: [] };
  }
}

const STDIN_BYTES = 1024 * 1024;

async function read(file: string, { runbooks, readStdin }: Context): Promise<Runbook> {
  if (file !== '-') return loadFound(await findRunbook(file, runbooks), runbooks);
  const text = await readStdin(STDIN_BYTES).catch((error: unknown) => {
    throw error instanceof RangeError
      ? new ConfigError(`the runbook cannot be used: ${error.message}`)
      : error;
  });
  return parseRunbook(text, 'stdin');
}

/** `ratelimit runbook new [file]`: a commented runbook to start from, in a new file or on stdout. */
export async function runbookNew(
  file: string | null,
  flags: GlobalFlags,
  context: Context,
): Promise<ExitCode> {
  const streams = streamsFor(flags, context);
  const made = file === null ? null : await writeStartingPoint(file, context.runbooks);
  const shown = { file: made?.path ?? null, ...startingPoint(made?.name) };
  streams.out(newRunbookText(shown, flags.output));
  return EXIT.done;
}
