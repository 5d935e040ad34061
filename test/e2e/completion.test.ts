import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startFaultyRedis } from '../support/faulty-redis.ts';
import { runTool, searchPath, stopEverything, temporaryFolder } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

let redis: TestRedis;
let home: string;
/** An entry of the journal that can be undone, and one that already is. */
let standing: string;
let undone: string;

const CONFIG = `current-context: prod
contexts:
  prod: { production: true, redis: "REDIS" }
  staging: { redis: "redis://127.0.0.1:1" }
`;

beforeAll(async () => {
  [redis, home] = await Promise.all([startRedis(), temporaryFolder('home')]);
  await redis.load([
    ['SET', 'acp:ip_block:203.0.113.42', 'x'],
    ['SET', 'acp:ip_block:2001:db8::1', 'x'],
    ['SET', 'acp:agent_cost_cap:agent-7', '100.00'],
    // Names of whoever can write to Redis: none of them may get into a command line.
    ...['$(reboot)', '--yes', '-rf', "'", '203.0.113.9 --yes', '\u001b[2J', '203.0.113.\n'].flatMap(
      (name) => [
        ['SET', `acp:ip_block:${name}`, 'x'] as const,
        ['SET', `acp:agent_cost_cap:${name}`, '1.00'] as const,
      ],
    ),
  ]);
  await mkdir(join(home, 'config', 'ratelimit', 'runbooks'), { recursive: true });
  await mkdir(join(home, 'a folder'));
  await mkdir(join(home, 'bin'));
  await writeFile(join(home, 'config', 'ratelimit', 'config.yaml'), CONFIG.replace('REDIS', redis.url));
  await writeFile(join(home, 'config', 'ratelimit', 'runbooks', 'edge.yaml'), '');
  await writeFile(join(home, 'other.yaml'), 'contexts: { elsewhere: { redis: "redis://127.0.0.1:1" } }\n');
  const program = fileURLToPath(new URL('../../bin/ratelimit.js', import.meta.url));
  await symlink(program, join(home, 'bin', 'ratelimit'));

  const write = async (...args: string[]) => {
    const flags = ['--yes', '--reason', 'test', '--verify', '0', '-o', 'json', '--context', 'prod'];
    const { stdout } = await runProgram([...args, ...flags], { home });
    return (JSON.parse(stdout) as { id: string }).id;
  };
  undone = await write('block-ip', '198.51.100.1');
  await write('undo', undone);
  standing = await write('block-ip', '198.51.100.2');
});
afterAll(stopEverything);

