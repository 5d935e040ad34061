import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { takeLock } from '../../src/journal/lock.ts';
import { freshRedis } from '../support/fresh-redis.ts';
import { makeOperator, type Operator } from '../support/operator.ts';
import { until } from '../support/processes.ts';

const STREAM = 'ratelimit:journal';
const IP = '203.0.113.42';
const BLOCK = `acp:ip_block:${IP}`;
const CAP = 'acp:agent_cost_cap:agent-7';
const WHY = ['--reason', 'testing'];
const ABOUT_THE_STREAM = expect.stringContaining("team's journal");

const redis = freshRedis({
  acl: [
    'noxadd on >secret ~* +@all -xadd',
    'noread on >secret ~* +@all -xrevrange -xrange -xread',
    'noscript on >secret ~* +@all -eval -evalsha',
  ],
});
let ada: Operator;
let bob: Operator;
beforeEach(async () => {
  await redis.cli('SET', CAP, '100.00');
  [ada, bob] = await Promise.all([member(), member()]);
});

/** Somebody whose context names the stream. */
async function member(user = ''): Promise<Operator> {
  const one = await makeOperator([]);
  const folder = join(one.home, 'config', 'ratelimit');
  await mkdir(folder, { recursive: true });
  const url = user === '' ? redis.url : redis.url.replace('//', `//${user}:secret@`);
  const settings = `{ redis: "${url}", prometheus: "http://127.0.0.1:1", journal-stream: ${STREAM} }`;
  await writeFile(join(folder, 'config.yaml'), `current-context: prod\ncontexts:\n  prod: ${settings}\n`);
  return one;
}
const operatorFlag = (name: string) => ['--operator', name];
const done = async (who: Operator, ...args: string[]): Promise<string> => {
  const { code, document } = await who.remedy([...args, ...WHY]);
  expect({ code, status: document.status }).toEqual({ code: 0, status: 'applied' });
  return document.id ?? '';
};
const streamed = async () => {
  const lines = (await redis.cli('XRANGE', STREAM, '-', '+')).split('\n');
  return lines.filter((_, index) => index % 3 === 2);
};
const list = async (who: Operator, command: 'blocks' | 'caps') => {
  const { code, stdout, stderr } = await who.run([command, '-o', 'json']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
};

describe('what one does, the others', () => {
  test('find in the stream, event for event', async () => {
    await redis.cli('SET', `acp:auth_fail:${IP}`, '12', 'EX', '300');
    const id = await done(ada, 'block-ip', IP, '--verify', '300ms');
    await done(ada, 'undo', id);
    expect((await ada.events()).map(({ event }) => event)).toEqual([
      ...['intent', 'outcome', 'verified'],
      ...['intent', 'outcome', 'undone'],
    ]);
    expect(`${(await streamed()).join('\n')}\n`).toBe(await readFile(ada.file, 'utf8'));
    // Two see the same, and who did it does not see it twice.
    expect(await ada.journal()).toMatchObject({
      warnings: [],
      entries: [{ id, team: false }, { team: false }],
    });
    expect(await bob.journal()).toMatchObject({
      warnings: [],
      entries: [{ id, team: true }, { team: true }],
    });
  });

  test('see in their lists, with who did it', async () => {
    const id = await done(ada, 'block-ip', IP, ...operatorFlag('ada'));
    const raise = await done(ada, 'raise-cap', 'agent-7', '--to', '150.00', ...operatorFlag('ada'));
    const [entry] = (await bob.journal()).entries;
    expect(entry).toMatchObject({
      id,
      operator: 'ada',
      reason: 'testing',
      team: true,
      status: 'applied',
      resolved: true,
    });
    for (const format of ['human', 'markdown']) {
      const { stdout } = await bob.run(['journal', '-o', format]);
      expect(stdout.replaceAll('\\', '')).toContain('ada (team)');
    }
    expect((await bob.run(['journal', 'show', id])).stdout).toContain("the team's stream");
    expect((await list(bob, 'blocks')).blocks).toMatchObject([{ ip: IP, operator: 'ada', journalId: id }]);
    expect((await list(bob, 'caps')).caps).toMatchObject([
      { agent: 'agent-7', operator: 'ada', journalId: raise },
    ]);
  });

  test('see what was done by hand', async () => {
    const { code, stdout } = await ada.run(['journal', 'note', 'called acme', '--operator', 'ada']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Noted: called acme\nRecorded as \w+ by ada\n$/);
    expect(`${(await streamed()).join('\n')}\n`).toBe(await readFile(ada.file, 'utf8'));
    const entries = [
      { remedy: 'note', reason: 'called acme', operator: 'ada', status: 'applied', team: true },
    ];
    expect(await bob.journal()).toMatchObject({ entries, warnings: [] });
    // Somebody who may not write there: this machine's own has it all the same.
    const eve = await member('noxadd');
    const alone = await eve.run(['journal', 'note', 'called globex', '-o', 'json']);
    expect([alone.code, JSON.parse(alone.stdout).warnings]).toEqual([0, [ABOUT_THE_STREAM]]);
    expect((await eve.events()).length).toBe(1);
    expect((await bob.journal()).entries.length).toBe(1);
  });

  test('can undo, and who did it sees that it was undone', async () => {
    await redis.cli('SET', BLOCK, 'earlier', 'EX', '600');
    const id = await done(ada, 'block-ip', IP, '--ttl', '12h');
    const undo = await done(bob, 'undo', id, ...operatorFlag('bob'));
    expect(await redis.cli('GET', BLOCK)).toBe('earlier');
    expect((await bob.events()).at(-1)).toMatchObject({ event: 'undone', id, by: undo });
    const { entries } = await ada.journal();
    expect(entries).toMatchObject([
      { id, team: false, undoneBy: undo },
      { id: undo, team: true, operator: 'bob', undoes: id },
    ]);
    const again = await ada.remedy(['undo', id, ...WHY]);
    expect(again).toMatchObject({ code: 7, document: { status: 'unchanged' } });
    expect(again.document.message).toContain(`was undone already, by ${undo}`);
    // To undo that is to do it again, by anybody.
    await done(ada, 'undo', undo);
    expect(await redis.cli('GET', BLOCK)).toBe('testing');
  });

  test('see as unknown when it was killed, with what is there now, and can undo', async () => {
    await redis.cli('CLIENT', 'PAUSE', '60000', 'WRITE');
    const victim = await ada.start(['block-ip', IP, ...WHY]);
    const isWaiting = async () => (await redis.cli('INFO', 'clients')).includes('blocked_clients:1\r');
    await until(isWaiting, 'it waits to write');
    const self = { pid: process.pid, probe: (pid: number) => process.kill(pid, 0) };
    const release = await takeLock(join(ada.folder, 'journal.lock'), self);
    await redis.cli('CLIENT', 'UNPAUSE');
    await until(async () => (await redis.cli('GET', BLOCK)) === 'testing', 'it has written');
    victim.kill();
    await victim.ended;
    await release();
    expect(await streamed()).toHaveLength(1);
    const { entries } = await bob.journal();
    expect(entries).toMatchObject([{ status: 'unknown', resolved: false, team: true }]);
    expect(entries[0]?.now).toContain('is there');
    await done(bob, 'undo', entries[0]?.id ?? '');
    expect(await redis.cli('EXISTS', BLOCK)).toBe('0');
  });
});

test('a dry run and a refusal leave nothing in the stream', async () => {
  expect((await ada.remedy(['block-ip', IP, ...WHY, '--dry-run'])).code).toBe(0);
  expect((await ada.remedy(['block-ip', '10.0.0.1', ...WHY])).code).toBe(6);
  expect(await redis.cli('EXISTS', STREAM)).toBe('0');
});

describe('a stream that cannot be written is a warning, and the remedy is done', () => {
  const expectWarned = async (who: Operator) => {
    for (const words of [
      ['block-ip', IP],
      ['raise-cap', 'agent-7', '--to', '150.00'],
    ]) {
      const { code, document } = await who.remedy([...words, ...WHY]);
      expect({ code, status: document.status }).toEqual({ code: 0, status: 'applied' });
      expect(
        document.warnings.filter((warning) => warning.includes(`team's journal ${STREAM} was not written`)),
      ).toHaveLength(1);
    }
    expect([await redis.cli('GET', BLOCK), await redis.cli('GET', CAP)]).toEqual(['testing', '150.00']);
    expect((await who.events()).map(({ event }) => event)).toEqual([
      'intent',
      'outcome',
      'intent',
      'outcome',
    ]);
    const { code, stdout } = await who.run(['unblock-ip', IP, '--yes', ...WHY]);
    expect({ code, said: stdout.replaceAll(/\s+/g, ' ') }).toMatchObject({ code: 0, said: ABOUT_THE_STREAM });
  };

  test('the user may not: XADD', async () => {
    await expectWarned(await member('noxadd'));
    expect(await redis.cli('EXISTS', STREAM)).toBe('0');
  });

  test('the key holds something else', async () => {
    await redis.cli('SET', STREAM, 'mine');
    await expectWarned(ada);
    expect(await redis.cli('GET', STREAM)).toBe('mine');
  });
});

describe('a stream that cannot be read is a warning, and the own journal is shown', () => {
  test.each([
    ['the user may not: XREVRANGE', 'noread', async () => {}],
    ['the key holds something else', '', () => redis.cli('SET', STREAM, 'mine')],
  ])('%s', async (_, user, prepare) => {
    await prepare();
    const who = await member(user);
    const { document } = await who.remedy(['block-ip', IP, ...WHY]);
    const { entries, intact, warnings } = await who.journal();
    expect({ intact, warnings }).toEqual({ intact: true, warnings: [ABOUT_THE_STREAM] });
    expect(entries).toMatchObject([{ id: document.id, team: false }]);
    expect(await list(who, 'blocks')).toMatchObject({
      warnings: [ABOUT_THE_STREAM],
      blocks: [{ journalId: document.id }],
    });
    expect((await who.remedy(['undo', document.id ?? '', ...WHY])).code).toBe(0);
  });

  test('Redis is away', async () => {
    const id = await done(ada, 'block-ip', IP);
    const away = await makeOperator(['--redis-url', 'redis://127.0.0.1:1'], ada.home);
    expect(await away.journal()).toMatchObject({
      entries: [{ id }],
      intact: true,
      warnings: [ABOUT_THE_STREAM],
    });
  });
});

test('what was refused by Redis is failed for everybody', async () => {
  const eve = await member('noscript');
  expect(await eve.remedy(['block-ip', IP, ...WHY])).toMatchObject({
    code: 4,
    document: { status: 'failed' },
  });
  const [entry] = (await bob.journal()).entries;
  expect(entry).toMatchObject({ status: 'failed', team: true, now: null });
  expect((await bob.remedy(['undo', entry?.id ?? '', ...WHY])).code).toBe(7);
});
