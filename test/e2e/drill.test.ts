import { access, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hang, startFaultyHttp } from '../support/faulty-http.ts';
import { incidentYaml, shipped } from '../support/incident.ts';
import { stopEverything, temporaryFolder, until } from '../support/processes.ts';
import { runInTerminal, runProgram, spawnProgram } from '../support/program.ts';
import { startRedis } from '../support/redis.ts';
import { errorDocument, expectError } from './systems.ts';

/** What the tests read of `ratelimit/drill/v1`. */
interface Report {
  schema: string;
  incident: string;
  truth: { categories: string[]; story: string };
  triages: number;
  verdict: { category: string; confidence: string; right: boolean } | null;
  changes: {
    remedy: string;
    status: string;
    verified: string | null;
    undoneBy: string | null;
    targets: string[];
  }[];
  responses: { id: string; kind: string; command: string | null }[];
  commands: { command: string; exitCode: number }[];
  ignored: string[];
  warnings: string[];
}

let folder = '';
beforeAll(async () => {
  folder = await temporaryFolder('drills');
});
afterAll(stopEverything);

/** Where the program puts what is temporary; nothing may be left there. */
async function ownTemp(): Promise<{ TMPDIR: string; left: () => Promise<string[]> }> {
  const TMPDIR = await temporaryFolder('tmp');
  return { TMPDIR, left: () => readdir(TMPDIR) };
}

/** A drill whose command lines come from stdin, and its report. */
async function drill(args: readonly string[], lines: readonly string[]) {
  const { TMPDIR, left } = await ownTemp();
  const input = lines.map((line) => `${line}\n`).join('');
  const result = await runProgram(['drill', ...args, '-o', 'json'], { input, cwd: folder, env: { TMPDIR } });
  expect(result.code, result.stderr).toBe(0);
  expect(await left()).toEqual([]);
  const report = JSON.parse(result.stdout) as Report;
  expect(report.schema).toBe('ratelimit/drill/v1');
  return { ...result, report };
}

describe('the demo', () => {
  test('is one of them, and needs nobody', async () => {
    const manifest = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
    const [program, entry, ...args] = manifest.scripts.demo.split(' ');
    expect([program, entry]).toEqual(['node', 'bin/ratelimit.js']);
    const { TMPDIR, left } = await ownTemp();
    const { code, stdout, stderr } = await runProgram(args, { env: { TMPDIR } });
    expect({ code, left: await left() }).toEqual({ code: 0, left: [] });
    expect(stderr).toMatch(/^This is a drill\. [\s\S]*The pager says: AuthFailureSpike/);
    expect(stderr.match(/^drill> .*$/gm)).toEqual([
      'drill> triage',
      'drill> block-ip 203.0.113.42 --ttl 24h --reason credential_stuffing --yes',
      'drill> triage',
    ]);
    expect(stdout).toMatch(/^P2 single-ip-credential-stuffing \(confidence high\): 203\.0\.113\.42 made /);
    expect(stdout).toMatch(/^applied: block-ip 203\.0\.113\.42$[\s\S]*^ {2}\+ enforced: /m);
    expect(stdout).toMatch(/! already-blocked: /);
    expect(stdout).toMatch(
      /^What was going on: One address tries passwords \(single-ip-credential-stuffing\)$[\s\S]*^Your last triage said single-ip-credential-stuffing \(confidence high\): right\.$[\s\S]*^ {2}\+ block-ip acp:ip_block:203\.0\.113\.42: applied, enforced$[\s\S]*^ {5}ratelimit block-ip 203\.0\.113\.42 --ttl 24h --reason credential_stuffing$/m,
    );
  });

  test.each(Object.entries(shipped))('and %s is another', async (name, incident) => {
    const { report, stderr } = await drill([name, '--auto'], []);
    expect(report.verdict).toMatchObject({ right: true });
    expect(report.truth).toEqual({ categories: incident.expect.category, story: incident.story });
    expect(report.warnings).toEqual([]);
    const isForPeople = !report.responses.some(({ command }) => command !== null);
    expect(/its steps are for people/.test(stderr)).toBe(isForPeople);
    expect(report.triages).toBe(isForPeople ? 1 : 2);
    expect(report.changes.map(({ status }) => status)).toEqual(isForPeople ? [] : ['applied']);
    for (const { exitCode } of report.commands) expect(exitCode).toBe(0);
  });
});

