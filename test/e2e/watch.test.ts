import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startFaultyRedis } from '../support/faulty-redis.ts';
import { noise, singleIp } from '../support/incidents.ts';
import { deadPort, stopEverything, until } from '../support/processes.ts';
import { runProgram, spawnProgram } from '../support/program.ts';
import type { TestPrometheus } from '../support/prometheus.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { openTerminal, PROGRAM } from '../support/tmux.ts';
import { errorDocument, incidentAt, nowSeconds, prometheusWith } from './systems.ts';

let redis: TestRedis;
let prometheus: TestPrometheus;
let terminal: Awaited<ReturnType<typeof openTerminal>>;

const now = nowSeconds();
const quiet = incidentAt(now, noise(now));
const ATTACK = 'P2 single-ip-credential-stuffing (confidence high)';

beforeAll(async () => {
  [redis, prometheus] = await Promise.all([startRedis(), prometheusWith(quiet)]);
});
afterAll(stopEverything);
beforeEach(async () => {
  terminal = await openTerminal();
  await redis.flush();
  await redis.load(quiet.redis);
});
afterEach(() => terminal.close());

const systems = () => ['--redis-url', redis.url, '--prometheus-url', prometheus.url];
const command = (...more: string[]) =>
  [PROGRAM, 'watch', ...systems(), '--interval', '1s', ...more].join(' ');
/** Looks when it is told to, so that what a look has found stays on the screen until it has been seen. */
const lookNow = async () => {
  await terminal.shows('next look in ');
  await terminal.press('r');
};

/** What the shell and the terminal are like when nothing runs. */
const atRest = async (name: string) => {
  await terminal.run(`clear; stty -a > ${name}; echo before; echo ${name} is ready`);
  await terminal.shows(`\n${name} is ready\n`);
};

/** The screen of before is back, the terminal is as it was, and the program ended so. */
async function expectRestored(name: string, code: number): Promise<void> {
  const screen = await terminal.shows(`ended with ${code}\n`);
  expect(screen.startsWith(`before\n${name} is ready\n`)).toBe(true);
  expect(screen).not.toContain('q quit');
  expect(await terminal.state()).toEqual({ cursor: true, alternate: false });
  await terminal.run(`stty -a > ${name}-after; echo told`);
  await terminal.shows('\ntold\n');
  const settings = (file: string) => readFile(join(terminal.home, file), 'utf8');
  expect(await settings(`${name}-after`)).toBe(await settings(name));
}

