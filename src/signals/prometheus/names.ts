import { matchersOf } from '../../runbooks/match.ts';

/** Characters of names that one query holds, which names them three times: VictoriaMetrics takes 16 KiB. */
const MOST_CHARACTERS = 3_000;
/** And names, so that the answers stay small too. */
const MOST_NAMES = 200;

const charactersOf = (name: string): number => matchersOf({ '': [name] }).join('').length;

/** Does every server take a query with this name? */
export const isShort = (name: string): boolean => charactersOf(name) <= MOST_CHARACTERS;

/** Names of entities, as many at a time as a query holds; one that is too long stands alone. */
export function inQueries(names: readonly string[]): string[][] {
  const queries: string[][] = [];
  let room = 0;
  for (const name of names) {
    const characters = charactersOf(name);
    const last = queries.at(-1);
    const isFull = last === undefined || last.length === MOST_NAMES || characters > room;
    if (isFull) queries.push([name]);
    else last.push(name);
    room = (isFull ? MOST_CHARACTERS : room) - characters;
  }
  return queries;
}
