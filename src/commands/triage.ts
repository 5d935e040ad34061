import { resolveConfig } from '../config/resolve.ts';
import type { Config } from '../config/types.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../errors.ts';
import { type Adapters, collect } from '../evidence/collect.ts';
import type { Evidence } from '../evidence/types.ts';
import { toJson } from '../output/json.ts';
import { paintFor } from '../output/paint-for.ts';
import { startProgress } from '../output/progress.ts';
import type { Streams } from '../output/streams.ts';
import { isDegraded, sourceReport, type TriageDocument } from '../output/triage-document.ts';
import { triageHuman } from '../output/triage-human.ts';
import { triageJson } from '../output/triage-json.ts';
import { triageMarkdown } from '../output/triage-markdown.ts';
import type { GlobalFlags } from '../program.ts';
import { propose } from '../remedies/propose.ts';
import { loadRunbook, withThresholds } from '../runbooks/load.ts';
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
  /** Where to read it instead of from the systems. */
  readonly from?: string;
}

/** `ratelimit triage`: collect, judge, say it in the format that was asked for. */
export async function triageCommand(flags: TriageFlags, context: Context, again: Again): Promise<ExitCode> {
  const startedAt = context.clock.now();
  const streams = streamsFor(flags, context);
  // The clients load while the configuration is read.
  const [config, adapters] = await Promise.all([
    resolveConfig({ flags, env: context.env, configHome: context.configHome }),
    flags.from === undefined ? context.adapters() : null,
  ]);
  const runbook = withThresholds(await loadRunbook(config.runbook, context.runbooks), config.thresholds);
  const evidence = await saved(flags.save, () =>
    adapters === null
      ? recorded(flags.from ?? '', runbook)
      : live(adapters, { config, runbook, flags, context, streams }),
  );
  if (flags.verbose) streams.err(sourceReport(evidence));
  const verdict = judge(evidence, runbook);
  const document: TriageDocument = {
    evidence,
    runbook,
    verdict,
    context: config.context,
    top: flags.top,
    remedies: proposals(verdict, runbook, evidence),
    totalMs: context.clock.now() - startedAt,
    replayed: adapters === null,
  };
  if (adapters !== null) context.onTriage?.(document);
  streams.out(await render(document, flags.output, streams));
  const code = exitCode(evidence, verdict, flags.exitCode);
  // Nothing is to be done about what was recorded earlier.
  const mayAct = adapters !== null && flags.output === 'human' && flags.input && streams.terminal;
  return mayAct ? offerRemedies(document, { code, context, streams, again }) : code;
}

/** Runs another command line in this process. */
type Again = (argv: readonly string[]) => Promise<ExitCode>;

interface Live {
  readonly config: Config;
  readonly runbook: Runbook;
  readonly flags: TriageFlags;
  readonly context: Context;
  readonly streams: Streams;
}

async function live(
  adapters: Adapters,
  { config, runbook, flags, context, streams }: Live,
): Promise<Evidence> {
  const what = `reading ${config.redis.display} and ${config.prometheus.url}`;
  const stopProgress = startProgress(streams, what, flags.quiet);
  const request = { config, runbook, windowSeconds: flags.window, clock: context.clock };
  return collect(adapters, request, context.interrupt).finally(stopProgress);
}

async function recorded(path: string, runbook: Runbook): Promise<Evidence> {
  const { completed, readCapture } = await import('../evidence/capture.ts');
  return completed(await readCapture(path), runbook);
}

/** Collects, and keeps what was collected in a file whose name is made sure of first. */
async function saved(path: string | undefined, collecting: () => Promise<Evidence>): Promise<Evidence> {
  if (path === undefined) return collecting();
  const file = await (await import('../evidence/capture.ts')).reserveCapture(path);
  let evidence: Evidence;
  try {
    evidence = await collecting();
  } catch (error) {
    await file.discard();
    throw error;
  }
  await file.write(toJson(evidence));
  return evidence;
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

const proposals = (verdict: Verdict, runbook: Runbook, evidence: Evidence): TriageDocument['remedies'] =>
  new Map(
    verdict.findings.flatMap((finding) => {
      const category = runbook.categories.find(({ id }) => id === finding.category);
      if (!category) return [];
      return [[finding.category, propose(finding, category, runbook, evidence)]];
    }),
  );

/** Precedence: refused credentials, then anything unknown, then a finding. */
function exitCode(evidence: Evidence, verdict: Verdict, wanted: boolean): ExitCode {
  if (Object.values(evidence.signals).some((signal) => signal.cause === 'auth')) return EXIT.auth;
  if (isDegraded(evidence)) return EXIT.degraded;
  return wanted && verdict.findings.length > 0 ? EXIT.finding : EXIT.done;
}
