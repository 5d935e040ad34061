import { beforeEach, describe, expect, test } from 'vitest';
import { freshRedis } from '../support/fresh-redis.ts';
import { temporaryFolder } from '../support/processes.ts';
import { runInTerminal, runProgram } from '../support/program.ts';
import { about } from '../support/ttl.ts';
import {
  block,
  blockOf,
  callsOf,
  homeWith,
  IP,
  journaled,
  journalOf,
  KEY,
  keysIn,
  remedy,
} from './block-ip-support.ts';
import { errorDocument, type RunOptions } from './systems.ts';

const redis = freshRedis();

const blocked = (...ips: string[]) => redis.load(ips.map((ip) => ['SET', blockOf(ip), 'abuse', 'EX', '600']));
const unblockArgs = (...words: string[]) => [
  ...['unblock-ip', '--redis-url', redis.url, '--yes', '--reason', 'over'],
  ...words,
];
const unblock = (words: string[], options: RunOptions = {}) => remedy(unblockArgs(...words), options);

describe('exactly what was named', () => {
  test('is taken off, and all is in the document and the journal', async () => {
    const home = await temporaryFolder('home');
    await blocked(IP, '203.0.113.43');
    const { code, document } = await unblock([IP, '--operator', 'ada'], { home });
    expect(code).toBe(0);
    expect(document).toMatchObject({
      ...{ remedy: 'unblock-ip', subject: IP, status: 'applied', reason: 'over', operator: 'ada' },
      ...{ expiresAt: null, verified: 'stored', message: null },
      changes: [
        { target: KEY, before: { value: 'abuse', ttlSeconds: about(600) }, after: null, status: 'applied' },
      ],
      undo: `ratelimit undo ${document.id} --redis-url ${redis.url}`,
    });
    expect(await keysIn(redis)).toEqual([blockOf('203.0.113.43')]);
    expect(journaled(home)).toEqual(['intent', 'outcome applied']);
    expect(journalOf(home)[0]).toMatchObject({ remedy: 'unblock-ip', operator: 'ada', reason: 'over' });
  });

  test.each([
    ['203.0.113.4', ['203.0.113.4'], ['203.0.113.42', '203.0.113.40', '203.0.113.41']],
    ['2001:db8::4', ['2001:db8::4'], ['2001:db8::42', '2001:db8::4:0', '203.0.113.4']],
    ['203.0.113.4/31', ['203.0.113.4', '203.0.113.5'], ['203.0.113.3', '203.0.113.6', '203.0.113.42']],
    ['203.0.113.0/28', ['203.0.113.0', '203.0.113.15'], ['203.0.113.16', '203.0.112.255']],
    ['::ffff:203.0.113.42', [IP], ['203.0.113.4']],
    ['203.0.113.42/32', [IP], ['203.0.113.4', '203.0.113.0/24']],
  ])('%s and nothing beside it', async (named, off, on) => {
    await blocked(...off, ...on);
    const { code, document } = await unblock([named]);
    expect(code).toBe(0);
    expect(document.changes.map(({ target }) => target).sort()).toEqual(off.map(blockOf).sort());
    expect(await keysIn(redis)).toEqual(on.map(blockOf).sort());
  });

  test('of several, those that are blocked', async () => {
    await blocked('203.0.113.4', IP);
    const { code, document } = await unblock(['203.0.113.4', '203.0.113.5']);
    expect({ code, status: document.status }).toEqual({ code: 0, status: 'applied' });
    expect(document.changes.map(({ target }) => target)).toEqual([blockOf('203.0.113.4')]);
    expect(await keysIn(redis)).toEqual([KEY]);
  });

  test.each(['2001:DB8::42', '2001:0db8:0:0::42', '::ffff:203.0.113.42'])(
    'a block that was made by hand as %s, when it is named so',
    async (byHand) => {
      await blocked(byHand, '2001:db8::43');
      expect((await unblock([byHand])).code).toBe(0);
      expect(await keysIn(redis)).toEqual([blockOf('2001:db8::43')]);
    },
  );

  test('a block without an end, or with a reason that is not UTF-8', async () => {
    await redis.cli('EVAL', `redis.call('SET', KEYS[1], '\\255\\0x')`, '1', KEY);
    const { code, document } = await unblock([IP]);
    expect(code).toBe(0);
    expect(document.changes[0]?.before).toEqual({
      ...{ value: { hex: 'ff0078' }, ttlSeconds: null, expiresAt: null },
    });
    expect(await redis.cli('DBSIZE')).toBe('0');
    const home = await temporaryFolder('home');
    expect((await unblock([IP], { home })).code).toBe(7);
  });

  test('undo puts back what was there, to the byte, with what was left of its time', async () => {
    const home = await temporaryFolder('home');
    await redis.cli('EVAL', `redis.call('SET', KEYS[1], '\\255\\0x', 'EX', 600)`, '1', KEY);
    const end = Number(await redis.cli('PEXPIRETIME', KEY));
    const { document } = await unblock([IP], { home });
    const words = ['undo', document.id ?? '', '--yes', '--reason', 'no', '--redis-url', redis.url];
    expect((await remedy(words, { home })).code).toBe(0);
    expect(await redis.cli('EVAL', `return redis.call('GET', KEYS[1]) == '\\255\\0x' and 1`, '1', KEY)).toBe(
      '1',
    );
    expect(Math.abs(Number(await redis.cli('PEXPIRETIME', KEY)) - end)).toBeLessThan(2_000);
  });
});

