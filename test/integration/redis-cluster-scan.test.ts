import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PassProgress } from '../../src/signals/redis/pass.ts';
import { readRedis } from '../../src/signals/redis/read.ts';
import { type ClusterNode, slot, startCluster, type TestCluster } from '../support/cluster.ts';
import { answersOf, ask, clusterTarget, row, sentinelTarget } from '../support/collecting.ts';
import { stopEverything, until } from '../support/processes.ts';
import type { Command } from '../support/resp.ts';
import { startSentinels } from '../support/sentinels.ts';

afterAll(stopEverything);

const IPS = 60_000;
const failuresOf = (index: number) => 1 + (index % 7);
const addressOf = (index: number) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
const TOTAL = Array.from({ length: IPS }, (_, index) => failuresOf(index)).reduce((sum, one) => sum + one, 0);

function* keyspace(): Generator<Command> {
  for (let index = 0; index < IPS; index++) {
    yield ['SET', `acp:auth_fail:${addressOf(index)}`, String(failuresOf(index)), 'EX', '300'];
  }
  yield ['SET', 'acp:auth_fail:203.0.113.42', '9000', 'EX', '290'];
  for (let index = 0; index < 300; index++) {
    yield ['SET', `acp:agent_cost_cap:a-${index}`, '10.00'];
    yield ['HSET', `acp:auth_fail:hash-${index}`, 'a', '1'];
  }
}

const failuresIn = async (wanted: Parameters<typeof ask>[2]) => {
  const [answer] = await answersOf(readRedis, ['auth-failures-by-ip'], wanted);
  if (answer?.scan === undefined) throw new Error('there was no pass');
  return { ...answer, scan: answer.scan };
};

/** Does something once that much of the keyspace was visited. `done`: it has been done. */
function once(coverage: number, act: () => unknown) {
  let done: Promise<void> = Promise.reject(new Error('there was no pass'));
  done.catch(() => {});
  const watch = (progress: () => PassProgress) => {
    let isOver = false;
    const look = async () => {
      while (!isOver && progress().coverage < coverage) await sleep(1);
      if (isOver) throw new Error(`the pass was over before ${coverage} of it`);
      await act();
    };
    done = look();
    done.catch(() => {}); // told by done()
    return () => {
      isOver = true;
    };
  };
  return { watch, done: () => done };
}

describe('a cluster of three masters', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster({ masters: 3, replicas: 1 });
    await cluster.load(keyspace());
  });

  it('is read as one keyspace, exactly, with the coverage of each node', async () => {
    const { reading, scan, sources } = await failuresIn({ redis: clusterTarget(cluster) });
    expect(reading).toMatchObject({
      ...{ status: 'measured', total: TOTAL + 9_000, distinct: IPS + 1, coverage: 1, sample: null },
    });
    expect(row(reading, '203.0.113.42')).toMatchObject({ value: 9_000, lastSeenSeconds: expect.any(Number) });
    expect(reading.warnings.join()).toContain('300 not a string');
    expect(scan).toMatchObject({ coverage: 1, reason: null, keys: IPS + 601 });
    expect(scan.nodes.map(({ name }) => name).sort()).toEqual(cluster.masters.map(({ name }) => name).sort());
    expect(scan.nodes.every((node) => node.coverage === 1 && node.reason === null && !node.replica)).toBe(
      true,
    );
    expect(scan.nodes.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
    expect(sources[0]).toMatchObject({ status: 'measured', entities: IPS + 1 });
  });

  it('joins the spend and the cap of an agent that are kept on different nodes', async () => {
    const day = new Date().toISOString().slice(0, 10).replaceAll('-', '');
    await cluster.load(
      Array.from(
        { length: 300 },
        (_, index): Command => ['SET', `acp:agent_cost_today:a-${index}:${day}`, '9.00'],
      ),
    );
    const readings = await ask(readRedis, ['agent-spend'], { redis: clusterTarget(cluster) });
    expect(readings['agent-spend']).toMatchObject({ distinct: 300, total: 2_700, coverage: 1 });
    expect(readings['agent-spend']?.rows.every(({ limit }) => limit?.ratio === 0.9)).toBe(true);
  });

  it('may be read from its replicas, and says so', async () => {
    const { reading, scan } = await failuresIn({ redis: clusterTarget(cluster, { read: 'replica' }) });
    expect(reading).toMatchObject({ total: TOTAL + 9_000, distinct: IPS + 1, coverage: 1 });
    expect(scan.nodes.every(({ replica }) => replica)).toBe(true);
    for (const node of cluster.masters)
      expect(await node.cli('INFO', 'commandstats')).not.toContain('=READONLY');
  });

  it('with a slot on its way counts each of its keys once, wherever it is by now', async () => {
    const [from, to] = cluster.masters as [ClusterNode, ClusterNode];
    const name = Array.from({ length: 100_000 }, (_, index) => `{m${index}}`).find(
      (tag) => slot(tag) < 5_000 && slot(tag) > 100,
    );
    const keys = Array.from(
      { length: 40 },
      (_, index): Command => ['SET', `acp:auth_fail:${name}${index}`, '4', 'EX', '300'],
    );
    await cluster.load(keys);
    const migration = await cluster.migrateSlot(slot(`acp:auth_fail:${name}0`), from, to, {
      leaveHalfway: true,
    });
    expect([migration.moved.length > 0, migration.left.length > 0]).toEqual([true, true]);
    const { reading } = await failuresIn({ redis: clusterTarget(cluster) });
    expect(reading).toMatchObject({ total: TOTAL + 9_000 + 160, distinct: IPS + 41 });
    await migration.finish();
    const after = await failuresIn({ redis: clusterTarget(cluster) });
    expect(after.reading).toMatchObject({ total: TOTAL + 9_000 + 160, distinct: IPS + 41 });
  });
});

