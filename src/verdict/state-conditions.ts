import type { Row } from '../evidence/types.ts';
import { ask, type Node, names, outcome, type Scene, subjectsOf } from './ask.ts';
import { thresholdOf } from './spread.ts';
import { type Because, type Outcome, plainId } from './types.ts';

// Conditions on the state of single entities: their limit, their age, whether they are up.

export function down({ signal, named }: Node<'down'>, scene: Scene): Outcome {
  return ask(scene, { code: 'down', signal, threshold: 1 }, (read) => {
    const dead = read.rows.filter((row) => row.value === 0 && (named === undefined || isNamed(row, named)));
    const which = named === undefined ? {} : { which: named.join(', ') };
    return { measured: dead.length, met: dead.length > 0, args: { names: names(dead), ...which } };
  });
}

/** Does its name, or a value of its labels, begin with one of these words? `identity` is in `identity-1:8000`. */
function isNamed(row: Row, words: readonly string[]): boolean {
  const labels = Object.values(row.labels).flatMap((mix) => Object.keys(mix));
  return [plainId(row.id) ?? '', ...labels].some((name) =>
    words.some((word) => name.startsWith(word) && !/^[a-z0-9]/i.test(name.slice(word.length))),
  );
}

export function reaches({ signal, id, kind, 'at-least': least }: Node<'reaches'>, scene: Scene): Outcome {
  const threshold = thresholdOf(scene.runbook, least);
  const which = id ?? (kind === undefined ? '' : `of kind ${kind}`);
  return ask(scene, { code: 'reaches', signal, threshold, args: { which } }, (read) => {
    const own = scene.runbook.signals[signal]?.entity?.kind ?? null;
    const meant = read.rows.filter(
      (row) => (id === undefined || row.id === id) && (kind === undefined || (row.kind ?? own) === kind),
    );
    const found = meant.filter((row) => row.value >= threshold);
    const measured = Math.max(0, ...meant.map((row) => row.value));
    const args = { names: names(found.length > 0 ? found : meant.slice(0, 1)) };
    // One that the runbook names is a word of the system, and nobody to do something about.
    const subjects = id === undefined ? subjectsOf(scene, signal, found) : [];
    return { measured, met: found.length > 0, subjects, args };
  });
}

export function count({ signal, each, 'at-least': least }: Node<'count'>, scene: Scene): Outcome {
  const threshold = thresholdOf(scene.runbook, least);
  const from = each === undefined ? null : thresholdOf(scene.runbook, each);
  const args: Because['args'] = from === null ? {} : { each: from };
  return ask(scene, { code: 'count', signal, threshold, args }, (read) => {
    const found = from === null ? read.rows : read.rows.filter((row) => row.value >= from);
    // Rows are the largest only: of all there is, the source's own count tells more.
    const measured = from === null ? (read.distinct ?? found.length) : found.length;
    return { measured, met: measured >= threshold, subjects: subjectsOf(scene, signal, found) };
  });
}

export function madeOf(node: Node<'made-of'>, scene: Scene): Outcome {
  const wanted = 'only' in node ? node.only : node['not-only'];
  const threshold = thresholdOf(scene.runbook, node.share);
  const code = 'only' in node ? ('made-only' as const) : ('made-mixed' as const);
  return ask(scene, { code, signal: node.signal, threshold, args: { value: wanted.join(', ') } }, (read) => {
    const total = read.total ?? 0;
    if (total === 0) return null;
    const own = read.rows.filter((row) => wanted.includes(plainId(row.id) ?? ''));
    const measured = own.reduce((sum, row) => sum + row.value, 0) / total;
    return { measured, met: measured >= threshold === 'only' in node };
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

/** Events that began before it cannot come from it; so many of them, and it is not the cause. */
const MOST = 0.5;

export function started(node: Node<'started'>, scene: Scene): Outcome {
  const within = thresholdOf(scene.runbook, node.within);
  const threshold = node.share === undefined ? 0 : thresholdOf(scene.runbook, node.share);
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
    const before = seen.length > 0 && earlier.length / seen.length > Math.max(threshold, MOST);
    return { code: before ? 'started-after' : 'started', measured, met: !before, args };
  });
}

export function silent({ signal }: Node<'silent'>, scene: Scene): Outcome {
  const status = scene.signals[signal]?.status ?? 'unknown';
  const because: Because = {
    ...{ code: 'silent', signal, measured: null, threshold: null },
    met: status === 'unknown' ? null : status !== 'measured',
    args: { status },
  };
  if (status === 'unknown') return outcome('unknown', [because]);
  return outcome(because.met === true ? 'met' : 'not-met', [because]);
}
