import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { stopEverything, temporaryFolder } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';
import { configShow, errorDocument, expectError } from './systems.ts';

afterAll(stopEverything);

/** A home of its own for each test; the default configuration file is in it. */
let home = '';
let file = '';
beforeEach(async () => {
  home = await temporaryFolder('home');
  file = join(home, 'config', 'ratelimit', 'config.yaml');
  await mkdir(join(home, 'config', 'ratelimit'), { recursive: true });
});

const show = (args?: readonly string[], env?: Record<string, string>) =>
  configShow({ home, env: env ?? {} }, args);

const fails = async (args: readonly string[], env: Record<string, string> = {}) => {
  const result = await runProgram(args, { home, env });
  expect(result.code).toBe(2);
  expectError(result);
  return result.stderr;
};

const CONTEXTS = `current-context: staging
contexts:
  staging:
    redis: redis://staging.example
    prometheus: http://staging.example:9090/prefix/
    timeout: 7s
  prod:
    production: true
    redis: redis://prod.example:6380/3
    prometheus: http://prod.example:9090
    runbook: ./mine.yaml
    timeout: 9s
`;

describe('where the file is', () => {
  test('nowhere: the defaults', async () => {
    const shown = await show();
    expect(shown).toMatchObject({ context: null, file: null });
    expect(shown.of('redis.url')).toBe('redis://127.0.0.1:6379 (default)');
    expect(shown.of('prometheus.url')).toBe('http://127.0.0.1:9090 (default)');
    expect(shown.of('runbook')).toBe('aegis (default)');
    expect(shown.of('timeout')).toBe('5s (default)');
  });

  test('XDG_CONFIG_HOME, RATELIMIT_CONFIG over it, --config over that', async () => {
    const named = (name: string) => `contexts: { ${name}: { redis: "redis://${name}.example" } }\n`;
    await writeFile(file, `current-context: xdg\n${named('xdg')}`);
    await writeFile(join(home, 'b.yaml'), `current-context: env\n${named('env')}`);
    await writeFile(join(home, 'c.yaml'), `current-context: flag\n${named('flag')}`);
    const env = { RATELIMIT_CONFIG: join(home, 'b.yaml') };
    expect(await show()).toMatchObject({ context: 'xdg', file });
    expect(await show([], env)).toMatchObject({ context: 'env', file: env.RATELIMIT_CONFIG });
    const flag = ['--config', join(home, 'c.yaml')];
    expect(await show(flag, env)).toMatchObject({ context: 'flag', file: flag[1] });
    expect((await show(flag, env)).of('redis.url')).toBe('redis://flag.example:6379 (context)');
  });

  test('without XDG_CONFIG_HOME it is ~/.config', async () => {
    await mkdir(join(home, '.config', 'ratelimit'), { recursive: true });
    await writeFile(join(home, '.config', 'ratelimit', 'config.yaml'), CONTEXTS);
    expect(await show([], { XDG_CONFIG_HOME: '' })).toMatchObject({ context: 'staging' });
  });
});

describe('precedence', () => {
  beforeEach(() => writeFile(file, CONTEXTS));

  test('--context over RATELIMIT_CONTEXT over current-context', async () => {
    expect((await show()).context).toBe('staging');
    expect((await show([], { RATELIMIT_CONTEXT: 'prod' })).context).toBe('prod');
    const both = await show(['--context', 'staging'], { RATELIMIT_CONTEXT: 'prod' });
    expect(both.context).toBe('staging');
    expect(both.of('context')).toBe('staging (flag)');
  });

  /** Key, flag, variable; what the context gives, what is given, and how it is shown. */
  test.each<[string, string, string | null, string, string]>([
    [
      'redis.url',
      '--redis-url',
      'RATELIMIT_REDIS_URL',
      'redis://prod.example:6380/3',
      'redis://N.example:6379',
    ],
    [
      'prometheus.url',
      '--prometheus-url',
      'RATELIMIT_PROMETHEUS_URL',
      'http://prod.example:9090',
      'http://N.example',
    ],
    ['runbook', '--runbook', 'RATELIMIT_RUNBOOK', '', 'N'],
    ['timeout', '--timeout', null, '9s', 'Ns'],
  ])('%s: flag over environment over context', async (key, flag, variable, inContext, template) => {
    const value = (n: number) => template.replace('N', String(n));
    const prod = ['--context', 'prod'];
    const expected = key === 'runbook' ? join(home, 'config', 'ratelimit', 'mine.yaml') : inContext;
    expect((await show(prod)).of(key)).toBe(`${expected} (context)`);
    if (variable !== null) {
      expect((await show(prod, { [variable]: value(1) })).of(key)).toBe(`${value(1)} (environment)`);
      expect((await show(prod, { [variable]: '' })).of(key)).toBe(`${expected} (context)`);
    }
    const env = variable === null ? {} : { [variable]: value(1) };
    expect((await show([...prod, flag, value(2)], env)).of(key)).toBe(`${value(2)} (flag)`);
  });

  test('a connection given by itself takes nothing of the context with it', async () => {
    await writeFile(join(home, 'config', 'ratelimit', 'pw'), 'hunter2\n');
    await writeFile(
      file,
      'current-context: a\ncontexts: { a: { redis: { url: "redis://a.example", password-file: pw } } }\n',
    );
    expect((await show()).of('redis.password')).toBe('[redacted] (context)');
    expect((await show(['--redis-url', 'redis://b.example'])).of('redis.password')).toBe('(none) (default)');
  });
});

