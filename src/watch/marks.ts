import type { Entry } from '../journal/types.ts';
import type { Mark } from '../report/types.ts';
import type { Look } from './looks.ts';

/** Remedies from before that are not told any more. */
const TOLD_MS = 3_600_000;

/** What was done to the systems in the last hour, as the journal has it; oldest first. */
export function marksOf(
  entries: readonly Entry[],
  nowMs: number,
  { ms }: { ms(iso: string): number },
): Mark[] {
  return entries.flatMap((entry): Mark[] => {
    const atMs = ms(entry.at);
    const isDone = entry.status === 'applied' || entry.status === 'partial' || entry.status === 'unknown';
    // A time that is none is not within the hour either.
    if (!isDone || !(nowMs - atMs <= TOLD_MS)) return [];
    return [{ atMs, kind: entry.undoes === null ? 'remedy' : 'undo', label: labelOf(entry) }];
  });
}

/** `block-ip by kim: applied, enforced`. */
function labelOf({ remedy, operator, status, verified, undoneBy }: Entry): string {
  const what = [status, ...(verified === null ? [] : [verified]), ...(undoneBy === null ? [] : ['undone'])];
  return `${remedy} by ${operator}: ${what.join(', ')}`;
}

/** Which look was the first to see what a mark did; null: none yet, or none that is remembered. */
export function lookAfter({ atMs }: Mark, looks: readonly Look[]): number | null {
  const [first] = looks;
  if (first === undefined || atMs < first.atMs) return null;
  const index = looks.findIndex((look) => look.atMs >= atMs);
  return index < 0 ? null : index;
}
