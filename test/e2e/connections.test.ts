import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'shell-quote';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noise, singleIp } from '../support/incidents.ts';
import { stopEverything, temporaryFolder } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { expectError, incidentAt, inDatabase, nowSeconds, prometheusWith, triage } from './systems.ts';

const ACL = '+@read +@connection +info +time -keys';
/** The attacker's failures of `singleIp`. */
const FAILURES = 4812;

let redis: TestRedis;
let home = '';
let prometheus = '';
let folder = '';
beforeAll(async () => {
  const now = nowSeconds();
  const rest = incidentAt(now);
  const incident = incidentAt(now, noise(now), singleIp());
  const [server, metrics] = await Promise.all([
    startRedis({ unixSocket: true, acl: [`triage on >pass%word ~* resetchannels -@all ${ACL}`] }),
    prometheusWith(rest),
  ]);
  redis = server;
  await redis.load([...rest.redis, ...inDatabase(5, incident.redis)]);
  prometheus = metrics.url;
  home = await temporaryFolder('home');
  folder = join(home, 'config', 'ratelimit');
  await mkdir(folder, { recursive: true });
});
afterAll(stopEverything);

const configure = (context: string) =>
  writeFile(join(folder, 'config.yaml'), `current-context: a\ncontexts:\n  a:\n${context}`);
const run = (...args: string[]) => triage(args, { home });

const BLOCK = 'ratelimit block-ip 203.0.113.42 --ttl 24h --reason credential_stuffing';
const KEY = 'acp:ip_block:203.0.113.42';

/** The command that was suggested, run as it is and without a question, writes where the failures were read. */
async function expectReached(command: string) {
  const [program, ...words] = parse(command).map(String);
  expect(program).toBe('ratelimit');
  const result = await runProgram([...words, '--yes', '--verify', '0'], { home });
  expect(result).toMatchObject({ code: 0 });
  const [there, ...others] = await Promise.all([5, 0, 3].map((db) => get(db, KEY)));
  await redis.load(inDatabase(5, [['DEL', KEY]]));
  expect({ there, others }).toEqual({ there: 'credential_stuffing', others: ['', ''] });
}

const get = (db: number, key: string) =>
  redis.cli('EVAL', "redis.call('SELECT', ARGV[1]) return redis.call('GET', KEYS[1])", '1', key, `${db}`);

test('a context of the file: both systems, a database by its number', async () => {
  await configure(`    redis: redis://127.0.0.1:${redis.port}/5\n    prometheus: ${prometheus}/\n`);
  const { document, code } = await run();
  expect(code).toBe(0);
  expect(document).toMatchObject({ context: 'a', verdict: { category: 'single-ip-credential-stuffing' } });
  const command = document.findings[0]?.remedies[0]?.command ?? '';
  expect(command).toBe(`${BLOCK} --context a`);
  await expectReached(command);
});

