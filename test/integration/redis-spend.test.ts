import { describe, expect, it } from 'vitest';
import type { Reading } from '../../src/evidence/types.ts';
import { readRedis } from '../../src/signals/redis/read.ts';
import { askOne, redisTarget, row } from '../support/collecting.ts';
import { freshRedis } from '../support/fresh-redis.ts';
import type { Command } from '../support/resp.ts';

const redis = freshRedis();

const day = (offset = 0) =>
  new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10).replaceAll('-', '');
const cap = (agent: string, usd: string): Command => ['SET', `acp:agent_cost_cap:${agent}`, usd];
const spend = (agent: string, usd: string, date = day()): Command => [
  ...['SET', `acp:agent_cost_today:${agent}:${date}`, usd],
];
const read = (): Promise<Reading> => askOne(readRedis, 'agent-spend', { redis: redisTarget(redis.port) });

/** Loads and reads on one and the same day. */
async function today(commands: () => Command[]): Promise<Reading> {
  for (;;) {
    const date = day();
    await redis.load([['FLUSHALL'], ...commands()]);
    const reading = await read();
    if (day() === date) return reading;
  }
}

describe('spend against cap', () => {
  it('gives spend, cap and ratio, the nearest to its cap first', async () => {
    const reading = await today(() => [
      ...[cap('a-1', '100.00'), spend('a-1', '12.5')],
      ...[cap('a-2', '10'), spend('a-2', '10.40')],
      ...[cap('a-3', '1e3'), spend('a-3', '900')],
    ]);
    expect(reading).toMatchObject({ status: 'measured', distinct: 3, warnings: [], coverage: 1 });
    expect(reading.total).toBeCloseTo(922.9, 6);
    expect(reading.rows.map(({ id, value }) => [id, value])).toEqual([
      ['a-2', 10.4],
      ['a-3', 900],
      ['a-1', 12.5],
    ]);
    const limits = reading.rows.map(({ limit }) => [limit?.value, limit?.problem, limit?.stored]);
    expect(limits).toEqual([
      [10, null, null],
      [1000, null, null],
      [100, null, null],
    ]);
    expect(row(reading, 'a-2').limit?.ratio).toBeCloseTo(1.04, 9);
    expect(row(reading, 'a-1').limit?.ratio).toBeCloseTo(0.125, 9);
  });

  it('gives the mean rate since midnight, once it can be known', async () => {
    const hours = () => ((Date.now() / 1000) % 86_400) / 3600;
    const before = hours();
    const reading = await today(() => [cap('a-1', '100'), spend('a-1', '48')]);
    const perHour = row(reading, 'a-1').limit?.perHour ?? null;
    if (perHour === null) expect(before).toBeLessThan(0.17);
    else expect(perHour * hours()).toBeCloseTo(48, 0);
  });

  it('reads a cap without spend as nothing spent', async () => {
    const reading = await today(() => [cap('idle', '100')]);
    expect(row(reading, 'idle')).toMatchObject({ value: 0, limit: { value: 100, ratio: 0, problem: null } });
    expect(reading).toMatchObject({ total: 0, distinct: 1 });
  });

  it('ignores the spend of other days', async () => {
    const reading = await today(() => [
      cap('a-1', '100'),
      spend('a-1', '99', day(-1)),
      spend('gone', '50', day(-1)),
      spend('early', '50', day(1)),
      ['SET', 'acp:agent_cost_today:undated', '50'],
    ]);
    expect(reading.rows.map(({ id, value }) => [id, value])).toEqual([['a-1', 0]]);
    expect(reading.total).toBe(0);
  });

  it('keeps the colons of an agent, and any other bytes', async () => {
    const bytes = Buffer.concat([Buffer.from('acp:agent_cost_cap:'), Buffer.from([0xff])]);
    const reading = await today(() => [
      ...[cap('team:a:7', '10'), spend('team:a:7', '9')],
      ...[cap(`x:${day()}`, '10'), spend(`x:${day()}`, '5')],
      ['SET', bytes, '10'],
    ]);
    expect(reading.rows.map(({ id, valid }) => [id, valid])).toEqual([
      ['team:a:7', true],
      [`x:${day()}`, true],
      [{ hex: 'ff' }, false],
    ]);
  });

  it('counts each agent once, though two keys bring it', async () => {
    const agents = Array.from({ length: 3_000 }, (_, index) => `agent-${index}`);
    const reading = await today(() => agents.flatMap((agent) => [cap(agent, '10'), spend(agent, '1')]));
    expect(reading).toMatchObject({ total: 3_000, distinct: 3_000, warnings: [] });
    expect(reading.rows).toHaveLength(200);
    expect(new Set(reading.rows.map(({ id }) => id)).size).toBe(200);
  });
});

