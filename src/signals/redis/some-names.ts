import { setTimeout as rest } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { globFor } from './keys.ts';
import type { Keyspace } from './keyspace.ts';

/** Keys that Redis visits per SCAN call: a few hundred microseconds of its time. */
const COUNT = 1_000;
/** Between two calls, milliseconds: longer than a call takes. */
const REST_MS = 1;

interface Bounds {
  /** SCAN calls at the most, of each server. */
  readonly calls: number;
  /** Names at the most; then it stops. */
  readonly names: number;
  /** Aborted when the time is up. */
  readonly until: AbortSignal;
}

/**
 * Some of the keys that begin so: as many as a bounded look finds, put into `found` as they come by, latin1, so that a
 * look that is cut short has found what it has. Only names are read. Never KEYS.
 * @throws SourceError when no server answers
 */
export async function someNames(
  keyspace: Keyspace,
  prefix: string,
  bounds: Bounds,
  found: Set<string>,
): Promise<void> {
  const glob = globFor([Buffer.from(prefix, 'utf8').toString('latin1')]);
  await keyspace.onEach(({ redis }) => scan(redis, glob, bounds, found));
}

async function scan(
  redis: Redis,
  glob: Buffer,
  { calls, names, until }: Bounds,
  found: Set<string>,
): Promise<void> {
  let cursor = '0';
  for (let made = 0; made < calls && found.size < names && !until.aborted; made += 1) {
    if (made > 0) await rest(REST_MS);
    const reply = await redis.callBuffer('SCAN', cursor, 'MATCH', glob, 'COUNT', COUNT);
    const [next, keys] = reply as [Buffer, Buffer[]];
    for (const key of keys) found.add(key.toString('latin1'));
    cursor = next.toString();
    if (cursor === '0') return;
  }
}