describe('what is typed is run against the drill, by the real program', () => {
  test('one command a line, with and without its name; nothing that is wrong ends it', async () => {
    const { report, stderr } = await drill(
      ['one-ip'],
      [
        '# by the book',
        '',
        'ratelimit triage -o json',
        'blocks',
        'bloks',
        'block-ip 203.0.113.42',
        "block-ip 203.0.113.42 --reason 'it is them' --yes --verify 3s",
        'block-ip 10.0.0.1 --reason x --yes',
        'triage | less',
        'ratelimit',
        'help block-ip',
        '-q drill one-ip',
        'block-ip --stdin --yes --reason x',
        'journal',
        'done',
        'triage',
      ],
    );
    expect(report.commands).toEqual([
      { command: 'triage -o json', exitCode: 0 },
      { command: 'blocks', exitCode: 0 },
      { command: 'bloks', exitCode: 2 },
      { command: 'block-ip 203.0.113.42', exitCode: 6 },
      { command: "block-ip 203.0.113.42 --reason 'it is them' --yes --verify 3s", exitCode: 0 },
      { command: 'block-ip 10.0.0.1 --reason x --yes', exitCode: 6 },
      { command: 'help block-ip', exitCode: 0 },
      { command: '-q drill one-ip', exitCode: 2 },
      { command: 'block-ip --stdin --yes --reason x', exitCode: 2 },
      { command: 'journal', exitCode: 0 },
    ]);
    expect(report.triages).toBe(1);
    expect(report.verdict).toEqual({
      category: 'single-ip-credential-stuffing',
      confidence: 'high',
      right: true,
    });
    expect(report.changes).toMatchObject([
      { remedy: 'block-ip', status: 'applied', verified: 'enforced', targets: ['acp:ip_block:203.0.113.42'] },
    ]);
    // stdout is for the report alone: what the commands say goes to stderr.
    expect(stderr).toContain('"schema": "ratelimit/triage/v1"');
    expect(stderr).toContain('did you mean "blocks"?');
    expect(stderr).toContain('ratelimit: this is a drill already\ndone ends it.\n');
    expect(stderr).toContain('drill> triage | less\n| is for a shell');
    expect(stderr).toContain('Commands\n  triage ');
    expect(stderr).toContain('(exit code 6)');
  });

  test('an id of the journal, an undo, the kill switch and the permanent raise', async () => {
    const home = await temporaryFolder('home');
    const { child } = await spawnProgram(['drill', 'agent-cap'], { input: 'open', home });
    let seen = '';
    child.stdout.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
    });
    const type = async (line: string, answer: RegExp): Promise<RegExpExecArray> => {
      seen = '';
      child.stdin?.write(`${line}\n`);
      let found: RegExpExecArray | null = null;
      await until(async () => {
        found = answer.exec(seen);
        return found !== null;
      }, `the answer to ${line}`);
      if (found === null) throw new Error('no answer');
      return found;
    };
    await type('kill-switch engage globex --reason x --yes', /now {2}engaged[\s\S]*the switch is engaged/);
    await type('kill-switch status globex', /manual_admin_lockdown/);
    await type('kill-switch release globex --reason x --yes', /now {2}released/);
    const raise = 'raise-cap agent-7 --to 135 --permanent --tenant globex --reason x --yes';
    const [, id] = await type(raise, /PATCH http:\/\/127[\s\S]*Undo: ratelimit undo (\w+) --context drill\n/);
    await type('caps agent-7', /\$135\.00/);
    await type(`undo ${id} --reason back --yes`, /now {2}100\.00/);
    child.stdin?.end('done\n');
    const { exitCode, stdout } = await child;
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      / {2}\+ raise-cap acp:agent_cost_cap:agent-7 and 1 more: applied, stored, undone$/m,
    );
    expect(stdout).toContain('You did not triage, so nobody said what it was.');
    // The operator's own journal is not even made.
    await expect(access(join(home, 'state', 'ratelimit'))).rejects.toThrow();
  });

  test('without any line there is a report all the same, and with -q nothing else', async () => {
    const { code, stdout, stderr } = await runProgram(['drill', 'overload', '-q']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^\nThe drill is over/);
    expect(stdout).toContain('What you did\n  nothing was changed\n');
  });

  test('the report as Markdown', async () => {
    const { stdout } = await runProgram(['drill', 'one-ip', '-o', 'markdown'], { input: 'triage\n' });
    expect(stdout).toMatch(/^## Drill: One address tries passwords\n/);
    expect(stdout).toMatch(
      /```sh\nratelimit block-ip 203\.0\.113\.42 --ttl 24h --reason credential_stuffing\n```/,
    );
  });
});

