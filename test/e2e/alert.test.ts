import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startingPoint } from '../../src/runbooks/new.ts';
import { startAlertmanager, type TestAlertmanager } from '../support/alertmanager.ts';
import { hang, json, refusedUrl, startFaultyHttp, status } from '../support/faulty-http.ts';
import { singleIp } from '../support/incidents.ts';
import { stopEverything, temporaryFolder, until } from '../support/processes.ts';
import { runInTerminal, runProgram, spawnProgram } from '../support/program.ts';
import { startRedis } from '../support/redis.ts';
import {
  errorDocument,
  incidentAt,
  inDatabase,
  nowSeconds,
  prometheusWith,
  type Triage,
  triage,
} from './systems.ts';

// One Redis that holds an incident in database 1 and none in 0, as contexts `eu` and `us`; `us` is in use.

let alertmanager: TestAlertmanager;
let home = '';
const at = { redis: '', prometheus: '', dead: '' };

interface AlertPart {
  name: string | null;
  state: string;
  reason: string | null;
  startsAt: string | null;
  firingForSeconds: number | null;
  labels: Record<string, string>;
  instanceCount: number;
  silencedBy: { createdBy: string; comment: string }[];
  inhibitedBy: { name: string }[];
  pickedBy: { context: string; runbook: string };
}
type Document = Triage & { alert: AlertPart | null; windowSeconds: number };

/** Triages about an alert, in the home of these tests. */
async function about(...args: string[]) {
  const { code, document } = await triage(['--alert', ...args], { home });
  return { code, document: document as Document, alert: (document as Document).alert };
}

const SPIKE = { alertname: 'RateLimitSpike' };
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

beforeAll(async () => {
  const rest = incidentAt(nowSeconds());
  const [redis, prometheus, started] = await Promise.all([
    startRedis(),
    prometheusWith(rest),
    startAlertmanager({
      inhibitRules: [
        { source_matchers: ['alertname="ClusterDown"'], target_matchers: ['alertname="RateLimitSpike"'] },
      ],
    }),
  ]);
  await redis.load([...rest.redis, ...inDatabase(1, [...rest.redis, ...singleIp().redis])]);
  alertmanager = started;
  Object.assign(at, { redis: redis.url, prometheus: prometheus.url, dead: await refusedUrl() });
  home = await temporaryFolder('home');
  const folder = join(home, 'config', 'ratelimit');
  await mkdir(folder, { recursive: true });
  const context = (db: number) => ({
    ...{ redis: `${at.redis}/${db}`, prometheus: at.prometheus, alertmanager: alertmanager.url },
  });
  await writeFile(
    join(folder, 'config.yaml'),
    JSON.stringify({
      'current-context': 'us',
      contexts: {
        us: context(0),
        eu: context(1),
        lost: { ...context(1), alertmanager: at.dead },
        tuned: { ...context(1), thresholds: { 'heavy-ip-failures': 30 } },
      },
      alerts: [{ match: { alertname: 'RateLimitSpike', cluster: 'eu' }, context: 'eu' }],
    }),
  );
});
beforeEach(() => alertmanager.clear());
afterAll(stopEverything);

