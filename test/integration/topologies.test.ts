import { afterAll, describe, expect, test } from 'vitest';
import { slot, startCluster } from '../support/cluster.ts';
import { stopEverything } from '../support/processes.ts';
import { startSentinels } from '../support/sentinels.ts';

afterAll(stopEverything);

describe('the cluster of the tests', () => {
  test('serves every slot, moves them, and fails over', async () => {
    const cluster = await startCluster({ masters: 3, replicas: 1 });
    expect(cluster.nodes).toHaveLength(6);
    await cluster.load(Array.from({ length: 300 }, (_, index) => ['SET', `key:${index}`, String(index)]));
    const sizes = await Promise.all(cluster.masters.map((node) => node.cli('DBSIZE')));
    expect(sizes.map(Number).reduce((sum, size) => sum + size, 0)).toBe(300);
    expect(sizes.every((size) => Number(size) > 50)).toBe(true);
    expect(await cluster.cli('GET', 'key:7')).toBe('7');

    await cluster.load(Array.from({ length: 6 }, (_, index) => ['SET', `{tag}:${index}`, 'x']));
    const from = await cluster.nodeOf('{tag}');
    const to = cluster.masters.find((node) => node !== from) ?? from;
    const { moved, left, finish } = await cluster.migrateSlot(slot('{tag}'), from, to, {
      leaveHalfway: true,
    });
    expect([moved.length, left.length]).toEqual([3, 3]);
    await expect(from.cli('GET', moved[0] ?? '')).rejects.toThrow('ASK');
    expect(await from.cli('GET', left[0] ?? '')).toBe('x');
    await finish();
    await expect(from.cli('GET', left[0] ?? '')).rejects.toThrow('MOVED');
    expect(await cluster.nodeOf('{tag}')).toBe(to);

    const [first] = cluster.masters;
    if (first === undefined) throw new Error('no master');
    cluster.kill(first);
    const heir = await cluster.waitForFailover(first);
    expect(heir.master).toBe(first);
    expect(heir.name).not.toBe(first.name);
  });
});

describe('the sentinels of the tests', () => {
  test('fail over', async () => {
    const setup = await startSentinels({ sentinels: 3, quorum: 2 });
    await setup.primary.load([['SET', 'a', '1']]);
    setup.killPrimary();
    const heir = await setup.waitForFailover();
    expect(setup.replicas).toContain(heir);
    expect(await heir.cli('GET', 'a')).toBe('1');
  });
});

test('both start over TLS and with users of their own', async () => {
  const cluster = await startCluster({
    replicas: 1,
    tls: true,
    password: 'pw',
    acl: ['reader on >x ~* +@read'],
  });
  expect(cluster.url).toMatch(/^cluster\+tls:/);
  expect(await cluster.cli('SET', 'a', '1')).toBe('OK');
  const setup = await startSentinels({ tls: true, password: 'pw', sentinelPassword: 'other' });
  expect(setup.url).toMatch(/^sentinel\+tls:.*\/mymaster$/);
});