describe('on a terminal', () => {
  test('shows the verdict live, rings when it changes, marks a remedy, fits every window, and leaves no trace', async () => {
    await atRest('first');
    await terminal.run(`${command('--interval', '10m')}; echo ended with $?`);
    await terminal.shows(/^ratelimit watch, redis:.* UTC\nquiet \(confidence medium\) +at least \d+s/);
    expect(await terminal.state()).toEqual({ cursor: false, alternate: true });
    expect(await terminal.bells()).toBe(0);

    await redis.load(singleIp().redis);
    await lookNow();
    // The last line of a frame comes last.
    await terminal.shows('Next: ratelimit block-ip 203.0.113.42 --ttl 24h');
    const attack = await terminal.shows(ATTACK);
    expect(attack).toMatch(/\n +203\.0\.113\.42 +4,812 ▲ \+4,812 +▁*█\n/);
    expect(attack).toContain('! quiet is now single-ip-credential-stuffing: 203.0.113.42');
    expect(await terminal.bells()).toBe(1);

    const { code } = await runProgram(
      [
        'block-ip',
        '203.0.113.42',
        '--reason',
        'test',
        '--yes',
        '--verify',
        '0',
        '--operator',
        'kim',
        ...systems().slice(0, 2),
      ],
      { home: terminal.home },
    );
    expect(code).toBe(0);
    await lookNow();
    await terminal.shows(/203\.0\.113\.42 blocked[\s\S]*◆ \d+s ago: block-ip by kim: applied +─+◆/);
    // It counts down between looks, which ask nobody.
    await terminal.press('Space');
    const paused = /IP blocks in force: 1, 203\.0\.113\.42 (23:59:\d\d)[\s\S]*PAUSED/;
    const [, first] = paused.exec(await terminal.shows(paused)) ?? [];
    await until(async () => paused.exec(await terminal.screen())?.[1] !== first, 'a second has passed');
    await terminal.press('Space');

    for (const [columns, rows] of [
      [120, 40],
      [40, 10],
      [20, 4],
      [80, 24],
    ] as const) {
      await terminal.resize(columns, rows);
      const end = columns >= 40 ? /q quit.*(?:look|seen)[^\n]*\n*$/ : /window too small/;
      // While it is drawn anew, some of the screen is of before.
      await terminal.shows((screen) => {
        const lines = screen.trimEnd().split('\n');
        const footers = lines.filter((line) => line.includes('q quit'));
        return end.test(screen) && lines.length <= rows && footers.length === 1;
      });
    }
    await terminal.press('q');
    await expectRestored('first', 0);
    expect(await terminal.bells()).toBe(1);
  });

  test('Ctrl-Z gives the terminal back to the shell, and fg takes it again; Ctrl-C ends with 130', async () => {
    await atRest('stop');
    await terminal.run(`${command()}; echo ended with $?`);
    await terminal.shows('quiet (confidence medium)');
    await terminal.press('C-z');
    const shell = await terminal.shows('Stopped');
    expect(shell).toContain('before\n');
    expect(await terminal.state()).toEqual({ cursor: true, alternate: false });
    await terminal.run('clear; echo before; echo stop is ready; fg > /dev/null; echo ended with $?');
    await terminal.shows('quiet (confidence medium)');
    await terminal.press('C-c');
    await expectRestored('stop', 130);
    expect(await terminal.screen()).toContain('ratelimit: interrupted\n');
  });

  test.each(['SIGTERM', 'SIGHUP'] as const)('%s ends it with 130', async (signal) => {
    await atRest(signal);
    await terminal.run(`${command()}; echo ended with $?`);
    await terminal.shows('quiet (confidence medium)');
    const shell = await terminal.format('pane_pid');
    const children = await readFile(`/proc/${shell}/task/${shell}/children`, 'utf8');
    process.kill(Number(children.trim()), signal);
    await expectRestored(signal, 130);
    expect(await terminal.screen()).toContain('ratelimit: interrupted\n');
  });

  test('a defect leaves the terminal as it was, and is told there', async () => {
    // It happens where nobody waits for it, once the terminal is taken.
    const defect = `const timer = setInterval(() => {
      if (!process.stdin.isRaw) return;
      clearInterval(timer);
      setTimeout(() => { throw new Error('a defect'); }, 300);
    }, 20).unref();`;
    await writeFile(join(terminal.home, 'defect.cjs'), defect);
    await atRest('defect');
    await terminal.run(`NODE_OPTIONS='--require ./defect.cjs' ${command()}; echo ended with $?`);
    await terminal.shows('Error: a defect\n');
    await expectRestored('defect', 1);
  });
});

/** What is read of `ratelimit/watch/v1`. */
interface Look {
  schema: string;
  look: number;
  at: string;
  category: string;
  since: string;
  before: string | null;
  changed: boolean;
  changes: { code: string; text: string }[];
  remedies: { text: string }[];
  tookSeconds: number;
  everySeconds: number;
  triage: { schema: string; verdict: { category: string }; scan: unknown };
}
const looksIn = (stdout: string): Look[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Look);

