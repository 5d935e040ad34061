import type { Redis } from 'ioredis';

/** Keys that Redis visits per SCAN call: a few hundred microseconds of its time. */
const COUNT = 1_000;

/** Names of all keys of one server that a pattern covers, latin1, in no order, each once. Never KEYS. */
export async function scanNames(redis: Redis, glob: Buffer): Promise<Set<string>> {
  const names = new Set<string>();
  let cursor = '0';
  do {
    const reply = await redis.callBuffer('SCAN', cursor, 'MATCH', glob, 'COUNT', COUNT);
    const [next, keys] = reply as [Buffer, Buffer[]];
    cursor = next.toString();
    for (const key of keys) names.add(key.toString('latin1'));
  } while (cursor !== '0');
  return names;
}
