import { type Change, changesBetween } from './changes.ts';
import type { Look } from './looks.ts';
import type { Watched } from './signals.ts';

/** A change, and when it was seen. */
interface Logged {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  readonly change: Change;
}

/** All that a watch remembers; it stays small however long it goes on. */
export interface History {
  /** The last ones, oldest first, at most `LOOKS`. */
  readonly looks: readonly Look[];
  /** How often was looked in all. */
  readonly count: number;
  /** When the category was first seen; `before` is the one it took the place of, null: it was there when the watch began. */
  readonly since: { readonly atMs: number; readonly before: string | null };
  /** What changed from the look before; empty at the first. */
  readonly changes: readonly Change[];
  /** Oldest look first, at most `LOGGED`; amounts that merely rose or fell are not in it. */
  readonly log: readonly Logged[];
}

/** A sparkline has no more columns. */
export const LOOKS = 60;
const LOGGED = 100;

/** @param top of each signal, the so many largest entities are looked at */
export function advance(history: History | null, look: Look, watched: Watched, top: number): History {
  const last = history?.looks.at(-1);
  if (history === null || last === undefined) {
    const since = { atMs: look.atMs, before: null };
    return { looks: [look], count: 1, since, changes: [], log: [] };
  }
  const changes = changesBetween(last, look, watched, top);
  const logged = toldOnce(changes).filter(({ code }) => code !== 'rose' && code !== 'fell');
  return {
    looks: [...history.looks, look].slice(-LOOKS),
    count: history.count + 1,
    since: last.category === look.category ? history.since : { atMs: look.atMs, before: last.category },
    changes,
    log: [...history.log, ...logged.map((change) => ({ atMs: look.atMs, change }))].slice(-LOGGED),
  };
}

/** Without what is said twice: a new category tells of its finding, and the old one's has ended with it. */
export function toldOnce(changes: readonly Change[]): readonly Change[] {
  const turn = changes.find(({ code }) => code === 'category');
  const told = turn === undefined ? [] : [turn.before, turn.after];
  const isTwin = ({ code, category }: Change) =>
    (code === 'finding-began' || code === 'finding-ended') && told.includes(category);
  return changes.filter((change) => !isTwin(change));
}

/** Is the verdict another one than at the look before? */
export const isTurned = ({ changes }: Pick<History, 'changes'>): boolean =>
  changes.some(({ code }) => code === 'category');
