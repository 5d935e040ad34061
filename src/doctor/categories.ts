import type { CategorySpec } from '../runbooks/schema.ts';
import { type Lack, reachOf, type Scene } from './reach.ts';
import { type Check, checkOf } from './types.ts';

/**
 * Which categories triage could recognise on this system, and what it lacks for the others: from the runbook's own
 * conditions and from what is to be seen, never from what is going on just now.
 */
export function categoryChecks(scene: Scene): Check[] {
  return [...scene.runbook.categories]
    .sort((a, b) => a.rank - b.rank)
    .map((spec): Check => {
      const { state, lacks } = reachOf(spec.when, scene);
      const sure = spec['sure-when'] === null ? null : reachOf(spec['sure-when'], scene);
      const isSure = sure === null || sure.state === 'whole' || sure.state === 'partly';
      const args = { category: spec.id, title: spec.title, ...namesOf(lacks) };
      if (state === 'none' || state === 'unknown') {
        const isUnknown = state === 'unknown';
        return checkOf({
          ...{ check: 'category', level: 'note', signal: spec.about, args },
          code: isUnknown ? 'category-unknown' : 'category-impossible',
          status: isUnknown ? 'unknown' : 'absent',
        });
      }
      if (state === 'whole' && isSure) {
        return checkOf({
          check: 'category',
          code: 'category-judged',
          level: 'fine',
          signal: spec.about,
          args,
        });
      }
      return checkOf({
        ...{ check: 'category', code: 'category-in-part', level: 'note', signal: spec.about },
        args: { ...args, ...atMost(spec, isSure, sure?.lacks ?? []) },
      });
    });
}

const atMost = ({ otherwise }: CategorySpec, isSure: boolean, lacks: readonly Lack[]) =>
  isSure ? {} : { atMost: otherwise, sureLacks: lacks.map(nameOf) };

const namesOf = (lacks: readonly Lack[]) => ({ lacks: lacks.map(nameOf) });

/** `signal`, `signal unread`, `signal label path`, `signal limit`: a sentence is made of it elsewhere. */
function nameOf({ signal, what, label, sight }: Lack): string {
  if (sight === 'unknown') return `${signal} unread`;
  return what === 'signal' ? signal : `${signal} ${what}${label === null ? '' : ` ${label}`}`;
}
