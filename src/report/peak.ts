import type { Series } from './types.ts';

/** The largest value of a line; 0 where there is none. */
export const peakOf = ({ points }: Pick<Series, 'points'>): number =>
  points.reduce((most, [, value]) => Math.max(most, value ?? 0), 0);
