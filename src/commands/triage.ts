import { systemsOf } from '../config/reach.ts';
import { resolveConfig } from '../config/resolve.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode, UsageError } from '../errors.ts';
import { collect } from '../evidence/collect.ts';
import type { Evidence } from '../evidence/types.ts';
import { paintFor } from '../output/paint-for.ts';
import { startProgress } from '../output/progress.ts';
import type { Streams } from '../output/streams.ts';
import { isDegraded, sourceReport, type TriageDocument } from '../output/triage-document.ts';
import { triageHuman } from '../output/triage-human.ts';
import { triageJson } from '../output/triage-json.ts';
import { triageMarkdown } from '../output/triage-markdown.ts';
import type { GlobalFlags } from '../program.ts';
import { proposeAll } from '../remedies/propose.ts';
import { loadRunbook, withQueries, withThresholds } from '../runbooks/load.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { judge } from '../verdict/judge.ts';
import type { Verdict } from '../verdict/types.ts';
import { offerRemedies } from './remedy-menu.ts';
import { streamsFor } from './streams.ts';

export interface TriageFlags extends GlobalFlags {
  /** Seconds. */
  readonly window: number;
  readonly top: number;
  readonly exitCode: boolean;
  /** Where to write the evidence. */
  readonly save?: string;
  /** Other addresses and ids are written in place of the real ones. */
  readonly redact: boolean;
  /** Where to read it instead of from the systems. */
  readonly from?: string;
}

/** What is judged, and by what. */
interface Case {
  readonly evidence: Evidence;
  readonly runbook: Runbook;
  readonly context: string | null;
  readonly totalMs: number;
}

/** `ratelimit triage`: collect, judge, say it in the format that was asked for. */
export async function triageCommand(flags: TriageFlags, context: Context, again: Again): Promise<ExitCode> {
  const streams = streamsFor(flags, context);
  if (flags.redact && flags.save === undefined) {
    throw new UsageError('--redact is about the file of --save, which was not given');
  }
  const replayed = flags.from !== undefined;
  const { evidence, runbook, ...run } =
    flags.from === undefined
      ? await live(flags, context, streams)
      : await recorded(flags.from, flags, context);
  if (flags.verbose) streams.err(sourceReport(evidence));
  const verdict = judge(evidence, runbook);
  const document: TriageDocument = {
    ...{ evidence, runbook, verdict, top: flags.top, replayed, ...run },
    remedies: proposeAll(verdict, runbook, evidence),
  };
  if (!replayed) context.onTriage?.(document);
  streams.out(await render(document, flags.output, streams));
  const code = exitCode(evidence, verdict, flags.exitCode);
  // Nothing is to be done about what was recorded earlier.
  const mayAct = !replayed && flags.output === 'human' && flags.input && streams.terminal;
  return mayAct ? offerRemedies(document, { code, context, streams, again }) : code;
}

/** Runs another command line in this process. */
type Again = (argv: readonly string[]) => Promise<ExitCode>;

async function live(flags: TriageFlags, context: Context, streams: Streams): Promise<Case> {
  const startedAt = context.clock.now();
  // The clients load while the configuration is read.
  const [config, adapters] = await Promise.all([
    resolveConfig({ flags, env: context.env, configHome: context.configHome }),
    context.adapters(),
  ]);
  const plain = await loadRunbook(config.runbook, context.runbooks);
  const runbook = withQueries(withThresholds(plain, config.thresholds), config.queries);
  const file = flags.save === undefined ? null : await saving(flags.save);
  const what = `reading ${systemsOf(config).join(' and ')}`;
  const stopProgress = startProgress(streams, what, flags.quiet);
  const request = { config, runbook, windowSeconds: flags.window, clock: context.clock };
  let evidence: Evidence;
  try {
    evidence = await collect(adapters, request, context.interrupt).finally(stopProgress);
  } catch (error) {
    await file?.discard();
    throw error;
  }
  const found: Case = {
    ...{ evidence, runbook, context: config.context },
    totalMs: context.clock.now() - startedAt,
  };
  await file?.write(found, config, flags.redact, context.version);
  return found;
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
    ...{ runbook, context: capture.context, totalMs: capture.totalMs },
  };
}

async function render(
  document: TriageDocument,
  format: GlobalFlags['output'],
  streams: { readonly colorOut: boolean; readonly columns: number },
): Promise<string> {
  if (format === 'json') return triageJson(document);
  if (format === 'markdown') return triageMarkdown(document);
  return triageHuman(document, await paintFor(streams.colorOut), streams.columns);
}

/** Precedence: refused credentials, then anything unknown, then a finding. */
function exitCode(evidence: Evidence, verdict: Verdict, wanted: boolean): ExitCode {
  const signals = Object.values(evidence.signals);
  if (signals.some(({ cause, sources }) => [cause, ...sources.map((one) => one.cause)].includes('auth'))) {
    return EXIT.auth;
  }
  if (isDegraded(evidence)) return EXIT.degraded;
  return wanted && verdict.findings.length > 0 ? EXIT.finding : EXIT.done;
}
