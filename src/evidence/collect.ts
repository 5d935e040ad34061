import { setMaxListeners } from 'node:events';
import { reachWords } from '../config/reach.ts';
import type { Config } from '../config/types.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { labelOf, windowOf } from '../runbooks/sources.ts';
import type { Asked, Clock } from '../signals/asked.ts';
import { type Evidence, type Reading, type Signal, unknown } from './types.ts';

/** Reads the sources of one kind of system. Never rejects: a failure is an `unknown` reading with its reason. */
export type Adapter = (asked: readonly Asked[], request: Request) => Promise<Map<Asked, Reading>>;

export interface Request {
  readonly config: Config;
  readonly runbook: Runbook;
  readonly windowSeconds: number;
  readonly clock: Clock;
  /** Aborted at the deadline, and when the operator interrupts. */
  readonly signal: AbortSignal;
}

export interface Adapters {
  readonly redis: Adapter;
  readonly prometheus: Adapter;
}

/**
 * Asks every source of every signal of the runbook at once, under one deadline.
 * @param interrupt aborted when the operator interrupts
 * @throws what `interrupt` was aborted with
 */
export async function collect(
  adapters: Adapters,
  request: Omit<Request, 'signal'>,
  interrupt: AbortSignal,
): Promise<Evidence> {
  interrupt.throwIfAborted();
  const { runbook, clock, windowSeconds, config } = request;
  const at = clock.now();
  const asked = Object.entries(runbook.signals).flatMap(([signal, spec]) =>
    spec.sources.map((source): Asked => ({ signal, source, kind: spec.entity?.kind ?? null })),
  );
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), config.timeoutSeconds * 1000);
  const signal = AbortSignal.any([deadline.signal, interrupt]);
  // Every request under way listens; their number is bounded by the runbook.
  setMaxListeners(0, signal);
  const timed = async (adapter: Adapter, part: Asked[]) => {
    const readings =
      part.length > 0 ? await adapter(part, { ...request, signal }) : new Map<Asked, Reading>();
    return { readings, latencyMs: clock.now() - at };
  };
  try {
    const answers = await Promise.all([
      timed(
        adapters.redis,
        asked.filter((one) => one.source.kind.startsWith('redis-')),
      ),
      timed(
        adapters.prometheus,
        asked.filter((one) => one.source.kind.startsWith('prometheus-')),
      ),
    ]);
    interrupt.throwIfAborted();
    const signals: Record<string, Signal> = {};
    for (const one of asked) {
      const answer = answers.find(({ readings }) => readings.has(one));
      const reading = answer?.readings.get(one) ?? unknown('refused', 'nothing reads this kind of source');
      signals[one.signal] = toSignal(one, reading, answer?.latencyMs ?? 0, request);
    }
    const reach = reachWords(config, ['redis']);
    return { schema: 'ratelimit/evidence/v1', at: clock.iso(at), windowSeconds, reach, signals };
  } finally {
    clearTimeout(timer);
  }
}

function toSignal(one: Asked, reading: Reading, latencyMs: number, request: Omit<Request, 'signal'>): Signal {
  const { status, reason } = reading;
  return {
    ...reading,
    unit: request.runbook.signals[one.signal]?.unit ?? '',
    windowSeconds: windowOf(one.source, request.windowSeconds),
    sources: [{ label: labelOf(one.source), status, reason, latencyMs }],
  };
}
