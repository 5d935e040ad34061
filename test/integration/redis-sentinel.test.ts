import { afterAll, expect, test } from 'vitest';
import { type RedisTarget, Secret } from '../../src/config/types.ts';
import { SENTINEL_LINE } from '../../src/doctor/acl.ts';
import { openServers, type Servers } from '../../src/signals/redis/servers.ts';
import { sentinelTarget, tlsOf } from '../support/collecting.ts';
import { startFaultyRedis } from '../support/faulty-redis.ts';
import { deadPort, stopEverything } from '../support/processes.ts';
import { startRedis } from '../support/redis.ts';
import { startSentinels, type TestSentinels } from '../support/sentinels.ts';

const open: Servers[] = [];
afterAll(async () => {
  for (const servers of open) servers.close();
  await stopEverything();
});

async function serversOf(target: RedisTarget, timeoutMs = 20_000): Promise<Servers> {
  const servers = await openServers(target, { timeoutMs, signal: new AbortController().signal });
  open.push(servers);
  return servers;
}

const at = (port: number) => ({ host: '127.0.0.1', port });
const watchedBy = (setup: TestSentinels, ports: readonly number[], more: Partial<RedisTarget> = {}) => {
  const target = sentinelTarget(setup, more);
  if (target.topology.kind !== 'sentinel') throw new Error('no sentinels');
  return { ...target, topology: { ...target.topology, sentinels: ports.map(at) } };
};

test('the primary is found, whichever sentinels are dead; after a failover it is the new one', async () => {
  const setup = await startSentinels({ sentinels: 3, quorum: 2, failsOver: false });
  await setup.primary.load([['SET', 'a', '1']]);
  const silent = await startFaultyRedis('silent');
  const ports = [await deadPort(), silent.port, ...setup.sentinels.map(({ port }) => port)];
  const servers = await serversOf(watchedBy(setup, ports));
  const [node] = servers.nodes;
  if (node === undefined) throw new Error('no node');
  expect(servers.nodes).toMatchObject([
    { name: `127.0.0.1:${setup.primary.port}`, share: 1, slots: null, replica: false },
  ]);
  expect([...servers.lost, ...servers.warnings]).toEqual([]);

  const replica = await serversOf(sentinelTarget(setup, { read: 'replica' }));
  expect(replica.nodes).toMatchObject([
    { name: `127.0.0.1:${setup.replicas[0]?.port}`, replica: true, behind: { linkDown: false } },
  ]);

  setup.killPrimary();
  // Until sentinels have agreed on another primary, its replica is better than nothing.
  for (const read of ['primary', 'replica'] as const) {
    const standIn = await serversOf(sentinelTarget(setup, { read }));
    expect(standIn.nodes).toMatchObject([{ name: `127.0.0.1:${setup.replicas[0]?.port}` }]);
  }
  const heir = await setup.waitForFailover();
  expect(await servers.replacementFor(node)).toMatchObject({
    name: `127.0.0.1:${heir.port}`,
    replica: false,
  });
  expect(String(await servers.keys.values([Buffer.from('a')]))).toBe('1');
  // The only replica there was is the primary now.
  const none = await serversOf(sentinelTarget(setup, { read: 'replica' }));
  expect(none.nodes).toMatchObject([{ name: `127.0.0.1:${heir.port}`, replica: false }]);
  expect(none.warnings.join()).toMatch(/^the primary is read, not a replica: /);
});

test('a stale sentinel that names a replica is not believed, nor is one that knows no such name', async () => {
  const setup = await startSentinels();
  const [replica] = setup.replicas;
  const stale = await startRedis({ sentinel: [`monitor mymaster 127.0.0.1 ${replica?.port} 1`] });
  const other = await startRedis({ sentinel: [`monitor other 127.0.0.1 ${setup.primary.port} 1`] });
  const [sentinel] = setup.sentinels;
  const { nodes } = await serversOf(watchedBy(setup, [stale.port, other.port, sentinel?.port ?? 0]));
  expect(nodes).toMatchObject([{ name: `127.0.0.1:${setup.primary.port}`, replica: false }]);
  await expect(serversOf(watchedBy(setup, [other.port]))).rejects.toThrow(
    `the sentinel 127.0.0.1:${other.port} knows no primary called mymaster`,
  );
  await expect(serversOf(watchedBy(setup, [await deadPort(), await deadPort()]))).rejects.toMatchObject({
    cause: 'unreachable',
  });
  await expect(serversOf(watchedBy(setup, [setup.primary.port]))).rejects.toThrow(
    'no sentinel names the primary',
  );
});

test('over TLS; credentials of the sentinels and of the servers are told apart', async () => {
  // What `doctor --acl` prints for them.
  const [, user = ''] = /^ACL SETUSER (.*)$/.exec(SENTINEL_LINE.replace('PASSWORD', 'watch')) ?? [];
  const setup = await startSentinels({
    ...{ tls: true, sentinelPassword: 'other', sentinelAcl: [user.replace(' reset', '')] },
    acl: ['reader on >pw ~* +@read +@connection +info'],
  });
  const target = sentinelTarget(setup, {
    ...{ tls: tlsOf(setup.tls), username: 'reader', password: new Secret('pw') },
  });
  if (target.topology.kind !== 'sentinel') throw new Error('no sentinels');
  await expect(serversOf(target)).rejects.toMatchObject({ cause: 'auth' });
  const topology = { ...target.topology, username: 'ratelimit', password: new Secret('watch') };
  const { nodes } = await serversOf({ ...target, topology });
  expect(await nodes[0]?.redis.get('none')).toBeNull();
  await expect(serversOf({ ...target, topology, password: new Secret('no') })).rejects.toMatchObject({
    cause: 'auth',
  });
});
