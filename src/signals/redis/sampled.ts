import { type Counted, estimate } from '../../evidence/sample.ts';
import type { Reading } from '../../evidence/types.ts';

/**
 * What was counted, as the numbers of a reading: themselves after a whole pass, else what they tell of all keys.
 * @param coverage share of the keyspace that was visited, above 0
 */
export function sampled(
  counted: Counted,
  coverage: number,
): Pick<Reading, 'coverage' | 'sample'> & { readonly total: number; readonly distinct: number } {
  const { total, distinct } = counted;
  if (coverage >= 1) return { total, distinct, coverage: 1, sample: null };
  return {
    total: total / coverage,
    distinct: Math.round(distinct / coverage),
    ...{ coverage, sample: estimate(counted, coverage) },
  };
}
