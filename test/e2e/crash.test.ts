import { appendFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { takeLock } from '../../src/journal/lock.ts';
import { startFaultyRedis } from '../support/faulty-redis.ts';
import { freshRedis } from '../support/fresh-redis.ts';
import { makeOperator, type Operator } from '../support/operator.ts';
import { until } from '../support/processes.ts';
import { startRedis } from '../support/redis.ts';

const IP = '203.0.113.42';
const BLOCK = `acp:ip_block:${IP}`;
const CAP = 'acp:agent_cost_cap:agent-7';
const WHY = ['--reason', 'testing'];

const redis = freshRedis();
let ada: Operator;
beforeEach(async () => {
  await redis.load([
    ['SET', 'acp:ip_block:203.0.113.9', 'earlier', 'EX', '600'],
    ['SET', CAP, '100.00'],
  ]);
  ada = await makeOperator(['--redis-url', redis.url]);
});
afterEach(() => redis.cli('CLIENT', 'UNPAUSE'));

const journaled = async () => (await ada.events()).map(({ event }) => event);
const waiting = (count: number) =>
  until(
    async () => (await redis.cli('INFO', 'clients')).includes(`blocked_clients:${count}\r`),
    `${count} wait to write`,
  );
/** Somebody else has the lock of the journal, until it is released. */
async function holdLock() {
  await mkdir(ada.folder, { recursive: true, mode: 0o700 });
  return takeLock(join(ada.folder, 'journal.lock'), {
    pid: process.pid,
    probe: (pid) => process.kill(pid, 0),
  });
}
/** Waits until somebody waits for that lock. */
const queueing = () =>
  until(
    async () => (await readdir(ada.folder)).some((name) => /^journal\.lock\..*\.tmp$/.test(name)),
    'it waits for the lock',
  );

/** Kills a remedy at one step of the door; answers when it is dead. */
const STEPS: Record<string, (words: readonly string[], isWritten: () => Promise<boolean>) => Promise<void>> =
  {
    async 'while it looks'(words) {
      const slow = await startFaultyRedis({ proxy: { port: redis.port, latencyMs: 60_000 } });
      const away = await makeOperator(['--redis-url', slow.url], ada.home);
      const victim = await away.start(words);
      await until(async () => slow.connections() > 0, 'it has connected');
      victim.kill();
      await victim.ended;
      await slow.stop();
    },
    async 'before its intent'(words) {
      const release = await holdLock();
      const victim = await ada.start(words);
      await queueing();
      victim.kill();
      await victim.ended;
      await release();
    },
    async 'between its intent and the write'(words) {
      // Reads go on; what writes waits.
      await redis.cli('CLIENT', 'PAUSE', '60000', 'WRITE');
      const victim = await ada.start(words);
      await waiting(1);
      victim.kill();
      await victim.ended;
      await waiting(0);
      await redis.cli('CLIENT', 'UNPAUSE');
    },
    async 'after the write, before its outcome'(words, isWritten) {
      await redis.cli('CLIENT', 'PAUSE', '60000', 'WRITE');
      const victim = await ada.start(words);
      await waiting(1);
      const release = await holdLock();
      await redis.cli('CLIENT', 'UNPAUSE');
      await until(isWritten, 'it is written');
      await queueing();
      victim.kill();
      await victim.ended;
      await release();
    },
  };

/** Remedies, the keys that they change, and what these hold afterwards. */
const REMEDIES: [string, string[], Record<string, string>][] = [
  ['a block', ['block-ip', IP], { [BLOCK]: 'testing' }],
  ['an extended block', ['block-ip', '203.0.113.9'], { 'acp:ip_block:203.0.113.9': 'testing' }],
  [
    'three blocks',
    ['block-ip', '203.0.113.1', '203.0.113.2', '203.0.113.3'],
    Object.fromEntries([1, 2, 3].map((last) => [`acp:ip_block:203.0.113.${last}`, 'testing'])),
  ],
  ['a raised cap', ['raise-cap', 'agent-7', '--to', '150.00'], { [CAP]: '150.00' }],
  [
    'an introduced cap',
    ['raise-cap', 'agent-8', '--to', '150.00'],
    { 'acp:agent_cost_cap:agent-8': '150.00' },
  ],
  ['an unblocking', ['unblock-ip', '203.0.113.9'], { 'acp:ip_block:203.0.113.9': '' }],
];

describe.each(REMEDIES)('%s is killed', (_, remedy, wanted) => {
  const words = [...remedy, ...WHY];
  const held = async () =>
    Object.fromEntries(
      await Promise.all(Object.keys(wanted).map(async (key) => [key, await redis.cli('GET', key)])),
    );
  const isWritten = async () => JSON.stringify(await held()) === JSON.stringify(wanted);

  test.each(['while it looks', 'before its intent'])(
    '%s: nothing is known and nothing is done',
    async (step) => {
      const before = await held();
      await STEPS[step]?.(words, isWritten);
      expect(await held()).toEqual(before);
      expect(await ada.journal()).toMatchObject({ entries: [], intact: true, warnings: [] });
      expect((await ada.remedy(words)).code).toBe(0);
      expect(await isWritten()).toBe(true);
      expect((await ada.events()).length).toBeGreaterThan(1);
    },
  );

  test('between its intent and the write: unknown, and that it was not done', async () => {
    const before = await held();
    await STEPS['between its intent and the write']?.(words, isWritten);
    expect(await held()).toEqual(before);
    expect(await journaled()).toEqual(['intent']);
    const { entries, intact } = await ada.journal();
    expect({ intact, entries }).toMatchObject({
      intact: true,
      entries: [{ status: 'unknown', resolved: false }],
    });
    expect(entries[0]?.now).toContain('was not done');
    const { code, stdout } = await ada.run(['journal']);
    expect({ code, said: stdout.replaceAll(/\s+/g, ' ') }).toMatchObject({
      code: 0,
      said: expect.stringContaining('was not done'),
    });
    // There is nothing to undo, and it can be done again.
    expect((await ada.remedy(['undo', entries[0]?.id ?? '', ...WHY])).code).toBe(7);
    expect((await ada.remedy(words)).code).toBe(0);
    expect(await isWritten()).toBe(true);
  });

  test('after the write, before its outcome: unknown, and that it is there; it can be undone', async () => {
    const before = await held();
    await STEPS['after the write, before its outcome']?.(words, isWritten);
    expect(await isWritten()).toBe(true);
    expect(await journaled()).toEqual(['intent']);
    const { entries, intact } = await ada.journal();
    expect({ intact, entries }).toMatchObject({
      intact: true,
      entries: [{ status: 'unknown', resolved: false }],
    });
    expect(entries[0]?.now).toContain('is there');
    const id = entries[0]?.id ?? '';
    expect((await ada.run(['journal', 'show', id])).stdout).toContain(`ratelimit undo ${id}`);
    const { code, document } = await ada.remedy(['undo', id, ...WHY]);
    expect({ code, status: document.status }).toEqual({ code: 0, status: 'applied' });
    expect(await held()).toEqual(before);
    expect((await ada.journal()).entries[0]).toMatchObject({ undoneBy: document.id, now: null });
    expect((await ada.remedy(['undo', id, ...WHY])).code).toBe(7);
  });
});

describe('an undo is killed', () => {
  test.each([
    ['between its intent and the write', '150.00', 0],
    ['after the write, before its outcome', '100.00', 7],
  ])('%s', async (step, cap, again) => {
    const { document } = await ada.remedy(['raise-cap', 'agent-7', '--to', '150.00', ...WHY]);
    const id = document.id ?? '';
    const isWritten = async () => (await redis.cli('GET', CAP)) === '100.00';
    await STEPS[step]?.(['undo', id, ...WHY], isWritten);
    expect(await redis.cli('GET', CAP)).toBe(cap);
    const { entries } = await ada.journal();
    expect(entries).toMatchObject([
      { id, undoneBy: null },
      { undoes: id, status: 'unknown', resolved: false },
    ]);
    expect(entries[1]?.now).toContain(again === 0 ? 'was not done' : 'is there');
    expect((await ada.remedy(['undo', id, ...WHY])).code).toBe(again);
    expect(await redis.cli('GET', CAP)).toBe('100.00');
  });
});

test('killed while it watches the effect, it is applied, and nothing was seen', async () => {
  await redis.cli('SET', `acp:auth_fail:${IP}`, '12', 'EX', '300');
  const victim = await ada.start(['block-ip', IP, ...WHY, '--verify', '30s']);
  const text = () => readFile(ada.file, 'utf8');
  await until(async () => (await text()).includes('"event":"outcome"'), 'the outcome is recorded');
  victim.kill();
  await victim.ended;
  expect(await journaled()).toEqual(['intent', 'outcome']);
  const { entries } = await ada.journal();
  expect(entries).toMatchObject([{ status: 'applied', resolved: true, verified: null, now: null }]);
});

describe('what the journal says of a remedy without an outcome', () => {
  const killed = async (...words: string[]) => {
    await STEPS['between its intent and the write']?.([...words, ...WHY], async () => false);
    const { entries } = await ada.journal();
    return entries.at(-1)?.id ?? '';
  };
  const nowOf = async (one: Operator, id: string) =>
    (await one.journal()).entries.find((entry) => entry.id === id)?.now;

  test('is what others have made of it since', async () => {
    const id = await killed('block-ip', '203.0.113.1', '203.0.113.2', '203.0.113.3');
    await redis.cli('SET', 'acp:ip_block:203.0.113.2', 'theirs', 'EX', '60');
    expect(await nowOf(ada, id)).toContain(
      '0 of 3 changes are there, 2 were not done, 1 hold something else by now',
    );
    expect((await ada.remedy(['undo', id, ...WHY])).code).toBe(8);
    expect(await redis.cli('GET', 'acp:ip_block:203.0.113.2')).toBe('theirs');
  });

  test('is how to look, where another Redis or context is meant', async () => {
    const id = await killed('block-ip', IP);
    const elsewhere = await startRedis();
    const away = await makeOperator(['--redis-url', elsewhere.url], ada.home);
    expect(await nowOf(away, id)).toContain(`look with --redis-url ${redis.url}`);
    await elsewhere.stop();

    await mkdir(join(ada.home, 'config', 'ratelimit'), { recursive: true });
    const context = (name: string, url: string) =>
      `  ${name}: { redis: "${url}", prometheus: "http://127.0.0.1:1" }\n`;
    const contexts = `contexts:\n${context('eu', redis.url)}${context('us', `${redis.url}/1`)}`;
    await writeFile(join(ada.home, 'config', 'ratelimit', 'config.yaml'), contexts);
    const here = ada;
    ada = await makeOperator(['--context', 'eu'], ada.home);
    const inContext = await killed('block-ip', '203.0.113.1');
    expect(await nowOf(ada, inContext)).toContain('was not done');
    expect(await nowOf(await makeOperator(['--context', 'us'], here.home), inContext)).toContain(
      'look with --context eu',
    );
  });

  test('is that it could not be read, where Redis is away', async () => {
    const own = await startRedis();
    const url = own.url;
    await own.cli('CLIENT', 'PAUSE', '60000', 'WRITE');
    const bob = await makeOperator(['--redis-url', url]);
    const victim = await bob.start(['block-ip', IP, ...WHY]);
    await until(async () => (await bob.events()).length === 1, 'its intent is recorded');
    victim.kill();
    await victim.ended;
    await own.stop();
    const { entries } = await bob.journal();
    expect(entries[0]?.now).toContain('could not be read');
  });
});

test('half a line that a crash left is no problem, and is gone after the next append', async () => {
  await ada.remedy(['block-ip', IP, ...WHY]);
  await appendFile(ada.file, '{"schema":"ratelimit/journal-event/v1","seq":3,"pr');
  expect(await ada.journal()).toMatchObject({ entries: [{ status: 'applied' }], intact: true, warnings: [] });
  expect((await ada.remedy(['unblock-ip', IP, ...WHY])).code).toBe(0);
  expect(await journaled()).toEqual(['intent', 'outcome', 'intent', 'outcome']);
});
