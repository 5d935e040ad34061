import type { Condition } from '../runbooks/conditions-schema.ts';
import { outcome, type Scene } from './ask.ts';
import {
  diverse,
  eachAtMost,
  listed,
  mixOfAll,
  notPublic,
  oneShot,
  rest,
  sources,
  spread,
  strangers,
  volume,
} from './crowd-conditions.ts';
import { every, some } from './logic.ts';
import { claimed, ended, plateau, shared, unlabelled, usual } from './provenance-conditions.ts';
import { count, down, madeOf, noLimit, overLimit, reaches, silent, started } from './state-conditions.ts';
import type { Outcome } from './types.ts';

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
  return unless(condition.unless.category, scene);
}

/** Another category does not explain it. What could not be judged explains nothing, and is not refuted either. */
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