describe('one alert', () => {
  test('is taken, leads to its context, bounds the window, and says who is told', async () => {
    const labels = { ...SPIKE, cluster: 'eu', tenant: 'acme' };
    await alertmanager.post({ labels, startsAt: minutesAgo(12) }, { labels: { alertname: 'ClusterDown' } });
    await alertmanager.silence({ matchers: { tenant: 'acme' }, createdBy: 'alice', comment: 'load test' });
    await alertmanager.untilSuppressed('RateLimitSpike');
    const { code, document, alert } = await about();
    expect(code).toBe(0);
    expect(document).toMatchObject({ context: 'eu', verdict: { category: 'single-ip-credential-stuffing' } });
    expect(document.windowSeconds).toBeGreaterThanOrEqual(720);
    expect(document.windowSeconds).toBeLessThan(900);
    expect(alert).toMatchObject({
      ...{ name: 'RateLimitSpike', state: 'suppressed', labels: { cluster: 'eu', tenant: 'acme' } },
      silencedBy: [{ createdBy: 'alice', comment: 'load test' }],
      inhibitedBy: [{ name: 'ClusterDown' }],
      pickedBy: { context: 'rule', runbook: 'default' },
    });
    expect(document.findings[0]?.remedies[0]?.command).toContain('--context eu');
  });

  test('an explicit context and an explicit window win', async () => {
    await alertmanager.post({ labels: { ...SPIKE, cluster: 'eu' }, startsAt: minutesAgo(12) });
    const { document } = await about('RateLimitSpike', '--context', 'us', '--window', '6m');
    expect(document).toMatchObject({ context: 'us', windowSeconds: 360, verdict: { category: 'quiet' } });
    expect(document.warnings).toEqual([
      'alert: the alert is about context eu, and another one was named for this run',
    ]);
  });

  test('labels lead by names that there are, and by nothing else', async () => {
    await alertmanager.post({ labels: { ...SPIKE, ratelimit_context: 'eu', ratelimit_runbook: 'aegis' } });
    expect((await about()).document.context).toBe('eu');
    await alertmanager.clear();
    const hostile = {
      ratelimit_runbook: '../../etc/passwd',
      ratelimit_context: 'eu\u001b[2J',
      huge: 'x'.repeat(90_000),
    };
    await alertmanager.post({ labels: { ...SPIKE, ...hostile } });
    const { stdout, code, stderr } = await runProgram(['triage', '--alert'], { home });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('context us');
    expect(stdout).not.toContain('\u001b');
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
      'the label ratelimit_runbook is ignored: "../../etc/passwd" is not the name of a runbook here',
    );
    expect(stdout.length).toBeLessThan(20_000);
  });

  test('all of a name are one, and the capture keeps it', async () => {
    await alertmanager.post(...['acme', 'globex'].map((tenant) => ({ labels: { ...SPIKE, tenant } })));
    const file = join(home, 'capture.json');
    const { alert } = await about('RateLimitSpike', '--save', file);
    expect(alert).toMatchObject({ state: 'active', instanceCount: 2 });
    const again = await triage(['--from', file], { home });
    expect((again.document as Document).alert).toEqual(alert);
    const shown = await runProgram(['triage', '--from', file], { home });
    expect(shown.stdout).toMatch(/^Alert RateLimitSpike had fired since /);
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('"pickedBy"', '"pickedUp"'));
    expect((await runProgram(['triage', '--from', file], { home })).code).toBe(2);
  });
});

describe("a runbook of one's own that lists the alert", () => {
  const shop = { alertname: 'NginxLimitReq' };
  beforeAll(async () => {
    const folder = join(home, 'config', 'ratelimit', 'runbooks');
    await mkdir(folder);
    await writeFile(join(folder, 'shop.yaml'), startingPoint('shop').yaml);
  });

  test('is taken, and what is suggested names it', async () => {
    await alertmanager.post({ labels: shop });
    const { document, alert } = await about();
    expect(document).toMatchObject({ runbook: 'shop', context: 'us' });
    expect(alert?.pickedBy).toEqual({ context: 'default', runbook: 'list' });
  });

  test('is left out where it does not fit the settings of the context', async () => {
    await alertmanager.post({ labels: { ...shop, ratelimit_runbook: 'shop' } });
    const { document, alert } = await about('NginxLimitReq', '--context', 'tuned');
    expect(document).toMatchObject({ runbook: 'aegis', context: 'tuned' });
    expect(alert?.pickedBy).toEqual({ context: 'given', runbook: 'default' });
    expect(document.warnings[0]).toMatch(
      /^alert: the runbook shop is left out, which the alert led to: thresholds\.heavy-ip-failures: /,
    );
  });
});

describe('several alerts', () => {
  beforeEach(() =>
    alertmanager.post(
      { labels: { ...SPIKE, cluster: 'eu', tenant: 'acme' }, startsAt: minutesAgo(9) },
      { labels: { alertname: 'AuthFailureSpike' } },
      { labels: { alertname: 'DiskFull' } },
    ),
  );

  test('are listed when nobody can be asked, each with its command', async () => {
    const { code, stdout, stderr } = await runProgram(['triage', '--alert', '-o', 'json'], { home });
    expect({ code, stderr }).toEqual({ code: 6, stderr: '' });
    const list = JSON.parse(stdout);
    expect(list.schema).toBe('ratelimit/alerts/v1');
    expect(list.alerts.map(({ name }: AlertPart) => name)).toEqual(['RateLimitSpike', 'AuthFailureSpike']);
    const { command } = list.alerts[0].instances[0];
    expect(command).toMatch(/^ratelimit triage --alert [0-9a-f]{16}$/);
    const { document, alert } = await about(command.split(' ').at(-1));
    expect(document.context).toBe('eu');
    expect(alert).toMatchObject({ name: 'RateLimitSpike', instanceCount: 1 });
    const human = await runProgram(['triage', '--alert', '--context', 'us', '-q'], { home });
    expect(human.stdout).toContain('Alert AuthFailureSpike fires since ');
    expect(human.stdout).not.toContain('DiskFull');
  });

  test('are asked about on a terminal', async () => {
    const answers = [
      { after: 'Several alerts fire. Which one?', type: '\r' },
      { after: 'What next?', type: '\x03' },
    ];
    const { code, output } = await runInTerminal(['triage', '--alert'], { home, answers });
    expect(code).toBe(130);
    expect(output).toContain('Alert RateLimitSpike fires since ');
    expect(output).toMatch(/context eu.*by a rule of the configuration/s);
  });
});