describe('ways to a Redis', () => {
  /** Each way as it is given, and as a suggested command gives it: without the password. */
  const WAYS: Record<string, () => [given: string, suggested: string]> = {
    'unix:': () => [`unix:${redis.socketPath}?db=5`, `unix://${redis.socketPath}?db=5`],
    'unix://': () => [`unix://${redis.socketPath}?db=5`, `unix://${redis.socketPath}?db=5`],
    'a database number': () => [`${redis.url}/5`, `${redis.url}/5`],
    'an ACL user': () => [
      `redis://triage:pass%25word@127.0.0.1:${redis.port}/5`,
      `redis://triage@127.0.0.1:${redis.port}/5`,
    ],
    'an ACL user on the socket': () => [
      `unix://triage:pass%25word@${redis.socketPath}?db=5`,
      `unix://triage@${redis.socketPath}?db=5`,
    ],
  };

  test.each(Object.entries(WAYS))('%s', async (_name, urls) => {
    const [url, suggested] = urls();
    // The context alone would reach another database.
    await configure(`    redis: ${redis.url}/3\n`);
    const { document, code, stdout } = await run('--redis-url', url, '--prometheus-url', prometheus);
    expect(code).toBe(0);
    expect(stdout).not.toContain('pass%');
    const command = document.findings[0]?.remedies[0]?.command ?? '';
    expect(parse(command)).toEqual(`${BLOCK} --context a --redis-url ${suggested}`.split(' '));
    // The user of the others may not write.
    if (!url.includes('triage')) await expectReached(command);
    expect(document.warnings).toEqual([]);
    expect(document.verdict.category).toBe('single-ip-credential-stuffing');
    const signal = document.signals['auth-failures-by-ip'];
    expect(signal).toMatchObject({ status: 'measured', distinct: 51 });
    expect(signal?.rows[0]).toMatchObject({ id: '203.0.113.42', value: FAILURES });
    expect(signal?.rows[0]?.lastSeenSeconds).toBeGreaterThanOrEqual(10);
  });

  test('a URL for each system in place of a context, when the file has some and none is chosen', async () => {
    await writeFile(join(folder, 'config.yaml'), `contexts:\n  a: { redis: "${redis.url}/3" }\n  b: {}\n`);
    const urls = ['--redis-url', `${redis.url}/5`, '--prometheus-url', prometheus];
    const result = await run(...urls);
    expect(result).toMatchObject({ code: 0, document: { context: null } });
    const command = result.document.findings[0]?.remedies[0]?.command ?? '';
    expect(command).toBe([BLOCK, ...urls].join(' '));
    await expectReached(command);
  });

  test('an ACL user whose password is in a file', async () => {
    await writeFile(join(folder, 'password'), 'pass%word\n');
    await configure(
      `    redis: { url: "redis://127.0.0.1:${redis.port}/5", username: triage, password-file: password }\n` +
        `    prometheus: ${prometheus}\n`,
    );
    expect(await run()).toMatchObject({
      code: 0,
      document: { verdict: { category: 'single-ip-credential-stuffing' } },
    });
  });

  test('one permission less is 4, and says which', async () => {
    await redis.cli('ACL', 'SETUSER', 'blind', 'on', '>x', '~*', '-@all', ...ACL.split(' '), '-scan');
    const url = `redis://blind:x@127.0.0.1:${redis.port}/5`;
    const { document, code } = await run('--redis-url', url, '--prometheus-url', prometheus);
    expect(code).toBe(4);
    expect(document.signals['auth-failures-by-ip']).toMatchObject({ status: 'unknown' });
    expect(document.signals['auth-failures-by-ip']?.reason).toMatch(/lacks a permission.*scan/i);
  });

  test('a socket that is not there is 5, and named', async () => {
    const { document, code } = await run('--redis-url', 'unix:/no/such.sock', '--prometheus-url', prometheus);
    expect(code).toBe(5);
    expect(document.signals.blocks?.reason).toBe('unix:///no/such.sock: no such socket');
  });
});

describe('thresholds of the context', () => {
  const systems = () => `    redis: redis://127.0.0.1:${redis.port}/5\n    prometheus: ${prometheus}\n`;

  test('change the verdict', async () => {
    await configure(`${systems()}    thresholds: { heavy-ip-failures: ${FAILURES} }\n`);
    expect((await run()).document.verdict.category).toBe('single-ip-credential-stuffing');
    await configure(`${systems()}    thresholds: { heavy-ip-failures: ${FAILURES + 1} }\n`);
    const { document } = await run();
    expect(document.findings).toEqual([]);
    expect(document.verdict.category).toBe('inconclusive');
  });

  test('that the runbook does not have are errors with the nearest name', async () => {
    await configure(`${systems()}    thresholds: { heavy-ip-failure: 30, noise-flor: 2, constructor: 1 }\n`);
    const result = await runProgram(['triage'], { home });
    expect(result.code).toBe(2);
    expectError(result);
    expect(result.stderr).toMatch(/thresholds\.heavy-ip-failure: .*"heavy-ip-failures"/);
    expect(result.stderr).toMatch(/thresholds\.noise-flor: .*"noise-floor"/);
    expect(result.stderr).toMatch(/thresholds\.constructor: .*no such threshold/);
    await configure(`${systems()}    thresholds: { heavy-ip-share: 2 }\n`);
    const share = await runProgram(['triage'], { home });
    expect(share.code).toBe(2);
    expect(share.stderr).toContain('thresholds.heavy-ip-share: expected a share of at most 1, got 2');
  });
});

test("a runbook of one's own is judged by, and one that is wrong is told", async () => {
  const own = join(folder, 'own.yaml');
  await writeFile(own, 'schema: ratelimit/runbook/v1\nname: own\n');
  const result = await runProgram(['triage', '--runbook', own], { home });
  expect(result.code).toBe(2);
  expectError(result);
  expect(result.stderr).toContain(own);
});
