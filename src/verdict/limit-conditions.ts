import type { Row } from '../evidence/types.ts';
import {
  ask,
  isAtLeast,
  isPartial,
  kindOf,
  type Node,
  names,
  outcome,
  type Scene,
  subjectsOf,
} from './ask.ts';
import { thresholdOf } from './spread.ts';
import type { Because, Outcome } from './types.ts';

// Conditions on entities that have a limit.

const ratioOf = ({ limit }: Row): number => limit?.ratio ?? 0;

export function overLimit(node: Node<'over-limit'>, scene: Scene): Outcome {
  const threshold = thresholdOf(scene.runbook, node.ratio);
  const { 'reached-in': reached, 'except-in': except } = node;
  const over = (scene.signals[node.signal]?.rows ?? []).filter(
    (row) => row.valid && row.limit !== null && ratioOf(row) >= threshold,
  );
  // Whether those are among what could not be read is not known.
  if (reached !== undefined && over.length > 0 && isUnread(reached.signal, scene)) {
    return outcome('unknown', [unread(reached.signal)]);
  }
  const told = ask(scene, { code: 'over-limit', signal: node.signal, threshold }, (signal) => {
    const limited = signal.rows.filter((row) => row.valid && row.limit !== null);
    // Rows without any notion of a limit: it is not known, which is not the same as far below it.
    if (signal.rows.length > 0 && limited.length === 0) return null;
    const both = over.filter(
      (row) =>
        (reached === undefined || isReached(row, node.signal, reached, scene)) &&
        (except === undefined || !isReached(row, node.signal, except, scene)),
    );
    const measured = Math.max(0, ...limited.map(ratioOf));
    const [highest] = [...(both.length > 0 ? both : limited)].sort((a, b) => ratioOf(b) - ratioOf(a));
    return {
      measured,
      met: both.length > 0,
      subjects: subjectsOf(scene, node.signal, both),
      args: {
        count: both.length,
        ...(reached === undefined || over.length === 0 ? {} : { other: reached.signal }),
        ...(except === undefined || over.length === 0 ? {} : { except: except.signal }),
        ...(node.tell === undefined || highest === undefined ? {} : limitArgs(highest)),
      },
    };
  });
  // Some of them may be among those that are left out: it holds, and is less sure.
  return told.state === 'met' && except !== undefined && isUnread(except.signal, scene)
    ? outcome('met', [...told.because, unread(except.signal)], told.subjects)
    : told;
}

/** Which limit an entity is held against, and until when it is used up. */
const limitArgs = (row: Row): Because['args'] => ({
  names: names([row]),
  ...(row.limit?.value == null ? {} : { allowed: row.limit.value }),
  ...(row.atLeast ? { least: 1 } : {}),
  ...(row.frees == null ? {} : { freesAt: row.frees.at, freesIn: row.frees.inSeconds }),
});

/** Could it, or a part of it, not be read? */
function isUnread(id: string, { signals }: Scene): boolean {
  const signal = signals[id];
  return signal === undefined || signal.status === 'unknown' || isPartial(signal);
}

const unread = (signal: string): Because => ({
  ...{ code: 'over-limit', signal, measured: null, threshold: null, met: null },
  args: { status: 'unknown' },
});

/** Does the other signal know the entity with at least so much? */
function isReached(
  row: Row,
  signal: string,
  other: { readonly signal: string; readonly 'at-least': string },
  scene: Scene,
): boolean {
  const least = thresholdOf(scene.runbook, other['at-least']);
  const kind = kindOf(row, signal, scene);
  return (scene.signals[other.signal]?.rows ?? []).some(
    (one) => one.id === row.id && kindOf(one, other.signal, scene) === kind && one.value >= least,
  );
}

export function noLimit({ signal, problem, 'reached-in': reached }: Node<'no-limit'>, scene: Scene): Outcome {
  return ask(scene, { code: 'no-limit', signal, threshold: 1, args: { problem } }, (read) => {
    if (reached !== undefined && isUnread(reached.signal, scene)) return 'hidden';
    const without = read.rows.filter(
      (row) =>
        row.limit?.problem === problem && (reached === undefined || isReached(row, signal, reached, scene)),
    );
    return { measured: without.length, met: without.length > 0, args: { names: names(without) } };
  });
}

/** Does something happen to entities that are well within their own limits? */
export function underLimit(node: Node<'under-limit'>, scene: Scene): Outcome {
  const [threshold, each, ratio] = [node['at-least'], node.each, node.ratio].map((name) =>
    thresholdOf(scene.runbook, name),
  ) as [number, number, number];
  const args = { each, ratio };
  return ask(scene, { code: 'under-limit', signal: node.signal, threshold, args }, (read) => {
    const limits = scene.signals[node.by];
    if (limits === undefined || limits.status === 'unknown') return 'hidden';
    const known = limits.rows.filter((row) => row.valid && row.limit?.ratio != null);
    // Where nobody has a limit it is not known who is within it.
    if (read.rows.length > 0 && known.length === 0) return null;
    const share = node.share === undefined ? null : thresholdOf(scene.runbook, node.share);
    const within = known.filter(
      (row) => ratioOf(row) < ratio && (share === null || (row.share ?? 0) < share),
    );
    const hit = read.rows.filter(
      (row) => row.value >= each && within.some(({ id, kind }) => id === row.id && kind === row.kind),
    );
    // They may have used more than that.
    if (hit.length >= threshold && isAtLeast(node.by, scene)) return 'at-least';
    const subjects = node.subjects ? subjectsOf(scene, node.signal, hit) : [];
    return { measured: hit.length, met: hit.length >= threshold, subjects, args: { names: names(hit) } };
  });
}

