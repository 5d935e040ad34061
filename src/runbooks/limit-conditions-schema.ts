import { identifier, mapping } from './fields.ts';

// Conditions on entities that have a limit.

const reached = mapping({ signal: identifier, 'at-least': identifier });

/**
 * Some entity uses at least this ratio of its limit; `reached-in`: and has at least so much in another signal, too;
 * `except-in`: those are left out that have so much in that one.
 */
export const overLimit = mapping({
  'over-limit': mapping({
    signal: identifier,
    ratio: identifier,
    'reached-in': reached.optional(),
    'except-in': reached.optional(),
  }),
});

/**
 * So many entities have `each` or more of a signal such as rejections, although they use less than this ratio of their own
 * limit, as the signal `by` tells it. Those that have this `share` of `by` are not among them. It says whom that happens
 * to, and makes them no subjects: they are not the ones who do it.
 */
export const underLimit = mapping({
  'under-limit': mapping({
    signal: identifier,
    each: identifier,
    by: identifier,
    ratio: identifier,
    share: identifier.optional(),
    'at-least': identifier,
  }),
});

/** Some entity has this share of the whole signal; `ratio`: and uses so much of its own limit. */
export const dominates = mapping({
  dominates: mapping({ signal: identifier, share: identifier, ratio: identifier.optional() }),
});

/**
 * Some entity has at least so many times as much in this signal as in the signal `by`, such as rejections against what is
 * accepted. `reached-in`: and has so much in another signal, too. Who has nothing in `by` has any number of times as much.
 */
export const outweighs = mapping({
  outweighs: mapping({
    signal: identifier,
    by: identifier,
    times: identifier,
    'reached-in': reached.optional(),
  }),
});
