import type { Row } from '../evidence/types.ts';
import type { Mix, Part } from '../runbooks/conditions-schema.ts';
import { ask, isPartial, type Node, outcome, type Scene, subjectsOf } from './ask.ts';
import { every } from './logic.ts';
import { effectiveSources, thresholdOf } from './spread.ts';
import type { Code, Outcome } from './types.ts';
import { perSecondOf } from './whom.ts';

// Conditions on how many entities there are and how loud they are against each other.

export function volume(node: Node<'volume'>, scene: Scene): Outcome {
  const { signal, of, beside } = node;
  const threshold = thresholdOf(scene.runbook, node['at-least']);
  return ask(scene, { code: 'volume', signal, threshold, args: { of } }, (read) => {
    const whole =
      of === 'all' ? (read.total ?? 0) : scene.analysis(signal)[of === 'judged' ? 'judged' : 'others'].total;
    const measured = beside === undefined ? whole : Math.max(0, whole - perSecondOf(beside, scene));
    // At most so much may be next to nothing: it can rule out, and not show.
    if (beside !== undefined && read.atMost && measured >= threshold) return 'at-most';
    const args = {
      ...(read.atMost ? { bound: 'at-most' } : {}),
      ...(beside === undefined ? {} : { of: 'rest' }),
    };
    return { measured, met: measured >= threshold, args };
  });
}

export function covers({ signal, by, share }: Node<'covers'>, scene: Scene): Outcome {
  const threshold = thresholdOf(scene.runbook, share);
  return ask(scene, { code: 'covers', signal, threshold }, (read) => {
    const all = scene.signals[by];
    if (all?.status !== 'measured' || read.windowSeconds === null) return null;
    const counted = scene.analysis(signal).others.total / read.windowSeconds;
    const rest = (all.total ?? 0) - perSecondOf(signal, scene);
    const measured = rest > 0 ? Math.min(1, counted / rest) : 0;
    return { measured, met: measured >= threshold };
  });
}

export function sources({ signal, 'at-least': least }: Node<'sources'>, scene: Scene): Outcome {
  const threshold = thresholdOf(scene.runbook, least);
  return ask(scene, { code: 'sources', signal, threshold }, () => {
    const measured = scene.analysis(signal).others.count;
    return { measured, met: measured >= threshold };
  });
}

export function eachAtMost({ signal, value }: Node<'each-at-most'>, scene: Scene): Outcome {
  const threshold = thresholdOf(scene.runbook, value);
  return ask(scene, { code: 'each-at-most', signal, threshold }, () => {
    const measured = scene.analysis(signal).largestOther;
    return { measured, met: measured <= threshold };
  });
}

export function oneShot({ signal, sources: least }: Node<'one-shot'>, scene: Scene): Outcome {
  const threshold = thresholdOf(scene.runbook, least);
  const floor = thresholdOf(scene.runbook, scene.runbook.signals[signal]?.spread?.floor ?? null);
  return ask(scene, { code: 'one-shot', signal, threshold, args: { floor } }, () => {
    const measured = scene.analysis(signal).belowFloor;
    return { measured, met: measured >= threshold };
  });
}

export function strangers({ signal, of, 'at-least': least }: Node<'strangers'>, scene: Scene): Outcome {
  const threshold = thresholdOf(scene.runbook, least);
  const floor = thresholdOf(scene.runbook, scene.runbook.signals[signal]?.spread?.floor ?? null);
  return ask(scene, { code: 'strangers', signal, threshold, args: { of } }, ({ strangers: found }) => {
    const judged = found.bins.filter((bin) => bin.from >= floor).reduce((sum, bin) => sum + bin.total, 0);
    const measured = { largest: found.largest, judged, names: found.distinct }[of];
    return { measured, met: measured >= threshold };
  });
}

export function spread(node: Node<'spread'>, scene: Scene): Outcome {
  const spec = scene.runbook.signals[node.signal]?.spread;
  const t = (name: string | null | undefined) => thresholdOf(scene.runbook, name ?? null);
  if (node.is === 'many') {
    const needed = spec?.many ? t(spec.many['at-least']) : t(spec?.few) + 1;
    return ask(scene, { code: 'spread-many', signal: node.signal, threshold: needed }, () => {
      const { out, many, manyCount } = scene.analysis(node.signal);
      if (spec?.many) return { measured: manyCount, met: many, args: { of: 'all' } };
      return {
        measured: out.length,
        met: out.length >= needed,
        subjects: subjectsOf(scene, node.signal, out),
      };
    });
  }
  const threshold = t(spec?.['loud-share']);
  const args = { at: t(spec?.['loud-at']), few: t(spec?.few) };
  const first = ask(scene, { code: 'spread-one-or-few', signal: node.signal, threshold, args }, (signal) => {
    const { loud, out } = scene.analysis(node.signal);
    // More than a few of them are a finding on many; the loud ones stay one of their own.
    const few = out.length <= t(spec?.few) ? out : loud;
    const loudest = few.length > 0 ? few : signal.rows.filter((row) => row.valid).slice(0, 1);
    const whole = signal.total ?? 0;
    const share = whole > 0 ? loudest.reduce((sum, row) => sum + row.value, 0) / whole : 0;
    const met = few.length >= 1 && few.length <= t(spec?.few);
    return {
      code: met ? (few.length === 1 ? 'spread-one' : 'spread-few') : 'spread-one-or-few',
      measured: share,
      met,
      subjects: subjectsOf(scene, node.signal, few),
      args: { count: few.length, largest: loudest[0]?.value ?? 0 },
    };
  });
  if (first.state !== 'met') return first;
  return withMix(first, node, scene);
}

