import { afterAll, expect, test } from 'vitest';
import type { RedisTarget } from '../../src/config/types.ts';
import { Keyspace } from '../../src/signals/redis/keyspace.ts';
import { openServers, type Servers } from '../../src/signals/redis/servers.ts';
import { redisTarget } from '../support/collecting.ts';
import { deadPort, stopEverything } from '../support/processes.ts';
import { startRedis } from '../support/redis.ts';

const open: Servers[] = [];
afterAll(async () => {
  for (const servers of open) servers.close();
  await stopEverything();
});

async function serversOf(target: RedisTarget): Promise<Servers> {
  const opening = { timeoutMs: 20_000, signal: new AbortController().signal };
  const servers = await openServers(target, opening);
  open.push(servers);
  return servers;
}

const bytes = (...texts: string[]) => texts.map((text) => Buffer.from(text));

test('one server is all of the keyspace, over a socket too', async () => {
  const redis = await startRedis({ unixSocket: true });
  await redis.load([
    ['SET', 'a', '1'],
    ['SET', 'b', '2', 'EX', '100'],
    ['HSET', 'h', 'f', 'v'],
  ]);
  for (const target of [
    redisTarget(redis.port),
    redisTarget(0, { host: '', path: redis.socketPath ?? '' }),
  ]) {
    const { nodes, lost, warnings, keys } = await serversOf(target);
    expect(nodes).toMatchObject([{ share: 1, slots: null, replica: false, behind: null }]);
    expect(nodes[0]?.name).toBe(target.path ?? `127.0.0.1:${redis.port}`);
    expect([...lost, ...warnings]).toEqual([]);
    const asked = bytes('a', 'none', 'b', 'h');
    expect((await keys.values(asked)).map((value) => value && String(value))).toEqual(['1', null, '2', null]);
    const [a, none, b] = await keys.pttl(asked);
    expect([a, none]).toEqual([-1, -2]);
    expect(b).toBeGreaterThan(0);
    expect(await keys.types(asked)).toEqual(['string', 'none', 'string', 'hash']);
    expect(await keys.values([])).toEqual([]);
  }
});

test('a server whose connection was cut is found again while it is there, and is nowhere once it is not', async () => {
  const redis = await startRedis();
  const servers = await serversOf(redisTarget(redis.port));
  const [node] = servers.nodes;
  if (node === undefined) throw new Error('no node');
  node.redis.disconnect();
  const again = await servers.replacementFor(node);
  expect(await again?.redis.ping()).toBe('PONG');
  await redis.stop();
  expect(await servers.replacementFor(node)).toBeNull();
});

test('a reader is read where replicas are wanted; each stands in for the other, which is said', async () => {
  const primary = await startRedis();
  const replica = await startRedis({ config: { replicaof: `127.0.0.1 ${primary.port}` } });
  const gone = await deadPort();
  const at = (port: number, readerPort: number, read: 'primary' | 'replica') =>
    redisTarget(port, {
      ...{ read, topology: { kind: 'server', reader: { host: '127.0.0.1', port: readerPort } } },
    });
  const read = await serversOf(at(primary.port, replica.port, 'replica'));
  expect(read.nodes).toMatchObject([{ name: `127.0.0.1:${replica.port}`, replica: true }]);
  expect(read.nodes[0]?.behind).not.toBeNull();
  const instead = await serversOf(at(primary.port, gone, 'replica'));
  expect(instead.nodes).toMatchObject([{ name: `127.0.0.1:${primary.port}`, replica: false }]);
  expect(instead.warnings.join()).toContain(
    `redis://127.0.0.1:${primary.port} is read in place of redis://127.0.0.1:${gone}: `,
  );
  const backwards = await serversOf(at(gone, replica.port, 'primary'));
  expect(backwards.nodes).toMatchObject([{ name: `127.0.0.1:${replica.port}`, replica: true }]);
  expect(backwards.warnings.join()).toContain('is read in place of');
});

test('a replica that has lost its primary says how old what it holds may be', async () => {
  const primary = await startRedis();
  const replica = await startRedis({ config: { replicaof: `127.0.0.1 ${primary.port}` } });
  await primary.stop();
  const { nodes, warnings } = await serversOf(redisTarget(replica.port));
  expect(nodes).toMatchObject([{ replica: true, behind: { linkDown: true } }]);
  expect(warnings.join()).toMatch(/^127\.0\.0\.1:\d+ is a replica that has lost its primary/);
});

test('a node of a cluster that was given as a server is refused: it holds a part of the keys only', async () => {
  const redis = await startRedis({
    config: { 'cluster-enabled': 'yes', 'cluster-port': String(await deadPort()) },
  });
  await expect(serversOf(redisTarget(redis.port))).rejects.toThrow('it is a node of a cluster');
  const keyspace = new Keyspace(redisTarget(redis.port), 20_000, new AbortController().signal);
  await expect(keyspace.startingWith('acp:')).rejects.toThrow('it is a node of a cluster');
  await expect(keyspace.look(['a', 'b'])).rejects.toThrow(/it is a node of a cluster|CLUSTERDOWN/);
  keyspace.close();
});
