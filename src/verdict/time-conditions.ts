import type { Row, Signal } from '../evidence/types.ts';
import { ask, type Node, names, type Scene, subjectsOf } from './ask.ts';
import { thresholdOf } from './spread.ts';
import type { Outcome } from './types.ts';
import { candidates, perSecondOf, standsOut } from './whom.ts';

// Conditions on when: what began before, what is over, and whether it is new.

/** Events that began before it cannot come from it; so many of them, and it is not the cause. */
const MOST = 0.5;

export function started(node: Node<'started'>, scene: Scene): Outcome {
  const within = thresholdOf(scene.runbook, node.within);
  const threshold = node.share === undefined ? 0 : thresholdOf(scene.runbook, node.share);
  return ask(scene, { code: 'started', signal: node.signal, threshold, args: { within } }, (signal) => {
    const youngest = groupsOf(signal)
      .map((group) => ({ ...group, recent: group.rows.filter((row) => row.value <= within) }))
      .map((group) => ({ ...group, share: group.size > 0 ? group.recent.length / group.size : 0 }))
      // Of equals the larger, and all processes are a group, too.
      .sort((a, b) => b.share - a.share || b.size - a.size)[0];
    const { share: measured = 0, recent = [], size = 0, name = '' } = youngest ?? {};
    const newest = signal.rows[0]?.value ?? 0;
    const args = { newest, count: recent.length, of: size, ...(name === '' ? {} : { names: name }) };
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

interface Group {
  /** Empty: all. */
  readonly name: string;
  readonly rows: readonly Row[];
  readonly size: number;
}

/**
 * All processes, and those of each service by the label that is kept of them: a deploy is of a service, and much else
 * may be scraped. A single process is no group: it may have crashed.
 */
function groupsOf(signal: Signal): Group[] {
  const byName = new Map<string, Row[]>();
  for (const row of signal.rows) {
    for (const name of Object.values(row.labels).flatMap((mix) => Object.keys(mix))) {
      byName.set(name, [...(byName.get(name) ?? []), row]);
    }
  }
  const services = [...byName].map(([name, rows]) => ({ name, rows, size: rows.length }));
  return [
    { name: '', rows: signal.rows, size: signal.distinct ?? 0 },
    ...services.filter(({ name, size }) => name !== '' && size > 1),
  ];
}

export function ended({ signal, after }: Node<'ended'>, scene: Scene): Outcome {
  const threshold = thresholdOf(scene.runbook, after);
  return ask(scene, { code: 'ended', signal, threshold }, (read) => {
    const out = standsOut(signal, read, scene);
    const rows = out.length > 0 ? out : candidates(signal, read, scene);
    const known = rows.flatMap(({ lastSeenSeconds }) => lastSeenSeconds ?? []);
    // One of which it is not known may still be at it.
    if (known.length === 0 || (out.length === 0 && known.length < rows.length)) return null;
    const over = rows.filter(
      ({ lastSeenSeconds }) => lastSeenSeconds !== null && lastSeenSeconds >= threshold,
    );
    // Of those that stand out each is over for itself; a crowd is when all of it is.
    const met = out.length > 0 ? over.length > 0 : over.length === rows.length;
    const measured = Math.min(
      ...(met ? over.flatMap(({ lastSeenSeconds }) => lastSeenSeconds ?? []) : known),
    );
    return met && out.length > 0
      ? { measured, met, subjects: subjectsOf(scene, signal, over), args: { names: names(over) } }
      : { measured, met };
  });
}

export function undated({ signal }: Node<'undated'>, scene: Scene): Outcome {
  const sources = scene.runbook.signals[signal]?.sources ?? [];
  const telling = new Set(
    sources.flatMap((one) =>
      one.kind === 'redis-counter' && one.renewed ? [one.key.replaceAll(/\{[^}]*\}/g, '*')] : [],
    ),
  );
  return ask(scene, { code: 'undated', signal, threshold: 1 }, (read) => {
    const is = (row: Row) =>
      row.expires === false &&
      row.lastSeenSeconds === null &&
      row.sources.some((label) => telling.has(label));
    const rows = candidates(signal, read, scene).filter(is);
    return {
      measured: rows.length,
      met: rows.length > 0,
      subjects: subjectsOf(scene, signal, rows),
      args: { names: names(rows) },
    };
  });
}

export function outgrown({ signal, by, times }: Node<'outgrown'>, scene: Scene): Outcome {
  const factor = thresholdOf(scene.runbook, times);
  return ask(scene, { code: 'outgrown', signal: by, threshold: factor }, (all) => {
    const own = scene.signals[signal];
    const out = standsOut(signal, own, scene);
    const counted = out.reduce((sum, { value }) => sum + value, 0);
    const seconds = Math.max(own?.windowSeconds ?? 0, all.windowSeconds ?? 0);
    const seen = (all.total ?? 0) * seconds;
    // One that saw nothing at all counts something else.
    if (seen === 0) return null;
    return { measured: counted / seen, met: counted / seen > factor, args: { counted, seen } };
  });
}

export function usual({ signal, is, times, than, beside }: Node<'usual'>, scene: Scene): Outcome {
  const factor = thresholdOf(scene.runbook, times);
  const args = { times: factor, ...(than === undefined ? {} : { than }) };
  const question = { code: `usual-${is}` as const, signal, threshold: factor, args };
  if (than !== undefined && scene.signals[than]?.status === 'unknown') {
    return ask(scene, { ...question, signal: than }, () => null);
  }
  return ask(scene, question, (read) => {
    const { now: all, before } =
      than === undefined
        ? compared(signal, read, scene)
        : { now: totalOf(read), before: totalOf(scene.signals[than]) };
    if (all === null || before === null) return null;
    const loud = beside === undefined ? 0 : perSecondOf(beside, scene);
    const now = all - loud;
    // The total has not seen all that stands out, so what it saw of the rest is anybody's guess.
    if (loud > 0 && now <= 0) return Number.isFinite(loud) ? 'hidden' : null;
    const isAbove = now > before * factor;
    return { measured: now, met: isAbove === (is === 'above'), args: { usual: before } };
  });
}

/** What is at most that may as well be nothing. */
const totalOf = (signal: Signal | undefined): number | null =>
  signal === undefined || signal.atMost || !signal.live ? null : signal.total;

/** What stands out, or the total, now and at the same hour before; null: not known. */
function compared(id: string, signal: Signal, scene: Scene): { now: number | null; before: number | null } {
  const out = standsOut(id, signal, scene);
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
