import type { Row, Signal } from '../evidence/types.ts';
import { type Scene, subjectsOf } from './ask.ts';
import type { Subject } from './types.ts';

// Whom a condition is about.

/** Of a crowd, that much of all that it counts must be so. */
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

/**
 * Some of these, or for `crowd` most of the crowd, by what they count. What is true of most of a crowd is true of the
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
  return { rows: found, met: found.length > 0 && sumOf(found) >= MOST * sumOf(crowd), subjects: [] };
}
