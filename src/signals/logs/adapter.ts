import type { LogsTarget } from '../../config/types.ts';
import type { Adapter, Answer } from '../../evidence/collect.ts';
import { absent, empty, measured, type Reading, type Row, rowOf } from '../../evidence/types.ts';
import { type LogsSpec, logsLabel } from '../../runbooks/logs-schema.ts';
import { windowOf } from '../../runbooks/sources.ts';
import { isPublicAddress } from '../../values/address.ts';
import type { Asked, Clock } from '../asked.ts';
import { isValidId } from '../entities.ts';
import { answered } from '../prometheus/answer.ts';
import { mixOf, strangersAmong } from '../prometheus/mix.ts';
import type { Said } from '../prometheus/several.ts';
import { SourceError } from '../source-error.ts';
import { connectLoki } from './loki.ts';
import type { Group, LogQuestion, LogStore } from './store.ts';

/** Groups that are fetched at most: Loki's own limit of series in an answer is 500. */
const MOST_GROUPS = 500;
/** Rows that are kept, largest first. */
const TOP = 200;

/** Where logs are to be read: which streams, unless the runbook says it, and how the store is reached. */
export interface Opening {
  readonly selector: Readonly<Record<string, string>> | null;
  readonly open: () => LogStore;
}

/** Reads all of a runbook's sources in logs at once, each on its own: one that fails leaves the others be. */
export const readLogs: Adapter = (asked, request) => {
  const { config, signal, clock } = request;
  const { logs } = config;
  const opening =
    logs === null ? null : { selector: logs.selector, open: () => storeOf(logs, signal, clock) };
  return readLogsOf(opening)(asked, request);
};

/** The same of a store of any kind. @param opening null: none is configured */
export const readLogsOf =
  (opening: Opening | null): Adapter =>
  async (asked, { windowSeconds, clock }) => {
    const startedAt = clock.now();
    return Promise.all(
      asked.map(
        async (one): Promise<Answer> =>
          answered(
            one,
            await readOne(one, opening, windowOf(one.source, windowSeconds) ?? windowSeconds),
            clock.now() - startedAt,
          ),
      ),
    );
  };

/** Another kind of store is a case of its own here, and a file beside `loki.ts`. */
function storeOf({ kind, http }: LogsTarget, signal: AbortSignal, clock: Clock): LogStore {
  switch (kind) {
    case 'loki':
      return connectLoki(http, signal, clock);
  }
}

const NOT_CONFIGURED = absent('not configured (logs of the context, or --logs-url)', 'not-configured');
const NO_STREAMS = absent(
  "not configured (logs.selector of the context: the system's streams)",
  'not-configured',
);

async function readOne(
  { source, kind }: Asked,
  opening: Opening | null,
  windowSeconds: number,
): Promise<Said<Reading>> {
  if (source.kind !== 'logs-count')
    throw new SourceError('malformed', `${source.kind} is not a source in logs`);
  if (opening === null) return { held: NOT_CONFIGURED, missing: [] };
  const streams = opening.selector ?? source.streams;
  if (Object.keys(streams).length === 0) return { held: NO_STREAMS, missing: [] };
  // What an answer lacks is said of the source that it answers, so each has a store of its own.
  const store = opening.open();
  const named = (reason: string) => `${store.name}: ${reason}`;
  try {
    const held = await read({ source, streams, windowSeconds }, kind, store);
    const missing = [...store.lacks].map((lack) => ({ cause: 'incomplete', reason: named(lack) }) as const);
    return { held, missing };
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    return { held: null, missing: [{ cause: error.cause, reason: named(error.message) }] };
  } finally {
    store.close();
  }
}

async function read(question: LogQuestion, kind: string | null, store: LogStore): Promise<Reading> {
  const { source } = question;
  const groups = await store.groups(question, MOST_GROUPS, 'entity-and-mix');
  const parts = sumsOf(groups);
  if (parts.size === 0) return nothing(question, store);
  const isCut = groups.length >= MOST_GROUPS;
  const lines = groups.reduce((sum, group) => sum + group.lines, 0);
  const whole = isCut ? await store.whole(question) : { lines, distinct: parts.size };
  // Of an entity whose mix has many values some are cut off, and its own sum is more than theirs.
  const isInParts = isCut && source.mix !== null;
  const sums = isInParts ? sumsOf(await store.groups(question, MOST_GROUPS, 'entity')) : parts;
  if (source.by === null) return measured({ total: whole.lines, distinct: null, rows: [] });
  const rows = [...sums]
    .map(([id, { total }]) =>
      rowFrom(id, total, parts.get(id)?.parts ?? new Map(), { source, kind, whole: whole.lines }),
    )
    .sort((a, b) => b.value - a.value)
    .slice(0, TOP);
  return measured({ total: whole.lines, distinct: whole.distinct, rows, strangers: strangersAmong(rows) });
}

/** By entity what it has in all, and what each value of the other field has. */
function sumsOf(groups: readonly Group[]) {
  const sums = new Map<string, { total: number; parts: Map<string, number> }>();
  for (const { id, mix, lines } of groups.filter((group) => group.lines > 0)) {
    const sum = sums.get(id) ?? { total: 0, parts: new Map<string, number>() };
    sum.total += lines;
    if (mix !== null && mix !== '') sum.parts.set(mix, (sum.parts.get(mix) ?? 0) + lines);
    sums.set(id, sum);
  }
  return sums;
}

function rowFrom(
  id: string,
  total: number,
  parts: ReadonlyMap<string, number>,
  {
    source,
    kind,
    whole,
  }: { readonly source: LogsSpec; readonly kind: string | null; readonly whole: number },
): Row {
  const valid = isValidId(kind, id);
  return rowOf({
    ...{ id, valid, value: total, share: whole > 0 ? total / whole : null },
    public: kind === 'ip' && valid ? isPublicAddress(id) : null,
    labels:
      source.mix === null
        ? {}
        : mixOf(
            source.mix,
            total,
            [...parts].sort((a, b) => b[1] - a[1]),
          ),
  });
}

/** No line counts: cannot they be read, are there others, were there any of late, or are there no such streams? */
async function nothing(question: LogQuestion, store: LogStore): Promise<Reading> {
  const [alike, life] = await Promise.all([store.looks(question), store.life(question)]);
  const { source, streams, windowSeconds } = question;
  if (alike.unnamed > 0) {
    return absent(`of ${alike.unnamed} such lines none has both ${source.by} and ${source.mix}`);
  }
  if (alike.lines > 0 && alike.readable === 0 && source.lines.length > 0) {
    const fields = source.lines.flatMap(({ equals, has }) => Object.keys({ ...equals, ...has }));
    throw new SourceError(
      'malformed',
      `${alike.lines} lines have the text, and none of them is ${source.format} with ${[...new Set(fields)].join(' and ')} as the runbook has it`,
    );
  }
  const which = Object.entries(streams)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .join(' ');
  if (life === 'none') return absent(`no stream of the logs has ${which}`);
  if (life === 'streams')
    return empty(`the streams with ${which} have no lines in the last ${windowSeconds} s`, false);
  return empty(`no such line in the last ${windowSeconds} s (${logsLabel(source)})`);
}
