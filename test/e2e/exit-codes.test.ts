import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refusedUrl } from '../support/faulty-http.ts';
import { singleIp } from '../support/incidents.ts';
import { deadPort, stopEverything, temporaryFolder } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';
import { prometheusLogin } from '../support/prometheus.ts';
import { startRedis } from '../support/redis.ts';
import {
  errorDocument,
  expectError,
  incidentAt,
  inDatabase,
  nowSeconds,
  prometheusWith,
  signalsBySystem,
  triage,
} from './systems.ts';

/** The values of --redis-url and --prometheus-url; Redis holds the incident in database 1 and none in 0. */
const at = { calm: '', incident: '', redisLocked: '', redisDead: '', prometheus: '', locked: '', dead: '' };
const systems = (redis: string, prometheus: string) => ['--redis-url', redis, '--prometheus-url', prometheus];

beforeAll(async () => {
  const rest = incidentAt(nowSeconds());
  const [redis, prometheus] = await Promise.all([
    startRedis({ password: 'hunter2' }),
    prometheusWith(rest, { webConfig: { basicAuth: true } }),
  ]);
  await redis.load([...rest.redis, ...inDatabase(1, [...rest.redis, ...singleIp().redis])]);
  const login = ({ password } = prometheusLogin) =>
    prometheus.url.replace('//', `//${prometheusLogin.username}:${password}@`);
  Object.assign(at, {
    calm: redis.url,
    incident: `${redis.url}/1`,
    redisLocked: redis.url.replace('hunter2', 'hunter3'),
    redisDead: `redis://127.0.0.1:${await deadPort()}`,
    prometheus: login(),
    locked: login({ ...prometheusLogin, password: 'shut-sesame' }),
    dead: await refusedUrl(),
  });
});
afterAll(stopEverything);

describe('0: done', () => {
  test('quiet', async () => {
    const { code, document } = await triage([...systems(at.calm, at.prometheus), '--exit-code']);
    expect(document.verdict.category).toBe('quiet');
    expect(code).toBe(0);
  });

  test('a finding, when nobody asked for it as a code', async () => {
    const { code, document } = await triage(systems(at.incident, at.prometheus));
    expect(document.verdict.category).toBe('single-ip-credential-stuffing');
    expect(code).toBe(0);
  });

  test.each([
    ['--version'],
    ['--help'],
    [],
    ['triage', '--help'],
    ['config'],
    ['help', 'triage'],
    ['help', 'durations'],
    ['config', 'help', 'show'],
  ])('%s %s', async (...args) => {
    const { code, stdout, stderr } = await runProgram(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/\S/);
  });
});

