import type { Reading } from '../../src/evidence/types.ts';
import { notableRows } from '../../src/output/columns.ts';
import type { TriageDocument } from '../../src/output/triage-document.ts';
import type { Watching } from '../../src/output/watch-view.ts';
import type { Mark } from '../../src/report/types.ts';
import { advance, type History } from '../../src/watch/history.ts';
import { type Look, lookOf } from '../../src/watch/looks.ts';
import { rhythmOf } from '../../src/watch/rhythm.ts';
import { watchedSignals } from '../../src/watch/signals.ts';
import { aegis } from './evidence.ts';
import { documentOf } from './triage.ts';

type Readings = Readonly<Record<string, Reading>>;

export const watched = watchedSignals(aegis);
/** When the last look of `watching` begins. */
export const LAST = Date.parse('2026-05-29T03:12:04Z');
const EVERY_MS = 5_000;
const TOP = 10;

/** One look at these readings. */
export function lookAt(readings: Readings, atMs = LAST): Look {
  const { evidence, verdict, runbook } = documentOf(readings, TOP);
  const notable = (id: string, signal: Parameters<typeof notableRows>[1]) => notableRows(id, signal, runbook);
  return lookOf({ atMs, tookMs: 212, evidence, verdict, watched, notable });
}

/** All that a watch has to say when it looked so often, every five seconds. */
export function watching(
  looks: readonly Readings[],
  more: Partial<Pick<Watching, 'marks' | 'warnings' | 'rhythm' | 'next'>> = {},
): Watching {
  const first = LAST - (looks.length - 1) * EVERY_MS;
  let history: History | null = null;
  for (const [index, readings] of looks.entries()) {
    history = advance(history, lookAt(readings, first + index * EVERY_MS), watched, TOP);
  }
  if (history === null) throw new Error('no look');
  const document = documentOf(looks.at(-1) ?? {}, TOP);
  return {
    ...{ document, history, watched, marks: [], warnings: [], rhythm: rhythmOf(EVERY_MS, 212) },
    next: firstCommand(document),
    ...more,
  };
}

const firstCommand = ({ remedies }: TriageDocument): readonly string[] | null =>
  [...remedies.values()].flat().find(({ argv }) => argv !== null)?.argv ?? null;

/** A remedy, so many seconds before the last look. */
export const markAt = (secondsAgo: number, label: string): Mark => ({
  ...{ atMs: LAST - secondsAgo * 1_000, kind: 'remedy', label },
});
