import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noise, singleIp, tenantOverRps } from '../support/incidents.ts';
import { stopEverything } from '../support/processes.ts';
import { runInTerminal, runProgram } from '../support/program.ts';
import { startRedis } from '../support/redis.ts';
import { incidentAt, nowSeconds, prometheusWith, triage } from './systems.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/ratelimit.js', import.meta.url));
/** Not the line of progress, which a slow machine gets to see. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
const isColoured = (text: string): boolean => /\u001b\[[\d;]*m/.test(text);

let systems: string[] = [];
beforeAll(async () => {
  const now = nowSeconds();
  const incident = incidentAt(now, noise(now), singleIp(), tenantOverRps(now));
  const [redis, prometheus] = await Promise.all([startRedis(), prometheusWith(incident)]);
  await redis.load(incident.redis);
  systems = ['--redis-url', redis.url, '--prometheus-url', prometheus.url];
});
afterAll(stopEverything);

/** The program as the first command of a shell's line: `$P` is the program with its arguments. */
async function inShell(line: string, args: readonly string[]) {
  const script = `P() { "$0" "$@"; }; ${line}`;
  const { exitCode, stdout, stderr } = await execa(
    'bash',
    ['-c', script, process.execPath, PROGRAM, ...args],
    { reject: false, stripFinalNewline: false, env: { XDG_CONFIG_HOME: '/nonexistent', NO_COLOR: '' } },
  );
  return { code: exitCode, stdout, stderr };
}

describe('a reader that goes away', () => {
  test('| head -1 gets the verdict, and nobody complains', async () => {
    const { stdout, stderr, code } = await inShell('P "$@" | head -1; exit "$PIPESTATUS"', [
      'triage',
      ...systems,
    ]);
    expect(stdout).toMatch(
      /^P2 single-ip-credential-stuffing \(confidence high\): 203\.0\.113\.42 made .*\n$/,
    );
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });

  test.each(['human', 'json', 'markdown'])('| true, as %s', async (format) => {
    const { stderr, code } = await inShell('P "$@" | true; exit "$PIPESTATUS"', [
      'triage',
      ...['-o', format, ...systems],
    ]);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  });

  test('a closed stdout', async () => {
    const { stderr, code } = await inShell('P "$@" >&-', ['triage', ...systems]);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  });

  test('a closed stderr does not cost the answer', async () => {
    const { stdout, code } = await inShell('P "$@" 2>&-', ['triage', ...systems]);
    expect(stdout).toMatch(/^P2 single-ip/);
    expect(code).toBe(0);
  });

  test('a disk that is full is a failure, and said', async () => {
    const { stderr, code } = await inShell('P "$@" >/dev/full', ['triage', ...systems]);
    expect(stderr).toMatch(/^ratelimit: the answer could not be written: .*ENOSPC.*\n$/);
    expect(code).toBe(1);
  });
});

