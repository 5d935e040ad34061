import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RedisTarget, Secret } from '../../src/config/types.ts';
import type { Told } from '../../src/doctor/facts.ts';
import { needsOf } from '../../src/doctor/needs.ts';
import { namesOf } from '../../src/runbooks/sources.ts';
import { redisClock, redisInfo } from '../../src/signals/redis/health.ts';
import { Keyspace } from '../../src/signals/redis/keyspace.ts';
import { redisRights } from '../../src/signals/redis/rights.ts';
import { surveyKeys } from '../../src/signals/redis/survey.ts';
import { clock, redisTarget } from '../support/collecting.ts';
import { aegis } from '../support/evidence.ts';
import { startFaultyRedis } from '../support/faulty-redis.ts';
import { deadPort, stopEverything } from '../support/processes.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import type { Command } from '../support/resp.ts';

afterAll(stopEverything);

const TIMEOUT_MS = 20_000;
const keyspaces: Keyspace[] = [];
afterAll(() => {
  for (const keyspace of keyspaces) keyspace.close();
});

function keyspaceAt(port: number, more: Partial<RedisTarget> = {}, timeoutMs = TIMEOUT_MS): Keyspace {
  const keyspace = new Keyspace(redisTarget(port, more), timeoutMs, new AbortController().signal);
  keyspaces.push(keyspace);
  return keyspace;
}

const value = <T>(told: Told<T>): T => {
  if (told.known) return told.value;
  throw new Error(`not known: ${told.reason}`);
};

const templates = [
  ...new Set(
    Object.values(aegis.signals).flatMap(({ sources }) =>
      sources.flatMap((source) => ('metric' in source ? [] : namesOf(source))),
    ),
  ),
];
const survey = (keyspace: Keyspace, budgetMs = 10_000) =>
  surveyKeys(keyspace, { namespace: 'acp:', templates, budgetMs, clock });

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis({
    acl: [
      'reader on >secret ~acp:* -@all +scan +time +mget +pttl +type +exists +info',
      'narrow on >secret ~acp:auth_fail:* -@all +scan +time +mget +pttl +type',
      'blind on >secret ~* -@all +ping',
      'asked on >secret ~acp:* -@all +@read +scan +time +info +acl|whoami +acl|dryrun',
    ],
  });
});

const as = (username: string, password = 'secret') =>
  keyspaceAt(redis.port, { username, password: new Secret(password) });

