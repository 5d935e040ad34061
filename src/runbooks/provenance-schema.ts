import { z } from 'zod';
import { mapping, signalName as signal, thresholdName } from './fields.ts';

// Conditions on what another signal knows of the entities that stand out.

/** Of all of them, instead of some. */
const all = z.literal(true).optional();

/**
 * Some of those that stand out are listed by another signal too, such as addresses that are blocked already. `part`: the
 * other's ids are several names with colons between them, of which the last one is meant.
 */
export const listed = mapping({
  listed: mapping({
    signal,
    by: signal,
    part: z.enum(['whole', 'last']).optional(),
    all,
  }),
});

/** Some of what stands out is seen by another signal with at least so many values of a mix, such as tenants. */
export const shared = mapping({
  shared: mapping({ signal, by: signal, 'at-least': thresholdName, all }),
});
