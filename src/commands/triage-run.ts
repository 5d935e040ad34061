import type { Config } from '../config/types.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../errors.ts';
import type { Alert } from '../evidence/alert.ts';
import type { Answers } from '../evidence/answers.ts';
import { collect, type ScanOptions } from '../evidence/collect.ts';
import type { Earlier } from '../evidence/earlier.ts';
import type { History } from '../evidence/history.ts';
import type { Evidence } from '../evidence/types.ts';
import { isDegraded, type TriageDocument } from '../output/triage-document.ts';
import { proposeAll } from '../remedies/propose.ts';
import { loadRunbook, withSettings } from '../runbooks/load.ts';
import { asksForEarlier } from '../runbooks/recurrence.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { judge } from '../verdict/judge.ts';

/** A system that can be read, and by what it is judged. */
export interface Target {
  readonly config: Config;
  readonly runbook: Runbook;
}

/** How a system is read. */
interface Reading {
  /** Seconds. */
  readonly window: number;
  /** Seconds. */
  readonly budget?: number;
  readonly pace: ScanOptions['pace'];
  readonly watch?: ScanOptions['watch'];
}

/** What is judged, and by what. */
export interface Case {
  readonly evidence: Evidence;
  readonly runbook: Runbook;
  readonly context: string | null;
  /** What the triage is about; null: no alert was named. */
  readonly alert: Alert | null;
  /** What the operator answered to the runbook's questions. */
  readonly answers: Answers;
  readonly totalMs: number;
}

/** What a configuration is about. @throws ConfigError when the runbook cannot be used, or does not fit */
export const targetOf = async (config: Config, { runbooks }: Context): Promise<Target> => ({
  config,
  runbook: withSettings(await loadRunbook(config.runbook, runbooks), config),
});

/**
 * Reads all signals of one system, under its own deadline.
 * @param startedAt milliseconds since the epoch that the run counts from
 * @throws what the run was interrupted with
 */
export async function readCase(
  target: Target,
  { window, budget, pace, watch = null }: Reading,
  context: Context,
  startedAt: number,
): Promise<Case> {
  const { config, runbook } = target;
  const { adapters, clock, interrupt } = context;
  const request = { config, runbook, windowSeconds: window, clock };
  const asked = asksForEarlier(runbook) ? earlierIn(target, context, startedAt) : null;
  const read = await collect(await adapters(), request, interrupt, {
    ...{ pace, watch },
    budgetSeconds: budget ?? null,
  });
  const evidence = { ...read, earlier: await asked };
  const about = { context: config.context, alert: null, answers: {} };
  return { evidence, runbook, ...about, totalMs: clock.now() - startedAt };
}

/** Loaded only where the runbook asks for it. */
const earlierIn = async (target: Target, context: Context, atMs: number): Promise<Earlier> =>
  (await import('./earlier.ts')).earlierTimes(target, context, atMs);

/** How far back a capture keeps the charts, milliseconds. */
const KEPT_MS = 3_600_000;
const MOST_KEPT_MS = 24 * KEPT_MS;
/** What led to an alert was some time before it. */
const BEFORE_MS = 900_000;

/** How the runbook's charts went in the hour before a moment; of an alert since it fires, in a day at most. */
export function historyUntil(
  toMs: number,
  alert: Alert | null,
  target: Target,
  context: Context,
): Promise<History> {
  const since = alert === null || alert.startsAt === null ? toMs : context.clock.ms(alert.startsAt);
  const fromMs = Math.max(toMs - MOST_KEPT_MS, Math.min(toMs - KEPT_MS, since - BEFORE_MS));
  return historyBetween({ fromMs, toMs }, target, context);
}

/** How the runbook's charts went, under the same deadline as all else; a failure is a chart with its reason. */
export async function historyBetween(
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  { config, runbook }: Target,
  { historian, clock, interrupt }: Context,
): Promise<History> {
  const [{ collectHistory }, read] = await Promise.all([import('../evidence/history.ts'), historian()]);
  return collectHistory(read, { config, runbook, clock, fromMs, toMs }, interrupt);
}

/** The case, judged: all that there is to say. */
export function documentOf(
  found: Case,
  { top, replayed }: Pick<TriageDocument, 'top' | 'replayed'>,
): TriageDocument {
  const { evidence, runbook, answers } = found;
  const verdict = judge(evidence, runbook, answers);
  return { ...found, verdict, top, replayed, remedies: proposeAll(verdict, runbook, evidence) };
}

/**
 * Precedence: refused credentials, then anything unknown, then a finding, then an alert that has ended: it does not fire
 * and nothing is wrong. @param wanted a finding is a code, too
 */
export function exitCodeOf({ evidence, verdict, alert }: TriageDocument, wanted: boolean): ExitCode {
  const unread = unreadCode(evidence);
  if (unread === EXIT.auth || alert?.cause === 'auth') return EXIT.auth;
  if (unread !== null || alert?.state === 'unknown') return EXIT.degraded;
  if (wanted && verdict.findings.length > 0) return EXIT.finding;
  return alert?.state === 'not-firing' && verdict.category === 'quiet' ? EXIT.nothing : EXIT.done;
}

/** Refused credentials, then anything unknown; null: everything was read. */
export function unreadCode(evidence: Evidence): ExitCode | null {
  const causes = Object.values(evidence.signals).flatMap(({ cause, sources }) => [
    cause,
    ...sources.map((one) => one.cause),
  ]);
  if (causes.includes('auth')) return EXIT.auth;
  return isDegraded(evidence) ? EXIT.degraded : null;
}
