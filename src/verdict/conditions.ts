import type { Row, Signal } from '../evidence/types.ts';
import type { Condition, Mix } from '../runbooks/conditions-schema.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { type Analysis, analyse, effectiveSources, thresholdOf } from './spread.ts';
import type { Because, Code, Outcome, State, Subject } from './types.ts';
import { plainId } from './types.ts';

/** What a condition is evaluated against. */
export interface Scene {
  readonly runbook: Runbook;
  readonly signals: Readonly<Record<string, Signal>>;
  /** The outcome of another category's own condition. */
  readonly category: (id: string) => Outcome;
}

type Args = Because['args'];

/** One condition's answer; the signal's status speaks first, so nothing is ever measured on what was not seen. */
interface Question {
  readonly code: Code;
  readonly signal: string;
  readonly threshold: number | null;
  readonly args?: Args;
}

interface Answer {
  readonly code?: Code;
  readonly measured: number | null;
  readonly met: boolean;
  readonly subjects?: readonly Subject[];
  readonly args?: Args;
}

const outcome = (state: State, because: readonly Because[], subjects: readonly Subject[] = []): Outcome => ({
  state,
  because,
  subjects,
});

function ask(scene: Scene, question: Question, answer: (signal: Signal) => Answer | null): Outcome {
  const signal = scene.signals[question.signal];
  const base = {
    code: question.code,
    signal: question.signal,
    threshold: question.threshold,
    args: question.args ?? {},
  };
  const cannot = (state: 'unknown' | 'absent') =>
    outcome(state, [{ ...base, measured: null, met: null, args: { ...base.args, status: state } }]);
  if (signal === undefined || signal.status === 'unknown') return cannot('unknown');
  if (signal.status === 'absent') return cannot('absent');
  const said = answer(signal);
  if (said === null) return cannot('absent');
  const because = {
    ...base,
    code: said.code ?? base.code,
    measured: said.measured,
    met: said.met,
    args: { ...base.args, ...said.args },
  };
  return outcome(said.met ? 'met' : 'not-met', [because], said.met ? said.subjects : []);
}

/** Evaluates one condition to met, not met, unknown or absent, always with the measured number and the threshold. */
export function evaluate(condition: Condition, scene: Scene): Outcome {
  if ('all' in condition) return every(condition.all.map((part) => evaluate(part, scene)));
  if ('any' in condition) return some(condition.any.map((part) => evaluate(part, scene)));
  const { runbook } = scene;
  const t = (name: string) => thresholdOf(runbook, name);

  if ('spread' in condition) return spread(condition.spread, scene);
  if ('rest' in condition) return rest(condition.rest.signal, scene);
  if ('volume' in condition) {
    const { signal, of } = condition.volume;
    const threshold = t(condition.volume['at-least']);
    return ask(scene, { code: 'volume', signal, threshold, args: { of } }, (read) => {
      const measured =
        of === 'all'
          ? (read.total ?? 0)
          : sceneAnalysis(scene, signal)[of === 'judged' ? 'judged' : 'others'].total;
      return { measured, met: measured >= threshold };
    });
  }
  if ('sources' in condition) {
    const threshold = t(condition.sources['at-least']);
    return ask(scene, { code: 'sources', signal: condition.sources.signal, threshold }, () => {
      const measured = sceneAnalysis(scene, condition.sources.signal).others.count;
      return { measured, met: measured >= threshold };
    });
  }
  if ('each-at-most' in condition) {
    const { signal, value } = condition['each-at-most'];
    return ask(scene, { code: 'each-at-most', signal, threshold: t(value) }, () => {
      const measured = sceneAnalysis(scene, signal).largestOther;
      return { measured, met: measured <= t(value) };
    });
  }
  if ('one-shot' in condition) {
    const { signal, sources } = condition['one-shot'];
    const floor = runbook.signals[signal]?.spread?.floor ?? null;
    const args = { floor: thresholdOf(runbook, floor) };
    return ask(scene, { code: 'one-shot', signal, threshold: t(sources), args }, () => {
      const measured = sceneAnalysis(scene, signal).belowFloor;
      return { measured, met: measured >= t(sources) };
    });
  }
  if ('mix' in condition) return mixOfAll(condition.mix, scene);
  if ('over-limit' in condition) return overLimit(condition['over-limit'], scene);
  if ('started' in condition) return started(condition.started, scene);
  if ('down' in condition) {
    const { signal } = condition.down;
    return ask(scene, { code: 'down', signal, threshold: 1 }, (read) => {
      const dead = read.rows.filter((row) => row.value === 0);
      return { measured: dead.length, met: dead.length > 0, args: { names: names(dead) } };
    });
  }
  if ('not-public' in condition) {
    const { signal } = condition['not-public'];
    return ask(scene, { code: 'not-public', signal, threshold: 1 }, () => {
      const inside = sceneAnalysis(scene, signal).loud.filter((row) => row.public === false);
      return { measured: inside.length, met: inside.length > 0, args: { names: names(inside) } };
    });
  }
  if ('strangers' in condition) {
    const { signal } = condition.strangers;
    const threshold = t(condition.strangers['at-least']);
    return ask(scene, { code: 'strangers', signal, threshold }, (read) => ({
      measured: read.strangers.largest,
      met: read.strangers.largest >= threshold,
    }));
  }
  return unless(condition.unless.category, scene);
}

