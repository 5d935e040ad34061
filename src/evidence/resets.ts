import type { Clock } from '../signals/asked.ts';
import type { Evidence } from './types.ts';

const DAY_MS = 86_400_000;

/** When the counters of a UTC day and of a month begin anew. @param now milliseconds since the epoch */
export function resetsAfter(now: number, clock: Clock): Evidence['resets'] {
  const month = clock.ms(`${clock.iso(now).slice(0, 7)}-01T00:00:00Z`);
  // No month is longer than 31 days, and no two are shorter than 33.
  const next = `${clock.iso(month + 32 * DAY_MS).slice(0, 7)}-01T00:00:00Z`;
  const reset = (ms: number) => ({ at: clock.iso(ms), inSeconds: Math.round((ms - now) / 1000) });
  return { day: reset((Math.floor(now / DAY_MS) + 1) * DAY_MS), month: reset(clock.ms(next)) };
}
