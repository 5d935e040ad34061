import { beforeEach, describe, expect, test } from 'vitest';
import { freshRedis } from '../support/fresh-redis.ts';
import { temporaryFolder } from '../support/processes.ts';
import { about } from '../support/ttl.ts';
import {
  block,
  blockArgs,
  blockOf,
  DAY,
  IP,
  journaled,
  KEY,
  keysIn,
  looked,
  remedy,
  ttlOf,
} from './block-ip-support.ts';

const redis = freshRedis();

const existing = (ip: string, reason: string, seconds: number) =>
  redis.cli('SET', blockOf(ip), reason, ...(seconds > 0 ? ['EX', String(seconds)] : []));
/** Without a reason. */
const extend = (...words: string[]) =>
  remedy(['block-ip', '--redis-url', redis.url, '--yes', '--verify', '0', ...words]);

describe('a block that is there already', () => {
  test('and lasts longer is left alone, whatever the new reason, and nothing is journaled', async () => {
    const home = await temporaryFolder('home');
    await existing(IP, 'earlier', 2 * DAY);
    const { code, document } = await block(redis, [IP, '--ttl', '24h'], { home });
    expect(code).toBe(0);
    expect(document).toMatchObject({ id: null, status: 'unchanged', undo: null, message: null });
    const state = { value: 'earlier', ttlSeconds: about(2 * DAY) };
    expect(document.changes).toMatchObject([
      { target: KEY, before: state, after: state, status: 'unchanged' },
    ]);
    expect(await redis.cli('GET', KEY)).toBe('earlier');
    expect(await ttlOf(redis, KEY)).toBeGreaterThan(DAY);
    expect(journaled(home)).toEqual([]);
  });

  test('by the very same command is left alone: doing it twice is doing it once', async () => {
    expect((await block(redis, [IP])).document.status).toBe('applied');
    const end = await redis.cli('PEXPIRETIME', KEY);
    const { code, document } = await block(redis, [IP]);
    expect({ code, status: document.status }).toEqual({ code: 0, status: 'unchanged' });
    expect(await redis.cli('PEXPIRETIME', KEY)).toBe(end);
    // An end that is sooner by more than what it takes to look is another one.
    await redis.cli('EXPIRE', KEY, String(DAY - 600));
    expect((await block(redis, [IP])).document.status).toBe('applied');
    expect(await ttlOf(redis, KEY)).toBeGreaterThan(DAY - 60);
  });

  test('and has no end is never given one', async () => {
    await existing(IP, 'for good', 0);
    const { code, document } = await block(redis, [IP, '--ttl', '7d']);
    expect({ code, status: document.status }).toEqual({ code: 0, status: 'unchanged' });
    expect(document.changes[0]?.before).toEqual({ value: 'for good', ttlSeconds: null, expiresAt: null });
    expect([await redis.cli('GET', KEY), await ttlOf(redis, KEY)]).toEqual(['for good', -1]);
  });

  test('and ends sooner is extended, and keeps its reason when none is given', async () => {
    await existing(IP, 'earlier, "quoted"', 600);
    const { code, document } = await extend(IP, '--ttl', '1h');
    expect(code).toBe(0);
    expect(document).toMatchObject({ status: 'applied', reason: 'earlier, "quoted"' });
    expect(document.changes).toMatchObject([
      { before: { ttlSeconds: about(600) }, after: { value: 'earlier, "quoted"', ttlSeconds: 3_600 } },
    ]);
    expect(await redis.cli('GET', KEY)).toBe('earlier, "quoted"');
    expect(await ttlOf(redis, KEY)).toBeGreaterThan(3_500);
  });

  test('and ends sooner is extended with the new reason when one is given', async () => {
    await existing(IP, 'earlier', 600);
    const { document } = await block(redis, [IP]);
    expect(document).toMatchObject({ status: 'applied', reason: 'abuse' });
    expect(document.changes).toMatchObject([{ before: { value: 'earlier' }, after: { value: 'abuse' } }]);
    expect(await redis.cli('GET', KEY)).toBe('abuse');
  });

  test('does not lend its reason to another address: that one needs its own', async () => {
    await existing(IP, 'earlier', 600);
    const { code, document } = await extend(IP, '203.0.113.43');
    expect(code).toBe(6);
    expect(document.refusals).toMatchObject([{ guard: 'reason', override: '--reason' }]);
    expect(await keysIn(redis)).toEqual([KEY]);
    expect(await ttlOf(redis, KEY)).toBeLessThanOrEqual(600);
  });

  test('among others: each is judged by itself', async () => {
    await existing('203.0.113.40', 'long', 3 * DAY);
    await existing('203.0.113.41', 'short', 60);
    const { code, document } = await block(redis, ['203.0.113.40/30']);
    expect({ code, status: document.status }).toEqual({ code: 0, status: 'applied' });
    expect(document.changes.map(({ status }) => status)).toEqual([
      'unchanged',
      ...['applied', 'applied', 'applied'],
    ]);
    expect(await redis.cli('MGET', ...[40, 41, 42, 43].map((n) => blockOf(`203.0.113.${n}`)))).toBe(
      'long\nabuse\nabuse\nabuse',
    );
    expect(await ttlOf(redis, blockOf('203.0.113.40'))).toBeGreaterThan(2 * DAY);
  });

  test('with a reason that is not UTF-8 is not extended without a new one', async () => {
    await redis.cli('EVAL', `redis.call('SET', KEYS[1], '\\255\\0x', 'EX', 60)`, '1', KEY);
    const { code, document } = await extend(IP);
    // What is no text cannot stand in for the reason that the journal needs.
    expect(code).toBe(6);
    expect(document.refusals).toMatchObject([{ guard: 'reason' }]);
    expect(await redis.cli('STRLEN', KEY)).toBe('3');
  });
});