describe('a slot that goes to another master in the middle of the pass', () => {
  it('is told of, and nothing of it is counted twice', async () => {
    const cluster = await startCluster({ masters: 2 });
    await cluster.load(keyspace());
    const [from, to] = cluster.masters as [ClusterNode, ClusterNode];
    const moving = Array.from({ length: 20 }, (_, index) => index);
    const { watch, done } = once(0.05, async () => {
      for (const number of moving) await cluster.migrateSlot(number, from, to);
    });
    const { reading, scan } = await failuresIn({
      redis: clusterTarget(cluster),
      ...{ pace: 'gentle', timeoutSeconds: 60, watch },
    });
    await done();
    const most = moving.length * Math.ceil((2 * IPS) / 16_384);
    expect(reading.distinct).toBeLessThanOrEqual(IPS + 1);
    expect(reading.distinct).toBeGreaterThan(IPS - most);
    expect(scan.coverage).toBe(1);
    expect(scan.warnings.join()).toMatch(/^\d+ hash slots? moved to another server meanwhile/);
    await cluster.stop();
  });
});

describe('a cluster that loses a master', () => {
  it('which nobody replaces: its part is unknown, not zero', async () => {
    const cluster = await startCluster({ masters: 3, replicas: 0 });
    await cluster.load(keyspace());
    const [gone] = cluster.masters as [ClusterNode];
    cluster.kill(gone);
    const { reading, scan, sources } = await failuresIn({
      redis: clusterTarget(cluster),
      timeoutSeconds: 30,
    });
    expect(reading.coverage).toBeCloseTo(2 / 3, 2);
    expect(reading.sample?.missed).toBeCloseTo(1 / 3, 2);
    expect(Math.abs((reading.distinct ?? 0) - IPS)).toBeLessThan(IPS / 20);
    const lost = scan.nodes.filter(({ reason }) => reason !== null);
    expect(lost).toMatchObject([{ name: gone.name, coverage: 0, cause: 'unreachable' }]);
    expect(scan.reason).toContain(gone.name);
    expect(sources.every(({ status }) => status === 'unknown')).toBe(true);
    // What one entity has on several servers is told where all of them answer, and the pass is not held up by the others.
    const day = new Date().toISOString().slice(0, 10).replaceAll('-', '');
    const spends = Array.from(
      { length: 300 },
      (_, index): Command => ['SET', `acp:agent_cost_today:a-${index}:${day}`, '9.00'],
    );
    const living = cluster.masters.filter((node) => node !== gone);
    await Promise.all(living.map((node) => node.load(spends).catch(() => {})));
    const both = await answersOf(readRedis, ['auth-failures-by-ip', 'agent-spend'], {
      redis: clusterTarget(cluster),
      timeoutSeconds: 30,
    });
    expect(both.map(({ scan }) => scan?.coverage)).toEqual([scan.coverage, scan.coverage]);
    const money = both.find(({ asked }) => asked[0]?.signal === 'agent-spend');
    expect(money?.reading.warnings.join()).toContain('beside one on a server that does not answer');
    await cluster.stop();
  });

  it('in the middle of the pass, whose replica takes over: all of it is read all the same', async () => {
    const cluster = await startCluster({ masters: 3, replicas: 1 });
    await cluster.load(keyspace());
    const [gone] = cluster.masters as [ClusterNode];
    const { watch, done } = once(0.1, () => cluster.kill(gone));
    const { reading, scan } = await failuresIn({
      redis: clusterTarget(cluster),
      ...{ pace: 'gentle', timeoutSeconds: 60, watch },
    });
    await done();
    expect(scan).toMatchObject({ coverage: 1, reason: null });
    expect(reading).toMatchObject({ total: TOTAL + 9_000, distinct: IPS + 1, sample: null });
    // Somebody else has answered for the one that was lost.
    expect(scan.nodes.map(({ name }) => name)).not.toContain(gone.name);
    await cluster.stop();
  });

  it('in the middle of the pass, and nobody takes over in time: what was read stands', async () => {
    const cluster = await startCluster({ masters: 3, replicas: 0 });
    await cluster.load(keyspace());
    const [gone] = cluster.masters as [ClusterNode];
    const { watch, done } = once(0.1, () => cluster.kill(gone));
    const { reading, scan } = await failuresIn({
      redis: clusterTarget(cluster),
      ...{ pace: 'gentle', timeoutSeconds: 10, watch },
    });
    await done();
    expect(reading.status).toBe('measured');
    expect(scan.coverage).toBeGreaterThan(0.6);
    expect(scan.coverage).toBeLessThan(1);
    expect(scan.nodes.find(({ name }) => name === gone.name)?.reason).toBeTruthy();
    expect(scan.nodes.filter(({ reason }) => reason !== null)).toHaveLength(1);
    await cluster.stop();
  });
});