describe('a cap that is none', () => {
  it('is flagged when missing', async () => {
    const reading = await today(() => [spend('free', '75.5'), cap('a-1', '100'), spend('a-1', '1')]);
    expect(row(reading, 'free')).toMatchObject({
      value: 75.5,
      limit: { value: null, ratio: null, problem: 'none', stored: null },
    });
    expect(reading.distinct).toBe(2);
    expect(reading.warnings.join()).toMatch(/1 of 2 agents.*no cap/);
  });

  it.each(['0', '0.00', '-5', 'abc', 'nan', 'inf', 'Infinity', '1e400', '', '0x10', '1,000', '100 USD'])(
    'is flagged when it is %j',
    async (stored) => {
      const reading = await today(() => [cap('a-1', stored), spend('a-1', '75.5')]);
      expect(row(reading, 'a-1')).toMatchObject({
        value: 75.5,
        limit: { value: null, ratio: null, problem: 'invalid', stored },
      });
      expect(reading.warnings.join()).toContain(`a-1 = ${JSON.stringify(stored)}`);
    },
  );

  it('is flagged when it is no string, as far as can be known', async () => {
    const reading = await today(() => [
      ['HSET', 'acp:agent_cost_cap:a-1', 'usd', '100'],
      spend('a-1', '75.5'),
    ]);
    expect(row(reading, 'a-1').value).toBe(75.5);
    expect(row(reading, 'a-1').limit).toMatchObject({ value: null, ratio: null });
    expect(row(reading, 'a-1').limit?.problem).not.toBeNull();
    expect(reading).toMatchObject({ distinct: 1, total: 75.5 });
    expect(reading.warnings.join()).toMatch(/1 key .*not a string/);
  });

  it('does not push out those at their cap', async () => {
    const reading = await today(() => [
      ...Array.from({ length: 500 }, (_, index) => spend(`free-${index}`, '9999')),
      ...Array.from({ length: 500 }, (_, index) => cap(`zero-${index}`, '0')),
      ...[cap('hot', '10'), spend('hot', '11')],
    ]);
    expect(reading.rows).toHaveLength(200);
    expect(reading.rows[0]?.id).toBe('hot');
    expect(reading.distinct).toBe(1_001);
    expect(reading.warnings.every((warning) => warning.length < 600)).toBe(true);
  });
});

describe('a spend that cannot be read', () => {
  it.each(['abc', 'nan', '1e400', ''])('is skipped and said when it is %j', async (usd) => {
    const reading = await today(() => [
      cap('a-1', '10'),
      spend('a-1', usd),
      cap('a-2', '10'),
      spend('a-2', '5'),
    ]);
    expect(reading.rows.map(({ id }) => id)).toEqual(['a-2']);
    expect(reading.total).toBe(5);
    expect(reading.warnings.join()).toMatch(/1 key .*spend that is not a number/);
  });

  it('is never zero because it is no string', async () => {
    const reading = await today(() => [
      cap('a-1', '10'),
      ['HSET', `acp:agent_cost_today:a-1:${day()}`, 'usd', '50'],
      ...[cap('a-2', '10'), spend('a-2', '5')],
    ]);
    expect(reading.rows.map(({ id }) => id)).toEqual(['a-2']);
    expect(reading).toMatchObject({ distinct: 1, total: 5 });
    expect(reading.warnings.join()).toMatch(/1 key .*not a string/);
  });
});