test('systems that are named by flags, variables and the configuration are never connected to', async () => {
  const home = await temporaryFolder('home');
  const [redis, http] = await Promise.all([startRedis(), startFaultyHttp({ '*': hang })]);
  const connections = async () =>
    Number(/total_connections_received:(\d+)/.exec(await redis.cli('INFO', 'stats'))?.[1]);
  await redis.load([['SET', 'acp:auth_fail:192.0.2.99', '999', 'EX', '290']]);
  const config = join(home, 'config', 'ratelimit', 'config.yaml');
  await mkdir(join(home, 'config', 'ratelimit'), { recursive: true });
  const real = { redis: redis.url, prometheus: http.url, api: http.url, 'journal-stream': 'team' };
  await writeFile(
    config,
    JSON.stringify({ 'current-context': 'prod', contexts: { prod: real, drill: real } }),
  );
  const flags = ['--redis-url', redis.url, '--prometheus-url', http.url, '--api-url', http.url];
  const env = {
    RATELIMIT_REDIS_URL: redis.url,
    RATELIMIT_PROMETHEUS_URL: http.url,
    RATELIMIT_API_URL: http.url,
    RATELIMIT_API_TOKEN: 'hunter2',
    RATELIMIT_CONFIG: config,
    RATELIMIT_CONTEXT: 'prod',
    RATELIMIT_RUNBOOK: 'nonsense',
  };
  const lines = [
    'triage -o json',
    `triage ${flags.join(' ')} -o json`,
    `block-ip 203.0.113.42 --reason x --yes --verify 0 ${flags.join(' ')}`,
    `kill-switch engage acme --reason x --yes --context prod --config ${config}`,
    `raise-cap agent-1 --to 10 --permanent --tenant acme --reason x --yes --redis-url=${redis.url}`,
    'blocks --redis-url not-even-a-url',
    `journal --config ${config}`,
  ];
  const before = await connections();
  const { code, stdout, stderr } = await runProgram(
    ['drill', 'one-ip', '-o', 'json', ...flags, '--config', config, '--context', 'prod'],
    { env, home, input: lines.map((line) => `${line}\n`).join('') },
  );
  // That question itself is one more.
  expect([code, (await connections()) - before]).toEqual([0, 1]);
  expect(http.requests).toEqual([]);
  const report = JSON.parse(stdout) as Report;
  expect(report.commands.map(({ exitCode }) => exitCode)).toEqual(lines.map(() => 0));
  expect(report.ignored).toEqual([
    ...['--config', '--context', '--redis-url', '--prometheus-url', '--api-url'],
    ...Object.keys(env).sort(),
    config,
  ]);
  expect(report.changes.map(({ remedy }) => remedy)).toEqual(['block-ip', 'kill-switch', 'raise-cap']);
  expect(stderr).not.toContain('192.0.2.99');
  expect(stderr).not.toContain('hunter2');
  // Said once of the drill, and once of each line.
  expect(stderr.match(/Ignored in a drill: --config, /g)).toHaveLength(1);
  expect(
    stderr.match(/^--redis-url, --prometheus-url, --api-url ignored: a drill has systems of its own$/gm),
  ).toHaveLength(2);
  expect(stderr).toContain('--config, --context ignored: ');
  await expect(access(join(home, 'state', 'ratelimit'))).rejects.toThrow();
});

