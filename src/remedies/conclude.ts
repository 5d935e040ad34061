import type { Verified } from '../journal/types.ts';

/** A counter at one moment of the server's clock. */
export interface Sample {
  readonly atMs: number;
  /** null: there is no such counter. */
  readonly value: number | null;
}

/** What one counter did before and after a block was written; both in order of time. */
export interface Track {
  readonly before: readonly Sample[];
  readonly after: readonly Sample[];
  readonly stopsAt: number | null;
}

export interface Conclusion {
  readonly verified: Extract<Verified, 'enforced' | 'stored' | 'not-enforced'>;
  readonly text: string;
}

/** That many failures at least must have been due for their absence to mean anything. */
const EXPECTED = 5;
/** Fewer than that are no rate: the watch before the write ends as soon as it has seen enough. */
const FEWEST = 3;
/** How likely the silence may be if nothing had changed. */
const CHANCE = 0.01;

/**
 * Whether a block took effect. `not-enforced`: failures were counted after it. `enforced`: they were coming in before,
 * at least 5 more were due while it was watched, none came, and neither the counter's expiry nor its limit explains
 * that. Anything else proves nothing: `stored`.
 */
export function conclude(tracks: readonly Track[]): Conclusion {
  const after = sum(tracks.map((track) => rise(track.after)));
  const watchedSeconds = Math.max(0, ...tracks.map(({ after: samples }) => spanMs(samples))) / 1_000;
  if (after > 0) {
    const text = `${failures(after)} in the ${shown(watchedSeconds)} s after the block`;
    return { verified: 'not-enforced', text };
  }
  const proven = tracks.filter((track) => reasonForDoubt(track) === null);
  const [first] = proven;
  if (first) {
    const before = sum(proven.map((track) => rise(track.before)));
    const text = `${failures(before)} in the ${shown(spanMs(first.before) / 1_000)} s before the block, none in the ${shown(watchedSeconds)} s after it`;
    return { verified: 'enforced', text };
  }
  return { verified: 'stored', text: tracks.map(reasonForDoubt).find((why) => why !== null) ?? '' };
}

/** Why the silence of one counter proves nothing; null: it does. */
function reasonForDoubt({ before, after, stopsAt }: Track): string | null {
  const last = after.at(-1)?.value ?? null;
  if (last === null) return 'the failure counter has expired, so its silence proves nothing';
  if (stopsAt !== null && last >= stopsAt) {
    return `the system stops counting at ${stopsAt}, so the counter's silence proves nothing`;
  }
  if (rise(before) === 0) return 'no failures came in just before the block, so none after it proves nothing';
  return isExpectedToRise(before, spanMs(after) / 1_000)
    ? null
    : 'failures came too seldom to tell within the watch (a longer --verify can)';
}

/**
 * Were at least 5 failures due in that time, and is their absence no accident? With r events in b seconds and nothing
 * known beforehand, none in w seconds has the probability (b / (b + w)) ^ (r + 1) under a Poisson process.
 */
export function isExpectedToRise(before: readonly Sample[], seconds: number): boolean {
  const risen = rise(before);
  const lasted = spanMs(before) / 1_000;
  if (risen < FEWEST || lasted <= 0) return false;
  const due = (risen / lasted) * seconds;
  return due >= EXPECTED && (lasted / (lasted + seconds)) ** (risen + 1) <= CHANCE;
}

/** What was counted between the first sample and the last; a counter that began anew counts from zero. */
function rise(samples: readonly Sample[]): number {
  let total = 0;
  samples.forEach(({ value }, index) => {
    const previous = samples[index - 1];
    if (previous === undefined || value === null) return;
    total += value >= (previous.value ?? 0) ? value - (previous.value ?? 0) : value;
  });
  return total;
}

const spanMs = (samples: readonly Sample[]): number => (samples.at(-1)?.atMs ?? 0) - (samples[0]?.atMs ?? 0);

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

const failures = (count: number): string => `${count} ${count === 1 ? 'failure' : 'failures'}`;

const shown = (seconds: number): string => seconds.toFixed(seconds < 10 ? 1 : 0);
