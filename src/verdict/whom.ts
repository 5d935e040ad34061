import type { Row, Signal } from '../evidence/types.ts';
import { type Scene, subjectsOf } from './ask.ts';
import { thresholdOf } from './spread.ts';
import type { Subject } from './types.ts';

// Whom a condition is about.

/** Of a crowd so much must be so, of its heads or of what they count: a loud one among them must not speak for all. */
const MOST = 0.5;

const sumOf = (rows: readonly Row[]): number => rows.reduce((sum, { value }) => sum + value, 0);

/** What stands out; nothing where the runbook says no spread for the signal. */
export const standsOut = (id: string, signal: Signal | undefined, scene: Scene): readonly Row[] =>
  signal?.status === 'measured' && (scene.runbook.signals[id]?.spread ?? null) !== null
    ? scene.analysis(id).out
    : [];

/** What stands out; where nothing does, all that is valid. */
export function candidates(id: string, signal: Signal, scene: Scene): readonly Row[] {
  const out = standsOut(id, signal, scene);
  return out.length > 0 ? out : signal.rows.filter((row) => row.valid);
}

interface Found {
  readonly rows: readonly Row[];
  readonly met: boolean;
  readonly subjects: readonly Subject[];
}

/** How much of some entities are these, by heads or by what they count, whichever is more. */
export function partOf(found: readonly Row[], all: readonly Row[]): number {
  const whole = sumOf(all);
  return whole === 0 ? 0 : Math.max(sumOf(found) / whole, found.length / all.length);
}

/**
 * Some of these, or for `crowd` most of the crowd. What is true of most of a crowd is true of the
 * crowd, and of nobody in particular.
 */
export function someOf(
  of: 'out' | 'crowd' | undefined,
  id: string,
  rows: readonly Row[],
  is: (row: Row) => boolean,
  scene: Scene,
): Found {
  if (of !== 'crowd') {
    const found = rows.filter(is);
    return { rows: found, met: found.length > 0, subjects: subjectsOf(scene, id, found) };
  }
  const { crowd } = scene.analysis(id);
  const found = crowd.filter(is);
  return { rows: found, met: partOf(found, crowd) >= MOST, subjects: [] };
}

/**
 * What stands out in a signal, whether or not its name is a valid one, per second; without bound where a source has
 * stopped counting it.
 */
export function perSecondOf(id: string, scene: Scene): number {
  const signal = scene.signals[id];
  if (signal?.status !== 'measured' || signal.windowSeconds === null) return 0;
  const loud = thresholdOf(scene.runbook, scene.runbook.signals[id]?.spread?.['loud-at'] ?? null);
  const strangers = signal.rows.filter(({ valid, value }) => !valid && value >= loud);
  const out = [...scene.analysis(id).out, ...strangers];
  if (out.some((row) => row.atLeast)) return Number.POSITIVE_INFINITY;
  return out.reduce((sum, row) => sum + row.value, 0) / signal.windowSeconds;
}