/** Three-valued and: what is not met decides, then what could not be seen. */
function every(parts: readonly Outcome[]): Outcome {
  const state = firstOf(parts, ['not-met', 'unknown', 'absent', 'met']);
  const kept = state === 'not-met' ? parts.filter((part) => part.state === 'not-met') : parts;
  return outcome(state, unique(kept), state === 'met' ? parts.flatMap((part) => part.subjects) : []);
}

/** Three-valued or: what is met decides, then what could not be seen. */
function some(parts: readonly Outcome[]): Outcome {
  const state = firstOf(parts, ['met', 'unknown', 'absent', 'not-met']);
  const kept = state === 'met' ? parts.filter((part) => part.state === 'met') : parts;
  return outcome(
    state,
    unique(kept),
    kept.flatMap((part) => part.subjects),
  );
}

const firstOf = (parts: readonly Outcome[], order: readonly State[]): State =>
  order.find((state) => parts.some((part) => part.state === state)) ?? 'not-met';

function unique(parts: readonly Outcome[]): Because[] {
  const seen = new Map<string, Because>();
  for (const because of parts.flatMap((part) => part.because)) seen.set(JSON.stringify(because), because);
  return [...seen.values()];
}

function sceneAnalysis(scene: Scene, id: string): Analysis {
  const signal = scene.signals[id];
  const spec = scene.runbook.signals[id]?.spread;
  if (signal === undefined || !spec)
    throw new Error(`signal ${id} has no spread in runbook ${scene.runbook.name}`);
  return analyse(signal, spec, scene.runbook);
}

const names = (rows: readonly Row[]): string =>
  rows
    .slice(0, 5)
    .map((row) => plainId(row.id) ?? '(not UTF-8)')
    .join(' ');

function subjectsOf(scene: Scene, signal: string, rows: readonly Row[]): Subject[] {
  const kind = scene.runbook.signals[signal]?.entity?.kind ?? 'name';
  return rows.flatMap((row) => {
    const id = plainId(row.id);
    return row.valid && id !== null ? [{ kind, id, value: row.value, signal }] : [];
  });
}

function spread(node: Extract<Condition, { spread: unknown }>['spread'], scene: Scene): Outcome {
  const spec = scene.runbook.signals[node.signal]?.spread;
  const t = (name: string | null | undefined) => thresholdOf(scene.runbook, name ?? null);
  if (node.is === 'many') {
    const needed = spec?.many ? t(spec.many['at-least']) : t(spec?.few) + 1;
    return ask(scene, { code: 'spread-many', signal: node.signal, threshold: needed }, () => {
      const { loud, many, manyCount } = sceneAnalysis(scene, node.signal);
      if (spec?.many) return { measured: manyCount, met: many, args: { of: 'all' } };
      return {
        measured: loud.length,
        met: loud.length >= needed,
        subjects: subjectsOf(scene, node.signal, loud),
      };
    });
  }
  const threshold = t(spec?.['loud-share']);
  const args = { at: t(spec?.['loud-at']), few: t(spec?.few) };
  const first = ask(scene, { code: 'spread-one-or-few', signal: node.signal, threshold, args }, (signal) => {
    const { loud } = sceneAnalysis(scene, node.signal);
    const loudest = loud.length > 0 ? loud : signal.rows.filter((row) => row.valid).slice(0, 1);
    const whole = signal.total ?? 0;
    const share = whole > 0 ? loudest.reduce((sum, row) => sum + row.value, 0) / whole : 0;
    const met = loud.length >= 1 && loud.length <= t(spec?.few);
    return {
      code: met ? (loud.length === 1 ? 'spread-one' : 'spread-few') : 'spread-one-or-few',
      measured: share,
      met,
      subjects: subjectsOf(scene, node.signal, loud),
      args: { count: loud.length, largest: loudest[0]?.value ?? 0 },
    };
  });
  if (node.mix === undefined || first.state !== 'met') return first;
  return withMix(first, node.signal, node.mix, scene);
}