describe('something else at the key', () => {
  beforeEach(async () => {
    await redis.load([['HSET', KEY, 'tokens', '5', 'last_refill', '1']]);
  });

  test('is a failure that says so, and nothing is lost', async () => {
    const home = await temporaryFolder('home');
    const { code, document } = await block(redis, [IP], { home });
    expect(code).toBe(1);
    expect(document).toMatchObject({ status: 'failed', expiresAt: null, verified: null, undo: null });
    expect(document.message).toMatch(/holds something other than a text/);
    expect(await redis.cli('HGETALL', KEY)).toBe('tokens\n5\nlast_refill\n1');
    // Seen before anything was tried.
    expect(journaled(home)).toEqual([]);
  });

  test('does not hold up the others: partial, item by item', async () => {
    const { code, document } = await block(redis, [IP, '203.0.113.43']);
    expect(code).toBe(1);
    expect(document.status).toBe('partial');
    expect(document.changes).toMatchObject([
      { target: KEY, status: 'failed', message: expect.stringMatching(/other than a text/), verified: null },
      { status: 'applied', message: null, verified: 'stored' },
    ]);
    expect(document.undo).toMatch(/^ratelimit undo /);
    expect(await redis.cli('TYPE', KEY)).toBe('hash');
    expect(await redis.cli('GET', blockOf('203.0.113.43'))).toBe('abuse');
  });
});

describe('somebody else, between the look and the write', () => {
  const watching = (words: readonly string[], home: string) =>
    remedy([...blockArgs(redis, ...words), '--verify', '1s'], { home });
  /** The run looks on for a second before it writes when a counter is there and does not rise. */
  const meanwhile = async (words: readonly string[], act: () => Promise<unknown>) => {
    const home = await temporaryFolder('home');
    await redis.cli('SET', `acp:auth_fail:${IP}`, '3');
    await redis.cli('CONFIG', 'RESETSTAT');
    const running = watching(words, home);
    await looked(redis, 2);
    await act();
    return { ...(await running), home };
  };

  test('blocks it for longer: nothing is written, 8, and both are shown', async () => {
    const { code, document, home } = await meanwhile([IP], () => existing(IP, 'theirs', 2 * DAY));
    expect(code).toBe(8);
    expect(document).toMatchObject({ status: 'conflict', verified: null, undo: null });
    expect(document.message).toMatch(/changed since it was looked at/);
    expect(document.changes).toMatchObject([
      {
        target: KEY,
        before: null,
        after: { value: 'theirs', ttlSeconds: about(2 * DAY) },
        status: 'conflict',
      },
    ]);
    expect(await redis.cli('GET', KEY)).toBe('theirs');
    expect(await ttlOf(redis, KEY)).toBeGreaterThan(DAY);
    expect(journaled(home)).toEqual(['intent', 'outcome conflict']);
  });

  test.each([
    ['changes the reason', () => redis.cli('SET', KEY, 'theirs', 'KEEPTTL')],
    ['changes the end', () => redis.cli('EXPIRE', KEY, '3000')],
    ['takes the end away', () => redis.cli('PERSIST', KEY)],
    ['lifts the block', () => redis.cli('DEL', KEY)],
  ])('%s of a block that is to be extended: 8', async (_, act) => {
    await existing(IP, 'earlier', 600);
    let state: unknown[] = [];
    const look = async () => [await redis.cli('GET', KEY), await redis.cli('EXPIRETIME', KEY)];
    const { code, document } = await meanwhile([IP], async () => {
      await act();
      state = await look();
    });
    expect({ code, status: document.status }).toEqual({ code: 8, status: 'conflict' });
    expect(await look()).toEqual(state);
  });

  test('one of two: the other is applied, partial', async () => {
    const { code, document } = await meanwhile(['203.0.113.42/31'], () => existing(IP, 'theirs', 60));
    expect({ code, status: document.status }).toEqual({ code: 1, status: 'partial' });
    expect(document.changes.map(({ status }) => status)).toEqual(['conflict', 'applied']);
    expect(await redis.cli('MGET', KEY, blockOf('203.0.113.43'))).toBe('theirs\nabuse');
  });
});
