import { z } from 'zod';
import { mapping, signalName, thresholdName } from './fields.ts';

// Conditions on entities that have a limit.

const reached = mapping({ signal: signalName, 'at-least': thresholdName });
const earlier = mapping({ signal: signalName, times: thresholdName });

/**
 * Some entity uses at least this ratio of its limit; `reached-in`: and has at least so much in another signal, too;
 * `except-in`: those are left out that have so much in that one. `tell`: it says which limit that was, and where the source
 * tells when what is used up passes, when.
 */
export const overLimit = mapping({
  'over-limit': mapping({
    signal: signalName,
    ratio: thresholdName,
    'reached-in': reached.optional(),
    'except-in': reached.optional(),
    tell: z.literal('limit').optional(),
  }),
});

/**
 * Some entity has no limit, one that cannot be used, a tier that the table does not have, or tiers with different limits;
 * `reached-in`: and has so much in another signal, such as its rejections.
 */
export const noLimit = mapping({
  'no-limit': mapping({
    signal: signalName,
    problem: z.enum(['none', 'invalid', 'unknown-tier', 'several-tiers']),
    'reached-in': reached.optional(),
  }),
});

/**
 * So many entities have `each` or more of a signal such as rejections, although they use less than this ratio of their own
 * limit, as the signal `by` tells it. Those that have this `share` of `by` are not among them. It says whom that happens
 * to, and makes them no subjects: they are not the ones who do it.
 */
export const underLimit = mapping({
  'under-limit': mapping({
    signal: signalName,
    each: thresholdName,
    by: signalName,
    ratio: thresholdName,
    share: thresholdName.optional(),
    'at-least': thresholdName,
    /** They bring it upon themselves, as by a burst, and are the subjects. */
    subjects: z.literal(true).optional(),
  }),
});

/** Some entity has this share of the whole signal; `ratio`: and uses so much of its own limit. */
export const dominates = mapping({
  dominates: mapping({ signal: signalName, share: thresholdName, ratio: thresholdName.optional() }),
});

/**
 * Some entity has at least so many times as much in this signal as in the signal `by`, such as rejections against what is
 * accepted. `reached-in`: and has so much in another signal, too. Who has nothing in `by` has any number of times as much.
 * `at-least`: who has less than that is not asked about. `grown`: and has so many times what the signal of earlier tells;
 * `steady`: while what it has in `by` is at most so many times more or less than what that signal of earlier tells.
 */
export const outweighs = mapping({
  outweighs: mapping({
    signal: signalName,
    by: signalName,
    times: thresholdName,
    'at-least': thresholdName.optional(),
    'reached-in': reached.optional(),
    grown: earlier.optional(),
    steady: earlier.optional(),
  }),
});
