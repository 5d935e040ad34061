import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import { freshRedis } from '../support/fresh-redis.ts';
import { makeOperator, type Operator } from '../support/operator.ts';
import { errorDocument } from './systems.ts';

const IP = '203.0.113.42';
const BLOCK = `acp:ip_block:${IP}`;
const COUNTER = `acp:auth_fail:${IP}`;
const CAP = 'acp:agent_cost_cap:agent-7';
const WHY = ['--reason', 'testing'];

const redis = freshRedis({ acl: ['reader on >secret ~* +@read +@connection +info +time'] });
let ada: Operator;
beforeEach(async () => {
  ada = await makeOperator(['--redis-url', redis.url]);
});

/** What a key holds and when it ends (milliseconds since the epoch, -1: never); null: there is none. */
async function held(key: string): Promise<{ value: string; ends: number } | null> {
  if ((await redis.cli('EXISTS', key)) === '0') return null;
  return { value: await redis.cli('GET', key), ends: Number(await redis.cli('PEXPIRETIME', key)) };
}
/** The same, ended at the same time give or take what two looks may differ by. */
const like = (state: { value: string; ends: number } | null) =>
  state && { ...state, ends: state.ends === -1 ? -1 : expect.closeTo(state.ends, -3.3) };
const put = (key: string, value: string, seconds?: number) =>
  redis.cli('SET', key, value, ...(seconds === undefined ? [] : ['PXAT', `${Date.now() + seconds * 1_000}`]));

/** Does something and answers its id. */
async function done(...args: string[]): Promise<string> {
  const { code, document } = await ada.remedy([...args, ...WHY]);
  expect({ code, status: document.status }).toEqual({ code: 0, status: 'applied' });
  return document.id ?? '';
}
const undo = (id: string, ...more: string[]) => ada.remedy(['undo', id, ...WHY, ...more]);

describe('what was there before is there again', () => {
  test.each<[string, () => Promise<unknown>, string[], string]>([
    ['no block', async () => {}, ['block-ip', IP], BLOCK],
    [
      'a shorter block, with its reason and its end',
      () => put(BLOCK, 'earlier', 600),
      ['block-ip', IP, '--ttl', '12h'],
      BLOCK,
    ],
    ['a lower cap', () => put(CAP, '100.00'), ['raise-cap', 'agent-7', '--to', '150.00'], CAP],
    ['no cap', async () => {}, ['raise-cap', 'agent-7', '--to', '150.00'], CAP],
    ['a block that was lifted', () => put(BLOCK, 'earlier', 600), ['unblock-ip', IP], BLOCK],
    ['a block without an end that was lifted', () => put(BLOCK, 'for ever'), ['unblock-ip', IP], BLOCK],
  ])('%s', async (_, prepare, remedy, key) => {
    await prepare();
    const before = await held(key);
    const id = await done(...remedy);
    const after = await held(key);
    expect(after).not.toEqual(before);

    const { code, document } = await undo(id);
    expect({ code, status: document.status, verified: document.verified }).toEqual({
      code: 0,
      status: 'applied',
      verified: 'stored',
    });
    expect(await held(key)).toEqual(like(before));
    const { entries } = await ada.journal();
    expect(entries).toMatchObject([
      { id, undoneBy: document.id },
      { id: document.id, undoes: id, remedy: 'undo' },
    ]);

    const again = await undo(id);
    expect(again).toMatchObject({ code: 7, document: { status: 'unchanged', id: null } });
    expect(again.document.message).toBe(`${id} (${remedy[0]}) was undone already, by ${document.id}`);

    // To undo the undoing is to do it again.
    const back = await undo(document.id ?? '');
    expect(back).toMatchObject({ code: 0, document: { status: 'applied' } });
    expect(await held(key)).toEqual(like(after));
    expect((await ada.events()).map(({ event }) => event)).toHaveLength(8);
  });

  test('bytes that are no text', async () => {
    await redis.load([['SET', BLOCK, Buffer.from([0xff, 0x00, 0x1b, 0xfe]), 'EX', '600']]);
    const bytes = () => redis.cli('BITCOUNT', BLOCK);
    const before = await bytes();
    const id = await done('unblock-ip', IP);
    expect(await bytes()).toBe('0');
    expect((await undo(id)).code).toBe(0);
    expect([await bytes(), await redis.cli('STRLEN', BLOCK)]).toEqual([before, '4']);
  });

  test('a block, but not the counters that were cleared with it', async () => {
    await put(BLOCK, 'earlier', 600);
    await put(COUNTER, '25', 300);
    const id = await done('unblock-ip', IP, '--clear-counter');
    expect(await redis.cli('KEYS', '*')).toBe('');
    const { code, document } = await undo(id);
    expect(code).toBe(0);
    expect(document.changes.map(({ target }) => target)).toEqual([BLOCK]);
    expect(await redis.cli('KEYS', '*')).toBe(BLOCK);
  });

  test('a block with what is left of its time, not with all that it had', async () => {
    await put(BLOCK, 'earlier', 600);
    const before = await held(BLOCK);
    const id = await done('unblock-ip', IP);
    await sleep(2_500);
    expect((await undo(id)).code).toBe(0);
    expect(await held(BLOCK)).toEqual(like(before));
  });

  test('nothing, where the shorter block would have ended by now', async () => {
    await put(BLOCK, 'earlier', 3);
    const id = await done('block-ip', IP);
    await sleep(3_100);
    expect((await undo(id)).code).toBe(0);
    expect(await held(BLOCK)).toBeNull();
  });
});