describe('behind sentinels', () => {
  it('the primary is lost in the middle of the pass: the one that takes over is read', async () => {
    const sentinels = await startSentinels({ replicas: 1 });
    await sentinels.primary.load(keyspace());
    await sentinels.primary.cli('WAIT', '1', '5000');
    const { watch, done } = once(0.1, () => sentinels.killPrimary());
    const { reading, scan } = await failuresIn({
      redis: sentinelTarget(sentinels),
      ...{ pace: 'gentle', timeoutSeconds: 60, watch },
    });
    await done();
    const [heir] = sentinels.replicas;
    expect(scan).toMatchObject({ coverage: 1, reason: null, nodes: [{ name: `127.0.0.1:${heir?.port}` }] });
    expect(reading).toMatchObject({ total: TOTAL + 9_000, distinct: IPS + 1, sample: null });
    await sentinels.stop();
  });

  it('a replica that has lost its primary is not read while that one answers, which is said', async () => {
    const sentinels = await startSentinels({ replicas: 1 });
    await sentinels.primary.load([['SET', 'acp:auth_fail:203.0.113.42', '7', 'EX', '300']]);
    await sentinels.primary.cli('WAIT', '1', '5000');
    const [replica] = sentinels.replicas;
    if (replica === undefined) throw new Error('no replica');
    // It goes on serving what it holds, and hears of nothing new.
    await replica.cli('REPLICAOF', '127.0.0.1', '1');
    await until(
      async () => (await replica.cli('INFO', 'replication')).includes('link_status:down'),
      'it has lost its primary',
    );
    const { reading, scan } = await failuresIn({ redis: sentinelTarget(sentinels, { read: 'replica' }) });
    expect(reading).toMatchObject({ total: 7 });
    expect(scan.nodes).toMatchObject([{ replica: false }]);
    expect(scan.warnings.join()).toMatch(/the primary is read, not a replica: .* has lost its primary/);
    await sentinels.stop();
  });
});
