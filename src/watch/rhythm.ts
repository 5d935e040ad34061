/** When the systems are looked at. All times in milliseconds. */
export interface Rhythm {
  /** From the beginning of one look to the next. */
  readonly everyMs: number;
  /** What the operator asked for. */
  readonly intervalMs: number;
  /** How long the last look took. */
  readonly tookMs: number;
  /** From the end of the last look: not before, even when asked to. */
  readonly leastRestMs: number;
  readonly restMs: number;
}

/** Looks take up a third of the time at the most: the rest is the systems' own. */
const SHARE = 1 / 3;

/** The interval stretches when looks are slow, and comes back when they are quick again. */
export function rhythmOf(intervalMs: number, tookMs: number): Rhythm {
  const everyMs = Math.max(intervalMs, tookMs / SHARE);
  const leastRestMs = tookMs / SHARE - tookMs;
  return { everyMs, intervalMs, tookMs, leastRestMs, restMs: everyMs - tookMs };
}
