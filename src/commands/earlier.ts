import type { Context } from '../context.ts';
import { type Earlier, MOST_LOOKS } from '../evidence/earlier.ts';
import type { Clock } from '../signals/asked.ts';
import type { Target } from './triage-run.ts';

/** An earlier look as its name tells it. */
export interface KeptLook {
  readonly atMs: number;
  readonly category: string;
}

/**
 * Earlier looks as evidence holds them. @param atMs milliseconds since the epoch that they are earlier than
 */
export function earlierOf(kept: readonly KeptLook[], atMs: number, clock: Clock): Earlier {
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

/** What the name of a file says it found is taken for a category only where it looks like one. */
const CATEGORY = /^[a-z][a-z0-9-]{0,99}$/;

/** What earlier looks at the same systems found, as their names tell it. */
export async function earlierLooks(_target: Target, _context: Context, _atMs: number): Promise<Earlier> {
  return { looks: [], unread: 'no earlier looks are kept' };
}
