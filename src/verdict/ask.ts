import type { Earlier } from '../evidence/earlier.ts';
import type { Row, Signal } from '../evidence/types.ts';
import type { Condition } from '../runbooks/conditions-schema.ts';
import type { Runbook } from '../runbooks/schema.ts';
import type { Analysis } from './spread.ts';
import type { Because, Code, Outcome, State, Subject } from './types.ts';
import { plainId } from './types.ts';

/** What a condition is evaluated against. */
export interface Scene {
  readonly runbook: Runbook;
  readonly signals: Readonly<Record<string, Signal>>;
  readonly earlier: Earlier | null;
  /** How the entities of a signal stand against each other; made once. Throws when the runbook says no spread for it. */
  readonly analysis: (signal: string) => Analysis;
  /** The outcome of another category's own condition. */
  readonly category: (id: string) => Outcome;
}

/** The part of a condition under its one key. */
export type Node<K extends string> = Extract<Condition, Record<K, unknown>>[K];

type Args = Because['args'];

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

export const outcome = (
  state: State,
  because: readonly Because[],
  subjects: readonly Subject[] = [],
): Outcome => ({
  state,
  because,
  subjects,
});

/** Asks one signal one question. What was not seen is never measured: the signal's status answers first. */
export function ask(
  scene: Scene,
  question: Question,
  answer: (signal: Signal) => Answer | 'at-most' | 'at-least' | 'hidden' | null,
): Outcome {
  const signal = scene.signals[question.signal];
  const base = {
    code: question.code,
    signal: question.signal,
    threshold: question.threshold,
    args: question.args ?? {},
  };
  const cannot = (state: 'unknown' | 'absent' | 'unasked', status: string = state) =>
    outcome(state, [{ ...base, measured: null, met: null, args: { ...base.args, status } }]);
  if (signal === undefined || signal.status === 'unknown') return cannot('unknown');
  if (signal.status === 'absent') return cannot(signal.cause === 'not-configured' ? 'unasked' : 'absent');
  // What shows no sign of life says nothing, least of all zero.
  if (signal.status === 'empty' && !signal.live) return cannot('absent', 'stale');
  const said = answer(signal);
  // What is not there may be what could not be read.
  if (isPartial(signal) && (typeof said !== 'object' || said?.met !== true))
    return cannot('unknown', 'partial');
  if (said === null) return cannot('absent');
  if (said === 'at-most' || said === 'at-least') return cannot('absent', said);
  // Less than what there was proves nothing against it.
  if (said !== 'hidden' && !said.met && isAtLeast(question.signal, scene))
    return cannot('absent', 'at-least');
  if (said === 'hidden') return cannot('unknown', said);
  const because = {
    ...base,
    code: said.code ?? base.code,
    measured: said.measured,
    met: said.met,
    args: { ...base.args, ...said.args },
  };
  return outcome(said.met ? 'met' : 'not-met', [because], said.met ? said.subjects : []);
}

/** The first few of some entities, for a sentence. */
export const names = (rows: readonly Row[]): string =>
  rows
    .slice(0, 5)
    .map((row) => plainId(row.id) ?? '(not UTF-8)')
    .join(' ');

/** What kind of entity a row of a signal is. */
export const kindOf = ({ kind }: Row, signal: string, { runbook }: Scene): string =>
  kind ?? runbook.signals[signal]?.entity?.kind ?? 'name';

/** Entities as subjects of a finding; only valid ids can be one, and no words of the system. */
export function subjectsOf(scene: Scene, signal: string, rows: readonly Row[]): Subject[] {
  return rows.flatMap((row) => {
    const id = plainId(row.id);
    const kind = kindOf(row, signal, scene);
    return row.valid && id !== null && kind !== 'word' ? [{ kind, id, value: row.value, signal }] : [];
  });
}

/** Is it a count over a time of its own, of which too little is recorded? */
export const isAtLeast = (id: string, { signals, runbook }: Scene): boolean =>
  runbook.signals[id]?.sources.some(({ kind }) => kind === 'prometheus-count') === true &&
  signals[id]?.rows.some(({ atLeast }) => atLeast) === true;

/** One of its sources could not be read: there may be more than what the others say. */
export const isPartial = ({ status, sources }: Signal): boolean =>
  status !== 'unknown' && sources.some((source) => source.status === 'unknown');
