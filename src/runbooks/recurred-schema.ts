import { z } from 'zod';
import { identifier, mapping, thresholdName } from './fields.ts';

/**
 * Earlier looks at these systems found one of these categories, so many separate times in that time before now. Looks
 * less than `apart` from one another saw the same time, unless one between them was quiet; what goes on now is no
 * earlier time.
 */
export const recurred = mapping({
  recurred: mapping({
    of: z.array(identifier).min(1).max(20),
    within: thresholdName,
    times: thresholdName,
    apart: thresholdName,
  }),
});
