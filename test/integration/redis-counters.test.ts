import { describe, expect, it } from 'vitest';
import type { Reading } from '../../src/evidence/types.ts';
import { readRedis } from '../../src/signals/redis/read.ts';
import { ask, askOne, redisTarget, row } from '../support/collecting.ts';
import { freshRedis } from '../support/fresh-redis.ts';
import type { Command } from '../support/resp.ts';

const PREFIX = 'acp:auth_fail:';
const redis = freshRedis();

const failures = (ip: string, count: string | number, ttl: number | null = 300): Command => [
  ...['SET', `${PREFIX}${ip}`, String(count)],
  ...(ttl === null ? [] : ['EX', String(ttl)]),
];
const read = (signal = 'auth-failures-by-ip'): Promise<Reading> =>
  askOne(readRedis, signal, { redis: redisTarget(redis.port) });

describe('counters', () => {
  it('give the top, the total, the number and the shares', async () => {
    await redis.load([failures('203.0.113.42', 75), failures('198.51.100.7', 20), failures('10.0.0.1', 5)]);
    const reading = await read();
    expect(reading).toMatchObject({
      status: 'measured',
      total: 100,
      distinct: 3,
      coverage: 1,
      live: true,
      warnings: [],
    });
    expect(reading.rows.map(({ id, value, share }) => [id, value, share])).toEqual([
      ['203.0.113.42', 75, 0.75],
      ['198.51.100.7', 20, 0.2],
      ['10.0.0.1', 5, 0.05],
    ]);
    expect(reading.rows.map(({ valid, public: far }) => [valid, far])).toEqual([
      [true, true],
      [true, true],
      [true, false],
    ]);
    expect(reading.distribution?.reduce((sum, bin) => sum + bin.total, 0)).toBe(100);
  });

  it('tell when the last failure was: 300 s minus the TTL', async () => {
    await redis.load([
      failures('203.0.113.1', 6, 300),
      failures('203.0.113.2', 5, 240),
      failures('203.0.113.3', 4, 30),
      failures('203.0.113.4', 3, 3600),
      failures('203.0.113.5', 2, null),
    ]);
    const reading = await read();
    const seen = (last: number) => row(reading, `203.0.113.${last}`).lastSeenSeconds ?? Number.NaN;
    expect(seen(1)).toBeLessThan(20);
    expect(seen(2) - seen(1)).toBeGreaterThanOrEqual(59);
    expect(seen(2) - seen(1)).toBeLessThanOrEqual(61);
    expect(seen(3)).toBeGreaterThanOrEqual(270);
    expect(seen(3)).toBeLessThanOrEqual(300);
    // A TTL that no failure can have set, or none at all, tells nothing.
    expect(row(reading, '203.0.113.4').lastSeenSeconds).toBeNull();
    expect(row(reading, '203.0.113.5').lastSeenSeconds).toBeNull();
    for (const { lastSeenSeconds } of reading.rows) expect(lastSeenSeconds ?? 0).toBeGreaterThanOrEqual(0);
  });

  it('of IPv6 addresses keep their colons', async () => {
    const ids = ['2001:db8::1', '::1', '2001:db8:0:0:0:0:0:2', '::ffff:203.0.113.9', 'fe80::1'];
    await redis.load(ids.map((id, index) => failures(id, 9 - index)));
    const reading = await read();
    expect(reading.rows.map(({ id }) => id)).toEqual(ids);
    expect(reading.rows.every(({ valid }) => valid)).toBe(true);
    expect(reading.rows.map(({ public: far }) => far)).toEqual([true, false, true, true, false]);
    expect(reading.strangers.distinct).toBe(0);
  });

  it('that are odd names count, are given exactly, and become no subjects', async () => {
    const names = [
      '*',
      '?[a-z]',
      'x\\*',
      '203.0.113.42 ',
      '010.0.0.1',
      'fe80::1%eth0',
      '\u001b[31m\r\n\u202E',
      '',
      'a:b',
    ];
    await redis.load([
      failures('203.0.113.42', 40),
      ...names.map((name, index) => failures(name, 20 - index)),
    ]);
    const reading = await read();
    expect(reading.rows.map(({ id }) => id)).toEqual(['203.0.113.42', ...names]);
    expect(reading.rows.map(({ valid }) => valid)).toEqual([true, ...names.map(() => false)]);
    const total = names.reduce((sum, _, index) => sum + 20 - index, 0);
    expect(reading).toMatchObject({ total: total + 40, distinct: 10 });
    expect(reading.strangers).toMatchObject({ distinct: 9, total, largest: 20 });
    expect(reading.warnings.join()).toMatch(/9 of 10 names.*not IP addresses/);
  });

  it('with names that are not UTF-8 keep their count', async () => {
    const key = Buffer.concat([Buffer.from(PREFIX), Buffer.from([0xff, 0x00, 0xfe])]);
    const truncated = Buffer.concat([Buffer.from(PREFIX), Buffer.from([0xe2, 0x82])]);
    await redis.load([
      failures('203.0.113.42', 7),
      ['SET', key, '500', 'EX', '200'],
      ['SET', truncated, '20'],
    ]);
    const reading = await read();
    expect(reading).toMatchObject({ total: 527, distinct: 3 });
    expect(reading.rows.map(({ id }) => id)).toEqual([{ hex: 'ff00fe' }, { hex: 'e282' }, '203.0.113.42']);
    expect(reading.rows[0]?.valid).toBe(false);
    expect(reading.rows[0]?.lastSeenSeconds).toBeGreaterThanOrEqual(100);
    expect(reading.warnings.join()).toMatch(/hexadecimal/);
  });
});

