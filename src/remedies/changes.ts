import type { Change, OutcomeStatus } from '../journal/types.ts';
import type { Clock } from '../signals/asked.ts';
import { heldOf, isSame } from './states.ts';
import type { Plan, Verification } from './types.ts';

export const CONFLICT = 'it has been changed since it was looked at; nothing was written. Look again';

/** The changes of a plan whose starting point is another one now; what they hold now stands in `after`. */
export function changedSince(seen: Plan, now: Plan, clock: Clock): Change[] {
  const byTarget = (plan: Plan) => new Map(plan.planned.map(({ change }) => [change.target, change]));
  const [before, after] = [byTarget(seen), byTarget(now)];
  const runs = new Set(
    [...seen.planned, ...now.planned].flatMap(({ change, write }) =>
      write?.system === 'redis' && write.expect === 'anything' ? [change.target] : [],
    ),
  );
  return [...new Map([...after, ...before]).values()].flatMap((change) => {
    // A key that a plan does not name held nothing.
    const was = before.get(change.target)?.before ?? null;
    const is = after.get(change.target)?.before ?? null;
    if (runs.has(change.target) || isSame(heldOf(was, clock), heldOf(is, clock))) return [];
    return [conflict({ ...change, before: was }, is)];
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
