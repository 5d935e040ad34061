import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RedisTarget } from '../../src/config/types.ts';
import { openServers, type Servers } from '../../src/signals/redis/servers.ts';
import { SLOTS, slotOf } from '../../src/signals/redis/slots.ts';
import { slot, startCluster, type TestCluster } from '../support/cluster.ts';
import { clusterTarget } from '../support/collecting.ts';
import { deadPort, stopEverything, until } from '../support/processes.ts';
import { startRedis } from '../support/redis.ts';

const open: Servers[] = [];
afterAll(async () => {
  for (const servers of open) servers.close();
  await stopEverything();
});

const TIMEOUT_MS = 20_000;

async function serversOf(target: RedisTarget, timeoutMs = TIMEOUT_MS): Promise<Servers> {
  const servers = await openServers(target, { timeoutMs, signal: new AbortController().signal });
  open.push(servers);
  return servers;
}

const bytes = (texts: readonly string[]) => texts.map((text) => Buffer.from(text));
const NAMES = Array.from({ length: 200 }, (_, index) => `acp:key:${index}`);
const fill = (cluster: TestCluster) => cluster.load(NAMES.map((name) => ['SET', name, name, 'EX', '1000']));

describe('a cluster that is well', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster({ replicas: 1 });
    await fill(cluster);
  });

  test('hash slots are those that the server computes', async () => {
    const keys = [
      'a',
      '',
      '{a}b',
      'x{a}b',
      'x{}b',
      '{{a}}',
      '{a',
      'ä{ö}',
      'a'.repeat(300),
      'acp:ip_block:::1',
    ];
    for (const key of keys) {
      const [node] = cluster.masters;
      expect(String(slotOf(Buffer.from(key)))).toBe(await node?.cli('CLUSTER', 'KEYSLOT', key));
    }
  });

  test('is its masters, each with its share, found by any one seed', async () => {
    const seeds = [...cluster.seeds.slice(0, 1), { host: '127.0.0.1', port: await deadPort() }];
    const { nodes, lost, warnings } = await serversOf(
      clusterTarget(cluster, { topology: { kind: 'cluster', seeds } }),
    );
    expect(nodes.map(({ name }) => name).sort()).toEqual(cluster.masters.map(({ name }) => name).sort());
    expect(nodes.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
    expect(nodes.every(({ replica, behind }) => !replica && behind === null)).toBe(true);
    expect([...lost, ...warnings]).toEqual([]);
    for (const { redis, slots } of nodes) {
      const [[first] = [-1]] = slots ?? [];
      const [, keys] = await redis.scan(0, 'COUNT', 1_000);
      expect(keys.length).toBeGreaterThan(20);
      expect(first).toBeGreaterThanOrEqual(0);
      expect(first).toBeLessThan(SLOTS);
    }
  });

  test('single keys are looked at wherever they are, in the order that was asked for', async () => {
    await cluster.cli('HSET', 'hash', 'f', 'v');
    const { keys } = await serversOf(clusterTarget(cluster));
    const asked = bytes(['hash', ...NAMES, 'none']);
    expect(await keys.values(asked)).toEqual([null, ...NAMES, null]);
    expect(await keys.types(asked)).toEqual(['hash', ...NAMES.map(() => 'string'), 'none']);
    const [hash, first, ...others] = await keys.pttl(asked);
    expect([hash, others.at(-1)]).toEqual([-1, -2]);
    expect(first).toBeGreaterThan(0);
    await cluster.cli('DEL', 'hash');
  });

  test('replicas are read where they are wanted, each the part of its master', async () => {
    const { nodes, warnings, keys } = await serversOf(clusterTarget(cluster, { read: 'replica' }));
    expect(nodes.map(({ name }) => name).sort()).toEqual(cluster.replicas.map(({ name }) => name).sort());
    expect(nodes.every(({ replica, behind }) => replica && behind?.linkDown === false)).toBe(true);
    expect(warnings).toEqual([]);
    expect(await keys.values(bytes(NAMES))).toEqual(NAMES);
    const [node] = nodes;
    const [, held] = (await node?.redis.scan(0, 'COUNT', 1_000)) ?? [];
    expect(await node?.redis.get(held?.[0] ?? '')).toBe(held?.[0]);
  });

  test('keys of a slot that is half moved are found on both sides, and after it has moved', async () => {
    const names = Array.from({ length: 8 }, (_, index) => `{tag}:${index}`);
    await cluster.load(names.map((name) => ['SET', name, name]));
    const { keys } = await serversOf(clusterTarget(cluster));
    const from = await cluster.nodeOf('{tag}');
    const to = cluster.masters.find((node) => node !== from) ?? from;
    const { moved, left, finish } = await cluster.migrateSlot(slot('{tag}'), from, to, {
      leaveHalfway: true,
    });
    expect([moved.length, left.length]).toEqual([4, 4]);
    expect(await keys.values(bytes(names))).toEqual(names);
    await finish();
    expect(await keys.values(bytes(names))).toEqual(names);
    expect(await keys.types(bytes(names))).toEqual(names.map(() => 'string'));
  });
});

