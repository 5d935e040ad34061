import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { runTool, stopEverything, temporaryFolder } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';
import { errorDocument, expectError } from './systems.ts';

afterAll(stopEverything);

let home = '';
let own = '';
let yaml = '';
beforeEach(async () => {
  home = await temporaryFolder('home');
  own = join(home, 'config', 'ratelimit', 'runbooks');
  await mkdir(own, { recursive: true });
  yaml = (await run(['new'])).stdout;
});
const run = (args: readonly string[], input?: string) =>
  runProgram(['runbook', ...args], { home, ...(input === undefined ? {} : { input }) });
const called = (name: string) => yaml.replace(/^name: .*$/m, `name: ${name}`);

describe('runbook list', () => {
  test('names the built-in ones, and where to put your own', async () => {
    const { code, stdout, stderr } = await run(['list']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^aegis +Rate Limit Spike +\d+ +\d+ +built in$/m);
    expect(stdout.replace(/\n +/g, ' ')).toContain(`such as my-system.yaml, in ${own}`);
  });

  test('lists your own, one that is not valid with its first problem', async () => {
    await writeFile(join(own, 'edge.yaml'), called('edge'));
    await writeFile(join(own, 'broken.yml'), called('broken').replace('rank: 10', 'rank: ten'));
    await writeFile(join(own, 'Bad Name.yaml'), yaml);
    await writeFile(join(own, 'notes.txt'), 'nothing');
    await writeFile(join(own, '.hidden.yaml'), 'nothing');
    const { code, stdout } = await run(['list', '-o', 'json']);
    expect(code).toBe(0);
    const { runbooks, ...rest } = JSON.parse(stdout) as { runbooks: Record<string, unknown>[] };
    expect(rest).toEqual({ schema: 'ratelimit/runbooks/v1', folder: own, warnings: [] });
    const builtIn = runbooks.filter(({ origin }) => origin === 'built-in');
    expect(builtIn.map(({ name }) => name)).toEqual(expect.arrayContaining(['aegis', 'tps-limits']));
    for (const one of builtIn) expect(one).toMatchObject({ path: null, valid: true, problems: [] });
    // They stand first.
    expect(runbooks.slice(builtIn.length)).toEqual([
      {
        name: 'Bad Name',
        title: 'nginx rejects requests',
        origin: 'own',
        path: join(own, 'Bad Name.yaml'),
        categories: 4,
        rules: 3,
        valid: false,
        problems: ['Bad Name is no name of lower-case words joined by dashes: rename the file'],
      },
      {
        name: 'broken',
        title: null,
        origin: 'own',
        path: join(own, 'broken.yml'),
        categories: null,
        rules: null,
        valid: false,
        problems: [
          expect.stringMatching(/broken\.yml:\d+: categories\.0\.rank: expected a number, got "ten"$/),
        ],
      },
      {
        name: 'edge',
        title: 'nginx rejects requests',
        origin: 'own',
        path: join(own, 'edge.yaml'),
        categories: 4,
        rules: 3,
        valid: true,
        problems: [],
      },
    ]);
    const human = (await run(['list'])).stdout.replace(/\n {4}/g, ' ');
    expect(human).toMatch(/^edge +nginx rejects requests +4 +3 +edge\.yaml$/m);
    expect(human).toMatch(
      /! broken cannot be used: \S+broken\.yml:\d+: categories\.0\.rank: expected a number/,
    );
    const markdown = (await run(['list', '-o', 'markdown'])).stdout;
    expect(markdown).toContain('| `aegis` | Rate Limit Spike |');
    expect(markdown).toMatch(/^- broken cannot be used: /m);
  });

  test('a name that a built-in one has is said, and every command refuses it', async () => {
    await writeFile(join(own, 'aegis.yaml'), called('aegis'));
    const listed = (await run(['list'])).stdout.replace(/\n +/g, ' ');
    expect(listed).toContain('! aegis cannot be used: aegis is the name of a built-in runbook too');
    for (const words of [['triage'], ['caps'], ['journal'], ['runbook', 'validate', 'aegis']]) {
      const refused = await runProgram(words, { home });
      expect(refused.code).toBe(2);
      expectError(refused);
      const file = join(own, 'aegis.yaml');
      expect(refused.stderr).toContain(`aegis is the name of 2 runbooks: the built-in one and ${file}`);
      expect(refused.stderr).toContain(`--runbook ${file}`);
    }
    const env = { RATELIMIT_RUNBOOK: join(own, 'aegis.yaml') };
    expect((await runProgram(['runbook', 'validate', join(own, 'aegis.yaml')], { home, env })).code).toBe(0);
  });

  test('a folder that cannot be listed is an error, one that is missing is none', async () => {
    const elsewhere = await temporaryFolder('home');
    expect((await runProgram(['runbook', 'list'], { home: elsewhere })).code).toBe(0);
    await mkdir(join(elsewhere, 'config', 'ratelimit'), { recursive: true });
    await writeFile(join(elsewhere, 'config', 'ratelimit', 'runbooks'), '');
    const refused = await runProgram(['runbook', 'list'], { home: elsewhere });
    expect(refused.code).toBe(2);
    expectError(refused);
    expect(refused.stderr).toContain('cannot be listed: a part of its path is not a folder');
  });

  test('what is no file does not hold it up', async () => {
    await runTool('mkfifo', [join(own, 'pipe.yaml')], own);
    await symlink('/dev/zero', join(own, 'zero.yaml'));
    await symlink(join(own, 'gone'), join(own, 'link.yaml'));
    const { code, stdout } = await run(['list', '-o', 'json']);
    expect(code).toBe(0);
    const { runbooks } = JSON.parse(stdout) as { runbooks: { origin: string; problems: string[] }[] };
    const theirs = runbooks.filter(({ origin }) => origin !== 'built-in');
    expect(theirs.map(({ problems }) => problems)).toEqual([
      [`${join(own, 'link.yaml')} cannot be read: no such file`],
      [`${join(own, 'pipe.yaml')} cannot be read: it is not a file`],
      [`${join(own, 'zero.yaml')} cannot be read: it is not a file`],
    ]);
  });

  test('names of files are shown as text', async () => {
    await writeFile(join(own, '\u001b[2Jx.yaml'), 'no');
    const { stdout } = await run(['list']);
    expect(stdout).not.toContain('\u001b');
    expect(stdout).toContain('\\x1b[2Jx');
  });
});