describe('colour', () => {
  const colours = async (args: string[], env: Record<string, string> = {}) => {
    const { stdout, stderr } = await runProgram(['triage', ...systems, ...args], { env });
    expect(stderr).toBe('');
    return isColoured(stdout);
  };

  test('none when piped, nor any other control character', async () => {
    const { stdout } = await runProgram(['triage', ...systems]);
    expect(stdout).not.toMatch(/(?!\n)\p{Cc}/u);
  });

  test.each<[string[], Record<string, string>, boolean]>([
    [['--color', 'always'], {}, true],
    [['--color', 'always'], { NO_COLOR: '1' }, true],
    [['--color=never'], { FORCE_COLOR: '1' }, false],
    [['--no-color'], { FORCE_COLOR: '1' }, false],
    [[], { FORCE_COLOR: '1' }, true],
    [[], { FORCE_COLOR: '0' }, false],
    [[], { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
    [['--color', 'auto'], { FORCE_COLOR: '1' }, true],
    [['-o', 'json'], { FORCE_COLOR: '1' }, false],
    [['-o', 'markdown', '--color', 'always'], {}, false],
  ])('%j with %j: %s', async (args, env, expected) => {
    expect(await colours(args, env)).toBe(expected);
  });

  test('in a terminal, unless it is declined', async () => {
    const run = async (args: string[], env: Record<string, string> = {}) => {
      const { code, output } = await runInTerminal(['triage', '--no-input', ...systems, ...args], { env });
      expect(code).toBe(0);
      expect(output).toContain('203.0.113.42');
      return isColoured(output);
    };
    expect(await run([])).toBe(true);
    expect(await run([], { NO_COLOR: '1' })).toBe(false);
    expect(await run([], { TERM: 'dumb' })).toBe(false);
    expect(await run(['--no-color'])).toBe(false);
    expect(await run(['-o', 'json'])).toBe(false);
  });
});

describe('the answer is on stdout and nothing is on stderr', () => {
  test('for people', async () => {
    const { stdout, stderr, code } = await runProgram(['triage', ...systems]);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    const [first, ...rest] = stdout.split('\n');
    expect(first).toMatch(/^P2 single-ip-credential-stuffing .*tenant-over-rps-cap/);
    // Sentences and tables fit; a verdict and a command stay on the one line that is read or pasted.
    const command = new RegExp(`^ +ratelimit .* --redis-url ${systems[1]}$`);
    const long = rest.filter((line) => line.length > 80 && !command.test(line));
    expect(long.filter((line) => !/^P2 /.test(line))).toEqual([]);
    expect(rest.filter((line) => command.test(line))).toHaveLength(1);
    expect(stdout.endsWith('\n')).toBe(true);
  });

  test('as Markdown', async () => {
    const { stdout, stderr, code } = await runProgram(['triage', '-o', 'markdown', ...systems]);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    expect(stdout).toMatch(/^## P2 single-ip-credential-stuffing \\\(confidence high\\\)\n/);
    expect(stdout).toContain('| `203.0.113.42` | 4,812 |');
    expect(stdout).toContain('```sh\nratelimit block-ip 203.0.113.42 ');
  });

  test('--verbose talks on stderr alone', async () => {
    const quiet = await runProgram(['triage', '-o', 'json', ...systems]);
    const loud = await runProgram(['triage', '-o', 'json', '-v', ...systems]);
    expect(Object.keys(JSON.parse(loud.stdout))).toEqual(Object.keys(JSON.parse(quiet.stdout)));
    expect(loud.stderr).toMatch(/^auth-failures-by-ip: .*measured, \d+ ms$/m);
  });
});

describe('ratelimit/triage/v1', () => {
  const KEYS = {
    document:
      'schema at windowSeconds context runbook verdict findings ruledOut signals warnings degraded timings',
    verdict: 'category confidence summary',
    finding: 'category confidence severity subjects because caveats remedies',
    because: 'code signal measured threshold met text',
    remedy: 'id kind command text',
    signal: 'status reason sources total distinct coverage rows',
    row: 'id value share lastSeenSeconds labels',
  };
  const expectKeys = (value: object | undefined, kind: keyof typeof KEYS) => {
    expect(Object.keys(value ?? {})).toEqual(expect.arrayContaining(KEYS[kind].split(' ')));
  };
  const DEAD = ['--redis-url', 'redis://127.0.0.1:1', '--prometheus-url', 'http://127.0.0.1:1'];
  const LISTS = /"(findings|ruledOut|warnings|subjects|because|caveats|remedies|sources|rows)": null/;

  test.each([
    ['with findings', () => systems],
    ['with nothing at all', () => DEAD],
  ])('%s: every key is there, and lists are lists', async (_name, args) => {
    const { document, stdout } = await triage(args());
    const whole = document as unknown as Record<string, unknown[] & Record<string, object[]>>;
    expectKeys(document, 'document');
    expectKeys(document.verdict, 'verdict');
    for (const finding of document.findings) {
      expectKeys(finding, 'finding');
      expectKeys((finding as unknown as Record<string, object[]>).because?.[0], 'because');
      for (const remedy of finding.remedies) expectKeys(remedy, 'remedy');
    }
    for (const rejected of whole.ruledOut ?? [])
      expect(Object.keys(rejected as object)).toEqual(['category', 'because']);
    for (const signal of Object.values(document.signals)) {
      expectKeys(signal, 'signal');
      for (const row of signal.rows) expectKeys(row, 'row');
    }
    expect(stdout).not.toMatch(LISTS);
    expect(stdout).not.toContain('undefined');
    expect(whole.timings).toEqual({ totalMs: expect.any(Number) });
  });
});

describe('help', () => {
  const GLOBAL =
    '--config --context -o, --output --color --no-color --timeout --runbook --no-input -v, --verbose -q, --quiet --redis-url --prometheus-url --api-url';
  const TRIAGE = '--window --top --exit-code --save --from';
  const CODES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 130];
  const TOPIC = 'Exit codes: ratelimit help exit-codes';

  test.each([
    ['triage --help', `${GLOBAL} ${TRIAGE}`],
    ['help config show', GLOBAL],
  ])('ratelimit %s lists its flags, and where the exit codes are', async (command, flags) => {
    const { stdout, stderr, code } = await runProgram(command.split(' '));
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    for (const flag of flags.split(' ')) {
      expect(stdout).toMatch(new RegExp(`^  (-\\w, )?${flag.replace(',', '')}\\b`, 'm'));
    }
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(TOPIC);
  });

  test.each([
    ['--help', GLOBAL],
    ['help exit-codes', ''],
  ])('ratelimit %s lists the exit codes', async (command, flags) => {
    const { stdout, stderr, code } = await runProgram(command.split(' '));
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    for (const flag of flags.split(' ').filter(Boolean)) {
      expect(stdout).toMatch(new RegExp(`^  (-\\w, )?${flag.replace(',', '')}\\b`, 'm'));
    }
    for (const exitCode of CODES) expect(stdout).toMatch(new RegExp(`^ +${exitCode}  \\w`, 'm'));
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });
});
