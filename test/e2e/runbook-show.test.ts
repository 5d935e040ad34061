import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { stopEverything, temporaryFolder } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';
import { errorDocument, expectError } from './systems.ts';

afterAll(stopEverything);

let home = '';
beforeEach(async () => {
  home = await temporaryFolder('home');
  await mkdir(join(home, 'config', 'ratelimit'), { recursive: true });
});
const show = (args: readonly string[] = [], env: Record<string, string> = {}) =>
  runProgram(['runbook', 'show', ...args], { home, env });
const configure = (yaml: string) => writeFile(join(home, 'config', 'ratelimit', 'config.yaml'), yaml);

const CONTEXTS = `current-context: prod
contexts:
  prod:
    redis: { url: rediss://redis.example, password-file: /nowhere/password, tls: { ca-file: /nowhere/ca.pem } }
    prometheus: { url: https://prometheus.example, bearer-token-file: /nowhere/token }
    api: { url: https://api.example, token-file: /nowhere/token }
    thresholds: { heavy-ip-failures: 30 }
  edge:
    runbook: edge
    redis: redis://edge.example
`;

describe('runbook show', () => {
  test('says what every category of the runbook is, without a configuration', async () => {
    const { code, stdout, stderr } = await show();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { categories } = JSON.parse(
      await readFile(new URL('../../dist/runbooks/aegis.json', import.meta.url), 'utf8'),
    ) as { categories: { id: string; rank: number }[] };
    const ids = [...stdout.matchAll(/^ {2}P\d ([a-z-]+)$/gm)].map(([, id]) => id);
    expect(ids).toEqual(categories.sort((a, b) => a.rank - b.rank).map(({ id }) => id));
    expect(stdout).toContain('What to do about one: ratelimit runbook show <category>');
  });

  test('needs no secret, no system and no API, and shows what the context sets', async () => {
    await configure(CONTEXTS);
    const { code, stdout, stderr } = await show(['single-ip-credential-stuffing']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.replace(/\n {6}/g, ' ')).toContain(
      'heavy-ip-failures: 30 failures (set by the context, the runbook says 20 failures)',
    );
    expect(stdout.replace(/\n +/g, ' ')).toContain('each with at least 30 failures');
    expect(stdout).toContain(
      "\n     ratelimit block-ip '<ip>' --ttl 24h --reason credential_stuffing --context prod\n",
    );
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('runbook aegis (built in), context prod');
    // A command that reaches the systems does need them.
    expect((await runProgram(['triage'], { home })).stderr).toContain('/nowhere/password');
  });

  test('is of the runbook of --runbook, of the environment, of the context', async () => {
    await configure(CONTEXTS);
    await runProgram(['runbook', 'new', 'edge'], { home });
    await runProgram(['runbook', 'new', './other.yaml'], { home });
    const nameOf = async (args: string[], env?: Record<string, string>) => {
      const { stdout } = await show(['-o', 'json', ...args], env);
      return (JSON.parse(stdout) as { runbook: { name: string; origin: string } }).runbook;
    };
    expect(await nameOf(['--context', 'edge'])).toMatchObject({ name: 'edge', origin: 'own' });
    expect(await nameOf(['--context', 'edge'], { RATELIMIT_RUNBOOK: 'aegis' })).toMatchObject({
      name: 'aegis',
      origin: 'built-in',
      path: null,
    });
    const path = await nameOf(['--context', 'edge', '--runbook', './other.yaml'], {
      RATELIMIT_RUNBOOK: 'aegis',
    });
    expect(path).toMatchObject({ name: 'other', origin: 'path', path: './other.yaml' });
  });

  test('of a runbook that the context does not fit says so, and shows it all the same', async () => {
    await configure(CONTEXTS);
    await runProgram(['runbook', 'new', 'edge'], { home });
    const { code, stdout } = await show(['--runbook', 'edge']);
    expect(code).toBe(0);
    expect(stdout).toContain('! thresholds.heavy-ip-failures: runbook edge has no such threshold');
    const triage = await runProgram(['triage', '--runbook', 'edge', '--redis-url', 'redis://127.0.0.1:1'], {
      home,
    });
    expect(triage.code).toBe(2);
  });

  test('needs no context to be chosen', async () => {
    await configure(CONTEXTS.replace('current-context: prod\n', ''));
    const { code, stdout } = await show();
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('runbook aegis (built in)');
  });

  test.each([
    ['a category that is not there', ['agent-over-cap'], 'did you mean "agent-over-cost-cap"?'],
    ['a verdict that is no category', ['quiet'], 'no category "quiet"'],
    ['the name of something inherited', ['constructor'], 'no category "constructor"'],
    ['a hostile one', ['\u001b[2J'], 'no category "\\u001b[2J"'],
    [
      'a runbook that is not there',
      ['--runbook', './none.yaml'],
      'runbook ./none.yaml cannot be read: no such file',
    ],
    ['a context that is not there', ['--context', 'none'], 'no context "none"'],
    ['a configuration that cannot be used', ['--config', './none.yaml'], '--config: cannot use the file'],
  ])('%s is refused', async (_, args, message) => {
    const refused = await show(args);
    expect(refused.code).toBe(2);
    expectError(refused);
    expect(refused.stderr).toContain(message);
    expect(refused.stderr).not.toContain('\u001b');
    expect(errorDocument(await show([...args, '-o', 'json'])).exitCode).toBe(2);
  });

  test('leads to what is meant, where it is a runbook or a category of another', async () => {
    expect((await show(['tps-limits'])).stderr).toContain(
      'tps-limits is a runbook: ratelimit runbook show --runbook tps-limits\n',
    );
    expect((await show(['caller-at-tier-limit'])).stderr).toContain(
      'It is one of runbook tps-limits: ratelimit runbook show caller-at-tier-limit --runbook tps-limits\n',
    );
  });

  test('says of quiet and inconclusive what they are', async () => {
    expect((await show(['inconclusive'])).stderr).toContain('no category fits: ratelimit triage says what');
  });
});