describe('runbook validate', () => {
  test('tells all problems with file, line and key', async () => {
    await writeFile(
      join(home, 'x.yaml'),
      yaml.replace('rank: 10', 'rank: ten').replace('lowers: 2', 'lowers: 9\n        lowrs: 1'),
    );
    const { code, stdout, stderr } = await run(['validate', './x.yaml']);
    expect({ code, stderr }).toEqual({ code: 2, stderr: '' });
    const lines = stdout.split('\n');
    expect(lines[0]).toBe('./x.yaml is not a valid runbook: 3 problems');
    expect(lines[1]).toMatch(/^\.\/x\.yaml:\d+: categories\.0\.rank: expected a number, got "ten"$/);
    expect(lines[2]).toMatch(
      /^\.\/x\.yaml:\d+: categories\.0\.caveats\.0\.lowers: expected .*at most 2, got 9$/,
    );
    expect(lines[3]).toMatch(/^\.\/x\.yaml:\d+: .*lowrs: unknown key, did you mean "lowers"\?/);
    const json = await run(['validate', './x.yaml', '-o', 'json']);
    expect(json.code).toBe(2);
    expect(JSON.parse(json.stdout)).toEqual({
      schema: 'ratelimit/runbook-validate/v1',
      file: './x.yaml',
      valid: false,
      name: null,
      title: null,
      counts: null,
      problems: lines.slice(1, 4),
      notes: [],
    });
  });

  test('says in one sentence that all is well, of a file, of a name, of stdin', async () => {
    await writeFile(join(own, 'edge.yaml'), called('edge'));
    for (const [file, input] of [['edge'], ['aegis'], [join(own, 'edge.yaml')], ['-', yaml]] as const) {
      const { code, stdout, stderr } = await run(['validate', file], input);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout.replace(/\n +/g, ' ')).toMatch(
        /is a valid runbook: .*, \d+ categories, \d remed(?:y|ies), \d alerting rules\.\n$/,
      );
    }
    const json = JSON.parse((await run(['validate', 'edge', '-o', 'json'])).stdout) as Record<
      string,
      unknown
    >;
    expect(json).toMatchObject({
      valid: true,
      name: 'edge',
      counts: { signals: 8, thresholds: 16, categories: 4, remedies: 1, rules: 3 },
      problems: [],
      notes: [],
    });
  });

  test.each([
    ['a file that is not there', './none.yaml', 'runbook ./none.yaml cannot be read: no such file'],
    ['a folder', './', 'runbook ./ cannot be read: it is a folder, not a file'],
    ['a name that is not there', 'nginks', 'there is no runbook "nginks"'],
    ['a file without end', './zero.yaml', 'runbook ./zero.yaml cannot be used: it is over 1 MB'],
  ])('%s is an error', async (_, file, message) => {
    await symlink('/dev/zero', join(home, 'zero.yaml'));
    const refused = await run(['validate', file, '-o', 'json']);
    expect(refused.code).toBe(2);
    expect(errorDocument(refused).message).toContain(message);
  });

  test.each([
    ['nothing', '', 'stdin: expected a runbook, got an empty file'],
    ['what is no YAML', 'a: [', 'stdin:1: expected valid YAML'],
    ['a list', '- 1', 'stdin:1: expected a mapping, got a list'],
    ['a terminal sequence', 'name: "\\u001b[2J"', 'stdin:1: name: expected lower-case words'],
  ])('stdin with %s', async (_, input, problem) => {
    const { code, stdout } = await run(['validate', '-'], input);
    expect(code).toBe(2);
    expect(stdout).toContain(problem);
    expect(stdout).not.toContain('\u001b');
  });

  test('stdin without end', async () => {
    const refused = await run(['validate', '-'], 'a'.repeat(1024 * 1024 + 1));
    expect(refused.code).toBe(2);
    expectError(refused);
    expect(refused.stderr).toContain('stdin has more than 1048576 bytes');
  });
});
