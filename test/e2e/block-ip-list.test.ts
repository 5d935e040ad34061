import { stripVTControlCharacters } from 'node:util';
import { beforeEach, describe, expect, test } from 'vitest';
import { freshRedis } from '../support/fresh-redis.ts';
import { deadPort, temporaryFolder } from '../support/processes.ts';
import { runInTerminal, runProgram } from '../support/program.ts';
import { about } from '../support/ttl.ts';
import { block, blockOf, callsOf, DAY, homeWith, IP, KEY, keysIn, remedy } from './block-ip-support.ts';
import { errorDocument, type RunOptions } from './systems.ts';

const redis = freshRedis({
  acl: ['triage on >secret ~* resetchannels -@all +@read +@connection +info +time -keys'],
});

interface Listed {
  ip: string;
  reason: string | { hex: string };
  expiresAt: string | null;
  ttlSeconds: number | null;
  operator: string | null;
  journalId: string | null;
}

/** `ratelimit/blocks/v1`. */
async function blocks(words: readonly string[] = [], options: RunOptions = {}, url = redis.url) {
  const result = await runProgram(['blocks', '-o', 'json', '--redis-url', url, ...words], options);
  expect({ code: result.code, stderr: result.stderr }).toEqual({ code: 0, stderr: '' });
  const document = JSON.parse(result.stdout) as { schema: string; blocks: Listed[]; warnings: string[] };
  expect(Object.keys(document).sort()).toEqual(['blocks', 'schema', 'warnings']);
  expect(document.schema).toBe('ratelimit/blocks/v1');
  const keys = ['expiresAt', 'ip', 'journalId', 'operator', 'reason', 'ttlSeconds'];
  for (const one of document.blocks) expect(Object.keys(one).sort()).toEqual(keys);
  return document;
}
const ipsOf = ({ blocks: list }: Awaited<ReturnType<typeof blocks>>) => list.map(({ ip }) => ip);
const byHand = (ip: string, reason: string, seconds: number | null) =>
  redis.cli('SET', blockOf(ip), reason, ...(seconds === null ? [] : ['EX', String(seconds)]));

test('none', async () => {
  expect(await blocks()).toEqual({ schema: 'ratelimit/blocks/v1', blocks: [], warnings: [] });
});

test('what is blocked, why, by whom and until when; what ends first comes first', async () => {
  const home = await temporaryFolder('home');
  await byHand('203.0.113.7', 'by hand', null);
  await byHand('203.0.113.8', 'by hand', 600);
  const { document } = await block(redis, [IP, '--operator', 'ada'], { home });
  const list = await blocks([], { home });
  const none = { operator: null, journalId: null };
  expect(list.blocks).toEqual([
    { ip: '203.0.113.8', reason: 'by hand', ttlSeconds: about(600), expiresAt: expect.any(String), ...none },
    {
      ...{ ip: IP, reason: 'abuse', ttlSeconds: about(DAY), operator: 'ada', journalId: document.id },
      expiresAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    },
    { ip: '203.0.113.7', reason: 'by hand', ttlSeconds: null, expiresAt: null, ...none },
  ]);
  const end = Date.parse(list.blocks[1]?.expiresAt ?? '');
  expect(Math.abs(end - Date.parse(document.expiresAt ?? ''))).toBeLessThanOrEqual(1_000);
});

describe('by whom', () => {
  test('is who changed it last, not who was overruled by hand, nor who took it back', async () => {
    const home = await temporaryFolder('home');
    const ada = await block(redis, [IP, '--ttl', '1h', '--operator', 'ada'], { home });
    const bob = await block(redis, [IP, '--operator', 'bob'], { home });
    expect(ada.document.id).not.toBe(bob.document.id);
    expect((await blocks([], { home })).blocks).toMatchObject([
      { operator: 'bob', journalId: bob.document.id },
    ]);
    await byHand(IP, 'another reason', DAY);
    expect((await blocks([], { home })).blocks).toMatchObject([{ operator: null, journalId: null }]);
  });

  test("a teammate's is known from the team's stream", async () => {
    const config = `current-context: a\ncontexts: { a: { redis: "${redis.url}", journal-stream: "ratelimit:journal" } }\n`;
    const [hers, his] = [await homeWith(config), await homeWith(config)];
    const words = ['block-ip', IP, '--reason', 'x', '--yes', '--verify', '0', '--operator', 'ada'];
    const { document } = await remedy(words, { home: hers });
    expect(await redis.cli('XLEN', 'ratelimit:journal')).toBe('2');
    const result = await runProgram(['blocks', '-o', 'json'], { home: his });
    expect(JSON.parse(result.stdout).blocks).toMatchObject([
      { ip: IP, operator: 'ada', journalId: document.id },
    ]);
    const alone = await blocks([], { home: await temporaryFolder('home') });
    expect(alone.blocks).toMatchObject([{ operator: null, journalId: null }]);
  });
});