describe('8: somebody changed it since, and nothing is written', () => {
  test.each<[string, string[], string, () => Promise<unknown>, string[]]>([
    ['a longer block', ['block-ip', IP], BLOCK, () => put(BLOCK, 'theirs', 99_999), ['testing', 'theirs']],
    ['another end', ['block-ip', IP], BLOCK, () => redis.cli('EXPIRE', BLOCK, '90000'), ['testing']],
    [
      'another cap',
      ['raise-cap', 'agent-7', '--to', '150.00'],
      CAP,
      () => put(CAP, '200.00'),
      ['150.00', '200.00'],
    ],
    [
      'a cap that expires',
      ['raise-cap', 'agent-7', '--to', '150.00'],
      CAP,
      () => redis.cli('EXPIRE', CAP, '600'),
      ['150.00, no expiry', '150.00, until '],
    ],
    [
      'a new block after the lifting',
      ['unblock-ip', '203.0.113.9'],
      'acp:ip_block:203.0.113.9',
      () => put('acp:ip_block:203.0.113.9', 'theirs', 50),
      ['nothing', 'theirs'],
    ],
  ])('%s', async (_, remedy, key, change, both) => {
    await put('acp:ip_block:203.0.113.9', 'there', 600);
    await put(CAP, '100.00');
    const id = await done(...remedy);
    await change();
    const before = await held(key);
    const { code, document } = await undo(id);
    expect({ code, status: document.status, id: document.id }).toEqual({
      code: 8,
      status: 'conflict',
      id: null,
    });
    expect(document.changes).toMatchObject([{ target: key, status: 'conflict' }]);
    expect(document.changes[0]?.after?.value).toBe(before?.value);
    expect(await held(key)).toEqual(before);
    expect(await ada.events()).toHaveLength(2);

    const { code: same, stdout, stderr } = await ada.run(['undo', id, '--yes', ...WHY]);
    expect({ same, stdout }).toEqual({ same: 8, stdout: '' });
    for (const side of both) expect(stderr).toContain(side);
  });
});

test('of several, those that stand are restored and the changed one is left: partial, exit 1', async () => {
  const ips = [1, 2, 3].map((last) => `203.0.113.${last}`);
  await put('acp:ip_block:203.0.113.3', 'earlier', 600);
  const earlier = await held('acp:ip_block:203.0.113.3');
  const id = await done('block-ip', ...ips);
  await put('acp:ip_block:203.0.113.2', 'theirs', 5_000);
  const theirs = await held('acp:ip_block:203.0.113.2');
  const { code, document } = await undo(id);
  expect({ code, status: document.status }).toEqual({ code: 1, status: 'partial' });
  expect(document.changes.map(({ status }) => status)).toEqual(['applied', 'conflict', 'applied']);
  expect(document.changes[1]).toMatchObject({ before: { value: 'testing' }, after: { value: 'theirs' } });
  const all = () => Promise.all(ips.map((ip) => held(`acp:ip_block:${ip}`)));
  expect(await all()).toEqual([null, theirs, like(earlier)]);
  // It is not undone as a whole: what is left of it is a conflict still.
  expect((await undo(id)).code).toBe(8);
  expect(await all()).toEqual([null, theirs, like(earlier)]);
});

