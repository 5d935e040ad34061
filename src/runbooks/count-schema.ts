import { z } from 'zod';
import { parseDuration } from '../values/duration.ts';
import { duration, label, mapping, metric } from './fields.ts';
import { match } from './match-schema.ts';

/** Steps in which the first event is looked for at most. */
const MOST_STEPS = 288;

/**
 * How many events a counter counted in a time of its own, whatever triage's window: what a limit an hour or a day is held
 * against. That time ends now, since a limiter's own may have begun at any moment of it.
 */
export const countSource = mapping({
  kind: z.literal('prometheus-count'),
  metric,
  match,
  /** Series that have one of these values do not count. */
  'none-of': match,
  by: label,
  over: duration.refine(
    (value) => (parseDuration(value) ?? 0) >= 600 && (parseDuration(value) ?? 0) <= 604_800,
    {
      error: 'expected a duration of 10m to 7d',
    },
  ),
});

/** How far apart the moments are at which the first event is looked for, seconds: whole minutes. */
export const stepOf = (overSeconds: number): number =>
  Math.max(60, Math.ceil(overSeconds / MOST_STEPS / 60) * 60);
