import type { Context } from '../context.ts';
import { type Earlier, type EarlierRemedy, MOST_REMEDIES } from '../evidence/earlier.ts';
import { doneAt } from '../journal/entries.ts';
import type { Entry } from '../journal/types.ts';
import type { Runbook } from '../runbooks/schema.ts';
import type { Clock } from '../signals/asked.ts';
import { hereFor } from './here.ts';
import { readHistory } from './history.ts';
import { whyNot } from './keep-look.ts';
import type { Target } from './triage-run.ts';

/** Of the team's stream, the newest that are read. */
const STREAM_EVENTS = 1_000;

type Journaled = Pick<Earlier, 'remedies' | 'journalUnread'>;

/**
 * What the journal tells of earlier times: remedies that were applied in this context to what this runbook is about, and
 * not taken back; and what was done by hand, where it was noted for a category. Never throws: what cannot be read is said.
 */
export async function earlierRemedies(
  { config, runbook }: Target,
  context: Pick<Context, 'journal' | 'keyspace' | 'clock'>,
  atMs: number,
): Promise<Journaled> {
  const { journalStream } = config;
  try {
    const keyspace = journalStream === null ? null : await context.keyspace(config);
    try {
      const { entries, problems, remarks } = await readHistory(context, { config, keyspace }, STREAM_EVENTS);
      const isHere = hereFor({ config, runbook });
      const here = entries.filter((entry) => entry.context === config.context && isHere(entry));
      const unread = [...problems.map((problem) => `journal: ${problem}`), ...remarks];
      return { ...remediesOf(here, runbook, atMs, context.clock), journalUnread: cut(unread[0]) };
    } finally {
      keyspace?.close();
    }
  } catch (error) {
    return { remedies: [], journalUnread: cut(`journal: ${whyNot(error)}`) };
  }
}

/** As long as a capture takes: it may name a file. */
const cut = (why: string | undefined): string | null => why?.slice(0, 1_000) ?? null;

/** Entries as evidence holds them. @param atMs milliseconds since the epoch that they are earlier than */
function remediesOf(
  entries: readonly Entry[],
  runbook: Runbook,
  atMs: number,
  clock: Clock,
): Pick<Earlier, 'remedies'> {
  const remedies = entries.flatMap((entry): EarlierRemedy[] => {
    const [categories, at] = [answeredBy(entry, runbook), clock.ms(doneAt(entry))];
    const isDone = (entry.status === 'applied' || entry.status === 'partial') && entry.undoneBy === null;
    if (!isDone || entry.undoes !== null || categories.length === 0 || !(at < atMs)) return [];
    return [{ at: clock.iso(at), secondsAgo: (atMs - at) / 1_000, categories }];
  });
  return { remedies: remedies.sort((a, b) => b.secondsAgo - a.secondsAgo).slice(-MOST_REMEDIES) };
}

/**
 * What a remedy was the answer to: the category that the operator gave as its reason, else all that the runbook proposes
 * it for. Of another runbook only the reason tells. A note answers the category that it names, and without one nothing.
 */
function answeredBy({ note, reason, remedy, runbook: of }: Entry, { name, categories }: Runbook): string[] {
  if (note !== undefined) return categories.filter(({ id }) => id === note.category).map(({ id }) => id);
  const named = categories.find(({ id }) => id === reason.trim());
  if (named !== undefined) return [named.id];
  if (of !== name) return [];
  return categories
    .filter(({ respond }) => respond.some(({ command }) => command?.[1] === remedy))
    .map(({ id }) => id);
}
