import { z } from 'zod';
import { parseDuration } from '../values/duration.ts';
import { duration, mapping, signalName, thresholdName } from './fields.ts';

/** Steps of one range query at most. */
const MOST_STEPS = 120;

/**
 * For how many minutes of the last time each entity of another signal was at or over a ratio of its own limit: one range
 * query, judged step by step, so that one sample decides nothing.
 */
export const sustainedSource = mapping({
  kind: z.literal('prometheus-sustained'),
  /** The signal that has the entities, their counters and their `limits`. */
  of: signalName,
  /** A threshold: of the limit, from which on a step counts. */
  ratio: thresholdName,
  over: duration,
  step: duration.default('1m'),
}).superRefine(({ over, step }, context) => {
  const [all, each] = [parseDuration(over) ?? 0, parseDuration(step) ?? 0];
  // Shorter steps would overlap: a rate is looked for in a minute at least.
  if (each >= 60 && Number.isInteger(each) && all >= 3 * each && all <= MOST_STEPS * each) return;
  const message = `expected a \`step\` of at least 1m in whole seconds, and 3 to ${MOST_STEPS} of them in \`over\``;
  context.addIssue({ code: 'custom', message, path: ['step'] });
});
