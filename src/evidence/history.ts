import { setMaxListeners } from 'node:events';
import type { Config } from '../config/types.ts';
import type { Runbook } from '../runbooks/schema.ts';
import type { Clock } from '../signals/asked.ts';
import type { Cause } from './types.ts';

/** One line of a chart, in order of time; null: no sample then, which is a gap and not zero. */
export interface Line {
  /** As the source holds it; `''` where there is one line only. */
  readonly id: string;
  readonly points: readonly (readonly [atMs: number, value: number | null])[];
}

/** How one of the runbook's charts went over time. */
export interface ChartHistory {
  /** The signal's id. */
  readonly chart: string;
  /** Largest first by their peaks, at most ten. */
  readonly lines: readonly Line[];
  /** What is beside those lines, in all; null: nothing. */
  readonly others: Line | null;
  /** All of it together; null where that is not asked or means nothing. */
  readonly total: Line | null;
  readonly stepSeconds: number;
  /** How far each point looks back, seconds; 0: it is of that moment. */
  readonly windowSeconds: number;
  /** Why there is nothing, or not all of it; null: it is whole. */
  readonly reason: string | null;
  /** Of a failure; null: there was none, whatever `reason` says. */
  readonly cause: Cause | null;
}

/** A stretch of time in which an alert fired. */
export interface AlertPeriod {
  readonly name: string;
  /** Without its name and state. */
  readonly labels: Readonly<Record<string, string>>;
  readonly fromMs: number;
  /** null: it still fires where the period ends. */
  readonly toMs: number | null;
  /** True when it fired already where the period begins. */
  readonly open: boolean;
  /** True when `toMs` is merely when it was first seen not to fire: it ended at some time before. */
  readonly endOpen?: boolean;
}

export interface AlertHistory {
  /** Those that were asked for. */
  readonly names: readonly string[];
  /** In order of time. */
  readonly periods: readonly AlertPeriod[];
  /** How exact the times are. */
  readonly stepSeconds: number;
  readonly reason: string | null;
  readonly cause: Cause | null;
}

/** What a range of time looked like, as far as it is kept anywhere. */
export interface History {
  readonly charts: readonly ChartHistory[];
  readonly alerts: AlertHistory;
}

export interface HistoryRequest {
  readonly config: Config;
  readonly runbook: Runbook;
  readonly clock: Clock;
  readonly fromMs: number;
  readonly toMs: number;
  /** Aborted at the deadline, and when the operator interrupts. */
  readonly signal: AbortSignal;
}

/** Reads the charts of a runbook, and when its alerts fired. Never rejects: a failure is a chart with its reason. */
export type Historian = (request: HistoryRequest) => Promise<History>;

/**
 * Asks for a range of time under the same deadline as everything else.
 * @throws what `interrupt` was aborted with
 */
export async function collectHistory(
  historian: Historian,
  request: Omit<HistoryRequest, 'signal'>,
  interrupt: AbortSignal,
): Promise<History> {
  interrupt.throwIfAborted();
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), request.config.timeoutSeconds * 1_000);
  const signal = AbortSignal.any([deadline.signal, interrupt]);
  // Every request under way listens; their number is bounded by the runbook.
  setMaxListeners(0, signal);
  const history = await historian({ ...request, signal }).finally(() => clearTimeout(timer));
  interrupt.throwIfAborted();
  return history;
}

/** A chart without anything to see. @param cause null: nothing failed */
export const noHistory = (chart: string, reason: string, cause: Cause | null = null): ChartHistory => ({
  ...{ chart, lines: [], others: null, total: null, stepSeconds: 0, windowSeconds: 0 },
  ...{ reason, cause },
});
