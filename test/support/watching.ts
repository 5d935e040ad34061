import type { Reading } from '../../src/evidence/types.ts';
import { notableRows } from '../../src/output/columns.ts';
import type { TriageDocument } from '../../src/output/triage-document.ts';
import type { Moment, Watching } from '../../src/output/watch-view.ts';
import type { Mark } from '../../src/report/types.ts';
import { advance, type History } from '../../src/watch/history.ts';
import { type Look, lookOf } from '../../src/watch/looks.ts';
import { rhythmOf } from '../../src/watch/rhythm.ts';
import { watchedSignals } from '../../src/watch/signals.ts';
import { aegis, agents, blocks, counters, rejects, unknown } from './evidence.ts';
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

function firstCommand({ remedies }: TriageDocument): Watching['next'] {
  const all = [...remedies].flatMap(([category, proposals]) =>
    proposals.flatMap(({ argv }) => (argv === null ? [] : [{ category, argv }])),
  );
  return all[0] ?? null;
}

/** A remedy, so many seconds before the last look. */
export const markAt = (secondsAgo: number, label: string): Mark => ({
  ...{ atMs: LAST - secondsAgo * 1_000, kind: 'remedy', label },
});

/** Two seconds after the last look. */
export const moment: Moment = {
  nowMs: LAST + 2_000,
  phase: { kind: 'resting', leftMs: 2_800 },
  what: 'context prod',
};

/** An attack that began, was blocked, and stopped; a tenant came up meanwhile. */
export const attack = watching(
  Array.from({ length: 14 }, (_, index) => ({
    'auth-failures-by-ip': counters({
      ...(index < 4 ? {} : { '203.0.113.42': Math.min(4_812, 600 * (index - 3)) }),
      '192.0.2.7': 3 + (index > 9 ? 1 : 0),
      '192.0.2.9': 2,
    }),
    'rejects-by-tenant': rejects({
      globex: { '/agents': 0.02 },
      ...(index < 12 ? {} : { acme: { '/agents': 0.6, '/execute': 0.3 } }),
    }),
    'agent-spend': agents({ 'agent-7': [82 + index, '100.00'], idle: [1, '50.00'] }),
    ...(index < 12
      ? {}
      : { blocks: blocks({ '203.0.113.42': [86_385, 'credential_stuffing'], '198.51.100.9': [600, 'x'] }) }),
    'blocked-spend': unknown('unreachable', 'prometheus 127.0.0.1:9090: connection refused'),
  })),
  { marks: [markAt(12, 'block-ip by kim: applied, enforced')] },
);