describe('a cluster that is not', () => {
  test('a master that is gone is lost with its share, and only its keys cannot be read', async () => {
    const cluster = await startCluster();
    await fill(cluster);
    const [gone] = cluster.masters;
    if (gone === undefined) throw new Error('no master');
    const names = await Promise.all(
      NAMES.map(async (name) => ((await cluster.nodeOf(name)) === gone ? '' : name)),
    );
    cluster.kill(gone);
    const { nodes, lost, keys, replacementFor } = await serversOf(clusterTarget(cluster));
    expect(nodes).toHaveLength(2);
    expect(lost).toMatchObject([{ name: gone.name, cause: 'unreachable' }]);
    expect(lost[0]?.share).toBeCloseTo(1 / 3, 2);
    expect(lost[0]?.reason).toContain(`redis://${gone.name}: connection refused`);
    const living = names.filter((name) => name !== '');
    expect(await keys.values(bytes(living))).toEqual(living);
    const all = await keys.values(bytes(NAMES));
    expect(all.filter((value) => typeof value === 'string').sort()).toEqual([...living].sort());
    const errors = all.filter((value) => value instanceof Error);
    expect(errors).toHaveLength(NAMES.length - living.length);
    for (const error of errors) expect(error.message).toContain(gone.name);
    const [node] = nodes;
    if (node === undefined) throw new Error('no node');
    expect(await replacementFor({ ...node, name: gone.name, slots: [[0, 5]] })).toBeNull();
  });

  test('one that hangs costs a part of the time, and is lost', async () => {
    const cluster = await startCluster({ nodeTimeoutMs: 30_000 });
    const [hung] = cluster.masters;
    hung?.hang();
    const { nodes, lost } = await serversOf(clusterTarget(cluster), 4_000);
    expect(nodes).toHaveLength(2);
    expect(lost).toMatchObject([{ name: hung?.name, cause: 'timeout' }]);
    hung?.hang(false);
  });

  test('where a master is gone its replica is read, which is said; after the failover, the new master', async () => {
    const cluster = await startCluster({ replicas: 1, failsOver: false });
    await fill(cluster);
    const before = await serversOf(clusterTarget(cluster));
    const [gone] = cluster.masters;
    if (gone === undefined) throw new Error('no master');
    cluster.kill(gone);
    const { nodes, lost, warnings, keys } = await serversOf(clusterTarget(cluster));
    expect(lost).toEqual([]);
    expect(nodes.filter(({ replica }) => replica)).toHaveLength(1);
    expect(warnings.join()).toContain(`a replica, is read in place of ${gone.name}, and may be behind it`);
    expect(await keys.values(bytes(NAMES))).toEqual(NAMES);
    const heir = await cluster.waitForFailover(gone);
    const lostNode = before.nodes.find(({ name }) => name === gone.name);
    if (lostNode === undefined) throw new Error('no such node');
    const again = await before.replacementFor(lostNode);
    expect(again).toMatchObject({ name: heir.name, replica: false, slots: lostNode.slots });
    expect(await before.keys.values(bytes(NAMES))).toEqual(NAMES);
  });

  test('slots that nobody serves are lost', async () => {
    const cluster = await startCluster();
    const [first] = cluster.masters;
    await first?.cli('CLUSTER', 'DELSLOTSRANGE', '0', '99');
    const seeds = cluster.seeds.slice(0, 1);
    const { lost } = await serversOf(clusterTarget(cluster, { topology: { kind: 'cluster', seeds } }));
    expect(lost).toMatchObject([{ name: 'slots 0-99', share: 100 / SLOTS, cause: 'unreachable' }]);
  });

  test('an address that cannot be reached from here is lost by its name; what is announced is believed', async () => {
    const cluster = await startCluster();
    const [first] = cluster.masters;
    const hidden = await deadPort();
    await first?.cli('CONFIG', 'SET', 'cluster-announce-port', String(hidden));
    const seeds = cluster.seeds.slice(0, 1);
    const { nodes, lost } = await serversOf(clusterTarget(cluster, { topology: { kind: 'cluster', seeds } }));
    expect(nodes).toHaveLength(2);
    expect(lost).toMatchObject([{ name: `127.0.0.1:${hidden}`, cause: 'unreachable' }]);
  });

  test('a replica that has lost its master is read when nothing else is left, and said to be old', async () => {
    const cluster = await startCluster({ masters: 1, replicas: 2, nodeTimeoutMs: 30_000 });
    await fill(cluster);
    const [master] = cluster.masters;
    const [cut, well] = cluster.replicas;
    if (master === undefined || cut === undefined || well === undefined) throw new Error('no node');
    await cut.cli('CONFIG', 'SET', 'masterauth', 'wrong');
    await cut.cli('CLIENT', 'KILL', 'TYPE', 'master');
    await until(
      async () => (await cut.cli('INFO', 'replication')).includes('link_status:down'),
      'it is cut off',
    );
    const wanted = clusterTarget(cluster, { read: 'replica' });
    expect((await serversOf(wanted)).nodes).toMatchObject([{ name: well.name, behind: { linkDown: false } }]);
    cluster.kill(well);
    expect((await serversOf(wanted)).nodes).toMatchObject([{ name: master.name, replica: false }]);
    cluster.kill(master);
    const { nodes, warnings } = await serversOf(wanted);
    expect(nodes).toMatchObject([{ name: cut.name, replica: true, behind: { linkDown: true } }]);
    expect(warnings.join()).toContain(`${cut.name} is a replica that has lost its primary`);
  });

  test('nothing answers; a single server; a user that may not ask', async () => {
    const alone = await startRedis({ acl: ['dull on >pw ~* +scan'] });
    const at = (port: number, more: Partial<RedisTarget> = {}) =>
      serversOf(
        clusterTarget(
          { seeds: [{ host: '127.0.0.1', port }], url: 'cluster://seed' } as unknown as TestCluster,
          more,
        ),
      );
    await expect(at(await deadPort())).rejects.toMatchObject({ cause: 'unreachable' });
    await expect(at(alone.port)).rejects.toThrow('it is a single server and no node of a cluster');
    const { Secret } = await import('../../src/config/types.ts');
    await expect(at(alone.port, { username: 'dull', password: new Secret('pw') })).rejects.toMatchObject({
      cause: 'auth',
    });
    const silent = new AbortController();
    silent.abort(new Error('stop'));
    await expect(
      openServers(clusterTarget({ seeds: [], url: '' } as unknown as TestCluster), {
        ...{ timeoutMs: 9, signal: silent.signal },
      }),
    ).rejects.toThrow();
  });
});