describe('an incident of your own', () => {
  const own = async (name: string, yaml: string) => {
    const file = join(folder, name);
    await writeFile(file, yaml);
    return file;
  };

  test('with a runbook of your own beside it', async () => {
    const aegis = await readFile(new URL('../../src/runbooks/aegis.yaml', import.meta.url), 'utf8');
    await own(
      'runbook.yaml',
      aegis.replace('name: aegis', 'name: ours').replaceAll('value: 20\n', 'value: 7\n'),
    );
    const keys = 'runbook: ./runbook.yaml\nkeys: [{ key: "acp:auth_fail:203.0.113.7", value: 9, ttl: 290s }]';
    const file = await own('ours.yaml', incidentYaml(keys).replace('quiet', 'single-ip-credential-stuffing'));
    const { report } = await drill([file], ['triage']);
    expect(report).toMatchObject({ incident: file, runbook: 'ours', warnings: [], verdict: { right: true } });
    const named = await drill(['one-ip', '--runbook', './runbook.yaml'], ['triage']);
    expect(named.report).toMatchObject({ runbook: 'ours', verdict: { right: true } });
    const judged = await drill([file, '--runbook', 'aegis'], ['triage']);
    expect(judged.report).toMatchObject({ runbook: 'aegis', verdict: { right: false } });
    expect(judged.report.warnings).toEqual([
      expect.stringContaining('the runbook itself took this for inconclusive when it began'),
    ]);
  });

  test('what a terminal would obey is refused, and not obeyed in saying so', async () => {
    const file = await own(
      'hostile.yaml',
      incidentYaml('page: "\\u001b[2J page"')
        .replace('title: t', 'title: "\\u202e t"')
        .replace('story: s', 'story: "\\u001b]0;x\\u0007"'),
    );
    const { code, stdout, stderr } = await runProgram(['drill', file], { input: 'triage\n' });
    expect(code).toBe(2);
    for (const hidden of ['\u001b', '\u202e', '\u0007']) expect(stdout + stderr).not.toContain(hidden);
    for (const key of ['title', 'story', 'page']) {
      expect(stderr).toContain(`: ${key}: expected one line of visible characters`);
    }
  });

  test.each([
    [
      'that is not valid',
      incidentYaml('keys: [{ key: a, valu: 1 }]'),
      /bad-0\.yaml:5: keys\.0\.valu: unknown key/,
    ],
    [
      'whose truth the runbook does not know',
      incidentYaml('').replace('quiet', 'one-ip'),
      /no category "one-ip"/,
    ],
    ['with a threshold that there is not', incidentYaml('thresholds: { inflght-limit: 3 }'), /inflght-limit/],
    ['of a runbook that there is not', incidentYaml('runbook: aegsi'), /there is no runbook "aegsi"/],
    ['of a runbook file that there is not', incidentYaml('runbook: ./no.yaml'), /no\.yaml cannot be read/],
  ])('%s', async (_, yaml, message) => {
    const file = await own('bad-0.yaml', yaml);
    const result = await runProgram(['drill', file]);
    expect(result.code).toBe(2);
    expectError(result);
    expect(result.stderr).toMatch(message);
  });

  test.each([
    [['drill'], /which incident\? Incidents: agent-cap, claimed-ip, crowd, /],
    [['drill', 'one-pi'], /there is no incident "one-pi"; did you mean "one-ip"\?/],
    [['drill', '../../etc'], /cannot be read: /],
    [['drill', '/dev/zero'], /cannot be read: it has more than 4 MiB/],
    [['drill', 'no.yaml'], /no\.yaml cannot be read: no such file/],
    [['drill', 'one-ip', 'crowd'], /too many arguments/],
  ])('%j', async (args, message) => {
    const { TMPDIR, left } = await ownTemp();
    const result = await runProgram([...args, '-o', 'json'], { env: { TMPDIR } });
    expect([result.code, await left()]).toEqual([2, []]);
    expect(errorDocument(result).message).toMatch(message);
  });
});

