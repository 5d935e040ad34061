import type { Entry, IntentEvent, JournalEvent, Note } from './types.ts';

/**
 * What each remedy did and what became of it, newest last. Events may come in any order and more than once, as from
 * several machines: of several intents of one id the first counts, of other events the last one.
 * Events without an intent are left out.
 */
export function entriesOf(events: readonly JournalEvent[]): Entry[] {
  const sorted = [...events].sort((a, b) => compare(a.at, b.at) || a.seq - b.seq);
  const entries = new Map<string, Entry>();
  for (const event of sorted) {
    if (event.event === 'intent' && !entries.has(event.id)) entries.set(event.id, begun(event));
  }
  for (const event of sorted) {
    const entry = entries.get(event.id);
    // A note is what it says when it is written: nothing becomes of it.
    if (entry && entry.note === undefined) entries.set(event.id, { ...entry, ...news(event) });
  }
  // From the last on: what was undone by something that was itself undone stands again. Killed in between, an undoing
  // may have no `undone` of its own.
  for (const { id, undoes } of [...entries.values()].reverse()) {
    const [undoing, undone] = [entries.get(id), undoes === null ? undefined : entries.get(undoes)];
    if (undoing?.status !== 'applied' || undone === undefined) continue;
    const undoneBy = undoing.undoneBy === null ? (undone.undoneBy ?? id) : null;
    entries.set(undone.id, { ...undone, undoneBy });
  }
  return [...entries.values()];
}

/** When what an entry tells was done, ISO 8601 in UTC: of a note when it happened, as far as it says so. */
export const doneAt = ({ note, at }: Entry): string => note?.happenedAt ?? at;

/** An entry of which nothing but the intent is known; of a note that is all. */
function begun({
  event: _event,
  schema: _schema,
  prev: _prev,
  note: said,
  ...intent
}: JournalEvent & IntentEvent): Entry {
  const note = said === undefined ? null : noteIn(said, intent);
  return {
    ...intent,
    ...(note === null ? {} : { note }),
    status: note === null ? 'unknown' : 'applied',
    resolved: note !== null,
    verified: null,
    verification: null,
    undoneBy: null,
  };
}

/** null: something was to be changed, so it is no note, whatever it says. Nobody notes what is still to come. */
function noteIn(note: Note, { at, changes, undoes }: Pick<Entry, 'at' | 'changes' | 'undoes'>): Note | null {
  if (changes.length > 0 || undoes !== null) return null;
  // To the second: how many digits follow it is up to whoever wrote them.
  const isPast = (note.happenedAt ?? '').slice(0, SECONDS) <= at.slice(0, SECONDS);
  return isPast ? note : { ...note, happenedAt: null };
}

/** Characters of `2026-05-29T03:12:04`. */
const SECONDS = 19;

/** What an event changes of its entry. */
function news(event: JournalEvent): Partial<Entry> {
  switch (event.event) {
    case 'intent':
      return {};
    case 'outcome':
      return { status: event.status, resolved: true, changes: event.changes };
    case 'verified':
      return { verified: event.verified, verification: event.text };
    case 'undone':
      return { undoneBy: event.by };
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
