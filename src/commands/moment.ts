import { UsageError } from '../errors.ts';
import type { Clock } from '../signals/asked.ts';

/** A moment as it was given: so long before now, or absolute. */
export type Given = { readonly secondsAgo: number } | { readonly iso: string };

/** Milliseconds since the epoch; null: it was not given. @throws UsageError for a day that there is none of */
export function momentOf(given: Given | undefined, clock: Clock): number | null {
  if (given === undefined) return null;
  if ('secondsAgo' in given) return clock.now() - given.secondsAgo * 1_000;
  const ms = clock.ms(given.iso);
  // JavaScript takes February 30 for March 2.
  const day = given.iso.slice(0, 10);
  if (!Number.isFinite(ms) || clock.iso(clock.ms(day)).slice(0, 10) !== day) {
    throw new UsageError(`${given.iso} is no time: there is no such day or hour`);
  }
  return ms;
}
