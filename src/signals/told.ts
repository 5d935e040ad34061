import type { Skew, Told } from '../doctor/facts.ts';
import type { Clock } from './asked.ts';
import { SourceError } from './source-error.ts';

/** The answer, or why there is none. Throws what is no answer of a system. */
export async function told<T>(asking: () => Promise<T>): Promise<Told<T>> {
  try {
    return { known: true, value: await asking() };
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    return { known: false, cause: error.cause, reason: error.message };
  }
}

/** The last moment that a date can hold, milliseconds since the epoch. */
const LATEST_MS = 8.64e15;

/**
 * Holds another clock against ours. It was read at some moment while we waited for it: most likely in the middle.
 * @param ask milliseconds since the epoch by that clock, and how coarse it is
 */
export async function skewOf(
  ask: () => Promise<{ readonly ms: number; readonly coarseMs: number }>,
  clock: Clock,
): Promise<Skew> {
  const before = clock.now();
  const { ms, coarseMs } = await ask();
  const after = clock.now();
  if (!(Math.abs(ms) <= LATEST_MS)) throw new SourceError('malformed', 'the time that it gives is none');
  return {
    // A clock that shows whole seconds is half of one ahead of what it shows, on average.
    aheadMs: Math.round(ms + coarseMs / 2 - (before + after) / 2),
    plusMinusMs: Math.ceil((after - before + coarseMs) / 2),
    at: clock.iso(ms),
  };
}