describe('2: usage or configuration', () => {
  const CONFIG = 'contexts:\n  prod:\n    redis: redis://127.0.0.1:6379\n';
  const MISSPELT = 'contexts:\n  prod:\n    redsi: redis://127.0.0.1:6379\n';
  let folder = '';
  beforeAll(async () => {
    folder = await temporaryFolder('config');
    await writeFile(join(folder, 'good.yaml'), CONFIG);
    await writeFile(join(folder, 'misspelt.yaml'), MISSPELT);
  });

  /** Arguments by what is wrong with them, and what the message must say: mostly the nearest valid name. */
  const CASES: Record<string, [args: string[], message: RegExp]> = {
    'unknown flag': [['triage', '--exit-cod'], /--exit-cod'.*--exit-code/],
    'unknown global flag': [['triage', '--redis-ulr', 'x'], /--redis-ulr'.*--redis-url/],
    'unknown command': [['traige'], /traige.*"triage"/],
    'unknown subcommand': [['config', 'shwo'], /shwo.*"show"/],
    'unknown topic': [['help', 'exit-code'], /no command or topic 'exit-code'.*"exit-codes"/],
    'unknown command of a group': [['config', 'help', 'shwo'], /no such command/],
    'one argument too many': [['triage', 'now'], /too many arguments/],
    'unknown context': [['triage', '--config', 'good.yaml', '--context', 'prd'], /"prd".*"prod"/],
    'unknown runbook': [['triage', '--runbook', 'aegsi'], /"aegsi".*"aegis"/],
    'missing runbook file': [['triage', '--runbook', './aegis.yaml'], /aegis\.yaml.*no such file/],
    'unknown key of the configuration': [
      ['triage', '--config', 'misspelt.yaml', '--context', 'prod'],
      /misspelt\.yaml:3: contexts\.prod\.redsi.*"redis"/,
    ],
    'missing configuration file': [['triage', '--config', 'none.yaml'], /--config.*none\.yaml.*no such file/],
    'duration of the deadline': [['triage', '--timeout', '5 parsecs'], /--timeout.*like 5s.*5 parsecs/],
    'duration of the window': [['triage', '--window', 'abc'], /--window.*abc.*90s/],
    'number of rows': [['triage', '--top', '0'], /--top.*1 to 9999/],
    colour: [['triage', '--color', 'sometimes'], /sometimes.*auto, always, never/],
    'flag without its value': [['triage', '--config'], /--config <file>.*missing/],
    'URL of Redis': [['triage', '--redis-url', 'http://127.0.0.1'], /--redis-url: expected a redis:\/\//],
    'URL of Prometheus': [
      ['triage', '--prometheus-url', '127.0.0.1:9090'],
      /--prometheus-url: expected an http/,
    ],
    'URL of the API': [['triage', '--api-url', 'ftp://x'], /--api-url: expected an http/],
  };

  test.each(Object.entries(CASES))('%s', async (_name, [args, message]) => {
    const human = await runProgram(args, { cwd: folder });
    expect(human.code).toBe(2);
    expectError(human);
    expect(human.stderr).toMatch(message);

    const json = await runProgram(['-o', 'json', ...args], { cwd: folder });
    expect(json.code).toBe(2);
    const document = errorDocument(json);
    expect(document).toMatchObject({ exitCode: 2, code: expect.stringMatching(/^(usage|config)$/) });
    expect(document.message).toMatch(message);
  });

  test.each(['-ojson', '--output=json', '-qojson'])('%s asks for JSON too', async (flag) => {
    const result = await runProgram(['triage', flag, '--bogus']);
    expect(result.code).toBe(2);
    expect(errorDocument(result).message).toContain('--bogus');
  });

  test('an unknown format is answered for people', async () => {
    const result = await runProgram(['triage', '-o', 'jsno']);
    expect(result.code).toBe(2);
    expectError(result);
    expect(result.stderr).toMatch(/human, json, markdown/);
  });

  test('what a terminal would obey in an argument is shown, not sent', async () => {
    const result = await runProgram(['\u001b[2Jtriage\r', '--runbook', '\u202e']);
    expect(result.code).toBe(2);
    expectError(result);
    expect(result.stderr).toContain('\\x1b[2Jtriage\\x0d');
    expect(result.stderr).toMatch(/^[\n -~]*$/);
  });
});

test('3: --exit-code with a finding', async () => {
  const { code, document } = await triage([...systems(at.incident, at.prometheus), '--exit-code']);
  expect(document.findings).toHaveLength(1);
  expect(code).toBe(3);
});

describe('4 and 5: what could not be read is unknown, and all the rest is there', () => {
  const { redis, prometheus } = signalsBySystem();

  const statuses = (document: Awaited<ReturnType<typeof triage>>['document'], ids: string[]) =>
    ids.map((id) => `${id} ${document.signals[id]?.status}`);
  const allUnknown = (ids: string[]) => ids.map((id) => `${id} unknown`);

  test('4: wrong Redis password', async () => {
    const { code, document } = await triage(systems(at.redisLocked, at.prometheus));
    expect(code).toBe(4);
    expect(statuses(document, redis)).toEqual(allUnknown(redis));
    expect(document.signals['auth-failures-by-ip']?.reason).toMatch(/127\.0\.0\.1:\d+.*not accepted/);
    expect(document.signals['service-up']?.status).toBe('measured');
    expect(statuses(document, prometheus).join()).not.toContain('unknown');
    expect(JSON.stringify(document)).not.toContain('hunter3');
  });

  test('4: wrong Prometheus password', async () => {
    const { code, document } = await triage(systems(at.incident, at.locked));
    expect(code).toBe(4);
    expect(statuses(document, prometheus)).toEqual(allUnknown(prometheus));
    expect(document.signals['rejects-by-tenant']?.reason).toMatch(/127\.0\.0\.1:\d+.*HTTP 401/);
    expect(document.signals['auth-failures-by-ip']).toMatchObject({ status: 'measured', total: 4812 });
    expect(document.verdict.category).toBe('single-ip-credential-stuffing');
    expect(JSON.stringify(document)).not.toContain('shut-sesame');
  });

  test('5: neither can be reached', async () => {
    const { code, document } = await triage(systems(at.redisDead, at.dead));
    expect(code).toBe(5);
    expect(document.verdict).toMatchObject({ category: 'inconclusive', confidence: 'low' });
    expect(document.degraded).toBe(true);
    const asked = Object.keys(document.signals).filter(
      (id) => !/-events$|^(?:successes|tenants)-by-ip$/.test(id),
    );
    expect(statuses(document, asked)).toEqual(allUnknown(asked));
    const hosts = [at.redisDead, at.dead.replace('http://', '')];
    for (const host of hosts) {
      expect(document.verdict.summary).toContain(`${host}: connection refused`);
    }
    const human = await runProgram(['triage', ...systems(at.redisDead, at.dead)]);
    expect(human).toMatchObject({ code: 5, stderr: '' });
    const [first] = human.stdout.split('\n');
    for (const host of hosts) expect(first).toContain(`${host}: connection refused`);
  });

  test('5: Redis alone cannot be reached', async () => {
    const { code, document } = await triage(systems(at.redisDead, at.prometheus));
    expect(code).toBe(5);
    expect(document.verdict.category).toBe('inconclusive');
    expect(document.verdict.summary).toContain(at.redisDead);
    expect(statuses(document, redis)).toEqual(allUnknown(redis));
    expect(statuses(document, prometheus).join()).not.toContain('unknown');
  });

  test('5: Prometheus alone cannot be reached', async () => {
    const { code, document } = await triage(systems(at.incident, at.dead));
    expect(code).toBe(5);
    expect(document.verdict.category).toBe('single-ip-credential-stuffing');
    expect(statuses(document, prometheus)).toEqual(allUnknown(prometheus));
  });

  test('precedence: 2 over 4 over 5 over 3', async () => {
    const code = async (...args: string[]) =>
      (await runProgram(['triage', '-o', 'json', '--exit-code', ...args])).code;
    expect(await code(...systems(at.incident, at.dead))).toBe(5);
    expect(await code(...systems(at.incident, at.locked))).toBe(4);
    expect(await code(...systems(at.redisLocked, at.dead))).toBe(4);
    expect(await code(...systems(at.redisDead, at.locked))).toBe(4);
    expect(await code(...systems(at.redisLocked, at.dead), '--context', 'prod')).toBe(2);
  });
});