/** What is offered for the last word. @param options another environment */
async function offered(words: readonly string[], options: { env?: Record<string, string> } = {}) {
  const { code, stdout, stderr } = await runProgram(['__complete', ...words], {
    home,
    cwd: home,
    ...options,
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout.split('\n').flatMap((line) => line.split('\t')[0] || []);
}

/**
 * Offers these. What it cannot look up in a moment it does not offer, so that TAB never hangs: on a machine that was busy just
 * then it is pressed again.
 */
const offers = (words: readonly string[], names: unknown, options: { env?: Record<string, string> } = {}) =>
  expect.poll(() => offered(words, options)).toEqual(names);

describe('names are looked up where the line would be run', () => {
  test('blocked addresses and agents, live, and only what can be typed', async () => {
    await offers(['unblock-ip', ''], ['198.51.100.2', '203.0.113.42', '2001:db8::1']);
    await offers(['unblock-ip', '198.51.100.2', '203.'], ['203.0.113.42']);
    await offers(['raise-cap', ''], ['agent-7']);
    await offers(['caps', '--context', 'prod', 'agent'], ['agent-7']);
  });

  test('by the flags that stand before', async () => {
    await offers(['unblock-ip', '--context', 'staging', ''], []);
    await offers(['--redis-url', redis.url, '--config', 'none.yaml', 'unblock-ip', ''], []);
    const env = { RATELIMIT_REDIS_URL: redis.url };
    const words = ['unblock-ip', '--config', 'other.yaml', '--context', 'elsewhere', '203'];
    await offers(words, ['203.0.113.42'], { env });
  });

  test('contexts, runbooks, categories, incidents', async () => {
    await offers(['triage', '--context', ''], ['prod', 'staging']);
    await offers(['triage', '--context=st'], ['--context=staging']);
    await offers(['--config', '~/other.yaml', 'triage', '--context', ''], ['elsewhere']);
    await offers(['--runbook', ''], expect.arrayContaining(['aegis', 'edge', 'tps-limits']));
    await offers(['--runbook', 'ed'], ['edge']);
    await offers(['runbook', 'show', 'deploy'], ['deploy-auth-churn']);
    await offers(['journal', 'note', 'x', '--category', 'deploy'], ['deploy-auth-churn']);
    const step = ['--category', 'deploy-auth-churn', '--step', ''];
    await offers(['journal', 'note', 'x', ...step], ['wait', 'check-the-deploy']);
    await offers(['journal', 'note', 'x', '--step', 'kill'], ['kill-switch']);
    await offers(['drill', 'one'], ['one-ip']);
    await offers(['drill', './'], [':files']);
  });

  test('entries of the journal, newest first; of those to undo only what still stands', async () => {
    const stands = ([first, ...others]: string[]) => first === standing && !others.includes(undone);
    await expect.poll(() => offered(['undo', ''])).toSatisfy(stands);
    await offers(['journal', 'show', ''], [standing, expect.any(String), undone]);
  });
});

describe('never in the way', () => {
  test('a Redis that accepts and never answers is given up while it still holds the connection', async () => {
    const silent = await startFaultyRedis('silent');
    await offers(['unblock-ip', '--redis-url', silent.url, ''], []);
    expect(silent.connections()).toBeGreaterThan(0);
    await silent.stop();
  });

  test('a name that the resolver does not answer for is not waited for', async () => {
    const hung = join(home, 'hung.cjs');
    await writeFile(hung, "require('node:dns').lookup = () => { setInterval(() => {}, 1000); };");
    const result = await runProgram(
      ['__complete', 'unblock-ip', '--redis-url', 'redis://redis.example', ''],
      {
        ...{ home, env: { NODE_OPTIONS: `--require ${hung}` } },
      },
    );
    // Nothing but the end of the process ends such a wait.
    expect(result).toMatchObject({ signal: 'SIGKILL', stdout: '', stderr: '' });
  });

  test('a journal that cannot be read to its end is not waited for', async () => {
    const elsewhere = await temporaryFolder('home');
    await mkdir(join(elsewhere, 'state', 'ratelimit'), { recursive: true });
    await runTool('mkfifo', ['journal.jsonl'], join(elsewhere, 'state', 'ratelimit'));
    const result = await runProgram(['__complete', 'undo', ''], { home: elsewhere });
    expect(result).toMatchObject({ signal: 'SIGKILL', stdout: '', stderr: '' });
  });

  test.each([
    ['a configuration that cannot be used', ['--config', 'none.yaml', 'runbook', 'show', '']],
    ['a runbook that is not valid', ['runbook', 'show', '--runbook', 'edge', '']],
    ['a pipe that nobody writes to', ['--config', 'pipe', 'triage', '--context', '']],
    ['an unknown command', ['no-such-command', 'x', '']],
    ['control characters', ['\u001b[2J', '\n', '\u0001']],
  ])('%s is silence', async (_, words) => {
    if (words.includes('pipe')) await runTool('mkfifo', ['pipe'], home);
    await offers(words, []);
  });

  test('nothing is changed, and no help tells of it', async () => {
    const before = await redis.cli('DBSIZE');
    await expect.poll(() => offered(['undo', ''])).toContain(standing);
    expect(await redis.cli('DBSIZE')).toBe(before);
    expect((await runProgram(['--help'], { home })).stdout).not.toContain('__complete');
  });
});

describe('in a real shell', () => {
  /** Runs a script of a shell; the program is on its PATH. */
  async function shell(file: string, args: readonly string[], script: string): Promise<string> {
    const path = [join(home, 'bin'), dirname(process.execPath), searchPath].join(delimiter);
    const { stdout } = await execa(file, [...args, script], {
      cwd: home,
      env: { PATH: path, HOME: home, XDG_CONFIG_HOME: join(home, 'config'), TERM: 'xterm' },
      extendEnv: false,
      stdin: 'ignore',
      stderr: 'inherit',
      // What waits for a name that was not offered waits forever.
      timeout: 30_000,
    });
    return stdout;
  }

  test('bash', async () => {
    const script = `
      set -e
      source <(ratelimit completion bash)
      complete -p ratelimit
      try() {
        COMP_LINE=$1 COMP_POINT=\${#1} COMP_WORDS=("\${@:2}") COMP_CWORD=$(($# - 2))
        _ratelimit
        (IFS=,; echo "$1|\${COMPREPLY[*]}")
      }
      try 'ratelimit tri' ratelimit tri
      try '  ratelimit   drill  o' ratelimit drill o
      try 'ratelimit triage --output=j' ratelimit triage --output = j
      try 'ratelimit triage --context=' ratelimit triage --context =
      try 'ratelimit unblock-ip 2001:db8::' ratelimit unblock-ip 2001 : db8 ::
      try 'ratelimit --config "other.yaml" triage --context ' ratelimit --config '"other.yaml"' triage --context ''
      try 'ratelimit triage --save a' ratelimit triage --save a
      try 'ratelimit runbook test a' ratelimit runbook test a
    `;
    await expect
      .poll(async () => (await shell('bash', ['--norc', '-c'], script)).split('\n'))
      .toEqual([
        'complete -F _ratelimit ratelimit',
        'ratelimit tri|triage',
        '  ratelimit   drill  o|one-ip,outage,overload',
        'ratelimit triage --output=j|json',
        'ratelimit triage --context=|prod,staging',
        // Bash itself put the word as far as its last colon there.
        'ratelimit unblock-ip 2001:db8::|1',
        'ratelimit --config "other.yaml" triage --context |elsewhere',
        'ratelimit triage --save a|a folder',
        'ratelimit runbook test a|a folder',
      ]);
  });

  test('zsh', async () => {
    // Typed into a zsh within a terminal of its own; each line is right once what TAB adds has appeared.
    const lines = [
      ['ratelimit tri', 'triage'],
      ['ratelimit unblock-ip 2001', 'db8::1'],
      ['ratelimit triage --context=st', 'staging'],
      ['ratelimit triage --config=oth', 'other.yaml'],
      ['ratelimit runbook test a', 'folder'],
    ] as const;
    const typed = lines.map(
      ([line, added]) => `
        zpty -w -n shell $'${line}\\t'
        zpty -r shell out '*${added}*'
        print -r -- '${added}'
        zpty -w -n shell $'\\x15'`,
    );
    const script = `
      zmodload zsh/zpty
      zpty shell zsh -f -i
      zpty -w shell 'autoload -U compinit; compinit -u -D; source <(ratelimit completion zsh); print re""ady'
      zpty -r shell out '*ready*'
      ${typed.join('')}
      zpty -d shell
    `;
    await expect
      .poll(async () => (await shell('zsh', ['-f', '-c'], script)).split('\n'), { timeout: 120_000 })
      .toEqual(lines.map(([, added]) => added));
  });

  test('fish', async () => {
    const lines = [
      'ratelimit tri',
      'ratelimit unblock-ip 2001',
      'ratelimit triage --context=st',
      'ratelimit triage --config=oth',
      'ratelimit runbook test a',
    ];
    const script = [
      'ratelimit completion fish | source',
      ...lines.map((line) => `complete -C '${line}' | string replace -r '\\t.*' ''`),
    ].join('\n');
    // How a blank is escaped depends on the version.
    await expect
      .poll(async () => (await shell('fish', ['--no-config', '-c'], script)).replaceAll('\\', '').split('\n'))
      .toEqual(['triage', '2001:db8::1', '--context=staging', '--config=other.yaml', 'a folder/']);
  });
});
