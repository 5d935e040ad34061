import type { Change, State, Stored } from '../journal/types.ts';
import type { Clock } from '../signals/asked.ts';
import type { Held } from '../signals/redis/keyspace.ts';
import { type RedisWrite, TOLERANCE_MS } from './compare-and-set.ts';
import type { Plan, Planned } from './types.ts';

/** What a key held, as the journal keeps it. @param nowMs the moment of the look, by the server's clock */
export function stateOf(held: Held | null, nowMs: number, clock: Pick<Clock, 'iso'>): State | null {
  if (held === null) return null;
  const { value, expiresAtMs } = held;
  if (expiresAtMs === null) return { value, ttlSeconds: null, expiresAt: null };
  return {
    value,
    ttlSeconds: Math.max(0, Math.round((expiresAtMs - nowMs) / 1_000)),
    expiresAt: clock.iso(expiresAtMs),
  };
}

/** The way back: what a state of the journal is for a write. */
export function heldOf(state: State | null, clock: Pick<Clock, 'ms'>): Held | null {
  if (state === null) return null;
  return {
    value: state.value,
    expiresAtMs: state.expiresAt === null ? null : clock.ms(state.expiresAt),
  };
}

/** What a write leaves behind if it is done at that moment. */
function stateAfter({ set }: RedisWrite, nowMs: number, clock: Pick<Clock, 'iso'>): State | null {
  if (set === null) return null;
  const { value, expiry } = set;
  const expiresAtMs = expiry === null ? null : 'inMs' in expiry ? nowMs + expiry.inMs : expiry.atMs;
  return stateOf({ value, expiresAtMs }, nowMs, clock);
}

/** Are these the same bytes? */
export const isEqual = (a: Stored | null, b: Stored | null): boolean =>
  JSON.stringify(a) === JSON.stringify(b);

/** Is it the same value, ending at the same time? */
export function isSame(a: Held | null, b: Held | null, toleranceMs = TOLERANCE_MS): boolean {
  if (a === null || b === null) return a === b;
  if (!isEqual(a.value, b.value)) return false;
  if (a.expiresAtMs === null || b.expiresAtMs === null) return a.expiresAtMs === b.expiresAtMs;
  return Math.abs(a.expiresAtMs - b.expiresAtMs) <= toleranceMs;
}

/** A key's change with its write. */
export function plannedKey(
  write: RedisWrite,
  before: Held | null,
  nowMs: number,
  clock: Pick<Clock, 'iso'>,
): Planned {
  return {
    change: changeOf(write.key, stateOf(before, nowMs, clock), stateAfter(write, nowMs, clock), 'planned'),
    write,
  };
}

/** A key that is already as it should be. */
export const unchangedKey = (
  key: string,
  held: Held | null,
  nowMs: number,
  clock: Pick<Clock, 'iso'>,
): Planned => {
  const state = stateOf(held, nowMs, clock);
  return { change: changeOf(key, state, state, 'unchanged'), write: null };
};

/** A key that holds no text is not ours to touch: nothing could be restored. */
export const foreignKey = (key: string): Planned => {
  const message = 'it holds something other than a text; look with TYPE, and remove it by hand';
  return { change: { ...changeOf(key, null, null, 'failed'), message }, write: null };
};

const changeOf = (
  target: string,
  before: State | null,
  after: State | null,
  status: Change['status'],
): Change => ({ system: 'redis', target, before, after, status, message: null, verified: null });

/** A plan that changes nothing, to start from. */
export const NO_PLAN: Plan = {
  ...{ subject: '', planned: [], refusals: [], warnings: [], facts: [], checklist: [] },
  ...{ typed: null, keptReason: null, nothing: null, systemMs: null, watch: null, wasDone: null },
};
