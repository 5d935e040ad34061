import type { SeriesState } from '../incidents/types.ts';

/** Is anything of these series recorded of a moment? @param at seconds since the start of the drill */
export const isRecorded = (series: readonly SeriesState[], at: number): boolean =>
  series.some(({ spans }) => spans.some(({ from, to }) => from <= at && at < to));

/** The name of an entity: the value of that label, empty where a series has none. */
export const idOf = ({ labels }: SeriesState, { by }: { readonly by: string }): string => labels[by] ?? '';
