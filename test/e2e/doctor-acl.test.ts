import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freshRedis } from '../support/fresh-redis.ts';
import { temporaryFolder } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';
import { inDatabase } from './systems.ts';

// The lines that `doctor --acl` prints are the least that the program needs: under them nothing is refused, and without
// any one word of them something is.

type Role = 'triage' | 'operator';

const redis = freshRedis();
let home: string;
let lines: Record<Role, string[]>;

beforeAll(async () => {
  home = await temporaryFolder('home');
  const context = (user: string) =>
    `  ${user}:\n    redis: redis://${user}:PASSWORD@127.0.0.1:${redis.port}/5\n    journal-stream: ratelimit:journal\n`;
  const file = join(home, 'config.yaml');
  await writeFile(file, `contexts:\n${context('triage')}${context('operator')}`);
  const { stdout, stderr, code } = await run('triage', ['doctor', '--acl']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [triage, operator, ...more] = stdout.trimEnd().split('\n');
  expect(more).toEqual([]);
  lines = { triage: (triage ?? '').split(' '), operator: (operator ?? '').split(' ') };
});

const run = (user: Role, args: readonly string[]) =>
  runProgram(
    [
      ...args,
      '--config',
      join(home, 'config.yaml'),
      '--context',
      user,
      '--prometheus-url',
      'http://127.0.0.1:1',
    ],
    { home },
  );

/** One key of every family that the runbook knows, a hash among the strings, two blocks that differ. */
function contents(): string[][] {
  const iso = new Date().toISOString();
  const [day, month] = [iso.slice(0, 10), iso.slice(0, 7)];
  return [
    ['SET', 'acp:auth_fail:203.0.113.1', '7', 'EX', '290'],
    ['HSET', 'acp:auth_fail:203.0.113.2', 'a', '1'],
    ['SET', 'acp:ratelimit:auth_fail:203.0.113.1', '9', 'EX', '50'],
    ['SET', 'acp:auth_failures:10.0.0.1', '20', 'EX', '290'],
    ['SET', 'acp:pwlock:a', '1', 'EX', '60'],
    ['SET', 'acp:pwfail:a', '3', 'EX', '60'],
    ['SET', 'acp:ratelimit:execute_sw:tenant:acme', '3', 'EX', '60'],
    ['SET', `acp:quota:daily:acme:${day}`, '3'],
    ['SET', `acp:quota:monthly:acme:${month}`, '3'],
    ['SET', `acp:agent_cost_today:agent-7:${day.replaceAll('-', '')}`, '3.00'],
    ['SET', 'acp:agent_cost_cap:agent-7', '100.00'],
    ['SET', `acp:inference_cost:agent:agent-7:${month}`, '300'],
    ['SET', `acp:inference_cost:tenant:acme:${month}`, '300'],
    ['SET', 'acp:ip_block:203.0.113.8', 'one', 'EX', '600'],
    ['SET', 'acp:ip_block:203.0.113.9', 'other', 'EX', '900'],
    ['HSET', 'acp:ip_block:203.0.113.10', 'a', '1'],
    ['SET', 'acp:tenant_kill:acme', '1', 'EX', '600'],
    ['SET', 'acp:tenant_kill_reason:acme', 'spend', 'EX', '600'],
    ['SET', 'acp:quarantine:acme:agent-9', 'loop', 'EX', '600'],
  ];
}

/** Makes the user of a line, without some of its words. */
async function make(role: Role, without: readonly string[] = []): Promise<void> {
  const [, , ...words] = lines[role];
  for (const word of without) expect(words).toContain(word);
  await redis.cli('ACL', 'SETUSER', ...words.filter((word) => !without.includes(word)));
}

beforeEach(async () => {
  await redis.load(inDatabase(5, contents()));
  await redis.cli('ACL', 'LOG', 'RESET');
});

/** What was refused, as Redis itself logs it: `command mget`, `key acp:auth_fail:x`. */
async function refused(): Promise<string[]> {
  const log = (await redis.cli('ACL', 'LOG')).split('\n');
  const after = (name: string, at: number) => log[log.indexOf(name, at) + 1];
  return log.flatMap((word, at) => (word === 'reason' ? [`${log[at + 1]} ${after('object', at)}`] : []));
}

const yes = ['--yes', '--reason', 'test', '--verify', '0', '-o', 'json'];
const READS: Record<string, string[]> = {
  triage: ['triage', '-o', 'json'],
  blocks: ['blocks', '-o', 'json'],
  caps: ['caps', '-o', 'json'],
  'caps of one': ['caps', 'agent-7', '-o', 'json'],
  journal: ['journal', '-o', 'json'],
  doctor: ['doctor', '-o', 'json'],
};
const WRITES: Record<string, string[]> = {
  'block-ip': ['block-ip', '203.0.113.20', '203.0.113.8', '--ttl', '1h', ...yes],
  'block-ip with a watch': [
    'block-ip',
    '203.0.113.1',
    '--yes',
    '--reason',
    'test',
    '--verify',
    '1s',
    '-o',
    'json',
  ],
  'unblock-ip': ['unblock-ip', '203.0.113.8', '203.0.113.9', '--clear-counter', ...yes],
  'unblock-ip with its counter': ['unblock-ip', '203.0.113.1', '--clear-counter', ...yes],
  'raise-cap': ['raise-cap', 'agent-7', '--to', '150.00', ...yes],
};

describe('under the lines as they are nothing is refused', () => {
  test.each(Object.entries(READS))('triage: %s', async (name, args) => {
    await make('triage');
    const { stdout } = await run('triage', args);
    expect(await refused()).toEqual([]);
    if (name === 'doctor') expect(stdout).toContain('"code": "rights-granted"');
    else expect(stdout).not.toContain('NOPERM');
  });

  test.each(Object.entries({ ...READS, ...WRITES }))('operator: %s', async (_, args) => {
    await make('operator');
    const { code, stdout } = await run('operator', args);
    expect(await refused()).toEqual([]);
    expect(stdout).not.toContain('NOPERM');
    if (args.includes('--yes')) expect([code, JSON.parse(stdout).status]).toEqual([0, 'applied']);
  });

  test('operator: undo, of what was there and of what was not', async () => {
    await make('operator');
    for (const args of [
      WRITES['block-ip'],
      WRITES['raise-cap'],
      ['raise-cap', 'new', '--to', '1.00', ...yes],
    ]) {
      const { stdout } = await run('operator', args ?? []);
      const { id } = JSON.parse(stdout) as { id: string };
      const undone = await run('operator', ['undo', id, ...yes]);
      expect([undone.code, JSON.parse(undone.stdout).status]).toEqual([0, 'applied']);
    }
    expect(await refused()).toEqual([]);
  });

  test('the doctor says so of both', async () => {
    for (const role of ['triage', 'operator'] as const) {
      await make(role);
      const { stdout } = await run(role, ['doctor', '-o', 'json']);
      const { checks } = JSON.parse(stdout) as { checks: { code: string; measured: { use: string } }[] };
      const uses = (code: string) =>
        checks.filter((one) => one.code === code).map(({ measured }) => measured.use);
      const all = [
        'triage',
        'blocks',
        'caps',
        'kill-switch',
        'journal',
        'doctor',
        'block-ip',
        'unblock-ip',
        'raise-cap',
      ];
      const writing = ['journal', 'block-ip', 'unblock-ip', 'raise-cap'];
      expect(uses('rights-refused')).toEqual(role === 'triage' ? writing : []);
      expect(uses('rights-granted')).toEqual(
        all.filter((use) => role === 'operator' || !writing.includes(use)),
      );
      expect(checks.map(({ code }) => code)).not.toContain('rights-wide');
    }
  });

  test('and whoever only looks can change nothing', async () => {
    await make('triage');
    for (const command of [
      ['SET', 'acp:ip_block:1.1.1.1', 'x'],
      ['DEL', 'acp:auth_fail:x'],
      ['EVAL', 'return 1', '0'],
      ['FLUSHALL'],
      ['KEYS', '*'],
      ['CONFIG', 'GET', '*'],
      ['GET', 'elsewhere'],
    ]) {
      await expect(redis.load([['AUTH', 'triage', 'PASSWORD'], command])).rejects.toThrow('NOPERM');
    }
    await make('operator');
    for (const command of [
      ['SET', 'acp:tenant_kill:acme', 'x'],
      ['SET', 'elsewhere', 'x'],
      ['FLUSHALL'],
      ['CONFIG', 'GET', '*'],
      ['MGET', 'elsewhere'],
    ]) {
      await expect(redis.load([['AUTH', 'operator', 'PASSWORD'], command])).rejects.toThrow('NOPERM');
    }
  });
});

describe('without any one command something is refused', () => {
  /** What needs each of them. */
  const USERS: Record<string, string> = {
    scan: 'triage',
    time: 'blocks',
    select: 'triage',
    mget: 'triage',
    pttl: 'triage',
    type: 'triage',
    exists: 'blocks',
    info: 'doctor',
    xrevrange: 'blocks',
    eval: 'block-ip',
    evalsha: 'unblock-ip',
    get: 'block-ip',
    set: 'block-ip',
    del: 'unblock-ip',
    xadd: 'block-ip',
    'acl|whoami': 'doctor',
    'acl|dryrun': 'doctor',
  };
  const commandsOf = (role: Role) =>
    lines[role].flatMap((word) => (word.startsWith('+') ? [word.slice(1)] : []));

  test('each of the lines is tried', () => {
    expect(commandsOf('operator').sort()).toEqual(Object.keys(USERS).sort());
    const writing = ['eval', 'evalsha', 'get', 'set', 'del', 'xadd'];
    expect(commandsOf('triage').sort()).toEqual(
      Object.keys(USERS)
        .filter((one) => !writing.includes(one))
        .sort(),
    );
  });

  test.each(Object.entries(USERS))('%s, which %s needs', async (command, name) => {
    const role = commandsOf('triage').includes(command) ? 'triage' : 'operator';
    await make(role, [`+${command}`]);
    await run(role, { ...READS, ...WRITES }[name] ?? []);
    expect(await refused()).toContain(`command ${command}`);
  });
});

describe('without any one pattern of keys something is refused', () => {
  const patternsOf = (role: Role) => lines[role].filter((word) => /^(?:%R)?~/.test(word));

  test('the least is asked for: nothing is written but blocks, caps, counters and the journal', () => {
    expect(patternsOf('operator').filter((word) => word.startsWith('~'))).toEqual([
      '~acp:auth_fail:*',
      '~acp:ratelimit:auth_fail:*',
      '~acp:agent_cost_cap:*',
      '~acp:ip_block:*',
      '~ratelimit:journal',
    ]);
    expect(patternsOf('triage').map((word) => word.slice(1))).toEqual(
      patternsOf('operator').map((word) => word.replace(/^(?:%R)?~/, '')),
    );
  });

  test("by triage, or by the look at the team's journal", async () => {
    for (const pattern of patternsOf('triage')) {
      await make('triage', [pattern]);
      await redis.cli('ACL', 'LOG', 'RESET');
      await run('triage', READS[pattern === '~ratelimit:journal' ? 'blocks' : 'triage'] ?? []);
      const prefix = pattern.slice(1).split('*')[0] ?? '';
      expect(await refused(), pattern).toContainEqual(expect.stringMatching(new RegExp(`^key ${prefix}`)));
    }
  });
});
