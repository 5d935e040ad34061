import type { Change, Entry } from '../journal/types.ts';
import type { Clock } from '../signals/asked.ts';
import type { Held, Keyspace } from '../signals/redis/keyspace.ts';
import { SourceError } from '../signals/source-error.ts';
import { shellWord } from '../values/text.ts';
import { heldOf, isSame } from './states.ts';
import { isOurs } from './undo.ts';

interface World {
  readonly keyspace: Keyspace;
  readonly clock: Clock;
  /** What this run is aimed at. */
  readonly redis: string;
}

/**
 * Tells what the system says now of an entry whose outcome is unknown, as a sentence: the program was killed, or the
 * answer was lost. A system that did not answer once is not asked again.
 */
export function nowTeller(world: World): (entry: Entry) => Promise<string> {
  let trouble: SourceError | null = null;
  return async (entry) => {
    try {
      if (trouble !== null) throw trouble;
      return await tellNow(entry, world);
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      trouble = error;
      return `its outcome is not known, and what is there now could not be read: ${error.message}`;
    }
  };
}

async function tellNow(entry: Entry, { keyspace, clock, redis }: World): Promise<string> {
  const meant = entry.changes.filter(({ status, momentary }) => status !== 'unchanged' && momentary !== true);
  const keys = meant.filter(({ system }) => system === 'redis');
  const rest = keys.length < meant.length ? '; what the API holds is not known' : '';
  if (keys.length === 0) {
    const how = entry.remedy === 'kill-switch' ? 'ratelimit kill-switch status tells' : 'the API knows';
    return `its outcome is not known; ${how} what holds now`;
  }
  if (entry.systems.redis !== redis) return `its outcome is not known; look with ${aim(entry)}`;
  const { held } = await keyspace.look(keys.map(({ target }) => target));
  const states = keys.map((change, index) => judge(change, held[index] ?? null, clock));
  const count = (state: string) => states.filter((one) => one === state).length;
  if (count('done') === keys.length) return `its outcome is not known; what it was to write is there${rest}`;
  if (count('not done') === keys.length)
    return `its outcome is not known; all is as it was before, so it was not done${rest}`;
  return `its outcome is not known; ${count('done')} of ${keys.length} changes are there, ${count('not done')} were not done, ${count('other')} hold something else by now${rest}`;
}

const aim = ({ context, systems }: Entry): string =>
  context === null ? `--redis-url ${shellWord(systems.redis ?? '')}` : `--context ${shellWord(context)}`;

function judge(change: Change, now: Held | null, clock: Clock): 'done' | 'not done' | 'other' {
  const [before, after] = [heldOf(change.before, clock), heldOf(change.after, clock)];
  if (isOurs(change, now, after)) return 'done';
  return isSame(now, before) ? 'not done' : 'other';
}