describe('7: there is nothing to undo', () => {
  test('the block has ended by itself', async () => {
    const id = await done('block-ip', IP, '--ttl', '1s');
    await sleep(1_200);
    const { code, document } = await undo(id);
    expect({ code, status: document.status }).toEqual({ code: 7, status: 'unchanged' });
    expect(document.message).toContain('has ended by itself');
    expect(await ada.events()).toHaveLength(2);
    expect((await ada.run(['journal'])).stdout).toContain('applied, ended');
  });

  test('somebody took it back by hand', async () => {
    const id = await done('block-ip', IP);
    await redis.cli('DEL', BLOCK);
    expect((await undo(id)).code).toBe(7);
  });

  test('it was refused by Redis', async () => {
    const url = redis.url.replace('//', '//reader:secret@');
    const bob = await makeOperator(['--redis-url', url]);
    const { code, document } = await bob.remedy(['block-ip', IP, ...WHY]);
    expect({ code, status: document.status }).toEqual({ code: 4, status: 'failed' });
    const [entry] = (await bob.journal()).entries;
    expect(entry).toMatchObject({ status: 'failed', resolved: true });
    const undone = await bob.remedy(['undo', entry?.id ?? '', ...WHY]);
    expect(undone).toMatchObject({ code: 7, document: { status: 'unchanged' } });
    expect(undone.document.message).toContain('changed nothing (failed)');
  });

  test('there is no such entry', async () => {
    const result = await ada.run(['undo', '01J9ZK3V5T8Q0F6W2N4R7C1XYZ', '--yes', ...WHY, '-o', 'json']);
    expect(result.code).toBe(7);
    expect(errorDocument(result)).toMatchObject({ code: 'not-found' });
  });
});

describe('6: it is not done', () => {
  test('by --dry-run, which says what would be (exit 0)', async () => {
    await put(BLOCK, 'earlier', 600);
    const id = await done('block-ip', IP);
    const before = await held(BLOCK);
    const { code, document } = await undo(id, '--dry-run');
    expect({ code, status: document.status, id: document.id }).toEqual({
      code: 0,
      status: 'dry-run',
      id: null,
    });
    expect(document.changes).toMatchObject([
      { target: BLOCK, after: { value: 'earlier' }, status: 'dry-run' },
    ]);
    expect(await held(BLOCK)).toEqual(before);
    expect(await ada.events()).toHaveLength(2);
  });

  test('without a terminal and --yes, or without a reason', async () => {
    const id = await done('block-ip', IP);
    for (const [words, flag] of [
      [WHY, '--yes'],
      [['--yes'], '--reason'],
    ] as const) {
      const { code, stderr } = await ada.run(['undo', id, ...words]);
      expect(code).toBe(6);
      expect(stderr).toContain(flag);
    }
    expect(await held(BLOCK)).not.toBeNull();
    expect(await ada.events()).toHaveLength(2);
  });

  test('on another Redis: it names the URL, or the context', async () => {
    const byUrl = await done('block-ip', '203.0.113.1');
    const config = join(ada.home, 'config', 'ratelimit');
    await mkdir(config, { recursive: true });
    const settings = (db: number) => `{ redis: "${redis.url}/${db}", prometheus: "http://127.0.0.1:1" }`;
    await writeFile(join(config, 'config.yaml'), `contexts:\n  eu: ${settings(0)}\n  us: ${settings(1)}\n`);
    const inContext = async (name: string, ...args: string[]) =>
      (await makeOperator(['--context', name], ada.home)).remedy([...args, ...WHY]);
    const { document: block } = await inContext('eu', 'block-ip', IP);
    expect(block.undo).toBe(`ratelimit undo ${block.id} --context eu`);
    for (const [id, aim] of [
      [block.id ?? '', '--context eu'],
      [byUrl, `--redis-url ${redis.url}`],
    ] as const) {
      const { code, document } = await inContext('us', 'undo', id);
      expect({ code, status: document.status }).toEqual({ code: 6, status: 'refused' });
      expect(document.refusals).toMatchObject([{ override: aim }]);
      expect(document.message).toContain(`run it again with ${aim}`);
    }
    expect(await held(BLOCK)).not.toBeNull();
    expect((await inContext('eu', 'undo', block.id ?? '')).code).toBe(0);
    expect(await held(BLOCK)).toBeNull();
  });
});
