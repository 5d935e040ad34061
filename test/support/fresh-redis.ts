import { afterAll, beforeAll, beforeEach } from 'vitest';
import { stopEverything } from './processes.ts';
import { type RedisOptions, startRedis, type TestRedis } from './redis.ts';

/**
 * A real Redis for the tests of one file: started before the first, emptied before each, and stopped after the last
 * together with whatever else the file still has running. It can be used in hooks and tests only.
 */
export function freshRedis(options: RedisOptions = {}): TestRedis {
  const redis = {} as TestRedis;
  beforeAll(async () => {
    Object.assign(redis, await startRedis(options));
  });
  beforeEach(() => redis.flush());
  afterAll(stopEverything);
  return redis;
}
