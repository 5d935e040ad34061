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
  /** Entities that stand out at first sight, loudest first. */
  readonly loud: readonly Row[];
  /** These, and those that stand out once louder ones are set aside, while what remains is abnormal and no crowd. */
  readonly out: readonly Row[];
  /** All entities at or above the noise floor. */
  readonly judged: Crowd;
  /** `judged` without those that stand out. */
  readonly rest: Crowd;
  /** All entities without those that stand out, the noise included. */
  readonly others: Crowd;
  /**
   * Who the crowd is, as far as rows tell: what stands out where that is more than a few, else what remains above the
   * noise, else the noise.
   */
  readonly crowd: readonly Row[];
  /** The largest value among the others. */
  readonly largestOther: number;
  readonly belowFloor: number;
  /** True when many entities are at the runbook's rate at once and none dominates. */
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

/**
 * The crowd at or above a floor, without some of its rows. Those are taken out of the very bin that they are in: a
 * difference of sums would drown small entities beside a huge one.
 */
function crowdFrom(
  rows: readonly Row[],
  bins: readonly Bin[] | null,
  floor: number,
  left: readonly Row[] = [],
): Crowd {
  if (bins === null) {
    const kept = rows.filter((row) => row.value >= floor && !left.includes(row));
    return kept.reduce(
      (sum, { value }) => plus(sum, { count: 1, total: value, squares: value * value }),
      NOBODY,
    );
  }
  const judged = bins.filter((bin) => bin.from >= floor);
  return judged.reduce((sum, bin, index) => {
    const next = judged[index + 1]?.from ?? Number.POSITIVE_INFINITY;
    const out = left.filter(({ value }) => value >= bin.from && value < next);
    if (out.length === bin.count) return sum;
    return out.reduce(
      (crowd, { value }) => plus(crowd, { count: -1, total: -value, squares: -value * value }),
      plus(sum, bin),
    );
  }, NOBODY);
}

const plus = (a: Crowd, b: Crowd): Crowd => ({
  count: a.count + b.count,
  total: a.total + b.total,
  squares: a.squares + b.squares,
});

/** The threshold's number; 0 when it is not known. */
export const thresholdOf = (runbook: Runbook, name: string | null): number =>
  name === null ? 0 : (runbook.thresholds[name]?.value ?? 0);

/**
 * Splits a signal into what is loud and the rest, each to be judged alone, so that neither hides the other.
 * A rest that is abnormal and yet no crowd is split again: its loud ones stood in the shadow of louder ones.
 */
export function analyse(signal: Signal, spec: SpreadSpec, runbook: Runbook): Analysis {
  const t = (name: string | null) => thresholdOf(runbook, name);
  const rows = signal.rows.filter((row) => row.valid);
  const floor = t(spec.floor);
  const crowd = (from: number, left: readonly Row[]) => crowdFrom(rows, signal.distribution, from, left);
  const judged = crowd(floor, []);
  // What has no valid name is nobody's: it must not make what has one look small.
  const named = Math.max(0, (signal.total ?? 0) - signal.strangers.total);
  const whole = signal.distribution === null ? named : judged.total;

  const standOut = (candidates: readonly Row[], total: number) =>
    candidates.filter(
      (row) =>
        row.value >= t(spec['loud-at']) &&
        // Where the source stopped counting the share is not known: it may be all there is.
        (row.atLeast || row.value >= t(spec['loud-share']) * total),
    );
  const few = t(spec.few);
  const many = (candidates: readonly Row[], total: number) => manyOf(candidates, total, spec, t);

  let loud = standOut(rows, whole);
  const manyInAll = many(rows, whole);
  if (manyInAll.met && loud.length > few) loud = [];
  const wholeWithout = (left: readonly Row[]) =>
    // Where the rows are only the top of a longer list, the source's own total is the whole.
    signal.distribution === null
      ? Math.max(0, whole - left.reduce((sum, row) => sum + row.value, 0))
      : crowd(floor, left).total;
  let out = loud;
  for (let behind = loud; behind.length > 0; ) {
    const quieter = rows.filter((row) => !out.includes(row));
    const total = wholeWithout(out);
    const isCrowd =
      manyInAll.met ||
      many(quieter, total).met ||
      (spec.rest !== null && effectiveSources(crowd(floor, out)) >= t(spec.rest.sources));
    const abnormal = total >= t(spec.volume ?? spec.rest?.volume ?? null);
    behind = abnormal && !isCrowd ? standOut(quieter, total) : [];
    // Where many is a rule of its own, more than a few of them are not singled out.
    if (spec.many !== null && out.length + behind.length > few) behind = [];
    out = [...out, ...behind];
  }
  const others = rows.filter((row) => !out.includes(row));
  const aboveNoise = others.filter((row) => row.value >= floor);
  const isMany = spec.many === null && out.length > few;
  return {
    loud,
    out,
    judged,
    crowd: isMany ? out : aboveNoise.length > 0 ? aboveNoise : others,
    rest: crowd(floor, out),
    others: crowd(0, out),
    largestOther: others[0]?.value ?? 0,
    belowFloor: crowd(0, []).count - judged.count,
    many: manyInAll.met,
    manyCount: manyInAll.count,
  };
}

function manyOf(rows: readonly Row[], total: number, spec: SpreadSpec, t: (name: string | null) => number) {
  if (spec.many === null) return { met: false, count: 0 };
  const at = rows.filter((row) => row.value >= t(spec.many?.each ?? null)).map((row) => row.value);
  const met =
    at.length >= t(spec.many['at-least']) &&
    total >= t(spec.volume) &&
    (at[0] ?? 0) <= t(spec.many['none-above']) * total;
  return { met, count: at.length };
}
