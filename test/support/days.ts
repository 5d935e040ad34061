import { setTimeout as sleep } from 'node:timers/promises';

const DAY_MS = 86_400_000;
/** Longer than what a test needs from where it puts the keys of a day to where they have been read. */
const NEAR_MS = 10_000;

/**
 * What was spent today is nothing as soon as it is tomorrow: where midnight (UTC) is that near, it is waited for, so that
 * what begins now does not end on another day.
 */
export async function clearOfMidnight(): Promise<void> {
  const leftMs = DAY_MS - (Date.now() % DAY_MS);
  if (leftMs <= NEAR_MS) await sleep(leftMs + 50);
}

/**
 * Today and tomorrow (UTC) as `2026-05-29`: for keys of a day that are still to hold when midnight has come in between. What
 * is of tomorrow nobody reads today.
 */
export function days(nowMs = Date.now()): [today: string, tomorrow: string] {
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  return [day(nowMs), day(nowMs + DAY_MS)];
}

/** The same as months, `2026-05`: two where tomorrow is the first of one. */
export const months = (nowMs = Date.now()): string[] => [
  ...new Set(days(nowMs).map((day) => day.slice(0, 7))),
];
