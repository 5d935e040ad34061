import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Keyspace } from '../../src/signals/redis/keyspace.ts';
import { someNames } from '../../src/signals/redis/some-names.ts';
import { redisTarget } from '../support/collecting.ts';
import { stopEverything } from '../support/processes.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

let redis: TestRedis;
let keyspace: Keyspace;
beforeAll(async () => {
  redis = await startRedis();
  keyspace = new Keyspace(redisTarget(redis.port), 20_000, new AbortController().signal);
  const noise = Array.from({ length: 20_000 }, (_, n) => ['SET', `acp:noise:${n}`, '1'] as const);
  const blocks = Array.from({ length: 40 }, (_, n) => ['SET', `acp:ip_block:203.0.113.${n}`, 'x'] as const);
  await redis.load([...noise, ...blocks, ['SET', 'acp:ip_block*:y', 'x']]);
});
beforeEach(() => redis.cli('CONFIG', 'RESETSTAT'));
afterAll(async () => {
  keyspace.close();
  await stopEverything();
});

const NEVER = new AbortController().signal;
const BOUNDS = { calls: 1_000, names: 1_000, until: NEVER };

async function look(prefix: string, bounds: Partial<typeof BOUNDS> = {}): Promise<string[]> {
  const found = new Set<string>();
  await someNames(keyspace, prefix, { ...BOUNDS, ...bounds }, found);
  return [...found].sort();
}
const calls = async () =>
  Number(/cmdstat_scan:calls=(\d+)/.exec(await redis.cli('INFO', 'commandstats'))?.[1]);

test('finds all that begin so, and reads no value', async () => {
  expect(await look('acp:ip_block:')).toHaveLength(40);
  expect(await look('acp:ip_block:203.0.113.39')).toEqual(['acp:ip_block:203.0.113.39']);
  expect(await look('acp:ip_block*')).toEqual(['acp:ip_block*:y']);
  const stats = await redis.cli('INFO', 'commandstats');
  expect(stats).not.toMatch(/cmdstat_(?:mget|get|keys):/);
});

test('makes no more calls than it may', async () => {
  await look('acp:ip_block:', { calls: 3 });
  expect(await calls()).toBe(3);
});

test('stops when it has enough, and when the time is up, with what it has', async () => {
  const some = await look('acp:', { names: 100 });
  expect(some.length).toBeGreaterThanOrEqual(100);
  expect(some.length).toBeLessThan(5_000);
  expect(await calls()).toBe(1);
  expect(await look('acp:', { until: AbortSignal.abort() })).toEqual([]);
  expect(await calls()).toBe(1);
});
