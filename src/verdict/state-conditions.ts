import { ask, type Node, names, type Scene, subjectsOf } from './ask.ts';
import { thresholdOf } from './spread.ts';
import type { Outcome } from './types.ts';

// Conditions on the state of single entities: their limit, their age, whether they are up.

export function down({ signal }: Node<'down'>, scene: Scene): Outcome {
  return ask(scene, { code: 'down', signal, threshold: 1 }, (read) => {
    const dead = read.rows.filter((row) => row.value === 0);
    return { measured: dead.length, met: dead.length > 0, args: { names: names(dead) } };
  });
}

export function noLimit({ signal, problem }: Node<'no-limit'>, scene: Scene): Outcome {
  return ask(scene, { code: 'no-limit', signal, threshold: 1, args: { problem } }, (read) => {
    const without = read.rows.filter((row) => row.limit?.problem === problem);
    return { measured: without.length, met: without.length > 0, args: { names: names(without) } };
  });
}

export function overLimit(node: Node<'over-limit'>, scene: Scene): Outcome {
  const threshold = thresholdOf(scene.runbook, node.ratio);
  return ask(scene, { code: 'over-limit', signal: node.signal, threshold }, (signal) => {
    const limited = signal.rows.filter((row) => row.valid && row.limit !== null);
    // Rows without any notion of a limit: it is not known, which is not the same as far below it.
    if (signal.rows.length > 0 && limited.length === 0) return null;
    const over = limited.filter((row) => (row.limit?.ratio ?? 0) >= threshold);
    const measured = Math.max(0, ...limited.map((row) => row.limit?.ratio ?? 0));
    return {
      measured,
      met: over.length > 0,
      subjects: subjectsOf(scene, node.signal, over),
      args: { count: over.length },
    };
  });
}

export function started(node: Node<'started'>, scene: Scene): Outcome {
  const within = thresholdOf(scene.runbook, node.within);
  const threshold = thresholdOf(scene.runbook, node.share);
  return ask(scene, { code: 'started', signal: node.signal, threshold, args: { within } }, (signal) => {
    const recent = signal.rows.filter((row) => row.value <= within);
    const measured = signal.distinct ? recent.length / signal.distinct : 0;
    const newest = signal.rows[0]?.value ?? 0;
    const args = { newest, count: recent.length, of: signal.distinct ?? 0 };
    if (recent.length === 0 || measured < threshold) return { measured, met: false, args };
    const began = Math.max(...recent.map((row) => row.value));
    const events = node.before === undefined ? undefined : scene.signals[node.before];
    const seen = (events?.rows ?? []).filter((row) => row.valid && row.lastSeenSeconds !== null);
    const earlier = seen.filter((row) => (row.lastSeenSeconds ?? 0) > began);
    // Most of the sources stopped before the first process came up: then it did not cause them.
    const before = seen.length > 0 && earlier.length / seen.length > threshold;
    return { code: before ? 'started-after' : 'started', measured, met: !before, args };
  });
}
