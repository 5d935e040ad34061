import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../asked.ts';

/** Until when a server that refuses for now is asked again. */
export interface Patience {
  readonly clock: Clock;
  /** By the steady clock. */
  readonly endsAt: number;
  /** Aborted when nothing is waited for any more. */
  readonly signal: AbortSignal;
}

/**
 * The server refuses for now, and may not in a moment: in its own words, or in those that name the server too. Not
 * among them are LOADING, since the keys are others afterwards, and MASTERDOWN, which nobody's patience ends.
 */
const FOR_NOW = /(?:^|\()(?:BUSY|OOM|TRYAGAIN|CLUSTERDOWN)\b/;

const FIRST_MS = 20;
const MOST_MS = 250;

/**
 * Asks again what was refused for now, each time after a longer while.
 * @param refused told each time
 * @throws what the last one ended with
 */
export async function patiently<T>(
  call: () => Promise<T>,
  { clock, endsAt, signal }: Patience,
  refused: () => void = () => {},
): Promise<T> {
  for (let waitMs = FIRST_MS; ; waitMs = Math.min(MOST_MS, 2 * waitMs)) {
    try {
      return await call();
    } catch (error) {
      const isForNow = error instanceof Error && FOR_NOW.test(error.message);
      if (!isForNow || signal.aborted || clock.steady() + waitMs >= endsAt) throw error;
      refused();
      await delay(waitMs, undefined, { signal }).catch(() => {});
    }
  }
}
