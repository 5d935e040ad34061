import type { Entry } from '../journal/types.ts';
import type { Clock } from '../signals/asked.ts';
import { isPlainId } from '../values/parse.ts';
import type { Paint } from './paint.ts';

/** An entry with what is known of it beside the journal. */
export type ShownEntry = Entry & {
  /** What the system says now of an entry without an outcome, as a sentence. */
  readonly now: string | null;
  /** True when it came from the team's stream, not from this machine's journal. */
  readonly team: boolean;
};

export interface ShownJournal {
  /** Newest last. */
  readonly entries: readonly ShownEntry[];
  /** False when this machine's journal shows signs of having been changed. */
  readonly intact: boolean;
  readonly warnings: readonly string[];
}

/** ` and 3 more`: the changes of an entry beside its first. */
export const othersOf = ({ changes }: Entry): string =>
  changes.length > 1 ? ` and ${changes.length - 1} more` : '';

/** What a note was a response to: `automated-signups, step tell-crm`; null: it does not say, or is none. */
export function responseOf({ note }: Pick<Entry, 'note'>): string | null {
  const { category = null, step = null } = note ?? {};
  const told = [...(category === null ? [] : [category]), ...(step === null ? [] : [`step ${step}`])];
  return told.length === 0 ? null : told.join(', ');
}

/** `applied`, `applied, undone`, `applied, ended`, `unknown !`, `noted`: what became of it until now. */
export function stateOf(entry: Entry, clock: Clock): { text: string; tone?: keyof Paint } {
  const { status, undoneBy, note } = entry;
  if (note !== undefined) return { text: 'noted', tone: 'dim' };
  if (undoneBy !== null) return { text: `${status}, undone`, tone: 'dim' };
  if (status === 'unknown') return { text: 'unknown !', tone: 'bad' };
  if (status === 'partial') return { text: 'partial', tone: 'warn' };
  if (status !== 'applied') return { text: status, tone: 'dim' };
  return hasEnded(entry, clock) ? { text: 'applied, ended', tone: 'dim' } : { text: 'applied' };
}

/** True when all that it wrote has reached its expiry, by this machine's clock. */
function hasEnded({ changes }: Entry, clock: Clock): boolean {
  const done = changes.filter(({ status, momentary }) => status === 'applied' && momentary !== true);
  const end = (iso: string) => clock.ms(iso) <= clock.now();
  return done.length > 0 && done.every(({ after }) => after?.expiresAt != null && end(after.expiresAt));
}

/** The words that take an entry back; null when nothing of it stands. Without its context the program says which to name. */
export function undoOf(entry: Entry, clock: Clock): readonly string[] | null {
  const { id, status, context, undoneBy, note } = entry;
  const isDone = status === 'applied' || status === 'partial' || status === 'unknown';
  if (note !== undefined || !isDone || undoneBy !== null || !isPlainId(id)) return null;
  if (status === 'applied' && hasEnded(entry, clock)) return null;
  return ['ratelimit', 'undo', id, ...(context !== null && isPlainId(context) ? ['--context', context] : [])];
}

/** What was seen of its effect; null when nothing was. */
export const effectOf = ({ verified, verification }: Entry): string | null =>
  verified === null || verification === null ? verified : `${verified}: ${verification}`;
