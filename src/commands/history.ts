import type { Context } from '../context.ts';
import { EXIT, RatelimitError } from '../errors.ts';
import { entriesOf } from '../journal/entries.ts';
import { parseEvent } from '../journal/events.ts';
import type { Entry, JournalEvent } from '../journal/types.ts';
import { SourceError } from '../signals/source-error.ts';
import { quote } from '../values/text.ts';
import { type Aim, hereFor } from './here.ts';
import type { Parts } from './parts.ts';

/** What was done: by this operator's journal, and by the team's stream where there is one. */
export interface History {
  /** Newest last. */
  readonly entries: readonly Entry[];
  /** Ids that only the team's stream knows. */
  readonly team: ReadonlySet<string>;
  /** False when this machine's journal shows signs of having been changed. */
  readonly intact: boolean;
  readonly warnings: readonly string[];
  /** What is wrong with this machine's journal; the warnings begin with these. */
  readonly problems: readonly string[];
  /** All other warnings. */
  readonly remarks: readonly string[];
  /** True when this machine has no journal. */
  readonly missing: boolean;
}

const STREAM_EVENTS = 5_000;

/**
 * Reads both; what cannot be read is a warning, since a list without its authors is still a list.
 * @param parts without a keyspace the stream is not read
 * @param streamEvents so many of the team's stream, the newest
 */
export async function readHistory(
  context: Pick<Context, 'journal'>,
  { config, keyspace }: Pick<Parts, 'config'> & { readonly keyspace: Parts['keyspace'] | null },
  streamEvents = STREAM_EVENTS,
): Promise<History> {
  const journal = await context.journal();
  const { events, problems, missing } = await journal.read();
  const own = new Set(events.flatMap(({ event, id }) => (event === 'intent' ? [id] : [])));
  const remarks: string[] = [];
  const shared: JournalEvent[] = [];
  if (config.journalStream !== null && keyspace !== null) {
    try {
      const lines = await keyspace.stream(config.journalStream, streamEvents);
      const parsed = lines.map(parseEvent);
      shared.push(...parsed.filter((event) => typeof event !== 'string'));
      const bad = parsed.length - shared.length;
      if (bad > 0) remarks.push(`${bad} events of the stream ${config.journalStream} cannot be read`);
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      remarks.push(`the team's journal could not be read: ${error.message}`);
    }
  }
  const others = shared.filter(({ id }) => !own.has(id));
  // Somebody else may have taken back what this operator did.
  const news = shared.filter((event) => event.event === 'undone' && own.has(event.id));
  return {
    entries: entriesOf([...events, ...others, ...news]),
    team: new Set(others.map(({ id }) => id)),
    intact: problems.length === 0,
    warnings: [...problems.map((problem) => `journal: ${problem}`), ...remarks],
    ...{ problems, remarks, missing },
  };
}

/** What was done to the very systems that this run is aimed at. */
export const entriesHere = ({ entries }: History, aim: Aim): Entry[] => entries.filter(hereFor(aim));

/** An entry by its id. @throws RatelimitError exit 7 */
export function findEntry(id: string, { entries, warnings }: History): Entry {
  const found = entries.filter((entry) => entry.id === id.toUpperCase());
  const [entry] = found;
  if (entry !== undefined) return entry;
  const hint = warnings.length > 0 ? warnings.join('\n') : 'ratelimit journal lists what there is.';
  throw new RatelimitError('not-found', `the journal has no entry ${quote(id)}`, {
    exitCode: EXIT.nothing,
    hint,
  });
}
