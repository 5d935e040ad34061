import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScanWishes } from '../../src/evidence/collect.ts';
import { readRedis } from '../../src/signals/redis/read.ts';
import { answersOf, ask, askOne, redisTarget, row } from '../support/collecting.ts';
import { startFaultyRedis } from '../support/faulty-redis.ts';
import { deadPort, stopEverything, temporaryFolder, until } from '../support/processes.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import type { Command } from '../support/resp.ts';

afterAll(stopEverything);

const IPS = 30_000;
const failuresOf = (index: number) => 1 + (index % 7);
const TOTAL = Array.from({ length: IPS }, (_, index) => failuresOf(index)).reduce((sum, one) => sum + one, 0);
const ALL = ['auth-failures-by-ip', 'agent-spend', 'blocks', 'account-failures', 'eviction'];

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
  await redis.load(keyspace());
});

function* keyspace(): Generator<Command> {
  for (let index = 0; index < IPS; index++) {
    const address = `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
    yield ['SET', `acp:auth_fail:${address}`, String(failuresOf(index)), 'EX', '300'];
  }
  for (let index = 0; index < 3_000; index++) {
    yield ['SET', `acp:ip_block:198.51.${index >> 8}.${index & 255}`, 'botnet', 'EX', '3600'];
  }
}

/** A way to the server on which every answer takes its time. */
const slowly = async (latencyMs: number) =>
  redisTarget((await startFaultyRedis({ proxy: { port: redis.port, latencyMs } })).port);

/** What a pass says of a signal that its budget ended before all was read; a slow machine needs a longer one. */
async function inPart(signal: string) {
  const target = await slowly(3);
  for (const budgetSeconds of [0.15, 0.4, 1]) {
    const answers = await answersOf(readRedis, ALL, { redis: target, budgetSeconds, pace: 'gentle' });
    const found = answers.find(({ asked }) => asked[0]?.signal === signal);
    const { coverage } = found?.scan ?? { coverage: 0 };
    if (found !== undefined && coverage > 0 && coverage < 1) return found;
  }
  throw new Error('no budget ended the pass in the middle');
}

describe('a pass that the deadline ends', () => {
  it('keeps what was read by then, too', async () => {
    const target = await slowly(60);
    for (const timeoutSeconds of [1, 2, 4, 8]) {
      const answers = await answersOf(readRedis, ALL, { redis: target, timeoutSeconds, pace: 'gentle' });
      const { reading, scan } = answers[0] ?? {};
      // A slow machine may need a longer one to come to a first key.
      if (scan === undefined || scan.coverage === 0 || scan.coverage === 1) continue;
      expect(reading).toMatchObject({ status: 'measured', coverage: scan.coverage });
      expect(scan.reason).toContain('the time was up');
      return;
    }
    throw new Error('no deadline ended the pass in the middle');
  });
});

describe('a pass that its budget ends', () => {
  it('tells what was seen exactly, and estimates the rest so that the truth lies within', async () => {
    const { reading, sources, scan } = await inPart('auth-failures-by-ip');
    const { sample, coverage, total, distinct } = reading;
    if (sample === null || coverage === null) throw new Error('the pass was complete');
    expect(sample.missed).toBeCloseTo(1 - coverage, 9);
    // Nothing that was not there, and the bins are of what was seen.
    expect(sample.seen.distinct).toBeGreaterThan(0);
    const inBins = reading.distribution?.reduce((sum, bin) => sum + bin.count, 0);
    expect(inBins).toBe(sample.seen.distinct);
    expect(total).toBeCloseTo(sample.seen.total / coverage, 6);
    // 95 % intervals may miss the truth; five times their width may not.
    const within = (truth: number, estimate: number | null, range: readonly [number, number] | null) => {
      const [low = 0, high = 0] = range ?? [];
      expect(Math.abs(truth - (estimate ?? 0))).toBeLessThan(5 * (high - low) + 1);
    };
    within(TOTAL, total, sample.total);
    within(IPS, distinct, sample.distinct);
    expect(scan?.coverage).toBeCloseTo(coverage, 9);
    expect(scan?.nodes).toMatchObject([{ cause: 'incomplete' }]);
    expect(scan?.reason).toMatch(
      /^\d[\d.]* % of the keyspace was read \([\d,]+ keys seen\): the time was up$/,
    );
    for (const source of sources) {
      expect(source).toMatchObject({ status: 'unknown', cause: 'incomplete', reason: scan?.reason });
    }
  });

  it('is no longer about zero: what was not seen so far is unknown, with how much there may be', async () => {
    const { reading } = await inPart('account-failures');
    expect(reading).toMatchObject({ status: 'unknown', cause: 'incomplete', total: null, distinct: null });
    const { sample, coverage } = reading;
    const most = Math.ceil(Math.log(0.05) / Math.log(1 - (coverage ?? 0)));
    expect(sample).toMatchObject({ seen: { total: 0, distinct: 0 }, total: null, distinct: [0, most] });
  });

  it('that is long enough is a whole pass', async () => {
    const readings = await ask(readRedis, ALL, { redis: redisTarget(redis.port), budgetSeconds: 15 });
    expect(readings['auth-failures-by-ip']).toMatchObject({
      ...{ total: TOTAL, distinct: IPS, coverage: 1, sample: null },
    });
    expect(readings.blocks).toMatchObject({ total: 3_000, coverage: 1, sample: null });
    expect(readings['account-failures']).toMatchObject({ status: 'empty', live: true });
  });
});

describe('a server that is busy', () => {
  it('is left alone for a while, and then read to the end', async () => {
    const own = await startRedis({ config: { 'lua-time-limit': '5' } });
    await own.load(keyspace());
    // It runs until it is killed; until then whoever asks is told BUSY.
    let script: Promise<unknown> | null = null;
    const watch: ScanWishes['watch'] = (progress) => {
      const timer = setInterval(() => {
        if (script !== null || progress().coverage < 0.05) return;
        script = own.cli('EVAL', 'while true do end', '0').catch(() => {});
        setTimeout(() => void own.cli('SCRIPT', 'KILL').catch(() => {}), 250);
      }, 1);
      return () => clearInterval(timer);
    };
    const wanted = { redis: redisTarget(own.port), pace: 'gentle' as const, watch };
    const [answer] = await answersOf(readRedis, ['auth-failures-by-ip'], wanted);
    await script;
    expect(answer?.scan).toMatchObject({ coverage: 1, reason: null });
    expect(answer?.reading).toMatchObject({ total: TOTAL, distinct: IPS });
    expect(await own.cli('INFO', 'errorstats')).toContain('errorstat_BUSY');
    await own.stop();
  });
});

describe('a connection that is cut', () => {
  it('in the middle of a reply leaves what was read before', async () => {
    const cut = { after: 'MATCH', replyBytes: 250_000, times: 1 };
    const server = await startFaultyRedis({ proxy: { port: redis.port, cut } });
    const wanted = { redis: redisTarget(server.port), pace: 'gentle' as const };
    const [failures] = await answersOf(readRedis, ['auth-failures-by-ip'], wanted);
    const { reading, scan } = failures ?? {};
    expect(reading?.status).toBe('measured');
    expect(reading?.coverage).toBeGreaterThan(0);
    expect(reading?.coverage).toBeLessThan(1);
    expect(reading?.rows.length).toBeGreaterThan(0);
    expect(scan?.nodes).toMatchObject([{ cause: 'unreachable' }]);
    expect(scan?.reason).toContain('the connection was closed');
    // Whoever asks for it after the server is gone is not told that it never ends.
    expect(
      reading?.rows.every(({ expires, lastSeenSeconds }) => expires === null && lastSeenSeconds === null),
    ).toBe(true);
    expect(reading?.warnings.join()).toContain('when they were last seen could not be read');
    expect(server.connections()).toBe(1);
  });
});

describe('a replica that has lost its primary', () => {
  it('tells what it holds, and is no witness for what it does not hold', async () => {
    const replica = await startRedis({ config: { replicaof: `127.0.0.1 ${await deadPort()}` } });
    await replica.cli('REPLICAOF', 'NO', 'ONE');
    await replica.load([['SET', 'acp:auth_fail:203.0.113.42', '7', 'EX', '300']]);
    await replica.cli('REPLICAOF', '127.0.0.1', String(await deadPort()));
    await until(
      async () => (await replica.cli('INFO', 'replication')).includes('link_status:down'),
      'it is cut off',
    );
    const answers = await answersOf(readRedis, ALL, { redis: redisTarget(replica.port) });
    const of = (signal: string) => answers.find(({ asked }) => asked[0]?.signal === signal);
    expect(of('auth-failures-by-ip')?.scan).toMatchObject({
      coverage: 1,
      nodes: [{ replica: true, coverage: 1 }],
    });
    expect(of('auth-failures-by-ip')?.scan?.reason).toContain('has lost its primary');
    expect(of('auth-failures-by-ip')?.reading).toMatchObject({ status: 'measured', total: 7, sample: null });
    expect(of('auth-failures-by-ip')?.sources).toMatchObject([
      { status: 'unknown', cause: 'incomplete' },
      { status: 'unknown', cause: 'incomplete' },
    ]);
    expect(of('blocks')?.reading).toMatchObject({ status: 'unknown', total: null, sample: null });
    expect(of('blocks')?.reading.reason).toMatch(/^no key acp:ip_block:\* there: .*has lost its primary/);
    await replica.stop();
  });
});

describe('keys that end while they are scanned', () => {
  it('are counted or gone, and no error', async () => {
    const own = await startRedis();
    await own.load(
      Array.from(
        { length: 20_000 },
        (_, index): Command => [
          ...(['SET', `acp:auth_fail:10.9.${index >> 8}.${index & 255}`, '3'] as const),
          ...(index % 2 === 0 ? ['PX', String(20 + (index % 100))] : ['EX', '300']),
        ],
      ),
    );
    const target = redisTarget(own.port);
    const reading = await askOne(readRedis, 'auth-failures-by-ip', { redis: target, pace: 'gentle' });
    expect(reading).toMatchObject({ status: 'measured', coverage: 1, sample: null, warnings: [] });
    expect(reading.distinct).toBeGreaterThanOrEqual(10_000);
    expect(reading.distinct).toBeLessThanOrEqual(20_000);
    expect(reading.total).toBe(3 * (reading.distinct ?? 0));
    await own.stop();
  });
});

describe('what the server says of itself', () => {
  it.each([
    [{ 'maxmemory-policy': 'allkeys-lru', maxmemory: '100mb' }, 'any-key'],
    [{ 'maxmemory-policy': 'volatile-ttl', maxmemory: '100mb' }, 'keys-with-ttl'],
    [{ 'maxmemory-policy': 'noeviction', maxmemory: '100mb' }, 'nothing'],
    // Without a limit nothing is ever evicted.
    [{ 'maxmemory-policy': 'allkeys-lru', maxmemory: '0' }, 'nothing'],
  ])('%j evicts %s', async (config, what) => {
    const own = await startRedis({ config });
    const reading = await askOne(readRedis, 'eviction', { redis: redisTarget(own.port) });
    expect(reading).toMatchObject({ status: 'measured', total: 1 });
    expect(row(reading, what).labels).toEqual({ policy: { [config['maxmemory-policy']]: 1 } });
    await own.stop();
  });

  it('is absent where INFO is forbidden, and the pass goes on', async () => {
    const own = await startRedis({
      acl: ['default on nopass ~* -@all +scan +mget +pttl +type +time +select'],
    });
    const readings = await ask(readRedis, ['eviction', 'blocks'], { redis: redisTarget(own.port) });
    expect(readings.eviction).toMatchObject({ status: 'absent' });
    expect(readings.blocks).toMatchObject({ status: 'absent' });
    await own.stop();
  });

  it('that it is loading its data ends it before the first SCAN', async () => {
    const dir = await temporaryFolder('rdb');
    const first = await startRedis({ config: { dir } });
    const keys = Array.from(
      { length: 20_000 },
      (_, index): Command => ['SET', `acp:auth_fail:10.0.${index >> 8}.${index & 255}`, '1'],
    );
    await first.load(keys);
    await first.cli('SAVE');
    await first.stop();
    // A millisecond a key: it is loading for as long as anybody looks.
    const slow = { dir, 'key-load-delay': '1000', 'loading-process-events-interval-bytes': '1024' };
    const second = await startRedis({ config: slow });
    const [answer] = await answersOf(readRedis, ['auth-failures-by-ip'], { redis: redisTarget(second.port) });
    expect(answer?.reading).toMatchObject({ status: 'unknown', cause: 'refused', total: null, sample: null });
    expect(answer?.reading.reason).toContain('loading its data');
    expect(await second.cli('INFO', 'commandstats')).not.toContain('cmdstat_scan');
    await second.stop();
  });
});
