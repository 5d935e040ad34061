import type { RedisInfo, Skew, Told } from '../../doctor/facts.ts';
import { wholeNumber } from '../../values/parse.ts';
import type { Clock } from '../asked.ts';
import { skewOf, told } from '../told.ts';
import type { Keyspace } from './keyspace.ts';
import { infoFields } from './standing.ts';

/** The server's clock against ours. */
export const redisClock = (keyspace: Keyspace, clock: Clock): Promise<Told<Skew>> =>
  told(() =>
    keyspace.within((redis) =>
      skewOf(async () => {
        const [seconds, micros] = await redis.time();
        return { ms: Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000), coarseMs: 0 };
      }, clock),
    ),
  );

/** What the server says of itself. One INFO tells all of it; CONFIG, which would show passwords too, is not needed. */
export const redisInfo = (keyspace: Keyspace): Promise<Told<RedisInfo>> =>
  told(async () => parseInfo(await keyspace.within((redis) => redis.info())));

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
    version: word('redis_version'),
    valkey: word('valkey_version'),
    isLoading: number('loading') === 1,
    role: word('role'),
    linkUp: link === null ? null : link === 'up',
    policy: word('maxmemory_policy'),
    maxmemoryBytes: number('maxmemory'),
    usedBytes: number('used_memory'),
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
