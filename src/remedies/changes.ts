import type { Change, OutcomeStatus } from '../journal/types.ts';
import type { Clock } from '../signals/asked.ts';
import { heldOf, isSame } from './states.ts';
import type { Plan, Verification } from './types.ts';

export const CONFLICT = 'it has been changed since it was looked at; nothing was written. Look again';

/** The changes of a plan whose starting point is another one now; what they hold now stands in `after`. */
export function changedSince(seen: Plan, now: Plan, clock: Clock): Change[] {
  return seen.planned.flatMap(({ change, write }, index) => {
    const other = now.planned[index]?.change;
    const runs = write?.system === 'redis' && write.expect === 'anything';
    if (runs || (other && isSame(heldOf(change.before, clock), heldOf(other.before, clock)))) return [];
    return [conflict(change, other?.before ?? null)];
  });
}

const conflict = (change: Change, now: Change['before']): Change => ({
  ...change,
  status: 'conflict',
  after: now,
  message: 'somebody changed it meanwhile',
});

export function statusOf(changes: readonly Change[]): OutcomeStatus {
  const statuses = new Set(
    changes.map(({ status }) => status).filter((status) => status !== 'unchanged' && status !== 'skipped'),
  );
  const [only] = statuses;
  if (
    statuses.size === 1 &&
    (only === 'applied' || only === 'conflict' || only === 'failed' || only === 'unknown')
  ) {
    return only;
  }
  return 'partial';
}

export function messageOf(status: OutcomeStatus, changes: readonly Change[]): string | null {
  if (status === 'applied') return null;
  if (status === 'conflict') return CONFLICT;
  const said = [...new Set(changes.flatMap(({ message }) => message ?? []))];
  return said.slice(0, 3).join('\n') || 'not all of it could be done';
}

export const withVerified = (change: Change, seen: Verification): Change =>
  change.status === 'applied'
    ? {
        ...change,
        verified: seen.each === undefined ? seen.verified : (seen.each.get(change.target) ?? change.verified),
      }
    : change;
