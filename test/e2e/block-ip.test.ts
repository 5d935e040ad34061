import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { freshRedis } from '../support/fresh-redis.ts';
import { temporaryFolder } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';
import { about } from '../support/ttl.ts';
import {
  block,
  blockArgs,
  blockOf,
  callsOf,
  DAY,
  homeWith,
  IP,
  journaled,
  journalOf,
  KEY,
  keysIn,
  remedy,
  ttlOf,
} from './block-ip-support.ts';
import { errorDocument } from './systems.ts';

const redis = freshRedis();

const run = (...words: string[]) => block(redis, words);
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

describe('one address', () => {
  test('is one key with the reason and a day to live, and all is in the document', async () => {
    const home = await temporaryFolder('home');
    const { code, document } = await block(redis, [IP, '--operator', 'ada'], { home });
    expect(code).toBe(0);
    expect(await keysIn(redis)).toEqual([KEY]);
    expect(await redis.cli('GET', KEY)).toBe('abuse');
    const ttl = await ttlOf(redis, KEY);
    expect(ttl).toBeGreaterThan(DAY - 30);
    expect(ttl).toBeLessThanOrEqual(DAY);

    const [intent] = journalOf(home);
    const [change] = document.changes;
    expect(document).toEqual({
      ...{ schema: 'ratelimit/remedy/v1', id: intent?.id, remedy: 'block-ip', subject: IP },
      ...{ status: 'applied', reason: 'abuse', operator: 'ada', at: expect.stringMatching(ISO) },
      expiresAt: change?.after?.expiresAt,
      facts: [],
      changes: [
        {
          ...{ system: 'redis', target: KEY, before: null, status: 'applied', message: null },
          after: { value: 'abuse', ttlSeconds: DAY, expiresAt: expect.stringMatching(ISO) },
          verified: 'stored',
        },
      ],
      ...{ verified: 'stored', verification: null },
      undo: `ratelimit undo ${intent?.id} --redis-url ${redis.url}`,
      warnings: [expect.stringMatching(/^not checked: .*SSH_CONNECTION/)],
      ...{ message: null, refusals: [], command: null },
    });
    const lasts = Date.parse(document.expiresAt ?? '') - Date.parse(document.at);
    expect(Math.abs(lasts - DAY * 1_000)).toBeLessThan(30_000);
    expect(journaled(home)).toEqual(['intent', 'outcome applied']);
    expect(intent).toMatchObject({ operator: 'ada', reason: 'abuse', remedy: 'block-ip' });
  });

  test('for people: what was and what is, until when, and the way back', async () => {
    const { code, stdout, stderr } = await runProgram(blockArgs(redis, IP));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^applied: block-ip 203\.0\.113\.42\n {2}acp:ip_block:203\.0\.113\.42\n/);
    expect(stdout).toMatch(/was +nothing\n +now +abuse, until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC \(in 24h\)/);
    expect(stdout).toMatch(/\nUndo: ratelimit undo [0-9A-Z]{26} --redis-url redis:\S+\n$/);
  });

  test('for the incident channel', async () => {
    const { code, stdout } = await runProgram([...blockArgs(redis, IP), '-o', 'markdown']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^## applied: block-ip `203\.0\.113\.42`\n/);
  });

  test.each([
    ['2001:DB8:0:0:0:0:0:42', '2001:db8::42'],
    ['::ffff:203.0.113.42', IP],
    ['::FFFF:CB00:712A', IP],
    ['203.0.113.42/32', IP],
    ['2001:db8::42/128', '2001:db8::42'],
    ['::ffff:203.0.113.42/128', IP],
  ])('%s is written as %s, as the system looks it up', async (typed, key) => {
    expect((await run(typed)).document).toMatchObject({ status: 'applied', subject: key });
    expect(await keysIn(redis)).toEqual([blockOf(key)]);
  });

  test.each([
    ...['203.0.113', '1.2.3', '0313.0.113.42', '0xcb.0.113.42', '3405803818', 'localhost', '203.0.113.256'],
    ...['fe80::1%eth0', '2001:db8::42%1', '[2001:db8::42]', '2001:db8:::42', '203.0.113.42:80', ' ', '*'],
    ...[
      '203.0.113.42/24',
      '2001:db8::42/64',
      '203.0.113.0/33',
      '203.0.113.0/024',
      '203.0.113.0/255.255.255.0',
    ],
  ])('%j is no address and no range: 2, and nothing is written', async (typed) => {
    const result = await runProgram([...blockArgs(redis, '203.0.113.1', '-o', 'json'), typed]);
    expect(result.code).toBe(2);
    const document = errorDocument(result);
    expect(document).toMatchObject({ code: 'usage', exitCode: 2 });
    expect(document.message).toMatch(/^expected an IP address or a range/);
    expect(await redis.cli('DBSIZE')).toBe('0');
  });

  test('all that is wrong is said at once', async () => {
    const result = await runProgram(blockArgs(redis, '1.2.3', IP, '203.0.113.42/24', 'fe80::1%eth0'));
    expect(result).toMatchObject({ code: 2, stdout: '' });
    for (const typed of ['1.2.3', '203.0.113.42/24', 'fe80::1%eth0']) expect(result.stderr).toContain(typed);
  });
});

