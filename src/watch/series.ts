import type { Series } from '../report/types.ts';
import type { Look, Measure } from './looks.ts';

type Points = Series['points'];

/** How one entity of a signal went from look to look; null where that is not known. */
export const pointsOf = (looks: readonly Look[], signal: string, key: string): Points =>
  points(looks, signal, (measure) => measure.seen.get(key)?.value ?? (measure.whole ? 0 : null));

/** How the total of a signal went from look to look. */
export const totalPoints = (looks: readonly Look[], signal: string): Points =>
  points(looks, signal, ({ total }) => total);

const points = (looks: readonly Look[], signal: string, value: (measure: Measure) => number | null): Points =>
  looks.map(({ atMs, measures }) => {
    const measure = measures.get(signal);
    return [atMs, measure === undefined ? null : value(measure)];
  });
