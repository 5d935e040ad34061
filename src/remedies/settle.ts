import type { Change } from '../journal/types.ts';
import type { Clock } from '../signals/asked.ts';
import type { Held, Keyspace } from '../signals/redis/keyspace.ts';
import { SourceError } from '../signals/source-error.ts';
import { type RedisWrite, TOLERANCE_MS } from './compare-and-set.ts';
import { isSame, stateOf } from './states.ts';
import type { Plan } from './types.ts';
import { SKIPPED, type Writer, type Written } from './writer.ts';

interface World {
  readonly writer: Writer;
  readonly keyspace: Keyspace;
  readonly clock: Clock;
}

interface Settled {
  readonly changes: readonly Change[];
  /** True when a system refused the credentials or a permission. */
  readonly refusedBySystem: boolean;
}

/**
 * Writes a plan and finds out what became of it: keys first, then the API's calls in order, and none of those after
 * something went wrong. An answer that was lost is resolved by looking.
 */
export async function settle(plan: Plan, world: World): Promise<Settled> {
  const keys = plan.planned.flatMap(({ write }) => (write?.system === 'redis' ? [write] : []));
  const written = new Map<unknown, Written>();
  if (keys.length > 0) {
    const results = await world.writer.redis(keys);
    const resolved = await resolveLost(keys, results, plan.systemMs ?? 0, world);
    keys.forEach((write, index) => {
      const result = resolved[index];
      if (result) written.set(write, result);
    });
  }
  let isGood = [...written.values()].every(({ status }) => status === 'applied' || status === 'dry-run');
  for (const { write } of plan.planned) {
    if (write?.system !== 'api') continue;
    const result = isGood ? await resolveCall(await world.writer.api(write), plan.wasDone) : SKIPPED;
    written.set(write, result);
    isGood &&= result.status === 'applied' || result.status === 'dry-run';
  }
  const changes = plan.planned.map(({ change, write }): Change => {
    const result = write === null ? undefined : written.get(write);
    if (result === undefined) return change;
    return { ...change, ...outcomeOf(change, result, plan.systemMs ?? 0, world.clock) };
  });
  const refusedBySystem = [...written.values()].some(({ refused }) => refused);
  return { changes, refusedBySystem };
}

function outcomeOf(change: Change, result: Written, nowMs: number, clock: Clock): Partial<Change> {
  const { status, message, now, atMs } = result;
  const isKey = change.system === 'redis';
  switch (status) {
    case 'applied':
      return {
        status,
        message,
        after: isKey ? stateOf(now, atMs ?? nowMs, clock) : change.after,
        verified: isKey ? 'stored' : null,
      };
    case 'conflict':
      return { status, after: stateOf(now, atMs ?? nowMs, clock), message: 'somebody changed it meanwhile' };
    default:
      return { status, message };
  }
}

/** Asks what became of a call whose answer was lost. */
async function resolveCall(result: Written, wasDone: Plan['wasDone']): Promise<Written> {
  if (result.status !== 'unknown' || wasDone === null) return result;
  const why = `the answer was lost (${result.message})`;
  try {
    return (await wasDone())
      ? { ...result, status: 'applied', message: `${why}; the API says that it was done` }
      : { ...result, status: 'failed', message: `${why}; the API says that it was not done` };
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    return { ...result, message: `${why}; nor could the API be asked: ${error.message}` };
  }
}

/** Looks at what the lost answers were about. */
async function resolveLost(
  writes: readonly RedisWrite[],
  results: readonly Written[],
  sinceMs: number,
  { keyspace }: World,
): Promise<Written[]> {
  const lost = writes.filter((_, index) => results[index]?.status === 'unknown');
  if (lost.length === 0) return [...results];
  keyspace.close();
  let look: Awaited<ReturnType<Keyspace['lookAnyway']>>;
  try {
    look = await keyspace.lookAnyway(lost.map(({ key }) => key));
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    const more = `; nor could it be looked at: ${error.message}`;
    return results.map((one) =>
      one.status === 'unknown' ? { ...one, message: `${one.message}${more}` } : one,
    );
  }
  return results.map((one, index) => {
    const write = writes[index];
    if (one.status !== 'unknown' || write === undefined) return one;
    const now = look.held[lost.indexOf(write)] ?? null;
    return { ...one, ...judgeLost(write, now, sinceMs, look.nowMs, one.message ?? '') };
  });
}

function judgeLost(
  write: RedisWrite,
  now: Held | null,
  sinceMs: number,
  atMs: number,
  why: string,
): Partial<Written> {
  if (isDone(write, now, sinceMs, atMs)) {
    return {
      status: 'applied',
      now,
      atMs,
      message: `the answer was lost (${why}); a look says that it was done`,
    };
  }
  if (write.expect !== 'anything' && isSame(write.expect, now)) {
    return { status: 'failed', message: `the answer was lost (${why}); a look says that it was not done` };
  }
  return {
    status: 'unknown',
    message: `the answer was lost (${why}), and what is there now is neither the old nor the new`,
  };
}

/** Does the key hold what the write leaves behind, if it was done between two moments of the server's clock? */
function isDone({ set }: RedisWrite, now: Held | null, sinceMs: number, untilMs: number): boolean {
  if (set === null || now === null) return set === null && now === null;
  const { value, expiry } = set;
  if (expiry === null) return isSame({ value, expiresAtMs: null }, now);
  if ('atMs' in expiry) return isSame({ value, expiresAtMs: expiry.atMs }, now);
  // It ends so long after some moment in between: the middle, give or take half.
  const middle = (sinceMs + untilMs) / 2 + expiry.inMs;
  return isSame({ value, expiresAtMs: middle }, now, (untilMs - sinceMs) / 2 + TOLERANCE_MS);
}