describe('how long', () => {
  test.each([
    ['90m', 5_400],
    ['1h30m', 5_400],
    ['7d', 7 * DAY],
    ['1s', 1],
  ])('--ttl %s', async (ttl, seconds) => {
    const { document, code } = await run(IP, '--ttl', ttl);
    expect(code).toBe(0);
    expect(document.changes[0]?.after?.ttlSeconds).toBe(seconds);
  });

  test('a week is the most, and the default is no more than what the context allows', async () => {
    const { document, code } = await run(IP, '--ttl', '169h');
    expect(code).toBe(6);
    expect(document).toMatchObject({ status: 'refused', refusals: [{ guard: 'ttl', override: null }] });
    expect(document.message).toMatch(/--ttl 7d1h is more than 7d.*max-block-ttl/);

    const home = await homeWith(
      `current-context: a\ncontexts: { a: { redis: "${redis.url}", max-block-ttl: 1h } }\n`,
    );
    const words = ['block-ip', IP, '--yes', '--verify', '0', '--reason', 'x'];
    expect((await remedy([...words, '--ttl', '61m'], { home })).code).toBe(6);
    expect(await redis.cli('DBSIZE')).toBe('0');
    const { document: usual } = await remedy(words, { home });
    expect(usual.changes[0]?.after?.ttlSeconds).toBe(3_600);
  });

  test.each(['0', '-5m', '5', '', 'forever', '400ms', '1e3s', '24H', '1d 2h'])('--ttl %j: 2', async (ttl) => {
    const result = await runProgram([...blockArgs(redis, IP, '-o', 'json'), `--ttl=${ttl}`]);
    expect(result.code).toBe(2);
    expect(errorDocument(result)).toMatchObject({ code: 'usage', exitCode: 2 });
    expect(await redis.cli('DBSIZE')).toBe('0');
  });
});

describe('many', () => {
  test('a range becomes a key an address, the first and the last too', async () => {
    const { document } = await run('203.0.113.8/30', '2001:db8::fffe/127');
    expect(document).toMatchObject({ status: 'applied', subject: '2 addresses and ranges' });
    const ips = ['2001:db8::fffe', '2001:db8::ffff', ...[8, 9, 10, 11].map((n) => `203.0.113.${n}`)];
    expect(await keysIn(redis)).toEqual(ips.map(blockOf).sort());
    expect(document.changes.map(({ target }) => target).sort()).toEqual(ips.map(blockOf).sort());
  });

  test('what is named twice is blocked once', async () => {
    const { document } = await run(IP, '::ffff:203.0.113.42', '203.0.113.42/31', IP);
    expect(document.changes.map(({ target }) => target)).toEqual([KEY, blockOf('203.0.113.43')]);
  });

  test('256 at once unless --max says otherwise', async () => {
    expect((await run('203.0.113.0/24')).document.changes).toHaveLength(256);
    await redis.flush();
    const { document, code } = await run('2001:db8::/119');
    expect(code).toBe(6);
    expect(document.refusals).toEqual([
      { guard: 'max', message: expect.stringContaining('512 addresses'), override: '--max 512' },
    ]);
    expect((await run('203.0.113.0/31', '--max', '1')).code).toBe(6);
    expect(await redis.cli('DBSIZE')).toBe('0');
    expect((await run('2001:db8::/119', '--max', '512')).code).toBe(0);
    expect(await redis.cli('DBSIZE')).toBe('512');
  });

  test('4,096 are the most, all of them in one run, and they can be taken back', async () => {
    const home = await temporaryFolder('home');
    const { document, code } = await block(redis, ['2001:db8::/116', '--max', '4096'], { home });
    expect({ code, status: document.status }).toEqual({ code: 0, status: 'applied' });
    expect(await redis.cli('DBSIZE')).toBe('4096');
    const hex = [...Array(4096).keys()].map((n) => (n === 0 ? '2001:db8::' : `2001:db8::${n.toString(16)}`));
    expect(new Set(await keysIn(redis))).toEqual(new Set(hex.map(blockOf)));
    expect(await redis.cli('GET', blockOf('2001:db8::fff'))).toBe('abuse');
    expect(await ttlOf(redis, blockOf('2001:db8::abc'))).toBeGreaterThan(DAY - 60);

    const words = ['--yes', '--reason', 'wrong customer', '--redis-url', redis.url];
    const undone = await remedy(['undo', document.id ?? '', ...words], { home });
    expect({ code: undone.code, status: undone.document.status }).toEqual({ code: 0, status: 'applied' });
    expect(await redis.cli('DBSIZE')).toBe('0');
    expect(journaled(home)).toEqual(['intent', 'outcome applied', 'intent', 'outcome applied', 'undone']);
  });

  test.each(['5000', '4097', '0', '-1', '1e3', 'all'])('--max %s: 2', async (max) => {
    expect(await runProgram(blockArgs(redis, IP, `--max=${max}`))).toMatchObject({ code: 2, stdout: '' });
    expect(await redis.cli('DBSIZE')).toBe('0');
  });
});