describe('without a terminal', () => {
  test('-o json is one document a line, and --save keeps the evidence of each verdict', async () => {
    const { child, home } = await spawnProgram([
      'watch',
      ...systems(),
      '-o',
      'json',
      '--interval',
      '1s',
      '--count',
      '4',
      '--save',
      'looks',
    ]);
    let stdout = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    await until(async () => stdout.includes('\n'), 'the first look');
    await redis.load(singleIp().redis);
    const { exitCode, stderr } = await child;
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const looks = looksIn(stdout);
    expect(looks.map(({ schema, look }) => `${schema} ${look}`)).toEqual(
      [1, 2, 3, 4].map((look) => `ratelimit/watch/v1 ${look}`),
    );
    const [first, last] = [looks[0], looks[3]];
    expect(first).toMatchObject({ category: 'quiet', before: null, changed: false, changes: [] });
    expect(last).toMatchObject({ category: 'single-ip-credential-stuffing', before: 'quiet' });
    expect(last?.triage).toMatchObject({
      schema: 'ratelimit/triage/v1',
      verdict: { category: last?.category },
    });
    const turns = looks.filter(({ changed }) => changed);
    expect(turns.map(({ at, since }) => since === at)).toEqual([true]);
    expect(turns[0]?.changes.map(({ code }) => code)).toContain('category');

    const saved = (await readdir(join(home, 'looks'))).sort();
    expect(saved.map((name) => name.replace(/^.*Z-/, ''))).toEqual(
      expect.arrayContaining(['quiet.json', 'single-ip-credential-stuffing.json']),
    );
    // For a report it keeps by itself what is not quiet.
    const kept = await readdir(join(home, 'state', 'ratelimit', 'looks'));
    expect(kept.map((name) => name.split('_')[2])).toEqual(['single-ip-credential-stuffing']);
    const again = await runProgram([
      'triage',
      '-o',
      'json',
      '--from',
      join(home, 'looks', saved.at(-1) ?? ''),
    ]);
    expect(JSON.parse(again.stdout).verdict.category).toBe('single-ip-credential-stuffing');
  });

  test('people get lines that are appended, with what changed', async () => {
    const { code, stdout, stderr } = await runProgram([
      'watch',
      ...systems(),
      '--interval',
      '1s',
      '--count',
      '2',
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toContain('\u001b');
    const lines = stdout
      .split('\n')
      .filter((line) => /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC quiet \(confidence medium\), /.test(line));
    expect(lines).toHaveLength(2);
  });

  test('a reader that goes ends it, without a word', async () => {
    await terminal.run(
      `clear; ${command('-o', 'json')} | head -1 | cut -c1-40; echo ended with \${PIPESTATUS[*]}`,
    );
    const screen = await terminal.shows('ended with 0 0 0\n');
    expect(screen).toContain('\n{"schema":"ratelimit/watch/v1","look":1,\n'.trimStart());
  });

  test('Ctrl-C ends a look under way at once', async () => {
    const silent = await startFaultyRedis('silent');
    const { child } = await spawnProgram([
      'watch',
      '-o',
      'json',
      '--timeout',
      '60s',
      '--redis-url',
      silent.url,
      '--prometheus-url',
      prometheus.url,
    ]);
    await until(async () => silent.connections() > 0, 'the look has begun');
    child.kill('SIGINT');
    const { exitCode, stdout, durationMs } = await child;
    expect(exitCode).toBe(130);
    expect(JSON.parse(stdout)).toMatchObject({ schema: 'ratelimit/error/v1', exitCode: 130 });
    expect(durationMs).toBeLessThan(60_000);
  });

  test('looks that are slow never overlap, and leave the systems twice as much rest', async () => {
    const slow = await startFaultyRedis({ proxy: { port: redis.port, latencyMs: 30 } });
    const { code, stdout } = await runProgram([
      'watch',
      '-o',
      'json',
      '--interval',
      '1s',
      '--count',
      '3',
      '--redis-url',
      slow.url,
      '--prometheus-url',
      prometheus.url,
    ]);
    expect(code).toBe(0);
    const looks = looksIn(stdout);
    expect(looks).toHaveLength(3);
    for (const [index, { at, tookSeconds, everySeconds }] of looks.entries()) {
      expect(tookSeconds).toBeGreaterThan(1 / 3);
      expect(everySeconds).toBeCloseTo(3 * tookSeconds, 1);
      const next = looks[index + 1];
      if (next !== undefined)
        expect((Date.parse(next.at) - Date.parse(at)) / 1_000).toBeGreaterThan(everySeconds - 0.01);
    }
  });

  test('systems that are down are watched until they are back', async () => {
    const port = await deadPort();
    const { child } = await spawnProgram([
      'watch',
      '-o',
      'json',
      '--interval',
      '1s',
      '--count',
      '20',
      '--redis-url',
      `redis://127.0.0.1:${port}`,
      '--prometheus-url',
      prometheus.url,
    ]);
    let stdout = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    await until(async () => stdout.includes('\n'), 'the first look');
    const back = await startFaultyRedis({ proxy: { port: redis.port } }, port);
    await until(async () => stdout.includes('can be read again'), 'Redis is back');
    child.kill('SIGINT');
    await child;
    await back.stop();
    const all = looksIn(stdout);
    expect(all[0]).toMatchObject({ category: 'inconclusive', changed: false });
    // Ctrl-C, too, is a line.
    expect(all.at(-1)).toMatchObject({ schema: 'ratelimit/error/v1', exitCode: 130 });
  });
});

describe('ends at once, before any look', () => {
  const refusals: Record<string, [args: string[], message: RegExp]> = {
    markdown: [['-o', 'markdown'], /watch has no markdown/],
    'an interval of less than a second': [['--interval', '200ms'], /--interval/],
    'several contexts': [['--context', 'a', '--context', 'b'], /watch takes one --context/],
    'a context that does not exist': [['--context', 'nowhere'], /nowhere/],
    'a folder that cannot be made': [['--save', '/dev/null/looks'], /evidence cannot be saved in/],
  };
  test.each(Object.entries(refusals))('%s: exit 2', async (_, [args, message]) => {
    const json = args.includes('-o') ? [] : ['-o', 'json'];
    const result = await runProgram(['watch', ...args, ...json]);
    expect(result.code).toBe(2);
    if (json.length === 0) expect(result.stderr).toMatch(message);
    else expect(errorDocument(result).message).toMatch(message);
  });
});
