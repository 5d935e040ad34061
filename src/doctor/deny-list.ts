import type { Entry } from '../journal/types.ts';
import type { BlockSpec } from '../runbooks/remedies-schema.ts';
import { keyPattern } from '../values/template.ts';
import { type Check, checkOf } from './types.ts';

/** Verifications that are looked back at. */
const LOOKED_AT = 20;

/**
 * Does the system read the deny list at all? Only a block tells, by its effect, so the last ones are looked up.
 * @param entries what was done to this very system, newest last
 */
export function denyListChecks(spec: BlockSpec | null, entries: readonly Entry[]): Check[] {
  if (spec === null) return [];
  const blocks = entries
    .filter(({ remedy, verified }) => remedy === 'block-ip' && verified !== null && verified !== 'unknown')
    .slice(-LOOKED_AT);
  const count = (verified: Entry['verified']) => blocks.filter((entry) => entry.verified === verified).length;
  const last = blocks.findLast(({ verified }) => verified === 'enforced' || verified === 'not-enforced');
  const base = { check: 'deny-list', source: keyPattern(spec.key) } as const;
  const args = {
    ...{ of: blocks.length, enforced: count('enforced'), ignored: count('not-enforced') },
    ...{ at: last?.at ?? null, by: last?.operator ?? null, text: last?.verification ?? null },
    whenIgnored: spec['when-ignored'],
  };
  if (blocks.length === 0) {
    return [checkOf({ ...base, code: 'blocks-never-verified', level: 'note', status: 'unknown', args })];
  }
  if (last === undefined) {
    return [checkOf({ ...base, code: 'blocks-unproven', level: 'note', status: 'unknown', args })];
  }
  return last.verified === 'enforced'
    ? [checkOf({ ...base, code: 'blocks-enforced', level: 'fine', args })]
    : [checkOf({ ...base, code: 'blocks-ignored', level: 'problem', args })];
}
