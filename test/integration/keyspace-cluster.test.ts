import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RedisTarget } from '../../src/config/types.ts';
import type { RedisWrite } from '../../src/remedies/compare-and-set.ts';
import { Writer } from '../../src/remedies/writer.ts';
import { redisClock, redisInfo, redisServers } from '../../src/signals/redis/health.ts';
import { Keyspace } from '../../src/signals/redis/keyspace.ts';
import { redisRights } from '../../src/signals/redis/rights.ts';
import { surveyKeys } from '../../src/signals/redis/survey.ts';
import { type ClusterNode, slot, startCluster, type TestCluster } from '../support/cluster.ts';
import { clock, clusterTarget } from '../support/collecting.ts';
import { stopEverything } from '../support/processes.ts';

const keyspaces: Keyspace[] = [];
afterAll(async () => {
  for (const keyspace of keyspaces) keyspace.close();
  await stopEverything();
});

function keyspaceOf(target: RedisTarget, timeoutMs = 20_000): Keyspace {
  const keyspace = new Keyspace(target, timeoutMs, new AbortController().signal);
  keyspaces.push(keyspace);
  return keyspace;
}
const noApi = async () => {
  throw new Error('nothing here may call the API');
};
const writerOf = (keyspace: Keyspace) => new Writer(keyspace, noApi, false);
const names = Array.from({ length: 60 }, (_, index) => `acp:ip_block:10.0.0.${index}`);
const block = (key: string, expect: RedisWrite['expect'] = null): RedisWrite => ({
  ...{ system: 'redis', key, expect },
  set: { value: 'abuse', expiry: { inMs: 600_000 } },
});
const statuses = (written: readonly { status: string }[]) => [
  ...new Set(written.map(({ status }) => status)),
];

describe('a cluster that is well', () => {
  let cluster: TestCluster;
  let keyspace: Keyspace;
  beforeAll(async () => {
    cluster = await startCluster({ replicas: 1 });
    keyspace = keyspaceOf(clusterTarget(cluster));
  });
  beforeEach(() => cluster.flush());

  test('blocks are written on every node, looked at, listed, and taken back', async () => {
    const before = await keyspace.look(names);
    expect(before.held.every((one) => one === null)).toBe(true);
    const writer = writerOf(keyspace);
    const written = await writer.redis(names.map((name) => block(name)));
    expect(statuses(written)).toEqual(['applied']);
    expect(written.map(({ now }) => now?.value)).toEqual(names.map(() => 'abuse'));
    const sizes = await Promise.all(cluster.masters.map((node) => node.cli('DBSIZE')));
    expect(sizes.every((size) => Number(size) > 5)).toBe(true);

    const { held, foreign, nowMs } = await keyspace.look(names);
    expect(foreign.size).toBe(0);
    for (const one of held) {
      expect(one?.value).toBe('abuse');
      expect((one?.expiresAtMs ?? 0) - nowMs).toBeGreaterThan(500_000);
    }
    expect([...(await keyspace.startingWith('acp:ip_block:'))].sort()).toEqual([...names].sort());
    expect(statuses(await writer.redis(names.map((name) => block(name))))).toEqual(['conflict']);
    const removed = await writer.redis(
      names.map((key, index) => ({ system: 'redis', key, expect: held[index] ?? null, set: null })),
    );
    expect(statuses(removed)).toEqual(['applied']);
    expect(await keyspace.startingWith('acp:ip_block:')).toEqual([]);
  });

  test('what is no text is told, and each key answers for itself', async () => {
    await cluster.cli('HSET', names[0] ?? '', 'f', 'v');
    await cluster.cli('SET', names[1] ?? '', 'other');
    const { held, foreign } = await keyspace.look(names.slice(0, 3));
    expect([...foreign]).toEqual([0]);
    expect(held.map((one) => one?.value ?? null)).toEqual([null, 'other', null]);
    const written = await writerOf(keyspace).redis(names.slice(0, 3).map((name) => block(name)));
    expect(written.map(({ status }) => status)).toEqual(['failed', 'conflict', 'applied']);
    expect(written[0]?.message).toContain('something other than a text');
    expect((await keyspace.numbers([...names.slice(0, 2)])).values).toEqual([null, null]);
  });

  test('the stream of the team is written and read where its key is', async () => {
    await writerOf(keyspace).publish('ratelimit:journal', ['{"a":1}', '{"b":2}']);
    expect(await keyspace.stream('ratelimit:journal', 10)).toEqual(['{"a":1}', '{"b":2}']);
    expect(await keyspace.stream('none', 10)).toEqual([]);
  });

  test('a slot that moves between the look and the write, whole or by half, is followed', async () => {
    const tagged = Array.from({ length: 8 }, (_, index) => `{tag}:${index}`);
    await cluster.load(tagged.map((name) => ['SET', name, '1']));
    const { held } = await keyspace.look(tagged);
    const from = await cluster.nodeOf('{tag}');
    const to = cluster.masters.find((node) => node !== from) as ClusterNode;
    const { finish } = await cluster.migrateSlot(slot('{tag}'), from, to, { leaveHalfway: true });
    const writer = writerOf(keyspace);
    const more = '{tag}:new';
    const written = await writer.redis([
      ...tagged.map((key, index) => block(key, held[index] ?? null)),
      block(more),
    ]);
    expect(statuses(written)).toEqual(['applied']);
    await finish();
    const again = await keyspace.look([...tagged, more]);
    expect(again.held.map((one) => one?.value)).toEqual([...tagged, more].map(() => 'abuse'));
    const rest = [...tagged, more].map((key, index) => block(key, again.held[index] ?? null));
    expect(statuses(await writer.redis(rest))).toEqual(['applied']);
  });

  test('the doctor asks every master', async () => {
    await cluster.load(names.map((name) => ['SET', name, 'x']));
    expect(await redisServers(keyspace)).toMatchObject({ known: true, value: { lost: [] } });
    expect(await redisInfo(keyspace)).toMatchObject({
      known: true,
      value: { role: 'master', keys: { 0: names.length }, policy: 'noeviction' },
    });
    expect(await redisClock(keyspace, clock)).toMatchObject({ known: true });
    const needs = [
      { use: 'triage', command: 'mget', key: 'acp:ip_block:{ip}', writes: false },
      { use: 'triage', command: 'cluster|slots', key: null, writes: false },
      { use: 'triage', command: 'asking', key: null, writes: false },
      { use: 'triage', command: 'readonly', key: null, writes: false },
    ] as const;
    const rights = await redisRights(keyspace, needs, null);
    expect(rights).toMatchObject({ known: true, value: { user: 'default', how: 'dry-run' } });
    if (rights.known)
      expect(rights.value.rights.map(({ allowed }) => allowed)).toEqual([true, true, true, true]);
    const look = { namespace: 'acp:', templates: ['acp:ip_block:{ip}'], budgetMs: 10_000, clock };
    expect(await surveyKeys(keyspace, look)).toMatchObject({
      known: true,
      value: { keys: names.length, known: { 'acp:ip_block:{ip}': names.length }, isComplete: true },
    });
  });

  test('hosts of all its nodes are known', async () => {
    expect(new Set(await keyspace.hosts())).toEqual(new Set(['127.0.0.1']));
  });
});

