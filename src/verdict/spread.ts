import type { Bin, Row, Signal } from '../evidence/types.ts';
import type { Runbook, SpreadSpec } from '../runbooks/schema.ts';

/** Count, sum and sum of squares of a set of entities, enough for its effective number of sources. */
export interface Crowd {
  readonly count: number;
  readonly total: number;
  readonly squares: number;
}

/** How a signal's entities stand against each other. Only valid ids take part; strangers are judged on their own. */
export interface Analysis {
  /** Entities that stand out, loudest first. */
  readonly loud: readonly Row[];
  /** All entities at or above the noise floor. */
  readonly judged: Crowd;
  /** `judged` without the loud ones. */
  readonly rest: Crowd;
  /** All entities without the loud ones, the noise included. */
  readonly others: Crowd;
  /** The largest value among the others. */
  readonly largestOther: number;
  readonly belowFloor: number;
  /** True when many entities are at the runbook's rate at once and none dominates, with or without the loud ones. */
  readonly many: boolean;
  /** Entities at the runbook's rate; 0 where the runbook does not say what many is. */
  readonly manyCount: number;
}

/**
 * The inverse Simpson index, 1 / Σ share²: the number of equally loud sources that would be as diverse as these
 * (Simpson, "Measurement of Diversity", Nature 163, 1949). 0 for an empty crowd.
 */
export const effectiveSources = (crowd: Crowd): number =>
  crowd.squares > 0 ? (crowd.total * crowd.total) / crowd.squares : 0;

const NOBODY: Crowd = { count: 0, total: 0, squares: 0 };

function crowdFrom(rows: readonly Row[], bins: readonly Bin[] | null, floor: number): Crowd {
  const items =
    bins ?? rows.map((row) => ({ from: row.value, count: 1, total: row.value, squares: row.value ** 2 }));
  return items
    .filter((item) => item.from >= floor)
    .reduce(
      (sum, item) => ({
        count: sum.count + item.count,
        total: sum.total + item.total,
        squares: sum.squares + item.squares,
      }),
      NOBODY,
    );
}

const without = (crowd: Crowd, rows: readonly Row[]): Crowd => ({
  count: crowd.count - rows.length,
  total: Math.max(0, crowd.total - rows.reduce((sum, row) => sum + row.value, 0)),
  squares: Math.max(0, crowd.squares - rows.reduce((sum, row) => sum + row.value ** 2, 0)),
});

/** The threshold's number; 0 when it is not known. */
export const thresholdOf = (runbook: Runbook, name: string | null): number =>
  name === null ? 0 : (runbook.thresholds[name]?.value ?? 0);

/**
 * Splits a signal into what is loud and the rest, each to be judged alone, so that neither hides the other.
 * A rest that is abnormal and yet no crowd is split once more: its loud ones stood in the shadow of louder ones.
 */
export function analyse(signal: Signal, spec: SpreadSpec, runbook: Runbook): Analysis {
  const t = (name: string | null) => thresholdOf(runbook, name);
  const rows = signal.rows.filter((row) => row.valid);
  const floor = t(spec.floor);
  const all = crowdFrom(rows, signal.distribution, 0);
  const judged = crowdFrom(rows, signal.distribution, floor);
  // Where the rows are only the top of a longer list, the source's own total is the whole.
  const whole = signal.distribution === null ? (signal.total ?? 0) : judged.total;

  const standOut = (candidates: readonly Row[], total: number) =>
    candidates.filter((row) => row.value >= t(spec['loud-at']) && row.value >= t(spec['loud-share']) * total);
  const few = t(spec.few);
  const many = (candidates: readonly Row[], total: number) => manyOf(candidates, total, spec, t);

  let loud = standOut(rows, whole);
  const manyInAll = many(rows, whole);
  if (manyInAll.met) {
    const outlier = t(spec.many?.outlier ?? null) * manyInAll.median;
    loud = loud.filter((row) => row.value >= outlier);
    if (loud.length > few) loud = [];
  }
  const quieter = rows.filter((row) => !loud.includes(row));
  const restTotal = Math.max(0, whole - loud.reduce((sum, row) => sum + row.value, 0));
  const manyInRest = many(quieter, restTotal);
  const isCrowd =
    manyInAll.met ||
    manyInRest.met ||
    (spec.rest !== null && effectiveSources(without(judged, loud)) >= t(spec.rest.sources));
  if (loud.length > 0 && !isCrowd && restTotal >= t(spec.volume ?? spec.rest?.volume ?? null)) {
    const shadowed = standOut(quieter, restTotal);
    if (loud.length + shadowed.length <= few) loud = [...loud, ...shadowed];
  }

  return {
    loud,
    judged,
    rest: without(judged, loud),
    others: without(all, loud),
    largestOther: rows.find((row) => !loud.includes(row))?.value ?? 0,
    belowFloor: all.count - judged.count,
    many: manyInAll.met || manyInRest.met,
    manyCount: manyInAll.met ? manyInAll.count : manyInRest.met ? manyInRest.count : manyInAll.count,
  };
}

function manyOf(rows: readonly Row[], total: number, spec: SpreadSpec, t: (name: string | null) => number) {
  if (spec.many === null) return { met: false, count: 0, median: 0 };
  const at = rows.filter((row) => row.value >= t(spec.many?.each ?? null)).map((row) => row.value);
  const met =
    at.length >= t(spec.many['at-least']) &&
    total >= t(spec.volume) &&
    (at[0] ?? 0) <= t(spec.many['none-above']) * total;
  return { met, count: at.length, median: at[Math.floor(at.length / 2)] ?? 0 };
}