describe('--expiring', () => {
  beforeEach(async () => {
    await Promise.all([
      byHand('203.0.113.1', 'a', 300),
      byHand('203.0.113.2', 'b', 7_200),
      byHand(IP, 'c', null),
    ]);
  });

  test.each([
    ['1m', []],
    ['1h', ['203.0.113.1']],
    ['3h', ['203.0.113.1', '203.0.113.2']],
    ['52w', ['203.0.113.1', '203.0.113.2']],
  ])('%s', async (within, ips) => {
    expect(ipsOf(await blocks(['--expiring', within]))).toEqual(ips);
  });

  test.each(['0', '', '-1h', 'soon', '5'])('%j: 2', async (within) => {
    const result = await runProgram([
      'blocks',
      '-o',
      'json',
      '--redis-url',
      redis.url,
      `--expiring=${within}`,
    ]);
    expect(result.code).toBe(2);
    expect(errorDocument(result)).toMatchObject({ code: 'usage', exitCode: 2 });
  });
});

describe('what anybody may have written', () => {
  const EVIL = '\u001b]0;owned\u0007\u001b[31m<img src=x>|`$(id)`\u202e\r\n* **bold**';
  beforeEach(() => byHand(IP, EVIL, 600));

  test('reaches no terminal as it is, and scripts exactly', async () => {
    const { blocks: list } = await blocks();
    expect(list).toMatchObject([{ ip: IP, reason: EVIL }]);
    const { output, code } = await runInTerminal(['blocks', '--redis-url', redis.url]);
    expect(code).toBe(0);
    const text = stripVTControlCharacters(output);
    expect(text).toContain('\\x1b]0;owned\\x07\\x1b[31m');
    expect(output).not.toContain('\u001b]0;owned');
    expect(output).not.toContain('\u202e');
    const { stdout } = await runProgram(['blocks', '-o', 'markdown', '--redis-url', redis.url]);
    for (const one of ['\u001b', '\u0007', '\u202e', '\r']) expect(stdout).not.toContain(one);
    // One row: the line break of the reason is none.
    expect(stdout.split('\n').filter((line) => line.startsWith('|'))).toHaveLength(3);
  });

  test('as a name is shown with a warning', async () => {
    await byHand('not an address\u001b[2J', 'x', 60);
    await byHand('2001:DB8::1', 'x', 60);
    const list = await blocks();
    expect(new Set(ipsOf(list))).toEqual(new Set([IP, 'not an address\u001b[2J', '2001:DB8::1']));
    expect(list.warnings).toEqual([
      expect.stringMatching(/^2 names are not an address as the system writes one/),
    ]);
  });

  test('that is no text, beside a block: neither hides the other', async () => {
    await redis.load([
      ['SADD', blockOf('203.0.113.1'), 'x'],
      ['SET', 'acp:ip_blocks', '1'],
      ['SET', 'xacp:ip_block:203.0.113.2', '1'],
    ]);
    await redis.cli('EVAL', `redis.call('SET', KEYS[1], '\\255\\0', 'EX', 60)`, '1', blockOf('203.0.113.3'));
    const { blocks: list } = await blocks();
    const bytes = expect.objectContaining({ ip: '203.0.113.3', reason: { hex: 'ff00' } });
    expect(list).toEqual(expect.arrayContaining([bytes, expect.objectContaining({ ip: IP, reason: EVIL })]));
    expect(list.map(({ ip }) => ip)).not.toContain('203.0.113.2');
  });
});

test('thousands, and never by KEYS', async () => {
  await redis.load(
    [...Array(5_000).keys()].map((n) => ['SET', blockOf(`2001:db8::${n.toString(16)}`), 'x', 'EX', '600']),
  );
  await redis.cli('CONFIG', 'RESETSTAT');
  expect(new Set(ipsOf(await blocks())).size).toBe(5_000);
  expect([await callsOf(redis, 'keys'), (await callsOf(redis, 'scan')) > 0]).toEqual([0, true]);
  const { stdout } = await runProgram(['blocks', '--redis-url', redis.url]);
  expect(stdout).toMatch(/^5,000 blocks in force\n/);
});

test('a user that may only read can list, and changes nothing', async () => {
  await byHand(IP, 'x', 600);
  const list = await blocks([], {}, redis.url.replace('//', '//triage:secret@'));
  expect(ipsOf(list)).toEqual([IP]);
  expect(await keysIn(redis)).toEqual([KEY]);
});

test('what cannot be read is an error: 1, and 4 for a wrong password', async () => {
  const down = ['blocks', '-o', 'json', '--redis-url', `redis://127.0.0.1:${await deadPort()}`];
  const result = await runProgram(down);
  expect(result.code).toBe(1);
  expect(errorDocument(result)).toMatchObject({ exitCode: 1, message: expect.stringMatching(/refused/) });
  const wrong = await runProgram([...down.slice(0, 4), redis.url.replace('//', '//triage:wrong@')]);
  expect(wrong.code).toBe(4);
  expect(errorDocument(wrong)).toMatchObject({ code: 'auth', exitCode: 4 });
});