describe('how a Redis stands', () => {
  test('its version, its role, what it evicts and how many keys it holds', async () => {
    await redis.flush();
    await redis.load([
      ['SET', 'a', '1'],
      ['SELECT', '3'],
      ['SET', 'b', '1'],
    ]);
    const info = value(await redisInfo(keyspaceAt(redis.port)));
    expect(info).toMatchObject({
      role: 'master',
      linkUp: null,
      policy: 'noeviction',
      maxmemoryBytes: 0,
      evicted: 0,
    });
    expect(info.version).toMatch(/^\d+\.\d+/);
    expect(info.keys).toEqual({ 0: 1, 3: 1 });
    expect(info.usedBytes).toBeGreaterThan(100_000);
  });

  test('one that evicts, and has done so', async () => {
    const small = await startRedis({ config: { maxmemory: '3mb', 'maxmemory-policy': 'allkeys-lru' } });
    const fat = 'x'.repeat(1_000);
    await small.load(Array.from({ length: 4_000 }, (_, i) => ['SET', `acp:x:${i}`, fat]));
    const info = value(await redisInfo(keyspaceAt(small.port)));
    expect(info).toMatchObject({ policy: 'allkeys-lru', maxmemoryBytes: 3 * 1024 * 1024 });
    expect(info.evicted).toBeGreaterThan(0);
  });

  test('a replica, with its primary and without', async () => {
    const replica = await startRedis({
      config: {
        replicaof: `127.0.0.1 ${redis.port}`,
        masterauth: 'test-harness',
        masteruser: 'test-harness',
        'repl-diskless-sync-delay': '0',
      },
    });
    await expect
      .poll(async () => value(await redisInfo(keyspaceAt(replica.port))))
      .toMatchObject({ role: 'slave', linkUp: true });
    await replica.stop();
    const lonely = await startRedis({ config: { replicaof: `127.0.0.1 ${await deadPort()}` } });
    expect(value(await redisInfo(keyspaceAt(lonely.port)))).toMatchObject({ role: 'slave', linkUp: false });
  });

  test("its clock is this machine's, give or take the way there", async () => {
    const { aheadMs, plusMinusMs, at } = value(await redisClock(keyspaceAt(redis.port), clock));
    expect(Math.abs(aheadMs)).toBeLessThanOrEqual(plusMinusMs + 5);
    expect(Math.abs(clock.ms(at) - clock.now())).toBeLessThan(60_000);
  });

  test('a clock that is off is seen to be', async () => {
    const fast = { ...clock, now: () => clock.now() + 90_000 };
    const { aheadMs } = value(await redisClock(keyspaceAt(redis.port), fast));
    expect(Math.round(aheadMs / 10_000)).toBe(-9);
  });

  test.each([
    ['forbidden', () => as('blind'), 'auth', /NOPERM/],
    ['a wrong password', () => as('reader', 'guess'), 'auth', /not accepted/],
  ] as const)('%s is not known, with the reason', async (_, keyspace, cause, reason) => {
    for (const told of [
      await redisInfo(keyspace()),
      await redisClock(keyspace(), clock),
      await survey(keyspace()),
    ]) {
      expect(told).toMatchObject({ known: false, cause, reason: expect.stringMatching(reason) });
      expect(JSON.stringify(told)).not.toContain('guess');
    }
  });

  test('nobody there, or nobody who answers, is not known', async () => {
    const refused = keyspaceAt(await deadPort());
    expect(await redisInfo(refused)).toMatchObject({ known: false, cause: 'unreachable' });
    const silent = await startFaultyRedis('silent');
    expect(await redisInfo(keyspaceAt(silent.port, {}, 200))).toMatchObject({
      known: false,
      cause: 'timeout',
    });
  });
});

describe('what the user may do', () => {
  const needs = needsOf(aegis, { journalStream: 'ratelimit:journal', db: 0 });
  const rightsOf = async (keyspace: Keyspace, user: string | null = null) =>
    value(await redisRights(keyspace, needs, user));
  const commands = (rights: Awaited<ReturnType<typeof rightsOf>>, allowed: boolean | null) =>
    [...new Set(rights.rights.filter((one) => one.allowed === allowed).map(({ command }) => command))].sort();

  test('the server tells it where it may be asked', async () => {
    const asked = await rightsOf(as('asked'));
    expect(asked).toMatchObject({ user: 'asked', how: 'dry-run', mayAnything: false });
    expect(commands(asked, null)).toEqual([]);
    expect(commands(asked, false)).toEqual(['del', 'eval', 'evalsha', 'set', 'xadd', 'xrevrange']);
    const all = await rightsOf(keyspaceAt(redis.port));
    expect(all).toMatchObject({ user: 'default', how: 'dry-run', mayAnything: true });
    expect(commands(all, true)).toEqual([...new Set(needs.map(({ command }) => command))].sort());
  });

  test('otherwise what only reads is tried, and what would write is not known', async () => {
    await redis.flush();
    const reader = await rightsOf(as('reader'), 'reader');
    expect(reader).toMatchObject({ user: 'reader', how: 'tried', mayAnything: null });
    expect(commands(reader, true)).toEqual(['exists', 'info', 'mget', 'pttl', 'scan', 'time', 'type']);
    expect(commands(reader, false)).toEqual(['xrevrange']);
    expect(commands(reader, null)).toEqual(['del', 'eval', 'evalsha', 'get', 'set', 'xadd']);
    expect(await redis.cli('DBSIZE')).toBe('0');
  });

  test('keys that it may not read are told one by one', async () => {
    const narrow = await rightsOf(as('narrow'), 'narrow');
    const mget = narrow.rights.filter(({ command }) => command === 'mget');
    expect(mget.filter(({ allowed }) => allowed).map(({ key }) => key)).toEqual(['acp:auth_fail:{ip}']);
    expect(mget.length).toBeGreaterThan(10);
    expect(commands(narrow, false)).toContain('info');
  });

  test('nothing that could change anything is ever sent', async () => {
    await redis.cli('CONFIG', 'RESETSTAT');
    await rightsOf(as('reader'), 'reader');
    await rightsOf(as('asked'));
    await survey(as('reader'));
    const stats = await redis.cli('INFO', 'commandstats');
    const used = [...stats.matchAll(/cmdstat_([^:]+):calls=(\d+)/g)].flatMap(([, name, calls]) =>
      calls === '0' ? [] : [name],
    );
    const harmless = [
      'acl|dryrun',
      'acl|whoami',
      'auth',
      'config|resetstat',
      'exists',
      'info',
      'mget',
      'pttl',
      'scan',
      'time',
      'type',
    ];
    expect(used.filter((name) => !harmless.includes(name ?? ''))).toEqual([]);
  });
});

