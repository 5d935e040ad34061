import { setMaxListeners } from 'node:events';
import { reachWords } from '../config/reach.ts';
import type { Config } from '../config/types.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { windowOf } from '../runbooks/sources.ts';
import type { Asked, Clock } from '../signals/asked.ts';
import type { PaceName } from '../signals/redis/pace.ts';
import type { PassProgress } from '../signals/redis/pass.ts';
import { withRowLimits } from './limits.ts';
import { merge } from './merge.ts';
import { resetsAfter } from './resets.ts';
import type { Evidence, Reading, Scan, Signal, SourceReport } from './types.ts';

/** What some sources of one signal said together: sources that name the same entities are read together. */
export interface Answer {
  readonly asked: readonly Asked[];
  readonly reading: Reading;
  /** One for each of `asked`, in its order. */
  readonly sources: readonly SourceReport[];
  /** The pass over the keyspace that it comes from. */
  readonly scan?: Scan;
  /** For what rests on other signals: the answer once those are known. */
  readonly settle?: (signals: Readonly<Record<string, Signal>>) => Answer;
}

/** Reads the sources of one kind of system. Never rejects: a failure is an `unknown` reading with its reason. */
export type Adapter = (asked: readonly Asked[], request: Request) => Promise<Answer[]>;

export interface Request {
  readonly config: Config;
  readonly runbook: Runbook;
  readonly windowSeconds: number;
  readonly clock: Clock;
  readonly scan: ScanWishes;
  /** Aborted at the deadline, and when the operator interrupts. */
  readonly signal: AbortSignal;
}

/** How the pass over the keyspace is to go. */
export interface ScanWishes {
  readonly pace: PaceName;
  /** When it ends at the latest, milliseconds after the question. */
  readonly endsAfterMs: number;
  /** Told how to look at its progress while it goes on. @returns what ends that */
  readonly watch: ((progress: () => PassProgress) => () => void) | null;
}

/** What the operator asks of the pass. */
export interface ScanOptions {
  readonly pace: PaceName;
  /** null: as long as everything may take. */
  readonly budgetSeconds: number | null;
  readonly watch: ScanWishes['watch'];
}

/** The gentlest, for as long as everything may take. */
const PLAIN_SCAN: ScanOptions = { pace: 'gentle', budgetSeconds: null, watch: null };

export interface Adapters {
  readonly redis: Adapter;
  readonly prometheus: Adapter;
  /** Without one, sources in logs are unknown: nothing reads them. */
  readonly logs?: Adapter;
}

/**
 * Asks every source of every signal of the runbook at once, under one deadline.
 * @param interrupt aborted when the operator interrupts
 * @throws what `interrupt` was aborted with
 */
export async function collect(
  adapters: Adapters,
  request: Omit<Request, 'signal' | 'scan'>,
  interrupt: AbortSignal,
  options: ScanOptions = PLAIN_SCAN,
): Promise<Evidence> {
  interrupt.throwIfAborted();
  const { runbook, clock, windowSeconds, config } = request;
  const at = clock.now();
  const asked = askedOf(runbook);
  const timeoutMs = config.timeoutSeconds * 1000;
  const budgetMs = options.budgetSeconds === null ? null : options.budgetSeconds * 1000;
  // A longer budget is for the pass alone; nothing else may take longer than the deadline.
  const scanMs = Math.max(timeoutMs, budgetMs === null ? 0 : budgetMs + reserveOf(budgetMs));
  const scan: ScanWishes = {
    ...{ pace: options.pace, watch: options.watch },
    endsAfterMs: Math.min(budgetMs ?? scanMs, scanMs - reserveOf(scanMs)),
  };
  const read = async (adapter: Adapter, system: string, deadlineMs: number) => {
    const part = asked.filter((one) => one.source.kind.startsWith(system));
    if (part.length === 0) return [];
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), deadlineMs);
    const signal = AbortSignal.any([deadline.signal, interrupt]);
    // Every request under way listens; their number is bounded by the runbook.
    setMaxListeners(0, signal);
    return adapter(part, { ...request, scan, signal }).finally(() => clearTimeout(timer));
  };
  const answers = (
    await Promise.all([
      read(adapters.redis, 'redis-', scanMs),
      read(adapters.prometheus, 'prometheus-', timeoutMs),
      adapters.logs === undefined ? [] : read(adapters.logs, 'logs-', timeoutMs),
    ])
  ).flat();
  interrupt.throwIfAborted();
  const signals = signalsOf(answers, request);
  const settled = answers.map((answer) => answer.settle?.(signals) ?? answer);
  return {
    ...{ at: clock.iso(at), windowSeconds, resets: resetsAfter(at, clock) },
    reach: reachWords(config, ['redis']),
    reads: reachWords(config, ['redis', 'prometheus', 'logs']),
    scan: answers.find((answer) => answer.scan !== undefined)?.scan ?? null,
    signals: settled.some((answer, index) => answer !== answers[index])
      ? signalsOf(settled, request)
      : signals,
    earlier: null,
  };
}

/** Of the time for the pass, what is kept for the questions after it, milliseconds. */
const reserveOf = (ms: number): number => Math.min(500, ms / 10);

/** Every source of every signal, to be asked. */
export const askedOf = ({ signals }: Runbook): Asked[] =>
  Object.entries(signals).flatMap(([signal, { sources, entity }]) =>
    sources.map(
      (source): Asked => ({ signal, source, kind: entity?.kind ?? null, many: entity?.many ?? 'entities' }),
    ),
  );

/** All signals, their entities held against their limits. */
const signalsOf = (
  answers: readonly Answer[],
  request: Omit<Request, 'signal' | 'scan'>,
): Readonly<Record<string, Signal>> =>
  Object.fromEntries(
    Object.keys(request.runbook.signals).map((id) => [
      id,
      withRowLimits(id, toSignal(id, answers, request), request.runbook),
    ]),
  );

function toSignal(
  id: string,
  answers: readonly Answer[],
  { runbook, windowSeconds }: Omit<Request, 'signal' | 'scan'>,
): Signal {
  const own = answers.filter(({ asked }) => asked[0]?.signal === id);
  const specs = runbook.signals[id]?.sources ?? [];
  const reports = own.flatMap(({ asked, sources }) =>
    asked.flatMap(({ source }, index) => {
      const report = sources[index];
      return report === undefined ? [] : [{ source, report }];
    }),
  );
  const inOrder = specs.flatMap((spec) => reports.find(({ source }) => source === spec) ?? []);
  // Numbers of which some are missing have a report that is unknown, with a sample all the same.
  const telling = inOrder.filter(
    ({ report: { status, sample } }) => status === 'measured' || (status === 'unknown' && sample !== null),
  );
  const windows = (telling.length > 0 ? telling : inOrder.slice(0, 1)).map(({ source }) =>
    windowOf(source, windowSeconds),
  );
  return {
    ...merge(own.map(({ reading }) => reading)),
    unit: runbook.signals[id]?.unit ?? '',
    windowSeconds: windows.reduce(
      (longest, window) => ((window ?? 0) > (longest ?? 0) ? window : longest),
      windows[0] ?? null,
    ),
    sources: inOrder.map(({ report }) => report),
  };
}
