import { systemsOf } from '../config/reach.ts';
import { resolveConfig } from '../config/resolve.ts';
import type { Config } from '../config/types.ts';
import type { Context } from '../context.ts';
import { type ExitCode, UsageError } from '../errors.ts';
import type { ScanOptions } from '../evidence/collect.ts';
import type { History } from '../evidence/history.ts';
import { paintFor } from '../output/paint-for.ts';
import { scanProgress, startProgress } from '../output/progress.ts';
import type { Streams } from '../output/streams.ts';
import type { TriageDocument } from '../output/triage-document.ts';
import { triageHuman } from '../output/triage-human.ts';
import { triageJson } from '../output/triage-json.ts';
import { triageMarkdown } from '../output/triage-markdown.ts';
import { sourceReport } from '../output/triage-unseen.ts';
import type { GlobalFlags } from '../program.ts';
import { loadRunbook, withThresholds } from '../runbooks/load.ts';
import type { PaceName } from '../signals/redis/pace.ts';
import type { PassProgress } from '../signals/redis/pass.ts';
import { makerOf, mentionFile } from './pages.ts';
import { offerRemedies } from './remedy-menu.ts';
import { streamsFor } from './streams.ts';
import type { Asked } from './triage-alert.ts';
import { type Case, documentOf, exitCodeOf, historyUntil, readCase, targetOf } from './triage-run.ts';

export interface TriageFlags extends Omit<GlobalFlags, 'output'> {
  readonly output: GlobalFlags['output'] | 'html';
  /** Every --context that was given, each once. */
  readonly contexts: readonly string[];
  readonly allContexts: boolean;
  /** Seconds. */
  readonly window: number;
  /** Did somebody say so? */
  readonly windowGiven: boolean;
  /** A fingerprint or a name; true: the alert that fires. */
  readonly alert?: string | true;
  readonly top: number;
  /** Seconds that the pass over Redis may take; without it, as long as everything may. */
  readonly budget?: number;
  readonly pace: PaceName;
  readonly exitCode: boolean;
  /** Where to write the evidence. */
  readonly save?: string;
  /** Other addresses and ids are written in place of the real ones. */
  readonly redact: boolean;
  /** Where to read it instead of from the systems. */
  readonly from?: string;
}

/** `ratelimit triage`: collect, judge, say it in the format that was asked for. */
export async function triageCommand(flags: TriageFlags, context: Context, again: Again): Promise<ExitCode> {
  if (flags.redact && flags.save === undefined) {
    throw new UsageError('--redact is about the file of --save, which was not given');
  }
  const streams = streamsFor(flags, context);
  const asked = flags.alert === undefined ? null : await alertOf(flags, context, streams);
  if (typeof asked === 'number') return asked;
  if (flags.allContexts || flags.contexts.length > 1) {
    const { triageContexts } = await import('./triage-contexts.ts');
    return triageContexts(flags, context);
  }
  const replayed = flags.from !== undefined;
  const { config, ...found } =
    flags.from === undefined
      ? await live(asked?.flags ?? flags, context, streams, asked)
      : { ...(await recorded(flags.from, flags, context)), config: null };
  if (flags.verbose) streams.err(sourceReport(found.evidence));
  const document = documentOf(found, { top: flags.top, replayed });
  if (!replayed) context.onTriage?.(document);
  streams.out(await render(document, flags, context, streams));
  if (flags.output === 'html') mentionFile(flags, streams, 'triage');
  if (config !== null) {
    const { keepLook } = await import('./keep-look.ts');
    await keepLook(found, document.verdict.category, config, context, flags.verbose ? streams.err : null);
  }
  const code = exitCodeOf(document, flags.exitCode);
  // Nothing is to be done about what was recorded earlier.
  const mayAct = !replayed && flags.output === 'human' && flags.input && streams.terminal;
  return mayAct ? offerRemedies(document, { code, context, streams, again }) : code;
}

/** Runs another command line in this process. */
type Again = (argv: readonly string[]) => Promise<ExitCode>;

/** Loaded for those who ask about an alert alone. */
const alertOf = async (flags: TriageFlags, context: Context, streams: Streams) =>
  (await import('./triage-alert.ts')).askAbout(flags, context, streams);

/** @param asked the alert that it is about; null: no alert was named */
async function live(
  flags: TriageFlags,
  context: Context,
  streams: Streams,
  asked: Asked | null,
): Promise<Case & { readonly config: Config }> {
  const startedAt = context.clock.now();
  // The clients load while the configuration is read.
  const [config] = await Promise.all([
    resolveConfig(asked?.input ?? { flags, env: context.env, configHome: context.configHome }),
    context.adapters(),
  ]);
  const target = await targetOf(config, context);
  const file = flags.save === undefined ? null : await saving(flags.save);
  const what = `reading ${systemsOf(config).join(' and ')}`;
  let pass: (() => PassProgress) | null = null;
  const stopProgress = startProgress(streams, () => scanProgress(what, pass?.() ?? null), flags.quiet);
  const watch: ScanOptions['watch'] = (progress) => {
    pass = progress;
    return () => {
      pass = null;
    };
  };
  let found: Case;
  let history: History | null;
  try {
    const reading = readCase(target, { ...flags, watch }, context, startedAt).finally(stopProgress);
    // Only what is saved is looked at again, so nothing else waits for it.
    const keeping = file === null ? null : historyUntil(startedAt, asked?.alert ?? null, target, context);
    const [read, kept] = await Promise.all([reading, keeping]);
    [found, history] = [{ ...read, alert: asked?.alert ?? null }, kept];
  } catch (error) {
    await file?.discard();
    throw error;
  }
  await file?.write({ ...found, history }, config, flags.redact, context.version);
  return { ...found, config };
}

/** A name for the evidence, made sure of before anything is read. */
const saving = async (path: string) => (await import('./save-capture.ts')).openCapture(path);

/** Needs no configuration: what the run had of it is in the file. */
async function recorded(path: string, flags: TriageFlags, context: Context): Promise<Case> {
  if (flags.save !== undefined) throw new UsageError('expected one of --save and --from, got both');
  const { completed, readCapture } = await import('../evidence/capture.ts');
  const capture = await readCapture(path, context.clock);
  const named = flags.runbook ?? (context.env.RATELIMIT_RUNBOOK || undefined);
  const plain = await loadRunbook(named ?? capture.runbook, context.runbooks);
  // Another runbook has thresholds of its own.
  const runbook = named === undefined ? withThresholds(plain, capture.thresholds) : plain;
  return {
    evidence: completed(capture, runbook),
    ...{ runbook, context: capture.context, alert: capture.alert, totalMs: capture.totalMs },
  };
}

async function render(
  document: TriageDocument,
  { output }: TriageFlags,
  context: Context,
  streams: Streams,
): Promise<string> {
  if (output === 'json') return triageJson(document);
  if (output === 'markdown') return triageMarkdown(document);
  if (output === 'html') {
    const { triageHtml } = await import('../output/html/triage.ts');
    return triageHtml(document, makerOf(context));
  }
  return triageHuman(document, await paintFor(streams.colorOut), streams.columns);
}
