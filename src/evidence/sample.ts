import type { Sample } from './types.ts';

/** 95 % of a normal distribution lies within so many standard deviations of its mean. */
const Z = 1.96;
/** What a chance of 5 % is held against. */
const CHANCE = 0.05;

/** What was counted in the part of the keyspace that was visited; `squares` is the sum of the squared values. */
export interface Counted {
  readonly total: number;
  readonly squares: number;
  readonly distinct: number;
}

/**
 * What a part of the keyspace tells of all of it. Redis orders keys by a hash of their names, so the visited part is a
 * random sample of the keys and each was visited with the chance `coverage`, whatever it holds: totals are the
 * Horvitz-Thompson estimate (J. Am. Stat. Assoc. 47, 1952) with its variance, (1 - c) / c² · Σ value². Nothing is
 * estimated below what was seen. Of what was not seen at all at most ln 0.05 / ln(1 - c) keys exist at 95 %.
 * The intervals cannot know of a single key that is larger than all that were visited: that is what `missed` says.
 * @param coverage above 0 and below 1
 */
export function estimate({ total, squares, distinct }: Counted, coverage: number): Sample {
  const deviation = (spread: number) => (Z * Math.sqrt((1 - coverage) * spread)) / coverage;
  const around = (seen: number, spread: number): readonly [number, number] => [
    Math.max(seen, seen / coverage - deviation(spread)),
    seen / coverage + deviation(spread),
  ];
  const unseen = Math.log(CHANCE) / Math.log(1 - coverage);
  return {
    seen: { total, distinct },
    total: distinct === 0 ? null : around(total, squares),
    distinct: distinct === 0 ? [0, Math.ceil(unseen)] : roundedOut(around(distinct, distinct)),
    missed: 1 - coverage,
  };
}

const roundedOut = ([low, high]: readonly [number, number]): readonly [number, number] => [
  Math.floor(low),
  Math.ceil(high),
];
