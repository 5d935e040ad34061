import { identityOf, isEverywhere, isNameless, type Target } from './targets.ts';

/** What one Prometheus has to count. */
export interface Share {
  /** False when others count all of its targets. */
  readonly counts: boolean;
  /** Targets that another one counts. */
  readonly without: readonly Target[];
  /** Why it cannot be told which of its targets others count too; null when it can. */
  readonly doubt: string | null;
}

/**
 * Targets that are left out of one query at most, and characters of their names: the longest query names them four times,
 * and VictoriaMetrics takes 16 KiB in all.
 */
const MOST_LEFT_OUT = 100;
const MOST_CHARACTERS = 2_000;
/** As long as what a query holds beside the names, once for each job. */
const PER_JOB = ' '.repeat(100);
/** A copy with less than this part of the samples has gaps. */
const FULL_ENOUGH = 0.8;

/**
 * Decides which of several Prometheus counts which target, so that none counts twice: the one that has the most samples,
 * unless it has gaps where another has none. So of two that collect all the same, one counts and the other rests.
 * @param seen the targets of each; null: too many to tell
 */
export function planOf(seen: readonly (readonly Target[] | null)[]): Share[] {
  const busy = seen.filter((targets) => targets === null || targets.length > 0).length;
  return withDoubts(
    seen,
    seen.map((targets) => (busy > 1 ? doubtOf(targets) : null)),
  );
}

/** The plan beside these doubts; a new one begins it anew, since whoever is in doubt counts for nobody else. */
function withDoubts(
  seen: readonly (readonly Target[] | null)[],
  doubts: readonly (string | null)[],
): Share[] {
  const clear = seen.map((targets, index) => (doubts[index] === null ? (targets ?? []) : []));
  const owners = ownersOf(clear);
  const left = clear.map((targets, index) =>
    targets.filter((target) => owners.get(identityOf(target)) !== index),
  );
  const found = left.findIndex((without, index) => doubtAbout(without, clear[index] ?? []) !== null);
  if (found >= 0) {
    const doubt = doubtAbout(left[found] ?? [], clear[found] ?? []);
    return withDoubts(
      seen,
      doubts.map((known, index) => (index === found ? doubt : known)),
    );
  }
  return clear.map((targets, index): Share => {
    const doubt = doubts[index] ?? null;
    const without = left[index] ?? [];
    const counts = doubt === null && (targets.length === 0 || without.length < targets.length);
    return { counts, without: counts ? without : [], doubt };
  });
}

/** Why one cannot be asked without these of its targets, or null. */
function doubtAbout(without: readonly Target[], targets: readonly Target[]): string | null {
  if (without.some((target) => isEverywhere(target) && target.startedAt === null)) {
    return 'targets of both are called localhost, so whether they are the same cannot be told';
  }
  const names = [
    ...new Set(without.map(({ job }) => job + PER_JOB)),
    ...without.map(({ instance }) => instance),
  ];
  const characters = names.join('').length;
  const isMuch = without.length > MOST_LEFT_OUT || characters > MOST_CHARACTERS;
  return isMuch && without.length < targets.length
    ? `${without.length} of its ${targets.length} targets are collected by another too, more than can be left out of a query`
    : null;
}

/** True when every target that any of them sees is counted by exactly one. */
export function countsOnce(seen: readonly (readonly Target[] | null)[], shares: readonly Share[]): boolean {
  const counted = new Map<string, number>();
  for (const [index, targets] of seen.entries()) {
    const share = shares[index];
    if (targets === null || share === undefined) return false;
    const left = new Set(share.without.map(identityOf));
    for (const target of targets) {
      const identity = identityOf(target);
      const isCounted = share.counts && !left.has(identity);
      counted.set(identity, (counted.get(identity) ?? 0) + (isCounted ? 1 : 0));
    }
  }
  return [...counted.values()].every((times) => times === 1);
}

function doubtOf(targets: readonly Target[] | null): string | null {
  if (targets === null) return 'it collects too many targets to tell which of them others collect too';
  return targets.some(isNameless)
    ? 'its series have no label `instance`, so whether others count the same cannot be told'
    : null;
}

/** By a target's identity the index of who counts it. */
function ownersOf(seen: readonly (readonly Target[])[]): Map<string, number> {
  const total = (targets: readonly Target[]) => targets.reduce((sum, { samples }) => sum + samples, 0);
  const ranked = [...seen.entries()].sort(([, a], [, b]) => total(b) - total(a));
  const best = new Map<string, number>();
  for (const target of seen.flat()) {
    const identity = identityOf(target);
    best.set(identity, Math.max(best.get(identity) ?? 0, target.samples));
  }
  const owners = new Map<string, number>();
  for (const [index, targets] of ranked) {
    for (const target of targets) {
      const identity = identityOf(target);
      const isFull = target.samples >= FULL_ENOUGH * (best.get(identity) ?? 0);
      if (isFull && !owners.has(identity)) owners.set(identity, index);
    }
  }
  return owners;
}