test('an opening that is given up leaves nothing open, nor does a replacement that comes too late', async () => {
  const cluster = await startCluster({ nodeTimeoutMs: 30_000 });
  const connected = async () => {
    const all = await Promise.all(
      cluster.masters.slice(1).map((node) => node.cli('CLIENT', 'LIST', 'TYPE', 'NORMAL')),
    );
    // The harness's own is there while it asks.
    return (
      all.flatMap((list) => list.split('\n').filter((line) => line.includes('addr='))).length - all.length
    );
  };
  const [hung] = cluster.masters;
  hung?.hang();
  const giveUp = new AbortController();
  const opening = openServers(clusterTarget(cluster), { timeoutMs: TIMEOUT_MS, signal: giveUp.signal });
  const refused = expect(opening).rejects.toThrow();
  await until(async () => (await connected()) >= 2, 'the others are connected');
  giveUp.abort(new Error('stop'));
  await refused;
  hung?.hang(false);
  await until(async () => (await connected()) === 0, 'all are hung up');
  const servers = await serversOf(clusterTarget(cluster));
  const [node] = servers.nodes;
  if (node === undefined) throw new Error('no node');
  const late = servers.replacementFor(node).catch(() => null);
  servers.close();
  expect(await late).toBeNull();
  await until(async () => (await connected()) === 0, 'all are hung up');
});

test('over TLS, with a client certificate, as a user of its own', async () => {
  const { tlsOf } = await import('../support/collecting.ts');
  const { Secret } = await import('../../src/config/types.ts');
  const cluster = await startCluster({
    ...{ tls: true, acl: ['reader on >pw ~* +@read +@connection +info +cluster|slots +readonly'] },
    config: { 'tls-auth-clients': 'yes' },
  });
  await fill(cluster);
  const tls = tlsOf(cluster.tls, { client: true });
  const more = { tls, username: 'reader', password: new Secret('pw') };
  const { nodes, keys } = await serversOf(clusterTarget(cluster, more));
  expect(nodes).toHaveLength(3);
  expect(await keys.values(bytes(NAMES))).toEqual(NAMES);
  const without = { ...more, tls: tlsOf(cluster.tls) };
  await expect(serversOf(clusterTarget(cluster, without))).rejects.toMatchObject({ name: 'SourceError' });
});
