import type { RedisInfo, ServersSeen, Skew, Told } from '../../doctor/facts.ts';
import { wholeNumber } from '../../values/parse.ts';
import type { Clock } from '../asked.ts';
import { SourceError } from '../source-error.ts';
import { skewOf, told } from '../told.ts';
import { millisecondsOf } from './call.ts';
import type { FromEach, Keyspace } from './keyspace.ts';
import { infoFields } from './standing.ts';

/** The servers that take writes: those that answer, and those that do not. */
export const redisServers = (keyspace: Keyspace): Promise<Told<ServersSeen>> =>
  told(async () => {
    const { answers, lost } = await keyspace.onEach(async () => {});
    return { names: answers.map(({ name }) => name).sort(), lost };
  });

/** The server's clock against ours; of several, the one that is off most. */
export const redisClock = (keyspace: Keyspace, clock: Clock): Promise<Told<Skew>> =>
  told(async () => {
    const { answers } = await keyspace.onEach(({ redis }) =>
      skewOf(async () => ({ ms: millisecondsOf(await redis.time()), coarseMs: 0 }), clock),
    );
    return worst(answers, ({ value }) => Math.abs(value.aheadMs)).value;
  });

/** What the server says of itself. One INFO tells all of it; CONFIG, which would show passwords too, is not needed. */
export const redisInfo = (keyspace: Keyspace): Promise<Told<RedisInfo>> =>
  told(async () => {
    const { answers } = await keyspace.onEach(async ({ redis }) => parseInfo(await redis.info()));
    return joined(answers);
  });

type FromOne = FromEach<RedisInfo>['answers'][number];

/** The one of several that is told of for the rest. */
function worst<T>(all: readonly T[], badness: (one: T) => number): T {
  const [first] = [...all].sort((a, b) => badness(b) - badness(a));
  if (first === undefined) throw new SourceError('unreachable', 'no server answers');
  return first;
}

/** What several say, as one: numbers summed, and of the rest what is worst. */
export function joined(answers: readonly FromOne[]): RedisInfo {
  const fullest = worst(answers, ({ value }) => danger(value));
  if (answers.length === 1) return fullest.value;
  const infos = answers.map(({ value }) => value);
  const sum = (pick: (info: RedisInfo) => number | null) =>
    infos.reduce<number | null>((total, info) => {
      const value = pick(info);
      return total === null || value === null ? null : total + value;
    }, 0);
  const databases = new Set(infos.flatMap(({ keys }) => Object.keys(keys ?? {}).map(Number)));
  const isCounted = infos.every(({ keys }) => keys !== null);
  return {
    ...fullest.value,
    of: fullest.name,
    // What the oldest of them cannot do cannot be relied on.
    version: worst(infos, ({ version }) => -Number.parseFloat(version ?? '0')).version,
    role: infos.find(({ role }) => role !== 'master')?.role ?? fullest.value.role,
    linkUp: infos.find(({ linkUp }) => linkUp === false)?.linkUp ?? fullest.value.linkUp,
    isLoading: infos.some(({ isLoading }) => isLoading),
    totalBytes: sum(({ totalBytes }) => totalBytes),
    evicted: sum(({ evicted }) => evicted),
    keys: isCounted
      ? Object.fromEntries([...databases].map((db) => [db, sum(({ keys }) => keys?.[db] ?? 0) ?? 0]))
      : null,
  };
}

/** Of the memory that is allowed. */
const FULL = 0.95;

/** How near a server is to losing keys, or to taking none: 0 to 3. */
function danger({ policy, maxmemoryBytes, usedBytes }: RedisInfo): number {
  if (policy === null || maxmemoryBytes === null || maxmemoryBytes === 0) return 0;
  const used = Math.min(1, (usedBytes ?? 0) / maxmemoryBytes);
  // One that is full and evicts nothing takes no remedy at all.
  return used + (policy !== 'noeviction' ? 1 : used >= FULL ? 2 : 0);
}

/** Reads the answer of INFO; a field that is missing or not what it should be is null. */
export function parseInfo(text: string): RedisInfo {
  const fields = infoFields(text);
  const word = (name: string) => {
    const value = fields.get(name);
    return value !== undefined && /^[\w.+-]{1,60}$/.test(value) ? value : null;
  };
  const number = (name: string) => {
    const value = word(name);
    return value === null ? null : wholeNumber(value);
  };
  const link = word('master_link_status');
  return {
    of: null,
    version: word('redis_version'),
    valkey: word('valkey_version'),
    isLoading: number('loading') === 1,
    role: word('role'),
    linkUp: link === null ? null : link === 'up',
    policy: word('maxmemory_policy'),
    maxmemoryBytes: number('maxmemory'),
    usedBytes: number('used_memory'),
    totalBytes: number('used_memory'),
    evicted: number('evicted_keys'),
    keys: /^# Keyspace/m.test(text) ? keysByDatabase(fields) : null,
  };
}

function keysByDatabase(fields: ReadonlyMap<string, string>): Record<number, number> {
  const found: Record<number, number> = {};
  for (const [name, value] of fields) {
    const [, db] = /^db(\d{1,4})$/.exec(name) ?? [];
    const [, keys] = /^keys=(\d{1,15}),/.exec(value) ?? [];
    if (db !== undefined && keys !== undefined) found[Number(db)] = Number(keys);
  }
  return found;
}