test('several problems are told at once, each with its place', async () => {
  await writeFile(
    file,
    [
      'current-context: prod',
      'contexts:',
      '  prod:',
      '    redsi: redis://x',
      '    timeout: soon',
      '    thresholds:',
      '      heavy-ip-failures: many',
      'contxts: {}',
    ].join('\n'),
  );
  const said = await fails(['triage', '--prometheus-url', 'nowhere']);
  expect(said).toContain(`${file}:4: contexts.prod.redsi: unknown key, did you mean "redis"?`);
  expect(said).toContain(`${file}:5: contexts.prod.timeout: expected a duration`);
  expect(said).toContain(
    `${file}:7: contexts.prod.thresholds.heavy-ip-failures: expected a number over 0, got "many"`,
  );
  expect(said).toContain(`${file}:8: contxts: unknown key, did you mean "contexts"?`);
  expect(said).toContain('--prometheus-url: expected an http:// or https:// URL, got "nowhere"');

  const json = await runProgram(['config', 'show', '-o', 'json', '--timeout', 'x'], { home });
  const document = errorDocument(json);
  expect(document).toMatchObject({ code: 'config', exitCode: 2 });
  for (const line of [4, 5, 7, 8]) expect(document.message).toContain(`${file}:${line}: `);
  expect(document.message).toContain('--timeout: ');
});

test('limits of remedies: shown with their origin, and several problems at once', async () => {
  const shown = await show();
  expect(shown.of('never-block')).toBe('(none) (default)');
  expect(shown.of('max-block-ttl')).toBe('7d (default)');
  expect(shown.of('cap-ceiling')).toBe('(none) (default)');
  expect(shown.of('journal-stream')).toBe('(none) (default)');

  const limits = (...lines: string[]) =>
    writeFile(
      file,
      `current-context: prod\ncontexts:\n  prod:\n${lines.join('\n').replace(/^/gm, '    ')}\n`,
    );
  await limits(
    'never-block: [203.0.113.7, 2001:db8::/32]',
    'max-block-ttl: 24h',
    'cap-ceiling: 500',
    'journal-stream: team:journal',
  );
  const configured = await show();
  expect(configured.of('never-block')).toBe('203.0.113.7, 2001:db8::/32 (context)');
  expect(configured.of('max-block-ttl')).toBe('24h (context)');
  expect(configured.of('cap-ceiling')).toBe('500.00 (context)');
  expect(configured.of('journal-stream')).toBe('team:journal (context)');

  await limits('never-block:', '  - 203.0.113.7', '  - everybody', 'max-block-ttl: 2y', 'cap-ceiling: lots');
  const said = await fails(['config', 'show']);
  expect(said).toContain(`${file}:6: contexts.prod.never-block.1: `);
  expect(said).toContain(`${file}:7: contexts.prod.max-block-ttl: expected a duration over 0 and up to 365d`);
  expect(said).toContain(`${file}:8: contexts.prod.cap-ceiling: `);
});

describe('config init', () => {
  test('writes a file that config show accepts, for its owner alone, and never over another', async () => {
    const made = await runProgram(['config', 'init'], { home });
    expect(made).toMatchObject({ code: 0, stdout: `${file} written\n`, stderr: '' });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await show()).toMatchObject({ context: 'local', file });

    await writeFile(file, 'current-context: mine\ncontexts: { mine: {} }\n');
    expect(await fails(['config', 'init'])).toMatch(/config\.yaml exists already and was left as it is/);
    expect(await readFile(file, 'utf8')).toContain('current-context: mine');
  });

  test('to the file that --config or RATELIMIT_CONFIG names, with the folders above it', async () => {
    const [a, b] = [join(home, 'new', 'folder', 'a.yaml'), join(home, 'b.yaml')];
    const json = await runProgram(['config', 'init', '--config', a, '-o', 'json'], { home });
    expect(JSON.parse(json.stdout)).toEqual({ schema: 'ratelimit/config-init/v1', file: a });
    expect((await stat(join(home, 'new'))).mode & 0o777).toBe(0o700);
    await runProgram(['config', 'init'], { home, env: { RATELIMIT_CONFIG: b } });
    expect(await readFile(b, 'utf8')).toBe(await readFile(a, 'utf8'));
  });
});
