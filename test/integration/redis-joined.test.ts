import { describe, expect, it } from 'vitest';
import type { Reading } from '../../src/evidence/types.ts';
import { readRedis } from '../../src/signals/redis/read.ts';
import { askOne, redisTarget, row } from '../support/collecting.ts';
import { freshRedis } from '../support/fresh-redis.ts';
import type { Command } from '../support/resp.ts';

// Several families of keys that tell of the same entities.

const redis = freshRedis();

const read = (signal: string): Promise<Reading> =>
  askOne(readRedis, signal, { redis: redisTarget(redis.port) });
const set = (key: string, value: string | number, ttl?: number): Command => [
  ...['SET', key, String(value)],
  ...(ttl === undefined ? [] : ['EX', String(ttl)]),
];
const [RUNBOOK, GATEWAY] = ['acp:auth_fail:', 'acp:ratelimit:auth_fail:'];
const month = () => new Date().toISOString().slice(0, 7);
const day = () => new Date().toISOString().slice(0, 10);

describe('counters of two families', () => {
  it('count an address that is in both once, with the larger value', async () => {
    await redis.load([
      set(`${RUNBOOK}203.0.113.1`, 90, 290),
      set(`${GATEWAY}203.0.113.1`, 26, 40),
      set(`${RUNBOOK}203.0.113.2`, 3, 290),
      set(`${GATEWAY}203.0.113.2`, 12, 40),
      set(`${GATEWAY}203.0.113.3`, 26, 40),
      set(`${RUNBOOK}203.0.113.4`, 5, 290),
    ]);
    const reading = await read('auth-failures-by-ip');
    expect(reading).toMatchObject({ status: 'measured', total: 90 + 12 + 26 + 5, distinct: 4, warnings: [] });
    expect(reading.distribution?.reduce((sum, bin) => sum + bin.count, 0)).toBe(4);
    expect(reading.distribution?.reduce((sum, bin) => sum + bin.total, 0)).toBe(133);
    const seen = [1, 2, 3, 4].map((last) => {
      const { value, sources, claimed, atLeast } = row(reading, `203.0.113.${last}`);
      return [value, sources.map((source) => source.split(':')[1]), claimed, atLeast];
    });
    expect(seen).toEqual([
      [90, ['auth_fail', 'ratelimit'], false, false],
      [12, ['auth_fail', 'ratelimit'], false, false],
      [26, ['ratelimit'], true, true],
      [5, ['auth_fail'], false, false],
    ]);
    // Only the runbook's counter tells when the last one was.
    expect(row(reading, '203.0.113.3').lastSeenSeconds).toBeNull();
    expect(row(reading, '203.0.113.4').lastSeenSeconds).toBeLessThan(40);
  });

  it('do so for thousands, whichever family comes by first', async () => {
    const both = Array.from({ length: 4_000 }, (_, n) => `10.${n >> 8}.${n & 255}.9`);
    await redis.load(
      both.flatMap((ip, n) => [
        set(`${RUNBOOK}${ip}`, (n % 7) + 1, 200),
        set(`${GATEWAY}${ip}`, (n % 5) + 1, 50),
      ]),
    );
    const reading = await read('auth-failures-by-ip');
    const values = both.map((_, n) => Math.max((n % 7) + 1, (n % 5) + 1));
    expect(reading).toMatchObject({ distinct: 4_000, total: values.reduce((sum, value) => sum + value, 0) });
    for (const bin of reading.distribution ?? []) {
      expect(bin.count).toBe(values.filter((value) => value === bin.from).length);
    }
  });

  it('say of each family what it holds', async () => {
    await redis.load([set(`${GATEWAY}203.0.113.3`, 26, 40), ['HSET', `${RUNBOOK}203.0.113.4`, 'a', '1']]);
    expect((await read('auth-failures-by-ip')).warnings).toEqual([
      '1 key of acp:auth_fail:* skipped: 1 not a string',
    ]);
  });
});

describe('the counters of direct peers', () => {
  it('are a total that is at most so much, and never entities', async () => {
    await redis.load([
      set('acp:auth_failures:10.0.0.5', 9_000, 299),
      set('acp:auth_failures:10.0.0.6', 3_000, 299),
    ]);
    expect(await read('auth-failures-total')).toMatchObject({
      ...{ status: 'measured', total: 40, atMost: true, distinct: null, rows: [] },
    });
  });
});

describe('money', () => {
  it('is cents where the gateway counts cents, of the month or the day, against the same cap', async () => {
    await redis.load([
      set('acp:agent_cost_cap:a1', '100.00'),
      set(`acp:inference_cost:agent:a1:${month()}`, 11_250),
      set('acp:agent_cost_cap:a2', '100.00'),
      set(`acp:inference_cost:agent:a2:${day()}`, 5_000),
      set('acp:agent_cost_cap:a3', '100.00'),
      set(`acp:agent_cost_today:a3:${day().replaceAll('-', '')}`, '90.50'),
      set(`acp:inference_cost:agent:a3:${month()}`, 4_000),
      set(`acp:inference_cost:agent:a4:${month()}`, 700),
      set('acp:inference_cost:agent:a5:2019-01', 999_999),
    ]);
    const reading = await read('agent-spend');
    const seen = ['a1', 'a2', 'a3', 'a4'].map((id) => {
      const { value, limit, period } = row(reading, id);
      return [value, limit?.ratio ?? null, period];
    });
    expect(seen).toEqual([
      [112.5, 1.125, 'month'],
      [50, 0.5, 'day'],
      [90.5, 0.905, 'day'],
      [7, null, 'month'],
    ]);
    expect(reading).toMatchObject({ distinct: 4, total: 112.5 + 50 + 90.5 + 7 });
    expect(reading.warnings).toEqual(['1 of 4 agents have spent and have no cap']);
  });

  it('that is no whole number of cents is skipped, and said', async () => {
    await redis.load([
      set(`acp:inference_cost:agent:a1:${month()}`, '12.50'),
      set('acp:agent_cost_cap:a1', '1'),
    ]);
    expect((await read('agent-spend')).warnings.join()).toMatch(
      /1 with a spend that is not a whole number of cents/,
    );
  });

  it('of tenants has no cap that could be read, and is not said to lack one', async () => {
    await redis.load([set(`acp:inference_cost:tenant:globex:${month()}`, 500_000)]);
    const reading = await read('tenant-spend');
    expect(row(reading, 'globex')).toMatchObject({ value: 5_000, limit: null, period: 'month' });
    expect(reading.warnings).toEqual([]);
  });
});

describe('entries with a reason of their own', () => {
  it('tell who put them there, and why', async () => {
    await redis.load([
      set('acp:tenant_kill:acme', 'manual_admin_lockdown', 600_000),
      set('acp:tenant_kill:globex', '1', 80_000),
      set('acp:tenant_kill_reason:globex', 'too many 429s', 80_000),
    ]);
    const reading = await read('kill-switches');
    expect(reading.distinct).toBe(2);
    expect(row(reading, 'acme').labels).toEqual({ reason: { manual_admin_lockdown: 1 }, by: { hand: 1 } });
    expect(row(reading, 'globex').labels).toEqual({ reason: { 'too many 429s': 1 }, by: { automatic: 1 } });
  });
});