test('without a place for its journal there is no drill', async () => {
  const result = await runProgram(['drill', 'one-ip'], { env: { TMPDIR: join(folder, 'none') } });
  expect(result.code).toBe(1);
  expectError(result);
  expect(result.stderr).toMatch(
    /none, where it cannot write: no such file\nName another folder in TMPDIR\.\n$/,
  );
});

test('--list', async () => {
  const names = Object.keys(shipped).sort();
  const human = await runProgram(['drill', '--list']);
  expect(human.stdout.match(/^[a-z-]+(?= {2})/gm)).toEqual(names);
  const { stdout } = await runProgram(['drill', '--list', '-o', 'json']);
  const document = JSON.parse(stdout) as { schema: string; incidents: { name: string; title: string }[] };
  expect(document.schema).toBe('ratelimit/drills/v1');
  expect(document.incidents.map(({ name }) => name)).toEqual(names);
  const markdown = await runProgram(['drill', '--list', '-o', 'markdown']);
  expect(markdown.stdout).toContain('| `one-ip` | One address tries passwords |');
});

describe('at a terminal', () => {
  const PROMPT = /drill> $/;

  test('choose, triage, act from the menu, undo by what it says, and hear what it was', async () => {
    const { TMPDIR, left } = await ownTemp();
    const { code, output } = await runInTerminal(['drill'], {
      env: { TMPDIR },
      answers: [
        { after: 'Which incident?', type: '\u001b[B'.repeat(5) },
        { after: /> one-ip/, type: '\r' },
        { after: PROMPT, type: 'triage\r' },
        { after: 'What next?', type: '\r' },
        { after: '(y/N)', type: 'y' },
        { after: PROMPT, type: 'blocks\r' },
        { after: PROMPT, type: 'done\r' },
      ],
    });
    const shown = stripVTControlCharacters(output).replaceAll('\r', '');
    expect({ code, left: await left() }).toEqual({ code: 0, left: [] });
    expect(shown).toContain('Type what you would type during a page, such as: triage');
    expect(shown).toMatch(/\+ enforced: /);
    expect(shown).toMatch(/block-ip acp:ip_block:203\.0\.113\.42: applied, enforced/);
    expect(shown).toMatch(/: right\.\n/);
  });

  test('Ctrl-C at a question leaves the question; at the prompt it leaves the drill, and nothing behind', async () => {
    const { TMPDIR, left } = await ownTemp();
    const { code, output } = await runInTerminal(['drill', 'one-ip'], {
      env: { TMPDIR },
      answers: [
        { after: PROMPT, type: 'block-ip 203.0.113.42 --reason x\r' },
        { after: '(y/N)', type: '\u0003' },
        { after: PROMPT, type: 'blo\u0003' },
      ],
    });
    expect({ code, left: await left() }).toEqual({ code: 130, left: [] });
    expect(output).toMatch(/interrupted\r\n[\s\S]*\(exit code 130\)[\s\S]*interrupted\r\n$/);
    expect(output).not.toContain('The drill is over');
  });

  test('Ctrl-D ends it like done; what was typed before comes back', async () => {
    const { code, output } = await runInTerminal(['drill', 'one-ip'], {
      answers: [
        { after: PROMPT, type: 'blocks\r' },
        { after: PROMPT, type: '\u001b[A\r' },
        { after: PROMPT, type: '\u0004' },
      ],
    });
    expect(code).toBe(0);
    expect(output.match(/no blocks in force/g)).toHaveLength(2);
    expect(output).toContain('The drill is over');
  });
});

test.each(['SIGINT', 'SIGTERM'] as const)(
  '130: %s while a command runs, and nothing is left behind',
  async (signal) => {
    const { TMPDIR, left } = await ownTemp();
    const { child } = await spawnProgram(['drill', 'one-ip'], { input: 'open', env: { TMPDIR } });
    child.stdin?.write('block-ip 203.0.113.42 --reason x --yes --verify 10m\n');
    let seen = '';
    child.stderr.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
    });
    await until(async () => /drill> block-ip/.test(seen), 'the command runs');
    child.kill(signal);
    const { exitCode, stderr } = await child;
    expect([exitCode, await left()]).toEqual([130, []]);
    expect(stderr).toMatch(/interrupted\n$/);
  },
);