export function dominates(node: Node<'dominates'>, scene: Scene): Outcome {
  const threshold = thresholdOf(scene.runbook, node.share);
  const ratio = node.ratio === undefined ? null : thresholdOf(scene.runbook, node.ratio);
  const args = ratio === null ? {} : { ratio };
  return ask(scene, { code: 'dominates', signal: node.signal, threshold, args }, (read) => {
    const valid = read.rows.filter((row) => row.valid);
    const found = valid.filter(
      (row) => (row.share ?? 0) >= threshold && (ratio === null || ratioOf(row) >= ratio),
    );
    const shown = found.length > 0 ? found : valid.slice(0, 1);
    return {
      measured: Math.max(0, ...shown.map((row) => row.share ?? 0)),
      met: found.length > 0,
      subjects: subjectsOf(scene, node.signal, found),
      args: { names: names(shown) },
    };
  });
}

/** Does an entity have many times as much of the one as of the other, such as rejected and accepted requests? */
export function outweighs(node: Node<'outweighs'>, scene: Scene): Outcome {
  const of = (name: string) => thresholdOf(scene.runbook, name);
  const { signal, by, 'reached-in': reached, grown, steady } = node;
  const threshold = of(node.times);
  for (const id of [by, ...(reached === undefined ? [] : [reached.signal])]) {
    if (isUnread(id, scene)) return outcome('unknown', [{ ...unread(id), code: 'outweighs' }]);
  }
  const against = scene.signals[by];
  const least = node['at-least'] === undefined ? 0 : of(node['at-least']);
  const valueIn = (other: string, row: Row): number => {
    const { rows = [], distinct = null } = scene.signals[other] ?? {};
    const own = rows.find(
      (one) => one.id === row.id && kindOf(one, other, scene) === kindOf(row, signal, scene),
    );
    // Who is not among the largest that were kept has at most as much as the least of them.
    return own?.value ?? ((distinct ?? 0) > rows.length ? (rows.at(-1)?.value ?? 0) : 0);
  };
  const times = (scene.signals[signal]?.rows ?? []).flatMap((row) => {
    if (!row.valid || row.value <= 0 || row.value < least) return [];
    if (reached !== undefined && !isReached(row, signal, reached, scene)) return [];
    const other = valueIn(by, row);
    return [{ row, other, times: other > 0 ? row.value / other : Number.POSITIVE_INFINITY }];
  });
  const heavy = times.filter((one) => one.times >= threshold);
  // Earlier times are asked for only where there is something to hold against them.
  const earlier = heavy.length === 0 ? [] : [grown?.signal ?? [], steady?.signal ?? []].flat();
  const unseen = earlier
    .map((id) =>
      ask(scene, { code: 'outweighs', signal: id, threshold }, () => ({ measured: null, met: false })),
    )
    .find(({ state }) => state !== 'not-met');
  if (unseen !== undefined) return unseen;
  return ask(scene, { code: 'outweighs', signal, threshold, args: { other: by } }, () => {
    // Where there is no such source nothing can be held against it.
    if (against?.status === 'absent' || against?.live !== true) return null;
    const found = heavy.filter(
      ({ row, other }) =>
        (grown === undefined || row.value >= of(grown.times) * valueIn(grown.signal, row)) &&
        (steady === undefined || isWithin(other, valueIn(steady.signal, row), of(steady.times))),
    );
    // Without bound is no number of JSON.
    const measured = Math.max(0, ...times.map((one) => Math.min(one.times, MOST_TIMES)));
    const [shown] = found.length > 0 ? found : heavy;
    const then = {
      // Who has less than that is not held against anything.
      ...(times.length === 0 && reached === undefined && least > 0 ? { least } : {}),
      ...(shown === undefined || grown === undefined
        ? {}
        : { now: shown.row.value, before: valueIn(grown.signal, shown.row) }),
      ...(shown === undefined || steady === undefined
        ? {}
        : { otherNow: shown.other, otherBefore: valueIn(steady.signal, shown.row) }),
    };
    const rows = found.map(({ row }) => row);
    const told = rows.length > 0 ? rows : heavy.map(({ row }) => row);
    const subjects = subjectsOf(scene, signal, rows);
    return { measured, met: found.length > 0, subjects, args: { names: names(told), ...then } };
  });
}

/** Is the one at most so many times the other, whichever is more? */
const isWithin = (a: number, b: number, times: number): boolean => a <= times * b && b <= times * a;

/** Of something of which there is none at all. */
const MOST_TIMES = 1_000;