describe('no alert', () => {
  test('that fires: what would be triaged without one; 7 when that is quiet, too', async () => {
    const { code, document, alert } = await about('RateLimitSpike');
    expect({ code, context: document.context, state: alert?.state }).toEqual({
      ...{ code: 7, context: 'us', state: 'not-firing' },
    });
    expect(alert?.reason).toContain('"RateLimitSpike" does not fire at http://127.0.0.1:');
    const found = await about('RateLimitSpike', '--context', 'eu');
    expect(found).toMatchObject({
      code: 0,
      document: { verdict: { category: 'single-ip-credential-stuffing' } },
    });
    expect((await about('RateLimitSpike', '--context', 'eu', '--exit-code')).code).toBe(3);
  });

  test('that can be read: judged all the same, and that is said', async () => {
    const { code, document, alert } = await about('RateLimitSpike', '--context', 'lost');
    expect({ code, degraded: document.degraded }).toEqual({ code: 5, degraded: true });
    expect(document.verdict.category).toBe('single-ip-credential-stuffing');
    expect(alert).toMatchObject({ state: 'unknown', reason: expect.stringMatching(/connection refused$/) });
  });

  test('that it lets us read', async () => {
    const server = await startFaultyHttp({ '*': status(401) });
    const { code, document } = await about('--alertmanager-url', server.url);
    expect({ code, category: document.verdict.category }).toEqual({ code: 4, category: 'quiet' });
  });

  test('of which it says something else', async () => {
    const server = await startFaultyHttp({ '*': json([{ labels: {} }]) });
    const { code, alert } = await about('--alertmanager-url', server.url);
    expect({ code, state: alert?.state }).toEqual({ code: 5, state: 'unknown' });
    expect(alert?.reason).toMatch(/^alertmanager 127\.0\.0\.1:\d+: an alert of the answer has no status$/);
  });
});

test.each([
  [['--alert', '--from', 'x.json'], '--alert is about what fires now, and --from about what was recorded'],
  [['--alert', '--all-contexts'], '--alert leads to one context, and several were given'],
  [
    ['--alert', 'X', '--context', 'us', '--context', 'eu'],
    '--alert leads to one context, and several were given',
  ],
  [['--alert', ' '], '--alert: expected the fingerprint or the name of an alert, got " "'],
])('%j is refused', async (args, message) => {
  const result = await runProgram(['triage', '-o', 'json', ...args], { home });
  expect(result.code).toBe(2);
  expect(errorDocument(result).message).toBe(message);
});

test('an Alertmanager by its URL asks of no context, and is named again in what is suggested', async () => {
  await alertmanager.post({ labels: SPIKE }, { labels: { alertname: 'AuthFailureSpike' } });
  const systems = ['--redis-url', `${at.redis}/1`, '--prometheus-url', at.prometheus];
  const words = ['triage', '--alert', '-o', 'json', '--alertmanager-url', alertmanager.url, ...systems];
  const { code, stdout } = await runProgram(words);
  const [first] = JSON.parse(stdout).alerts[0].instances;
  expect({ code, command: first.command }).toEqual({
    code: 6,
    command: `ratelimit triage --alert ${first.fingerprint} ${systems.join(' ')} --alertmanager-url ${alertmanager.url}`,
  });
});

test('doctor says whether a configured one answers', async () => {
  const told = async (context: string) => {
    const { stdout } = await runProgram(['doctor', '-o', 'json', '--context', context], { home });
    const checks: { check: string; code: string; text: string }[] = JSON.parse(stdout).checks;
    return checks.filter(({ check }) => check === 'alertmanager').map(({ code, text }) => `${code}: ${text}`);
  };
  expect(await told('us')).toEqual([
    expect.stringMatching(/^alertmanager-answers: it answers, 0 alerts firing \(\d+ ms\)$/),
  ]);
  expect(await told('lost')).toEqual([
    expect.stringMatching(/^alertmanager-unknown: triage --alert could not ask .* connection refused$/),
  ]);
});

test('Ctrl-C ends the wait for it', async () => {
  const server = await startFaultyHttp({ '*': hang });
  const words = ['triage', '--alert', '--timeout', '60s', '--alertmanager-url', server.url];
  const { child } = await spawnProgram(words, { home });
  await until(async () => server.requests.length > 0, 'it asks');
  child.kill('SIGINT');
  const { exitCode, stdout, stderr } = await child;
  expect({ exitCode, stdout, stderr }).toEqual({
    exitCode: 130,
    stdout: '',
    stderr: 'ratelimit: interrupted\n',
  });
});

test('a drill has no Alertmanager, and none is asked', async () => {
  const { stdout, stderr } = await runProgram(['drill', 'one-ip'], { input: 'triage --alert\ndone\n', home });
  expect(stdout + stderr).toContain('a drill has no Alertmanager');
});