/** Of the entities that stand out, those whose mix is as asked. */
function withMix(first: Outcome, signal: string, mix: Mix, scene: Scene): Outcome {
  const rows = (scene.signals[signal]?.rows ?? []).filter((row) =>
    first.subjects.some((s) => s.id === row.id),
  );
  const threshold = thresholdOf(scene.runbook, mix.share);
  const known = rows.filter((row) => row.labels[mix.label] !== undefined);
  const wanted = 'only' in mix ? mix.only : mix['not-only'];
  const code: Code = 'only' in mix ? 'mix-only' : 'mix-mixed';
  const base = { code, signal, threshold, args: { label: mix.label, value: wanted } };
  if (known.length === 0) {
    const missing = { ...base, measured: null, met: null, args: { ...base.args, status: 'absent' } };
    return outcome('absent', [...first.because, missing]);
  }
  const shares = known.map((row) => ({ row, share: (row.labels[mix.label]?.[wanted] ?? 0) / row.value }));
  const fits = shares.filter(({ share }) => share >= threshold === 'only' in mix);
  const pick = fits.length > 0 ? fits : shares;
  const measured = pick.reduce((sum, { share }) => sum + share, 0) / pick.length;
  const because = { ...base, measured, met: fits.length > 0 };
  return fits.length > 0
    ? outcome(
        'met',
        [...first.because, because],
        subjectsOf(
          scene,
          signal,
          fits.map(({ row }) => row),
        ),
      )
    : outcome('not-met', [because]);
}

function mixOfAll(node: Extract<Condition, { mix: unknown }>['mix'], scene: Scene): Outcome {
  const wanted = 'only' in node ? node.only : node['not-only'];
  const threshold = thresholdOf(scene.runbook, node.share);
  const code: Code = 'only' in node ? 'mix-only' : 'mix-mixed';
  const args = { label: node.label, value: wanted };
  return ask(scene, { code, signal: node.signal, threshold, args }, (signal) => {
    const known = signal.rows.filter((row) => row.labels[node.label] !== undefined);
    const total = known.reduce((sum, row) => sum + row.value, 0);
    if (total === 0) return null;
    const measured = known.reduce((sum, row) => sum + (row.labels[node.label]?.[wanted] ?? 0), 0) / total;
    return { measured, met: measured >= threshold === 'only' in node };
  });
}

function rest(signal: string, scene: Scene): Outcome {
  const spec = scene.runbook.signals[signal]?.spread?.rest ?? null;
  const t = (name: string | null) => thresholdOf(scene.runbook, name);
  const volume = t(spec?.volume ?? null);
  const sources = t(spec?.sources ?? null);
  const loudEnough = ask(scene, { code: 'rest-volume', signal, threshold: volume }, () => {
    const measured = sceneAnalysis(scene, signal).rest.total;
    return { measured, met: measured >= volume };
  });
  // The diversity of next to nothing says nothing.
  if (loudEnough.state !== 'met') return loudEnough;
  const diverse = ask(scene, { code: 'rest-sources', signal, threshold: sources }, () => {
    const crowd = sceneAnalysis(scene, signal).rest;
    const measured = effectiveSources(crowd);
    return { measured, met: measured >= sources, args: { count: crowd.count } };
  });
  return every([loudEnough, diverse]);
}

function overLimit(node: { signal: string; ratio: string }, scene: Scene): Outcome {
  const threshold = thresholdOf(scene.runbook, node.ratio);
  return ask(scene, { code: 'over-limit', signal: node.signal, threshold }, (signal) => {
    const limited = signal.rows.filter((row) => row.limit !== null);
    // Rows without any notion of a limit: it is not known, which is not the same as far below it.
    if (signal.rows.length > 0 && limited.length === 0) return null;
    const over = limited.filter((row) => row.valid && (row.limit?.ratio ?? 0) >= threshold);
    const measured = Math.max(0, ...limited.map((row) => row.limit?.ratio ?? 0));
    return {
      measured,
      met: over.length > 0,
      subjects: subjectsOf(scene, node.signal, over),
      args: { count: over.length },
    };
  });
}

function started(node: Extract<Condition, { started: unknown }>['started'], scene: Scene): Outcome {
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

function unless(category: string, scene: Scene): Outcome {
  const other = scene.category(category);
  const base = {
    code: 'unless' as const,
    signal: null,
    measured: null,
    threshold: null,
    args: { category, status: other.state },
  };
  if (other.state === 'met') return outcome('not-met', [{ ...base, met: false }]);
  return outcome('met', [{ ...base, met: other.state === 'not-met' ? true : null }]);
}