describe('a cluster that loses a master', () => {
  test('between the look and the write: every key has one answer, and is written once the replica has taken over', async () => {
    const cluster = await startCluster({ replicas: 1, failsOver: false });
    const keyspace = keyspaceOf(clusterTarget(cluster));
    await keyspace.look(names);
    const [gone] = cluster.masters;
    if (gone === undefined) throw new Error('no master');
    const onGone = await Promise.all(names.map(async (name) => (await cluster.nodeOf(name)) === gone));
    cluster.kill(gone);
    const written = await writerOf(keyspace).redis(names.map((name) => block(name)));
    const answers = written.map(({ status }) => status);
    expect(answers).toEqual(onGone.map((isGone) => (isGone ? 'unknown' : 'applied')));
    await cluster.waitForFailover(gone);
    const { held } = await keyspace.look(names);
    expect(held.map((one) => one !== null)).toEqual(onGone.map((isGone) => !isGone));
    const again = await writerOf(keyspace).redis(names.map((name) => block(name)));
    expect(again.map(({ status }) => status)).toEqual(
      onGone.map((isGone) => (isGone ? 'applied' : 'conflict')),
    );
  });

  test('a list that is not whole is an error that names the node; the doctor names it too', async () => {
    const cluster = await startCluster();
    const [gone] = cluster.masters;
    if (gone === undefined) throw new Error('no master');
    cluster.kill(gone);
    const keyspace = keyspaceOf(clusterTarget(cluster));
    await expect(keyspace.startingWith('acp:')).rejects.toThrow(
      `not all keys can be listed: redis://${gone.name}: connection refused`,
    );
    const servers = await redisServers(keyspace);
    expect(servers).toMatchObject({ known: true, value: { lost: [{ name: gone.name }] } });
    if (servers.known) expect(servers.value.names).toHaveLength(2);
    const look = { namespace: 'acp:', templates: [], budgetMs: 10_000, clock };
    expect(await surveyKeys(keyspace, look)).toMatchObject({ known: true, value: { isComplete: false } });
  });

  test('that hangs costs no more than the time that it has', async () => {
    const cluster = await startCluster({ nodeTimeoutMs: 30_000 });
    const TIMEOUT_MS = 3_000;
    const keyspace = keyspaceOf(clusterTarget(cluster), TIMEOUT_MS);
    await keyspace.look(names);
    const [hung] = cluster.masters;
    const onHung = await Promise.all(names.map(async (name) => (await cluster.nodeOf(name)) === hung));
    hung?.hang();
    const started = performance.now();
    const written = await writerOf(keyspace).redis(names.map((name) => block(name)));
    expect(written.map(({ status }) => status)).toEqual(
      onHung.map((isHung) => (isHung ? 'unknown' : 'applied')),
    );
    await expect(keyspace.look(names)).rejects.toMatchObject({ name: 'SourceError' });
    expect(performance.now() - started).toBeLessThan(6 * TIMEOUT_MS);
    hung?.hang(false);
  });
});
