import type { Row } from '../evidence/types.ts';
import type { Condition } from '../runbooks/conditions-schema.ts';
import { kindOf, type Node, outcome, type Scene } from './ask.ts';
import {
  covers,
  diverse,
  eachAtMost,
  mixOfAll,
  oneShot,
  rest,
  sources,
  spread,
  strangers,
  volume,
} from './crowd-conditions.ts';
import { dominates, noLimit, outweighs, overLimit, underLimit } from './limit-conditions.ts';
import { every, some } from './logic.ts';
import { claimed, listed, notPublic, oneNetwork, plateau, shared } from './provenance-conditions.ts';
import { recurred } from './recurrence-conditions.ts';
import { analyse } from './spread.ts';
import { count, down, madeOf, reaches, silent, unlabelled } from './state-conditions.ts';
import { ended, outgrown, started, undated, usual } from './time-conditions.ts';
import type { Outcome, Subject } from './types.ts';

/** Evaluates one condition to met, not met, unknown or absent, always with the measured number and the threshold. */
export function evaluate(condition: Condition, scene: Scene): Outcome {
  if ('all' in condition) return every(condition.all.map((part) => evaluate(part, scene)));
  if ('any' in condition) return some(condition.any.map((part) => evaluate(part, scene)));
  if ('spread' in condition) return spread(condition.spread, scene);
  if ('rest' in condition) return rest(condition.rest, scene);
  if ('volume' in condition) return volume(condition.volume, scene);
  if ('sources' in condition) return sources(condition.sources, scene);
  if ('each-at-most' in condition) return eachAtMost(condition['each-at-most'], scene);
  if ('one-shot' in condition) return oneShot(condition['one-shot'], scene);
  if ('mix' in condition) return mixOfAll(condition.mix, scene);
  if ('over-limit' in condition) return overLimit(condition['over-limit'], scene);
  if ('no-limit' in condition) return noLimit(condition['no-limit'], scene);
  if ('started' in condition) return started(condition.started, scene);
  if ('down' in condition) return down(condition.down, scene);
  if ('not-public' in condition) return notPublic(condition['not-public'], scene);
  if ('listed' in condition) return listed(condition.listed, scene);
  if ('strangers' in condition) return strangers(condition.strangers, scene);
  if ('reaches' in condition) return reaches(condition.reaches, scene);
  if ('count' in condition) return count(condition.count, scene);
  if ('diverse' in condition) return diverse(condition.diverse, scene);
  if ('made-of' in condition) return madeOf(condition['made-of'], scene);
  if ('unlabelled' in condition) return unlabelled(condition.unlabelled, scene);
  if ('claimed' in condition) return claimed(condition.claimed, scene);
  if ('plateau' in condition) return plateau(condition.plateau, scene);
  if ('shared' in condition) return shared(condition.shared, scene);
  if ('ended' in condition) return ended(condition.ended, scene);
  if ('silent' in condition) return silent(condition.silent, scene);
  if ('usual' in condition) return usual(condition.usual, scene);
  if ('one-network' in condition) return oneNetwork(condition['one-network'], scene);
  if ('undated' in condition) return undated(condition.undated, scene);
  if ('outgrown' in condition) return outgrown(condition.outgrown, scene);
  if ('covers' in condition) return covers(condition.covers, scene);
  if ('recurred' in condition) return recurred(condition.recurred, scene);
  if ('under-limit' in condition) return underLimit(condition['under-limit'], scene);
  if ('dominates' in condition) return dominates(condition.dominates, scene);
  if ('outweighs' in condition) return outweighs(condition.outweighs, scene);
  if ('besides' in condition) return besides(condition.besides, scene);
  return unless(condition.unless, scene);
}

/** What could not be read explains nothing, and is not refuted either: then this holds, and says so. */
function unless(node: Node<'unless'>, scene: Scene): Outcome {
  return 'category' in node ? unlessCategory(node.category, scene) : denied(evaluate(node.when, scene));
}

function denied({ state, because }: Outcome): Outcome {
  // What no source tells is no reason to doubt.
  if (state === 'unasked' || state === 'absent') return outcome('met', []);
  return outcome(
    state === 'met' ? 'not-met' : 'met',
    because
      .filter(({ met }) => state !== 'unknown' || met === null)
      .map((one) => ({
        ...one,
        code: 'unless',
        met: one.met === null ? null : !one.met,
        args: { ...one.args, what: one.code },
      })),
  );
}

function unlessCategory(category: string, scene: Scene): Outcome {
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

/** The condition on all but those whom another category names. Where that is not known they may be among them. */
function besides({ category, when }: Node<'besides'>, scene: Scene): Outcome {
  const found = evaluate(when, scene);
  const other = scene.category(category);
  if (found.state !== 'met' || other.state === 'not-met') return found;
  const { because } = unlessCategory(category, scene);
  if (other.state !== 'met') return outcome('met', [...found.because, ...because], found.subjects);
  const left = evaluate(when, without(other.subjects, scene));
  return left.state === 'not-met' ? outcome('not-met', because) : left;
}

/** What is to be seen of all others: the entities' rows, not the totals. */
function without(subjects: readonly Subject[], scene: Scene): Scene {
  const { runbook } = scene;
  const isOther = (row: Row, signal: string) =>
    !subjects.some(({ kind, id }) => id === row.id && kind === kindOf(row, signal, scene));
  const signals = Object.fromEntries(
    Object.entries(scene.signals).map(([id, signal]) => {
      const rows = signal.rows.filter((row) => isOther(row, id));
      const gone = signal.rows.length - rows.length;
      const distinct = signal.distinct === null ? null : signal.distinct - gone;
      return [id, { ...signal, rows, distinct }];
    }),
  );
  const analysis = (id: string) => {
    const [signal, spread] = [signals[id], runbook.signals[id]?.spread ?? null];
    return signal === undefined || spread === null ? scene.analysis(id) : analyse(signal, spread, runbook);
  };
  return { ...scene, signals, analysis };
}
