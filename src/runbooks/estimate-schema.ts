import { z } from 'zod';
import { duration, label, mapping, metric, signalName, text, thresholdName } from './fields.ts';
import { match } from './match-schema.ts';

/**
 * An empty answer says that there were none only where a series with these labels was there in that time. Where there
 * never was one, what the source asks for may never be counted, which is not zero.
 */
export const seenWithin = duration.nullable().default(null);

/**
 * By how much a counter rose above what is usual, as a number of events: of the minutes of the last `over` in which its
 * rate was more than `times` what it was at that minute yesterday and a week ago, what was above that. An estimate.
 */
export const excessSource = mapping({
  kind: z.literal('prometheus-excess'),
  metric,
  match,
  by: label,
  over: duration,
  times: thresholdName,
});

/** A sentence after a step's text, with the total of a signal, rounded, or what is said where it cannot be told. */
export const figureSchema = mapping({
  signal: signalName,
  say: text(300).refine((value) => value.includes('{total}'), { error: 'needs the place {total}' }),
  else: text(300),
})
  .nullable()
  .default(null);
