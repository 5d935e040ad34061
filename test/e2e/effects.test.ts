import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Gateway, startGateway } from '../support/gateway.ts';
import { stopEverything, temporaryFolder } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

afterAll(stopEverything);

/** Each command with arguments that it accepts; `ID` is an entry of the journal. */
const READS = {
  triage: ['triage'],
  blocks: ['blocks'],
  caps: ['caps'],
  'caps agent': ['caps', 'agent-7'],
  'kill-switch status': ['kill-switch', 'status', 'acme'],
  limits: ['limits', '--runbook', 'tps-limits'],
  doctor: ['doctor'],
  journal: ['journal'],
  'journal show': ['journal', 'show', 'ID'],
  'config show': ['config', 'show'],
  'runbook list': ['runbook', 'list'],
  'runbook show': ['runbook', 'show'],
  'runbook validate': ['runbook', 'validate', 'aegis'],
  drill: ['drill', 'tenant-rate', '--auto'],
} as const;
const WRITES = {
  'block-ip': ['block-ip', '203.0.113.50'],
  'unblock-ip': ['unblock-ip', '203.0.113.42'],
  'raise-cap': ['raise-cap', 'agent-7', '--to', '120.00'],
  'kill-switch engage': ['kill-switch', 'engage', 'acme'],
  'kill-switch release': ['kill-switch', 'release', 'umbrella'],
  undo: ['undo', 'ID'],
} as const;

let redis: TestRedis;
let gateway: Gateway;
let home: string;
let id: string;
/** What reaches the systems under a user that may only read, and under one that may do all. */
let reading: string[];
let writing: string[];
const env = { RATELIMIT_API_TOKEN: 'test-token' };

beforeAll(async () => {
  redis = await startRedis({
    acl: [
      'reader on >secret ~* resetchannels -@all +@read +@connection +info +time -keys',
      'operator on >secret ~* resetchannels -@all +@read +@connection +info +time -keys +eval +evalsha +set +del +xadd',
    ],
  });
  gateway = await startGateway({ redis });
  home = await temporaryFolder('home');
  const url = (user: string) => redis.url.replace('redis://', `redis://${user}:secret@`);
  const others = ['--api-url', gateway.apiUrl, '--prometheus-url', 'http://127.0.0.1:1'];
  reading = ['--redis-url', url('reader'), ...others];
  writing = ['--redis-url', url('operator'), ...others];
  await redis.load([
    ['SET', 'acp:ip_block:203.0.113.42', 'by hand', 'EX', '3600'],
    ['SET', 'acp:agent_cost_cap:agent-7', '100.00'],
    ['SET', 'acp:tenant_kill:umbrella', 'manual_admin_lockdown', 'EX', '3600'],
  ]);
  const made = await runProgram(
    ['block-ip', '203.0.113.7', '--yes', '--reason', 'test', '--verify', '0', '-o', 'json', ...writing],
    { home, env },
  );
  id = (JSON.parse(made.stdout) as { id: string }).id;
});

const filled = (words: readonly string[]) => words.map((word) => (word === 'ID' ? id : word));

/** All that the tenant's data is, expiries to the second aside. */
async function contents(): Promise<string> {
  const keys = (await redis.cli('KEYS', '*')).split('\n').sort();
  const values = await Promise.all(keys.map(async (key) => `${key}=${await redis.cli('GET', key)}`));
  return values.join('\n');
}
const sent = () => gateway.requests.filter(({ method }) => method !== 'GET').length;

describe('what only reads', () => {
  test.each(Object.entries(READS))('%s needs no right to write, and changes nothing', async (_, words) => {
    const [before, requests] = [await contents(), sent()];
    const result = await runProgram([...filled(words), '-o', 'json', ...reading], { home, env });
    expect([0, 5]).toContain(result.code);
    expect(result.stdout).not.toContain('NOPERM');
    expect([await contents(), sent()]).toEqual([before, requests]);
  });
});

describe('what changes a system', () => {
  test.each(Object.entries(WRITES))('%s refuses when nobody can be asked', async (_, words) => {
    const [before, requests] = [await contents(), sent()];
    const result = await runProgram([...filled(words), '-o', 'json', '--reason', 'test', ...writing], {
      home,
      env,
    });
    expect(result.code).toBe(6);
    const document = JSON.parse(result.stdout) as Record<string, unknown>;
    expect(document).toMatchObject({
      schema: 'ratelimit/remedy/v1',
      status: 'refused',
      id: null,
      changes: [],
    });
    expect(document.message).toContain('--yes');
    expect([await contents(), sent()]).toEqual([before, requests]);
  });

  test.each(Object.entries(WRITES))('%s writes nothing in a dry run', async (_, words) => {
    const [before, requests] = [await contents(), sent()];
    const result = await runProgram(
      [...filled(words), '-o', 'json', '--reason', 'test', '--dry-run', ...writing],
      { home, env },
    );
    const document = JSON.parse(result.stdout) as { status: string; changes: { status: string }[] };
    expect([result.code, document.status]).toEqual([0, 'dry-run']);
    expect(document.changes.map(({ status }) => status)).toEqual(['dry-run']);
    expect([await contents(), sent()]).toEqual([before, requests]);
    const journal = await runProgram(['journal', '-o', 'json', ...writing], { home });
    expect((JSON.parse(journal.stdout) as { entries: unknown[] }).entries).toHaveLength(1);
  });

  test.each(Object.entries(WRITES))('%s is refused by a system that only lets read', async (name, words) => {
    if (name.startsWith('kill-switch')) return;
    const before = await contents();
    const result = await runProgram(
      [...filled(words), '-o', 'json', '--reason', 'test', '--yes', '--verify', '0', ...reading],
      { home, env },
    );
    expect(result.code).toBe(4);
    expect((JSON.parse(result.stdout) as { message: string }).message).toContain('NOPERM');
    expect(await contents()).toBe(before);
  });
});
