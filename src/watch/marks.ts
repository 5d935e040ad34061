import type { Entry } from '../journal/types.ts';
import type { Mark } from '../report/types.ts';
import type { Look } from './looks.ts';

/** What was done before that is not told any more. */
const TOLD_MS = 3_600_000;

/** What was done to the systems in the last hour, as the journal has it; oldest first. */
export function marksOf(
  entries: readonly Entry[],
  nowMs: number,
  { ms }: { ms(iso: string): number },
): Mark[] {
  const marks = entries.flatMap((entry): Mark[] => {
    const atMs = ms(entry.note?.happenedAt ?? entry.at);
    const isDone = entry.status === 'applied' || entry.status === 'partial' || entry.status === 'unknown';
    // A time that is none is not within the hour either.
    if (!isDone || !(nowMs - atMs <= TOLD_MS)) return [];
    const kind = entry.note !== undefined ? 'note' : entry.undoes === null ? 'remedy' : 'undo';
    return [{ atMs, kind, label: labelOf(entry) }];
  });
  // What was noted later may have been done earlier.
  return marks.sort((a, b) => a.atMs - b.atMs);
}

/** `block-ip by kim: applied, enforced`, `kim noted: told the CRM team`. */
function labelOf({ remedy, operator, status, verified, undoneBy, note, reason }: Entry): string {
  if (note !== undefined) return `${operator} noted: ${reason}`;
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
