import { isAbsolute } from 'node:path';
import type { Context } from '../context.ts';
import { type Earlier, MOST_LOOKS } from '../evidence/earlier.ts';
import { looksIn } from '../looks/folder.ts';
import { systemKey } from '../looks/names.ts';
import type { Clock } from '../signals/asked.ts';
import { earlierRemedies } from './earlier-remedies.ts';
import { looksFolder, seenBy, whyNot } from './keep-look.ts';
import type { Target } from './triage-run.ts';

/** An earlier look as its name tells it. */
export interface KeptLook {
  readonly atMs: number;
  readonly category: string;
}

/**
 * Earlier looks as evidence holds them. @param atMs milliseconds since the epoch that they are earlier than
 */
export function earlierOf(kept: readonly KeptLook[], atMs: number, clock: Clock): Looked {
  const looks = kept
    .filter((look) => look.atMs < atMs && CATEGORY.test(look.category))
    .sort((a, b) => a.atMs - b.atMs)
    .slice(-MOST_LOOKS)
    .map((look) => ({
      at: clock.iso(look.atMs),
      secondsAgo: (atMs - look.atMs) / 1_000,
      category: look.category,
    }));
  return { looks, unread: null };
}

type Looked = Pick<Earlier, 'looks' | 'unread'>;

/** What the name of a file says it found is taken for a category only where it looks like one. */
const CATEGORY = /^[a-z][a-z0-9-]{0,199}$/;

/**
 * What earlier looks at the same systems found, as far as they were kept on this machine. Never throws: what cannot be
 * read is said.
 */
export async function earlierLooks(
  { config, runbook }: Target,
  context: Pick<Context, 'stateFolder' | 'clock'>,
  atMs: number,
): Promise<Looked> {
  const unread = (why: string): Looked => ({ looks: [], unread: why });
  if (!config.keepLooks) return unread('keep-looks of the context is false, so none are kept');
  const folder = looksFolder(context);
  if (!isAbsolute(folder)) return unread('there is no home folder');
  try {
    const key = systemKey(seenBy(config, runbook));
    const kept = (await looksIn(folder, context.clock)).filter(({ system }) => system === key);
    return earlierOf(kept, atMs, context.clock);
  } catch (error) {
    return unread(`${folder}: ${whyNot(error)}`);
  }
}

/** What looks and the journal tell of earlier times. Never throws: what cannot be read is said. */
export async function earlierTimes(
  target: Target,
  context: Pick<Context, 'stateFolder' | 'clock' | 'journal' | 'keyspace'>,
  atMs: number,
): Promise<Earlier> {
  const [looked, journaled] = await Promise.all([
    earlierLooks(target, context, atMs),
    earlierRemedies(target, context, atMs),
  ]);
  return { ...looked, ...journaled };
}