describe('what is not a counter', () => {
  it('is skipped, counted and said, and the rest is right', async () => {
    const texts = [
      'abc',
      '-5',
      '1.5',
      '',
      ' 7',
      '7 ',
      '0x10',
      '1e3',
      '+7',
      '\u0000',
      '99999999999999999999',
      'NaN',
    ];
    await redis.load([
      failures('203.0.113.42', 12),
      ...texts.map((text, index) => failures(`198.51.100.${index}`, text)),
      ['HSET', `${PREFIX}192.0.2.1`, 'tokens', '5'],
      ['SADD', `${PREFIX}192.0.2.2`, 'a'],
      ['RPUSH', `${PREFIX}192.0.2.3`, '7'],
      ['ZADD', `${PREFIX}192.0.2.4`, '7', 'a'],
      ['XADD', `${PREFIX}192.0.2.5`, '*', 'a', '7'],
      failures('198.51.100.200', '0'),
    ]);
    const reading = await read();
    expect(reading).toMatchObject({ status: 'measured', total: 12, distinct: 1 });
    expect(reading.rows.map(({ id }) => id)).toEqual(['203.0.113.42']);
    expect(reading.warnings.join()).toMatch(/17 keys of acp:auth_fail:\* skipped: .*12 not a whole number/);
    expect(reading.warnings.join()).toMatch(/5 not a string/);
  });

  it('is a name of 7 kB: skipped, said and never shown', async () => {
    await redis.load([
      failures('203.0.113.42', 12),
      failures('A'.repeat(7_000), 900),
      failures('B'.repeat(7_000), 'abc'),
    ]);
    const reading = await read();
    expect(reading).toMatchObject({ status: 'measured', total: 12, distinct: 1 });
    expect(reading.strangers).toMatchObject({ distinct: 2, total: 900 });
    expect(reading.warnings.join()).toMatch(/2 keys .*with a name over 512 bytes/);
    expect(JSON.stringify(reading)).not.toContain('A'.repeat(600));
  });

  it('may be all there is: unknown, which is not zero, and said', async () => {
    await redis.load([['HSET', `${PREFIX}192.0.2.1`, 'tokens', '5']]);
    const reading = await read();
    expect(reading).toMatchObject({ status: 'unknown', cause: 'malformed', total: null, rows: [] });
    expect(reading.warnings.join()).toMatch(/1 key of .* skipped: 1 not a string/);
  });

  it('reads the largest whole numbers exactly', async () => {
    await redis.load([failures('203.0.113.1', '999999999999999'), failures('203.0.113.2', '1')]);
    expect(await read()).toMatchObject({ total: 1e15, distinct: 2 });
  });
});

describe('no keys', () => {
  const both = ['auth-failures-by-ip', 'agent-spend', 'blocks'];

  it('is empty where the namespace is alive', async () => {
    await redis.load([['HSET', 'acp:quota:rps:acme', 'tokens', '5']]);
    const readings = await ask(readRedis, both, { redis: redisTarget(redis.port) });
    for (const reading of Object.values(readings)) {
      expect(reading).toMatchObject({
        status: 'empty',
        live: true,
        total: 0,
        distinct: 0,
        rows: [],
        cause: null,
      });
    }
  });

  it('is absent where it is not, which is not zero', async () => {
    await redis.load([
      ['SET', 'other:acp:auth_fail:203.0.113.42', '7'],
      ['SET', 'acp', '1'],
      ['SET', 'ACP:x', '1'],
    ]);
    const readings = await ask(readRedis, both, { redis: redisTarget(redis.port) });
    for (const reading of Object.values(readings)) {
      expect(reading).toMatchObject({ status: 'absent', live: false, total: null, distinct: null, rows: [] });
      expect(reading.reason).toContain(`127.0.0.1:${redis.port}`);
    }
  });

  it('takes nothing from families with a similar name', async () => {
    await redis.load([
      ['SET', 'acp:auth_failures:10.0.0.1', '900'],
      ['SET', 'acp:ratelimit:auth_failed:203.0.113.42', '26'],
      ['SET', 'acp:auth_fail', '5'],
    ]);
    expect(await read()).toMatchObject({ status: 'empty', total: 0 });
  });
});

describe('blocks', () => {
  it('give their time to live and their reason', async () => {
    const key = 'acp:ip_block:';
    await redis.load([
      ['SET', `${key}203.0.113.42`, 'credential_stuffing', 'EX', '86400'],
      ['SET', `${key}2001:db8::1`, 'x'.repeat(5_000), 'EX', '60'],
      ['SET', `${key}203.0.113.9`, '\u001b[2J', 'EX', '600'],
      ['SET', `${key}198.51.100.1`, 'for good'],
      ['SET', `${key}nonsense`, 'typo', 'EX', '30'],
      ['SADD', `${key}192.0.2.1`, 'a'],
    ]);
    const reading = await read('blocks');
    expect(reading).toMatchObject({ status: 'measured', total: 5, distinct: 5 });
    const ids = ['198.51.100.1', '203.0.113.42', '203.0.113.9', '2001:db8::1', 'nonsense'];
    expect(reading.rows.map(({ id }) => id)).toEqual(ids);
    expect(row(reading, '203.0.113.42').labels).toEqual({ reason: { credential_stuffing: 1 } });
    expect(row(reading, '203.0.113.42').value).toBeGreaterThan(86_300);
    expect(row(reading, '198.51.100.1').value).toBe(0);
    expect(row(reading, 'nonsense').valid).toBe(false);
    expect(Object.keys(row(reading, '203.0.113.9').labels.reason ?? {})).toEqual(['\u001b[2J']);
    expect(Object.keys(row(reading, '2001:db8::1').labels.reason ?? {})[0]?.length).toBeLessThanOrEqual(200);
    expect(reading.warnings.join()).toMatch(/1 key of acp:ip_block:\* skipped: 1 not a string/);
  });
});