describe('--stdin', () => {
  const fromStdin = (input: string, ...words: string[]) => block(redis, ['--stdin', ...words], { input });

  test('one a line; blank lines and comments are left out, arguments count too', async () => {
    const { code } = await fromStdin(
      '# the usual\n\r\n203.0.113.1\r\n  203.0.113.2  # INC-42\n2001:DB8::1',
      IP,
    );
    expect(code).toBe(0);
    const ips = ['2001:db8::1', '203.0.113.1', '203.0.113.2', IP];
    expect(await keysIn(redis)).toEqual(ips.map(blockOf));
  });

  test.each(['', '\n# nothing\n', '203.0.113.1 203.0.113.2\n', '203.0.113.1\nevil\n'])(
    '%j: 2',
    async (input) => {
      const result = await runProgram(blockArgs(redis, '--stdin'), { input });
      expect(result).toMatchObject({ code: 2, stdout: '' });
      expect(await redis.cli('DBSIZE')).toBe('0');
    },
  );

  test('more than anybody types is refused', async () => {
    const result = await runProgram(blockArgs(redis, '--stdin'), { input: '203.0.113.1\n'.repeat(100_000) });
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toMatch(/--stdin: stdin has more than/);
  });
});

describe('--dry-run', () => {
  test('shows what would be written, writes nothing and records nothing', async () => {
    const home = await temporaryFolder('home');
    await redis.cli('SET', blockOf('203.0.113.43'), 'earlier', 'EX', '600');
    await redis.cli('CONFIG', 'RESETSTAT');
    const { code, document } = await block(redis, ['203.0.113.42/31', '--dry-run'], { home });
    expect(code).toBe(0);
    expect(document).toMatchObject({ id: null, status: 'dry-run', undo: null, verified: null });
    expect(document.changes).toMatchObject([
      { target: KEY, before: null, after: { value: 'abuse', ttlSeconds: DAY }, status: 'dry-run' },
      { before: { value: 'earlier', ttlSeconds: about(600) }, after: { value: 'abuse' }, status: 'dry-run' },
    ]);
    expect(await keysIn(redis)).toEqual([blockOf('203.0.113.43')]);
    expect(await ttlOf(redis, blockOf('203.0.113.43'))).toBeLessThanOrEqual(600);
    // It did look, and it did not write.
    expect(await callsOf(redis, 'mget')).toBeGreaterThan(0);
    for (const write of ['eval', 'evalsha', 'set', 'del', 'xadd'])
      expect(await callsOf(redis, write)).toBe(0);
    expect(existsSync(join(home, 'state'))).toBe(false);
  });

  test('needs nobody to agree, and is still held by the guards', async () => {
    const words = ['--dry-run', '--reason', 'x', '--redis-url', redis.url];
    expect((await remedy(['block-ip', IP, ...words])).code).toBe(0);
    expect((await remedy(['block-ip', '10.0.0.1', ...words])).code).toBe(6);
  });
});