describe('the look at the keys', () => {
  test('counts what the runbook knows, whatever its date, and finds what it does not', async () => {
    await redis.flush();
    await redis.load([
      ['SET', 'acp:auth_fail:2001:db8::1', '7'],
      ['SET', 'acp:agent_cost_today:agent-7:20200101', '1.00'],
      ['SET', 'acp:quarantine:acme:agent-7', 'loop'],
      ['SET', 'acp:inference_cost:agent:a:2026-05', '1'],
      ['SET', 'acp:inference_cost:agent:a:2026-05-01', '1'],
      ['HSET', 'acp:quota:rps:acme', 'tokens', '1'],
      ['SET', 'acp:ratelimit:auth_fail2:203.0.113.1', '7'],
      ['SET', 'acp:ratelimit:auth_fail2:203.0.113.2', '7'],
      ['SET', Buffer.from('acp:odd\xff:1', 'latin1'), '7'],
      ['SET', 'acp:\u001b[2J:1', '7'],
      ['SET', 'elsewhere', '1'],
    ] as Command[]);
    const found = value(await survey(keyspaceAt(redis.port)));
    expect(found).toMatchObject({ keys: 10, isComplete: true, elsewhere: [] });
    expect(Object.fromEntries(Object.entries(found.known).filter(([, keys]) => keys > 0))).toEqual({
      'acp:auth_fail:{ip}': 1,
      'acp:agent_cost_today:{agent}:{yyyymmdd}': 1,
      'acp:quarantine:{tenant}:{agent}': 1,
      'acp:inference_cost:agent:{agent}:{yyyy-mm}': 1,
      'acp:inference_cost:agent:{agent}:{yyyy-mm-dd}': 1,
    });
    expect(found.unread[0]).toMatchObject({ pattern: expect.any(String), keys: 2 });
    const families = Object.fromEntries(found.unread.map(({ pattern, keys }) => [pattern, keys]));
    expect(families).toMatchObject({ 'acp:ratelimit:auth_fail2:*': 2, 'acp:*': 2, 'acp:quota:rps:acme': 1 });
  });

  test('says how other keys begin where the namespace has none', async () => {
    await redis.flush();
    await redis.load([
      ['SET', 'aegis:auth:1', '1'],
      ['SET', 'aegis:auth:2', '1'],
      ['SET', 'x', '1'],
    ]);
    const { keys, elsewhere } = value(await survey(keyspaceAt(redis.port)));
    expect([keys, [...elsewhere].sort()]).toEqual([0, ['aegis:', 'x']]);
    await redis.flush();
    expect(value(await survey(keyspaceAt(redis.port)))).toMatchObject({
      keys: 0,
      elsewhere: [],
      isComplete: true,
    });
  });

  test('ends with its time, however many keys and families there are', async () => {
    await redis.flush();
    function* flood(): Generator<Command> {
      for (let i = 0; i < 100_000; i += 1)
        yield ['SET', `acp:f${String.fromCharCode(97 + (i % 26))}:${i}:z`, '1'];
    }
    await redis.load(flood());
    const none = value(await survey(keyspaceAt(redis.port), 0));
    expect(none.isComplete).toBe(false);
    expect(none.keys).toBeGreaterThan(0);
    expect(none.keys).toBeLessThan(50_000);
    const all = value(await survey(keyspaceAt(redis.port), TIMEOUT_MS));
    expect(all).toMatchObject({ keys: 100_000, isComplete: true });
    expect(all.unread).toHaveLength(26);
  });
});