describe('nothing matched: 7, and nothing is journaled', () => {
  test.each([[['203.0.113.4']], [['203.0.113.0/29']], [['203.0.113.4', '--clear-counter']]])(
    '%j',
    async (words) => {
      const home = await temporaryFolder('home');
      await blocked(IP);
      const { code, document } = await unblock(words, { home });
      expect(code).toBe(7);
      expect(document).toMatchObject({ id: null, status: 'unchanged', changes: [], undo: null });
      expect(document.message).toMatch(/there is nothing to do$/);
      expect(await keysIn(redis)).toEqual([KEY]);
      expect(journaled(home)).toEqual([]);
    },
  );

  test('twice is 0, then 7', async () => {
    await blocked(IP);
    expect([(await unblock([IP])).code, (await unblock([IP])).code]).toEqual([0, 7]);
  });
});

describe('failure counters', () => {
  const FAMILIES = [`acp:auth_fail:${IP}`, `acp:ratelimit:auth_fail:${IP}`];
  const OTHERS = [
    ...['acp:auth_fail:203.0.113.4', 'acp:ratelimit:auth_fail:203.0.113.4', `acp:auth_failures:${IP}`],
    ...[`acp:ratelimit:ip:${IP}`, blockOf('203.0.113.4')],
  ];
  beforeEach(() => redis.load([...FAMILIES, ...OTHERS].map((key) => ['SET', key, '26', 'EX', '60'])));

  test('stay unless they are named', async () => {
    await blocked(IP);
    expect((await unblock([IP])).document.changes).toHaveLength(1);
    expect(await keysIn(redis)).toEqual([...FAMILIES, ...OTHERS].sort());
  });

  test('of both families go with --clear-counter, and no others', async () => {
    await blocked(IP);
    const { code, document } = await unblock([IP, '--clear-counter']);
    expect(code).toBe(0);
    expect(document.changes.map(({ target, after }) => [target, after])).toEqual(
      [KEY, ...FAMILIES].map((key) => [key, null]),
    );
    expect(await keysIn(redis)).toEqual([...OTHERS].sort());
  });

  test('go also of an address that is not blocked, and while they run', async () => {
    const { code, document } = await unblock([IP, '--clear-counter']);
    expect({ code, status: document.status }).toEqual({ code: 0, status: 'applied' });
    expect(await keysIn(redis)).toEqual([...OTHERS].sort());
  });

  test('are not brought back by undo, the block is', async () => {
    const home = await temporaryFolder('home');
    await blocked(IP);
    const { document } = await unblock([IP, '--clear-counter'], { home });
    const words = ['undo', document.id ?? '', '--yes', '--reason', 'no', '--redis-url', redis.url];
    expect((await remedy(words, { home })).code).toBe(0);
    expect(await keysIn(redis)).toEqual([KEY, ...OTHERS].sort());
  });
});

