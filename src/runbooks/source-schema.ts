import { z } from 'zod';
import { periodOf } from '../values/template.ts';
import { countSource } from './count-schema.ts';
import { excessSource, seenWithin } from './estimate-schema.ts';
import {
  duration,
  entityKind,
  identifier,
  keyTemplate,
  label,
  mapping,
  metric,
  text,
  thresholdName,
} from './fields.ts';
import { logsSource } from './logs-schema.ts';
import { match } from './match-schema.ts';
import { sustainedSource } from './sustained-schema.ts';

/** Where a signal's numbers come from. A new kind of source is a new member here and an adapter in `signals/`. */
export const sourceSchema = z.discriminatedUnion('kind', [
  /** Whole-number counters, one key an entity. Where several name the same entity, the largest counts. */
  mapping({
    kind: z.literal('redis-counter'),
    key: keyTemplate,
    /** The time that the count covers; null for a key with a date, which covers a day or a month. */
    window: duration.nullable().default(null),
    /** True when every count sets the TTL anew to `window`, so that the TTL tells when the last one was. */
    renewed: z.boolean().default(false),
    /** From this value on the system stops counting: a counter at rest there says nothing about the volume. */
    'stops-at': z.int().positive().nullable().default(null),
    /** Who chose the name: the system, or the client itself, which can then name somebody else. */
    'named-by': z.enum(['system', 'client']).default('system'),
    /**
     * For a total without entities: the sum of all keys per second of the window. It counts since the last pause of
     * that length, so it is at most that.
     */
    'per-second': z.boolean().default(false),
  }).refine(({ key, window }) => window !== null || periodOf(key) !== null, {
    error: 'needs a `window`, since its key has no date',
    path: ['window'],
  }),
  /** Keys whose presence is the fact: the value is a text, the number is the TTL in seconds. */
  mapping({
    kind: z.literal('redis-entry'),
    key: keyTemplate,
    /** Another key of the same entity, whose text is the reason. Without one the value itself is. */
    reason: keyTemplate.nullable().default(null),
    /** The value that says that the system itself put it there, and nobody by hand. */
    automatic: text(80).nullable().default(null),
  }),
  /** Money spent and the cap on it, a key each. Where several spends have the same cap, the one closest to it counts. */
  mapping({
    kind: z.literal('redis-spend'),
    spend: keyTemplate,
    /** What one of the spend's units is. The cap is a decimal in USD always. */
    unit: z.enum(['USD', 'cents']).default('USD'),
    cap: keyTemplate.nullable().default(null),
  }).refine(({ spend }) => periodOf(spend) !== null, {
    error:
      'needs a date at its end, such as {yyyymmdd}: a spend that is never reset cannot be held against a cap',
    path: ['spend'],
  }),
  /**
   * What Redis removes when its memory is full, one entity each, counted in servers: `any-key` (an allkeys-* policy),
   * `keys-with-ttl` (a volatile-* one) or `nothing`.
   */
  mapping({ kind: z.literal('redis-eviction') }),
  /** A counter's increase per second over triage's window, summed by one label, with the mix of another. */
  mapping({
    kind: z.literal('prometheus-rate'),
    metric,
    match,
    by: label.nullable().default(null),
    mix: label.nullable().default(null),
    /** What its entities are, where that differs from the signal's. */
    entity: entityKind.nullable().default(null),
    /** Ask also for the same hour yesterday and a week ago. */
    usual: z.boolean().default(false),
    /** The rate of that long ago, to hold the present one against. */
    ago: duration.nullable().default(null),
    'seen-within': seenWithin,
  }),
  excessSource,
  countSource,
  /** A gauge's present value, summed by one label. `limit` names the threshold that holds its limit. */
  mapping({
    kind: z.literal('prometheus-gauge'),
    metric,
    match,
    by: label,
    /** Another label that is kept, such as the job. */
    mix: label.nullable().default(null),
    /** Whether the large values matter, as of a level, or the small ones, as of a state such as `up`. */
    first: z.enum(['largest', 'smallest']).default('largest'),
    limit: thresholdName.nullable().default(null),
  }),
  /** Seconds since the time that a gauge holds, such as process_start_time_seconds; youngest first. */
  mapping({
    kind: z.literal('prometheus-age'),
    metric,
    match,
    by: label,
    /** Another label that is kept, such as the job. */
    mix: label.nullable().default(null),
  }),
  /** A query of the operator's own: `queries` of the context holds it under this name. Without it there is no such source. */
  mapping({
    kind: z.literal('prometheus-query'),
    setting: identifier,
    by: label,
    mix: label.nullable().default(null),
    /** Whether its values are numbers, or times in seconds since the epoch of which the age counts. */
    reads: z.enum(['value', 'time']).default('value'),
    /** What it must answer, for whoever writes it. */
    about: text(200),
  }),
  sustainedSource,
  logsSource,
]);
