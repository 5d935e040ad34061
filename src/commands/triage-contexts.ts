import { placesOf, resolveContexts } from '../config/contexts.ts';
import type { Context } from '../context.ts';
import { type ExitCode, RatelimitError, UsageError, unexpected, worstExit } from '../errors.ts';
import { type ContextRun, type ContextsDocument, stillReading } from '../output/contexts-document.ts';
import { contextsText } from '../output/contexts-text.ts';
import { renderError } from '../output/error.ts';
import { startProgress } from '../output/progress.ts';
import type { Streams } from '../output/streams.ts';
import { sourceReport } from '../output/triage-unseen.ts';
import { across } from '../verdict/across.ts';
import { makerOf, mentionFile } from './pages.ts';
import { screenOf, streamsFor } from './streams.ts';
import type { TriageFlags } from './triage.ts';
import { documentOf, exitCodeOf, readCase, type Target, targetOf } from './triage-run.ts';

/** `ratelimit triage` of several contexts: all at once, a verdict each and one over all. */
export async function triageContexts(flags: TriageFlags, context: Context): Promise<ExitCode> {
  checkFlags(flags);
  const { clock, env, configHome } = context;
  const streams = streamsFor(flags, context);
  const startedAt = clock.now();
  const [targets] = await Promise.all([
    resolveContexts({ flags, env, configHome }, flags.allContexts ? null : flags.contexts, (config) =>
      targetOf(config, context),
    ),
    context.adapters(),
  ]);
  const readFrom = clock.now();
  const waiting = new Set(targets.map(nameOf));
  const stopProgress = startProgress(streams, () => stillReading([...waiting], targets.length), flags.quiet);
  const runs = await Promise.all(
    targets.map(async (target) => {
      const run = await runOf(target, flags, context, readFrom);
      waiting.delete(run.context);
      return run;
    }),
  ).finally(stopProgress);
  if (flags.verbose) streams.err(runs.map(told).join(''));
  for (const run of runs) if (run.document !== null) context.onTriage?.(run.document);
  const document = {
    ...{ runs, ...across(runs) },
    ...{ at: clock.iso(readFrom), totalMs: clock.now() - startedAt },
  };
  streams.out(await render(document, flags, context, streams));
  if (flags.output === 'html') mentionFile(flags, streams, 'triage');
  const { keepLook } = await import('./keep-look.ts');
  const warn = flags.verbose ? streams.err : null;
  for (const [index, { document: one }] of runs.entries()) {
    const config = targets[index]?.config;
    if (one !== null && config !== undefined) {
      await keepLook(one, one.verdict.category, config, context, warn);
    }
  }
  return worstExit(runs.map(({ exitCode }) => exitCode));
}

async function render(
  document: ContextsDocument,
  { output }: TriageFlags,
  context: Context,
  streams: Streams,
): Promise<string> {
  if (output === 'html') {
    const { contextsHtml } = await import('../output/html/contexts.ts');
    return contextsHtml(document, makerOf(context));
  }
  return contextsText(document, output, await screenOf(streams), streams.terminal);
}

/** What is about one run or one file says nothing about several. */
function checkFlags(flags: TriageFlags): void {
  if (flags.allContexts && flags.contexts.length > 0) {
    throw new UsageError('expected one of --context and --all-contexts, got both');
  }
  if (flags.from !== undefined) {
    throw new UsageError(
      '--from judges the evidence of one run, so it goes with no several contexts',
      'Leave out the contexts: the file says which one it is of.',
    );
  }
  if (flags.save !== undefined) {
    throw new UsageError(
      '--save writes the evidence of one context, and several were given',
      'Triage one --context at a time, each into a file of its own.',
    );
  }
}

const nameOf = ({ config }: Target): string => config.context ?? '';

/**
 * Triages one of them. What goes wrong with it is told in its place, and hides none of the others.
 * @throws InterruptedError, which ends them all
 */
async function runOf(
  target: Target,
  flags: TriageFlags,
  context: Context,
  startedAt: number,
): Promise<ContextRun> {
  const { config, runbook } = target;
  const about = { context: nameOf(target), runbook, places: placesOf(config) };
  try {
    const found = await readCase(target, flags, context, startedAt);
    const document = documentOf(found, { top: flags.top, replayed: false });
    const exitCode = exitCodeOf(document, flags.exitCode);
    return { ...about, verdict: document.verdict, exitCode, document, error: null };
  } catch (thrown) {
    context.interrupt.throwIfAborted();
    const error = thrown instanceof RatelimitError ? thrown : unexpected(thrown);
    return { ...about, verdict: null, exitCode: error.exitCode, document: null, error };
  }
}

/** What each source of a context answered, or where in the program it failed: for --verbose. */
function told({ context, document, error }: ContextRun): string {
  const text =
    error === null ? sourceReport(document.evidence) : renderError(error, { json: true, stack: true }).err;
  return `context ${context}\n${text}`;
}
