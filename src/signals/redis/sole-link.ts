import type { Redis } from 'ioredis';
import type { RedisTarget } from '../../config/types.ts';
import { SourceError } from '../source-error.ts';
import { type Answered, type Call, type How, millisecondsOf } from './call.ts';
import { keysOf } from './key-access.ts';
import type { Link } from './link.ts';
import { GONE, type Held, type Look, toHeld } from './look.ts';
import { A_CLUSTER } from './one-server.ts';
import { nameOf } from './place.ts';
import { scanNames } from './scan-names.ts';
import { standingOf } from './standing.ts';

/** One connection to a server that holds all of the keyspace. */
export function soleLink(server: RedisTarget, redis: Redis): Link {
  return {
    server,
    isEnded: () => redis.status === 'end',
    run: (calls, how) => run(server, redis, calls, how),
    look: (keys) => lookAt(redis, keys),
    texts: async (keys) => {
      const pipeline = redis
        .pipeline()
        .time()
        .mget([...keys]);
      const [time, values] = (await pipeline.exec()) ?? [];
      return { nowMs: millisecondsOf(answer(time)), values: answer<(string | null)[]>(values) };
    },
    names: async (glob) => {
      // A node of a cluster would list its own names as if they were all.
      const [{ clustered }, names] = await Promise.all([standingOf(redis), scanNames(redis, glob)]);
      if (clustered) throw new SourceError('refused', `${server.display}: ${A_CLUSTER}`);
      return names;
    },
    primaries: async () => ({
      nodes: [{ name: server.path ?? nameOf(server), redis, server, share: 1 }],
      lost: [],
    }),
    hosts: async () => [],
    close: () => redis.disconnect(),
  };
}

async function run(
  server: RedisTarget,
  redis: Redis,
  calls: readonly Call[],
  { isTimed }: How,
): Promise<Answered[]> {
  const pipeline = redis.pipeline();
  if (isTimed) pipeline.time();
  const kinds = new Set<string>();
  for (const { words, first } of calls) {
    const isFirst = first !== undefined && !kinds.has(first[0]);
    if (first !== undefined) kinds.add(first[0]);
    pipeline.callBuffer(...((isFirst ? first : words) as [string, ...string[]]));
  }
  const replies = [...((await pipeline.exec()) ?? [])];
  const nowMs = isTimed ? millisecondsOf(answer(replies.shift())) : null;
  return calls.map((_, index) => {
    const [error, value] = replies[index] ?? [new Error(CLOSED), null];
    return { error, value, nowMs, server };
  });
}

/** One round trip, and a second one for the expiries of those that are there. */
async function lookAt(redis: Redis, keys: readonly Buffer[]): Promise<Look> {
  const first = redis.pipeline().time();
  if (keys.length > 0) first.mgetBuffer([...keys]).exists([...keys]);
  const [time, values, count] = (await first.exec()) ?? [];
  const nowMs = millisecondsOf(answer(time));
  const found = keys.length > 0 ? answer<(Buffer | null)[]>(values) : [];
  const there = found.filter((bytes) => bytes !== null).length;
  // MGET is silent about keys of other types; that EXISTS counts more gives them away.
  const isAll = keys.length === 0 || answer<number>(count) <= there;
  const [expiries, foreign] = await Promise.all([
    expiriesOf(redis, keys, found),
    isAll ? new Set<number>() : foreignOf(redis, keys, found),
  ]);
  const held = found.map((bytes, index): Held | null => {
    const expiry = expiries.get(index);
    return bytes === null || expiry === undefined ? null : toHeld(bytes, expiry);
  });
  return { nowMs, held, foreign };
}

/** When each key that was found ends, by its place; null: never. One that has gone since has no entry. */
async function expiriesOf(
  redis: Redis,
  keys: readonly Buffer[],
  found: readonly (Buffer | null)[],
): Promise<Map<number, number | null>> {
  const places = [...keys.keys()].filter((place) => found[place] != null);
  if (places.length === 0) return new Map();
  const pipeline = redis.pipeline().time();
  for (const place of places) pipeline.pttl(keys[place] ?? '');
  const [time, ...replies] = (await pipeline.exec()) ?? [];
  const nowMs = millisecondsOf(answer(time));
  return new Map(
    places.flatMap((place, index) => {
      const left = answer<number>(replies[index]);
      return left === GONE ? [] : [[place, left < 0 ? null : nowMs + left] as const];
    }),
  );
}

/** Places of the keys that were not found as texts, and are there all the same. */
async function foreignOf(
  redis: Redis,
  keys: readonly Buffer[],
  found: readonly (Buffer | null)[],
): Promise<Set<number>> {
  const places = [...keys.keys()].filter((place) => found[place] == null);
  const types = await keysOf(() => redis).types(places.flatMap((place) => keys[place] ?? []));
  return new Set(places.filter((_, index) => types[index] !== 'none' && types[index] !== 'string'));
}

const CLOSED = 'Connection is closed.';

/** One reply of a pipeline; throws the error that stands in its place. */
function answer<T>(reply: readonly [Error | null, unknown] | undefined): T {
  const [error, value] = reply ?? [new Error(CLOSED), null];
  if (error) throw error;
  return value as T;
}