describe('through the same door', () => {
  test('no terminal and no --yes: 6', async () => {
    await blocked(IP);
    const { code, document } = await remedy(['unblock-ip', IP, '--reason', 'over', '--redis-url', redis.url]);
    expect(code).toBe(6);
    expect(document.refusals).toMatchObject([{ guard: 'confirmation', override: '--yes' }]);
    expect(await keysIn(redis)).toEqual([KEY]);
  });

  test('no reason: 6; the block lends none', async () => {
    await blocked(IP);
    const { code, document } = await remedy(['unblock-ip', IP, '--yes', '--redis-url', redis.url]);
    expect(code).toBe(6);
    expect(document.refusals).toMatchObject([{ guard: 'reason', override: '--reason' }]);
    expect(await keysIn(redis)).toEqual([KEY]);
  });

  test('--dry-run', async () => {
    const home = await temporaryFolder('home');
    await blocked(IP);
    await redis.cli('CONFIG', 'RESETSTAT');
    const { code, document } = await unblock([IP, '--dry-run', '--clear-counter'], { home });
    expect({ code, status: document.status }).toEqual({ code: 0, status: 'dry-run' });
    expect(document.changes).toMatchObject([{ target: KEY, after: null, status: 'dry-run' }]);
    expect([await keysIn(redis), await callsOf(redis, 'eval'), journaled(home)]).toEqual([[KEY], 0, []]);
  });

  test('a production context wants its name', async () => {
    const home = await homeWith(
      `current-context: prod\ncontexts: { prod: { production: true, redis: "${redis.url}" } }\n`,
    );
    await blocked(IP);
    const words = ['unblock-ip', IP, '--yes', '--reason', 'over'];
    expect((await remedy(words, { home })).code).toBe(6);
    expect(await keysIn(redis)).toEqual([KEY]);
    expect((await remedy([...words, '--context', 'prod'], { home })).code).toBe(0);
  });

  test('on a terminal it shows what goes, and asks', async () => {
    await blocked(IP);
    const words = ['unblock-ip', IP, '--reason', 'over', '--redis-url', redis.url];
    const after = 'unblock-ip 203.0.113.42? (y/N)';
    expect((await runInTerminal(words, { answers: [{ after, type: 'n' }] })).code).toBe(6);
    expect(await keysIn(redis)).toEqual([KEY]);
    const { code, output } = await runInTerminal(words, { answers: [{ after, type: 'y' }] });
    expect(code).toBe(0);
    expect(output).toMatch(/now +abuse, until[\s\S]*then +nothing/);
    expect(await redis.cli('DBSIZE')).toBe('0');
  });

  test.each(['1.2.3', 'fe80::1%eth0', '203.0.113.42/24', '*', '203.0.113.*'])('%j: 2', async (word) => {
    await blocked(IP);
    const result = await runProgram([...unblockArgs(word), '-o', 'json']);
    expect(result.code).toBe(2);
    expect(errorDocument(result)).toMatchObject({ code: 'usage' });
    expect(await keysIn(redis)).toEqual([KEY]);
  });

  test('a range that is too wide: 6', async () => {
    for (const words of [['203.0.0.0/15'], ['2001:db8::/119']]) expect((await unblock(words)).code).toBe(6);
    expect((await unblock(['2001:db8::/116', '--max', '4096'])).code).toBe(7);
  });

  test('what no guard would let in can still be taken off: a private address', async () => {
    await blocked('10.0.0.1');
    expect((await unblock(['10.0.0.1'])).code).toBe(0);
    expect((await block(redis, ['10.0.0.1'])).code).toBe(6);
  });
});
