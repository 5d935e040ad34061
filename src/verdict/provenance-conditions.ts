import type { Row, Signal } from '../evidence/types.ts';
import { ask, type Node, names, type Scene, subjectsOf } from './ask.ts';
import { thresholdOf } from './spread.ts';
import type { Outcome } from './types.ts';

// Conditions on where the entities that stand out come from, and whether what they do is new.

/** What stands out; where nothing does, or the runbook says no spread for the signal, all that is valid. */
function candidates(id: string, signal: Signal, scene: Scene): readonly Row[] {
  const spread = scene.runbook.signals[id]?.spread ?? null;
  const out = spread === null || signal.status !== 'measured' ? [] : scene.analysis(id).out;
  return out.length > 0 ? out : signal.rows.filter((row) => row.valid);
}

export function claimed({ signal }: Node<'claimed'>, scene: Scene): Outcome {
  return ask(scene, { code: 'claimed', signal, threshold: 1 }, (read) => {
    const rows = candidates(signal, read, scene).filter((row) => row.claimed);
    const args = { names: names(rows), sources: [...new Set(rows.flatMap((row) => row.sources))].join(', ') };
    return { measured: rows.length, met: rows.length > 0, subjects: subjectsOf(scene, signal, rows), args };
  });
}

export function plateau({ signal }: Node<'plateau'>, scene: Scene): Outcome {
  return ask(scene, { code: 'plateau', signal, threshold: 1 }, (read) => {
    const rows = candidates(signal, read, scene).filter((row) => row.atLeast);
    const args = { names: names(rows), largest: rows[0]?.value ?? 0 };
    return { measured: rows.length, met: rows.length > 0, subjects: subjectsOf(scene, signal, rows), args };
  });
}

export function shared({ signal, by, 'at-least': least }: Node<'shared'>, scene: Scene): Outcome {
  const threshold = thresholdOf(scene.runbook, least);
  return ask(scene, { code: 'shared', signal: by, threshold }, (other) => {
    const own = scene.signals[signal];
    const rows = own === undefined ? [] : candidates(signal, own, scene);
    const users = (row: Row) =>
      Math.max(
        0,
        ...other.rows
          .filter(({ id }) => id === row.id)
          .flatMap(({ labels }) => Object.values(labels).map((mix) => Object.keys(mix).length)),
      );
    const several = rows.filter((row) => users(row) >= threshold);
    return {
      measured: Math.max(0, ...rows.map(users)),
      met: several.length > 0,
      subjects: subjectsOf(scene, signal, several),
      args: { names: names(several) },
    };
  });
}

export function ended({ signal, after }: Node<'ended'>, scene: Scene): Outcome {
  const threshold = thresholdOf(scene.runbook, after);
  return ask(scene, { code: 'ended', signal, threshold }, (read) => {
    const seen = candidates(signal, read, scene).map((row) => row.lastSeenSeconds);
    const known = seen.filter((seconds) => seconds !== null);
    // One of which it is not known may still be at it.
    if (known.length === 0 || known.length < seen.length) return null;
    const measured = Math.min(...known);
    return { measured, met: measured >= threshold };
  });
}

export function usual({ signal, is, times }: Node<'usual'>, scene: Scene): Outcome {
  const factor = thresholdOf(scene.runbook, times);
  const question = { code: `usual-${is}` as const, signal, threshold: factor, args: { times: factor } };
  return ask(scene, question, (read) => {
    const { now, before } = compared(signal, read, scene);
    if (now === null || before === null) return null;
    const isAbove = now > before * factor;
    return { measured: now, met: isAbove === (is === 'above'), args: { usual: before } };
  });
}

/** What stands out, or the total, now and at the same hour before; null: not known. */
function compared(id: string, signal: Signal, scene: Scene): { now: number | null; before: number | null } {
  const spread = scene.runbook.signals[id]?.spread ?? null;
  const out = spread === null || signal.status !== 'measured' ? [] : scene.analysis(id).out;
  const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);
  if (out.length > 0) {
    const known = out.flatMap((row) => row.usual ?? []);
    return { now: sum(out.map((row) => row.value)), before: known.length < out.length ? null : sum(known) };
  }
  const { day, week } = signal.baseline ?? { day: null, week: null };
  const before = day === null && week === null ? null : Math.max(day ?? 0, week ?? 0);
  // What is at most that may as well be what it always is.
  return { now: signal.atMost ? null : signal.total, before };
}

export function unlabelled({ signal, label }: Node<'unlabelled'>, scene: Scene): Outcome {
  return ask(scene, { code: 'unlabelled', signal, threshold: 1, args: { label } }, (read) => {
    const rows = candidates(signal, read, scene);
    const without = rows.filter((row) => row.labels[label] === undefined);
    return { measured: without.length, met: rows.length > 0 && without.length === rows.length };
  });
}
