import type { Row } from '../evidence/types.ts';
import { ask, kindOf, type Node, names, outcome, type Scene, subjectsOf } from './ask.ts';
import { thresholdOf } from './spread.ts';
import { type Because, type Outcome, plainId } from './types.ts';
import { candidates } from './whom.ts';

// Conditions on the state of single entities: their limit, their age, whether they are up.

export function down({ signal, named, all }: Node<'down'>, scene: Scene): Outcome {
  return ask(scene, { code: 'down', signal, threshold: 1 }, (read) => {
    const meant = named === undefined ? read.rows : read.rows.filter((row) => isNamed(row, named));
    const dead = meant.filter((row) => row.value === 0);
    const left = meant.length - dead.length;
    const which = { ...(named === undefined ? {} : { which: named.join(', ') }), ...(all ? { left } : {}) };
    const met = dead.length > 0 && (all !== true || left === 0);
    return { measured: dead.length, met, args: { names: names(dead), ...which } };
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
    const meant = read.rows.filter(
      (row) =>
        (id === undefined || row.id === id) && (kind === undefined || kindOf(row, signal, scene) === kind),
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

export function unlabelled({ signal, label }: Node<'unlabelled'>, scene: Scene): Outcome {
  return ask(scene, { code: 'unlabelled', signal, threshold: 1, args: { label } }, (read) => {
    const rows = candidates(signal, read, scene);
    const without = rows.filter((row) => row.labels[label] === undefined);
    return { measured: without.length, met: rows.length > 0 && without.length === rows.length };
  });
}

export function silent({ signal, 'no-source': noSource }: Node<'silent'>, scene: Scene): Outcome {
  const status = scene.signals[signal]?.status ?? 'unknown';
  const because: Because = {
    ...{ code: 'silent', signal, measured: null, threshold: null },
    met: status === 'unknown' ? null : noSource ? status === 'absent' : status !== 'measured',
    args: { status },
  };
  if (status === 'unknown') return outcome('unknown', [because]);
  return outcome(because.met === true ? 'met' : 'not-met', [because]);
}
