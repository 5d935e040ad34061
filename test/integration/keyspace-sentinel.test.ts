import { afterAll, expect, test } from 'vitest';
import type { RedisWrite } from '../../src/remedies/compare-and-set.ts';
import { Writer } from '../../src/remedies/writer.ts';
import { Keyspace } from '../../src/signals/redis/keyspace.ts';
import { sentinelTarget } from '../support/collecting.ts';
import { stopEverything } from '../support/processes.ts';
import type { TestRedis } from '../support/redis.ts';
import { startSentinels } from '../support/sentinels.ts';

const keyspaces: Keyspace[] = [];
afterAll(async () => {
  for (const keyspace of keyspaces) keyspace.close();
  await stopEverything();
});

const noApi = async () => {
  throw new Error('nothing here may call the API');
};
const block = (key: string): RedisWrite => ({
  ...{ system: 'redis', key, expect: null },
  set: { value: 'abuse', expiry: { inMs: 600_000 } },
});

async function setUp() {
  const setup = await startSentinels({ failsOver: false });
  const [replica] = setup.replicas as [TestRedis];
  const [sentinel] = setup.sentinels as [TestRedis];
  const keyspace = new Keyspace(sentinelTarget(setup), 20_000, new AbortController().signal);
  keyspaces.push(keyspace);
  return { ...setup, replica, sentinel, keyspace, writer: new Writer(keyspace, noApi, false) };
}

test('a primary that has become a replica while somebody was asked did nothing: its successor does it, once', async () => {
  const { primary, replica, sentinel, keyspace, writer } = await setUp();
  await keyspace.look(['a', 'b']);
  // By hand, so that the connection stays.
  await sentinel.cli('SENTINEL', 'REMOVE', 'mymaster');
  await replica.cli('REPLICAOF', 'NO', 'ONE');
  await replica.cli('SET', 'b', 'other');
  await primary.cli('REPLICAOF', '127.0.0.1', String(replica.port));
  // While sentinels name the old one, it is said to be no primary.
  await sentinel.cli('SENTINEL', 'MONITOR', 'mymaster', '127.0.0.1', String(replica.port), '1');
  await writer.publish('stream', ['{"a":1}']);
  const written = await writer.redis([block('a'), block('b'), block('c')]);
  expect(written.map(({ status }) => status)).toEqual(['applied', 'conflict', 'applied']);
  expect(await replica.cli('GET', 'a')).toBe('abuse');
  expect(await replica.cli('GET', 'b')).toBe('other');
  expect(await keyspace.stream('stream', 9)).toEqual(['{"a":1}']);
});

test('without a successor that takes writes, it is refused with what to do', async () => {
  const { primary, sentinel, keyspace, writer, replica } = await setUp();
  await keyspace.look(['a']);
  await sentinel.cli('SENTINEL', 'REMOVE', 'mymaster');
  await primary.cli('REPLICAOF', '127.0.0.1', String(replica.port));
  await sentinel.cli('SENTINEL', 'MONITOR', 'mymaster', '127.0.0.1', String(primary.port), '1');
  const [written] = await writer.redis([block('a')]);
  expect(written).toMatchObject({ status: 'failed', refused: true });
  expect(written?.message).toContain('a failover may be under way, try again');
  keyspace.close();
  await expect(keyspace.look(['a'])).rejects.toThrow('which sentinels name, is a replica');
});

test('a primary that is gone: unknown, never two answers; the next look finds its successor', async () => {
  const { killPrimary, waitForFailover, keyspace, writer } = await setUp();
  await keyspace.look(['a']);
  killPrimary();
  const [written] = await writer.redis([block('a')]);
  expect(written?.status).toBe('unknown');
  const heir = await waitForFailover();
  expect((await keyspace.look(['a'])).held).toEqual([null]);
  expect((await writer.redis([block('a')]))[0]?.status).toBe('applied');
  expect(await heir.cli('GET', 'a')).toBe('abuse');
  expect(await keyspace.hosts()).toContain('127.0.0.1');
});