/** Of the entities that stand out, those that are not explained already, and whose mix is as asked. */
function withMix(first: Outcome, { signal, mix, except }: Node<'spread'>, scene: Scene): Outcome {
  const all = (scene.signals[signal]?.rows ?? []).filter((row) =>
    first.subjects.some((subject) => subject.id === row.id),
  );
  const rows = all.filter((row) => except === undefined || !isMade(row, except, scene));
  if (except !== undefined && rows.length === 0) return explained(all, except, signal, scene);
  const left = outcome(first.state, first.because, subjectsOf(scene, signal, rows));
  return mix === undefined ? left : mixed(left, rows, mix, signal, scene);
}

const isMade = (row: Row, part: Part, scene: Scene): boolean =>
  shareOf(row, { ...part, of: 'all' }) >= thresholdOf(scene.runbook, part.share);

function explained(rows: readonly Row[], part: Part, signal: string, scene: Scene): Outcome {
  const measured = Math.min(...rows.map((row) => shareOf(row, { ...part, of: 'all' })));
  const threshold = thresholdOf(scene.runbook, part.share);
  const args = { what: 'mix-only', label: part.label, value: part.only.join(', ') };
  return outcome('not-met', [{ code: 'unless', signal, measured, threshold, met: false, args }]);
}

function mixed(first: Outcome, rows: readonly Row[], mix: Mix, signal: string, scene: Scene): Outcome {
  const threshold = thresholdOf(scene.runbook, mix.share);
  const known = rows.filter((row) => row.labels[mix.label] !== undefined);
  const code: Code = 'only' in mix ? 'mix-only' : 'mix-mixed';
  const args = { label: mix.label, value: wantedOf(mix).join(', ') };
  const base = { code, signal, threshold, args };
  if (known.length === 0) {
    const read = scene.signals[signal];
    const state = read !== undefined && isPartial(read) ? 'unknown' : 'absent';
    const missing = { ...base, measured: null, met: null, args: { ...base.args, status: state } };
    return outcome(state, [...first.because, missing]);
  }
  const shares = known.map((row) => ({ row, share: shareOf(row, mix) }));
  const fits = shares.filter(({ share }) => share >= threshold === 'only' in mix);
  const pick = fits.length > 0 ? fits : shares;
  const measured = pick.reduce((sum, { share }) => sum + share, 0) / pick.length;
  const because = { ...base, measured, met: fits.length > 0 };
  if (fits.length === 0) return outcome('not-met', [because]);
  const subjects = subjectsOf(
    scene,
    signal,
    fits.map(({ row }) => row),
  );
  return outcome('met', [...first.because, because], subjects);
}

const wantedOf = (mix: Mix | Part): readonly string[] => ('only' in mix ? mix.only : mix['not-only']);

/** How much of a row has these values of a label, as a share of what carries the label or of all of it. */
function shareOf(row: Row, mix: Mix): number {
  const whole = wholeOf(row, mix.label);
  return partOf(row, mix.label, wantedOf(mix)) / (mix.of === 'all' ? Math.max(row.value, whole) : whole);
}

/** How much of a row carries one of these values of a label. */
const partOf = (row: Row, label: string, wanted: readonly string[]): number =>
  wanted.reduce((sum, value) => sum + (row.labels[label]?.[value] ?? 0), 0);

/** How much of a row carries the label at all, by the source that tells it. */
const wholeOf = (row: Row, label: string): number =>
  Object.values(row.labels[label] ?? {}).reduce((sum, value) => sum + value, 0);

export function mixOfAll(node: Node<'mix'>, scene: Scene): Outcome {
  const wanted = wantedOf(node);
  const threshold = thresholdOf(scene.runbook, node.share);
  const code: Code = 'only' in node ? 'mix-only' : 'mix-mixed';
  const args = { label: node.label, value: wanted.join(', ') };
  return ask(scene, { code, signal: node.signal, threshold, args }, (signal) => {
    // What has no valid name is nobody's, and says nothing about those who have one.
    const rows = signal.rows.filter(({ valid }) => valid);
    const carrying = rows.reduce((sum, row) => sum + wholeOf(row, node.label), 0);
    if (carrying === 0) return null;
    const named = (signal.total ?? 0) - signal.strangers.total;
    const total = node.of === 'all' ? Math.max(carrying, named) : carrying;
    const measured = rows.reduce((sum, row) => sum + partOf(row, node.label, wanted), 0) / total;
    return { measured, met: measured >= threshold === 'only' in node };
  });
}

export function rest({ signal }: Node<'rest'>, scene: Scene): Outcome {
  const spec = scene.runbook.signals[signal]?.spread?.rest ?? null;
  const t = (name: string | null) => thresholdOf(scene.runbook, name);
  const volume = t(spec?.volume ?? null);
  const sources = t(spec?.sources ?? null);
  const loudEnough = ask(scene, { code: 'rest-volume', signal, threshold: volume }, () => {
    const measured = scene.analysis(signal).rest.total;
    return { measured, met: measured >= volume };
  });
  // The diversity of next to nothing says nothing.
  if (loudEnough.state !== 'met') return loudEnough;
  const diverse = ask(scene, { code: 'rest-sources', signal, threshold: sources }, () => {
    const crowd = scene.analysis(signal).rest;
    const measured = effectiveSources(crowd);
    return { measured, met: measured >= sources, args: { count: crowd.count } };
  });
  return every([loudEnough, diverse]);
}

export function diverse({ signal, sources: least }: Node<'diverse'>, scene: Scene): Outcome {
  const threshold = thresholdOf(scene.runbook, least);
  return ask(scene, { code: 'diverse', signal, threshold }, () => {
    const { others } = scene.analysis(signal);
    const measured = effectiveSources(others);
    return { measured, met: measured >= threshold, args: { count: others.count } };
  });
}
