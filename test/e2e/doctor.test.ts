import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { days, months } from '../support/days.ts';
import { hang, prometheusError, refusedUrl, startFaultyHttp, vector } from '../support/faulty-http.ts';
import { startFaultyRedis } from '../support/faulty-redis.ts';
import { type Gateway, startGateway } from '../support/gateway.ts';
import { calm, type Incident, merge, noise } from '../support/incidents.ts';
import { startLoki } from '../support/loki.ts';
import { counter, gauge, openMetrics, series } from '../support/openmetrics.ts';
import { deadPort, stopEverything, temporaryFolder } from '../support/processes.ts';
import { runInTerminal, runProgram, spawnProgram } from '../support/program.ts';
import { startPrometheus } from '../support/prometheus.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { inDatabase, nowSeconds, prometheusWith, unhurried } from './systems.ts';

afterAll(stopEverything);

interface Check {
  check: string;
  code: string;
  level: string;
  signal: string | null;
  source: string | null;
  status: string;
  sample: { id: unknown; value: number | null } | null;
  latencyMs: number | null;
  measured: Record<string, unknown>;
  text: string;
  advice: string | null;
}

interface Report {
  schema: string;
  outcome: string;
  summary: string;
  checks: Check[];
  acl: { triage: string; operator: string };
  warnings: string[];
}

type Options = Parameters<typeof runProgram>[1];

async function doctor(args: readonly string[], options?: Options) {
  const result = await runProgram(['doctor', '-o', 'json', ...unhurried(args)], options);
  expect(result.stderr).toBe('');
  const report = JSON.parse(result.stdout) as Report;
  expect(report.schema).toBe('ratelimit/doctor/v1');
  return { ...result, report };
}

const codes = ({ checks }: Report, level?: string) => [
  ...new Set(checks.filter((check) => level === undefined || check.level === level).map(({ code }) => code)),
];
function only({ checks }: Report, code: string): Check {
  const found = checks.filter((check) => check.code === code);
  expect(
    found.map(({ text }) => text),
    code,
  ).toHaveLength(1);
  return found[0] as Check;
}
const source = ({ checks }: Report, label: string) => checks.find((check) => check.source === label);

const now = nowSeconds();
const target = { job: 'gateway', instance: 'gw-1:8000' };
const SPAN = { from: -3_600, to: 600, step: 15 } as const;
const rate = (name: string, labels: Record<string, string>, perSecond = 0.1) =>
  series(name, { ...target, ...labels }, counter(now, { ...SPAN, perSecond }));

/** A gateway as it runs in the field, at work and at rest: nothing of the runbook's own contract. */
function gatewayContract(): Incident {
  return {
    redis: [
      ['SET', 'acp:ratelimit:auth_fail:203.0.113.42', '26', 'EX', '600'],
      ['SET', 'acp:auth_failures:10.0.0.5', '40', 'EX', '290'],
      ...days().map((day) => ['SET', `acp:quota:daily:acme:${day}`, '1200']),
      ...months().map((month) => ['SET', `acp:inference_cost:agent:agent-7:${month}`, '1200']),
      ['SET', 'acp:agent_cost_cap:agent-7', '100.00'],
      ['HSET', 'acp:quota:rps:acme', 'tokens', '3'],
      ['HSET', 'acp:ratelimit:global', 'tokens', '3'],
      ['HSET', 'acp:ratelimit:ip:203.0.113.9', 'tokens', '3'],
      ['HSET', 'acp:ratelimit:tenant:acme', 'tokens', '3'],
      ['HSET', 'acp:ratelimit:agent:acme:agent-7', 'tokens', '3'],
    ],
    series: [
      series('up', target, gauge(now, { ...SPAN, value: 1 })),
      series('process_start_time_seconds', target, gauge(now, { ...SPAN, value: now - 300_000 })),
      rate('acp_tenant_rate_limited_total', { tenant: 'acme', limit_type: 'rps' }),
      rate('acp_rate_limit_exceeded_total', { layer: 'tenant', tier: 'pro' }),
      rate('acp_inference_cost_blocked_total', { scope: 'agent', key: 'agent-7' }),
      rate('acp_auth_failures_total', { reason: 'invalid_token' }),
      rate('acp_rate_limiter_redis_failure_total', { site: 'middleware' }, 0),
    ],
  };
}

const runbookContract = () => merge(calm(now), noise(now));

const redisAt = { db: 0 };
let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis({
    acl: [
      'blind on >secret ~* resetchannels -@all +@connection',
      'narrow on >secret ~acp:auth_fail:* resetchannels -@all +@read +time',
      'silent on >secret ~acp:* resetchannels -@all +@read +time -info',
    ],
  });
});

/** The words that reach a system with these facts; Redis in a database of its own. */
async function systemWith(incident: Incident): Promise<string[]> {
  const db = redisAt.db;
  redisAt.db += 1;
  await redis.load(inDatabase(db, incident.redis));
  const prometheus = await prometheusWith(incident);
  return ['--redis-url', `${redis.url}/${db}`, '--prometheus-url', prometheus.url];
}

describe("a system that speaks the runbook's contract", () => {
  test('is well, and what only the other contract has is said', async () => {
    const { code, report } = await doctor(await systemWith(runbookContract()));
    expect(codes(report, 'problem')).toEqual([]);
    expect(codes(report, 'warning')).toEqual([]);
    expect([code, report.outcome]).toEqual([0, 'fine']);
    expect(source(report, 'acp:auth_fail:*')).toMatchObject({ status: 'measured', sample: { value: 2 } });
    expect(source(report, 'acp_rate_limit_exceeded_total')).toMatchObject({ status: 'absent', sample: null });
    for (const check of report.checks.filter((one) => one.check === 'source')) {
      expect(check.latencyMs).toBeGreaterThanOrEqual(0);
    }
    expect(only(report, 'contract-spoken').source).toBe('runbook');
    expect(report.checks.find(({ measured }) => measured.category === 'tenant-over-quota')?.text).toBe(
      'tenant-over-quota could not be judged here: no source tells the limit_type of the 429s by tenant',
    );
  });
});

describe("a system that speaks the gateway's contract alone", () => {
  let reach: string[];
  beforeAll(async () => {
    reach = await systemWith(gatewayContract());
  });

  test('is well, and drifted: where everything is instead, in words', async () => {
    const { code, report } = await doctor(reach);
    expect([...codes(report, 'problem'), ...codes(report, 'warning')]).toEqual([]);
    expect(code).toBe(0);
    expect(only(report, 'contract-spoken')).toMatchObject({ source: 'gateway' });
    expect(only(report, 'contract-unseen')).toMatchObject({ source: 'runbook', status: 'absent' });
    expect(
      report.checks.filter(({ code: one }) => one === 'kept-elsewhere').map(({ signal }) => signal),
    ).toEqual([...['auth-failures-by-ip', 'rejects-by-tenant', 'agent-spend']]);
    expect(codes(report)).toContain('no-drift');
    expect(codes(report)).toContain('quiet-possible');
    expect(report.checks.filter(({ code: one }) => one === 'category-impossible')).toEqual([]);
  });

  test('on a screen of 80 columns', async () => {
    const { code, stdout, stderr } = await runProgram(['doctor', ...reach]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    const text = stdout.replaceAll(/\s+/g, ' ');
    expect(text).toMatch(
      /^triage can tell quiet from trouble here; 7 of 10 categories can be judged, 3 in part /,
    );
    for (const sentence of [
      "it speaks the running gateway's contract: 13 of its 20 sources are there",
      "it does not speak the runbook's contract: none of its 4 sources is there just now. Whoever looks there by hand finds nothing, during an attack too; triage reads both",
      'authentication failures by IP: kept in acp:ratelimit:auth_fail:* here, not in acp:auth_fail:*. There it counts over 1m, it stops at about 25 (so it does not tell the volume) and the client itself writes the name',
      '429s by tenant: kept in acp_tenant_rate_limited_total here, not in acp_gateway_request_total{status="429"}. There the limit_type is told and the path is not told',
      "agents' spend against their cap: kept in acp:inference_cost:agent:*:* here, not in acp:agent_cost_today:*:*. There amounts are whole cents and they add up by the month",
      "not to be seen here, since only the runbook's contract has them: requests in flight",
      'platform-overload in part: no source tells the path of the 429s by tenant; its confidence is medium at most, since no source tells the requests in flight',
    ]) {
      expect(text).toContain(sentence);
    }
  });

  test('as Markdown, with the lines for Redis users', async () => {
    const { code, stdout, stderr } = await runProgram(['doctor', '-o', 'markdown', ...reach]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^## triage can tell quiet from trouble here/);
    expect(stdout).toMatch(/^ACL SETUSER operator reset on /m);
    expect(stdout).toContain('| auth-failures-by-ip | `acp:auth_fail:*` |');
  });

  test('at a terminal it reads the same, in colour', async () => {
    const { code, output } = await runInTerminal(['doctor', ...reach]);
    expect(code).toBe(0);
    expect(stripVTControlCharacters(output)).toContain('triage can tell quiet from trouble here');
    expect(output).not.toContain('undefined');
  });
});

describe('names that have drifted', () => {
  test('a family and a metric that nobody reads: which, with what sample, and what to change where', async () => {
    const { redis: keys, series: all } = gatewayContract();
    const reach = await systemWith({
      redis: [
        ...keys.slice(1),
        ...Array.from({ length: 40 }, (_, i) => [
          'SET',
          `acp:ratelimit:auth_fail2:203.0.113.${i}`,
          '7',
          'EX',
          '600',
        ]),
      ],
      series: [
        ...all.filter(({ id }) => !/^acp_(?:tenant_rate|rate_limit_)/.test(id)),
        rate('acp_gateway_requests_total', { tenant_id: 'acme', status: '429' }),
      ],
    });
    const { code, report } = await doctor(reach);
    expect([code, report.outcome]).toEqual([1, 'problem']);
    const family = only(report, 'family-drifted');
    expect(family).toMatchObject({
      ...{ signal: 'auth-failures-by-ip', source: 'acp:ratelimit:auth_fail2:*', level: 'problem' },
      sample: { id: expect.stringMatching(/^acp:ratelimit:auth_fail2:203\.0\.113\.\d+$/), value: null },
      measured: { configured: 'acp:ratelimit:auth_fail:*', suggested: 'acp:ratelimit:auth_fail2:{ip}' },
    });
    expect(family.text).toMatch(/^no source of the runbook reads .*\(40 keys, such as .*while .* is empty/);
    expect(family.advice).toContain(
      'at signals.auth-failures-by-ip.sources, key: "acp:ratelimit:auth_fail2:{ip}"',
    );
    const metric = only(report, 'metric-drifted');
    expect(metric).toMatchObject({
      ...{ signal: 'rejects-by-tenant', source: 'acp_gateway_requests_total', level: 'problem' },
      measured: { configured: 'acp_gateway_request_total' },
    });
    expect(codes(report)).toContain('quiet-blind');
    expect(report.summary).toContain('triage cannot say that all is quiet here');
  });

  test('hostile names of keys and labels are shown, and act on nothing', async () => {
    const evil = '\u001b[2J\u202e`|<!channel>\r\n';
    const { redis: keys, series: all } = gatewayContract();
    const reach = await systemWith({
      redis: [
        ...keys.slice(1),
        ['SET', `acp:ip_blocks:${evil}`, 'x'],
        ['SET', `acp:ratelimit:auth_fail2:${evil}`, '7'],
        ['SET', `acp:pwfail:${evil}`, '7', 'EX', '600'],
      ],
      series: [...all, series('up', { job: 'x', instance: evil }, gauge(now, { ...SPAN, value: 0 }))],
    });
    for (const format of ['human', 'json', 'markdown']) {
      const { stdout, stderr } = await runProgram(['doctor', '-o', format, ...reach]);
      expect(stderr).toBe('');
      expect(stdout).toMatch(/^[\n -~]*$/);
      expect(stdout).toContain(format === 'json' ? '\\u001b[2J' : '\\x1b');
      if (format === 'markdown') expect(stdout).not.toContain('<!channel>');
    }
  });
});

describe('nothing at all', () => {
  test('no keys and no metrics: triage could not say quiet', async () => {
    const { code, report } = await doctor(await systemWith({ redis: [], series: [] }));
    expect([code, report.outcome]).toEqual([1, 'problem']);
    expect(report.checks.filter(({ code: one }) => one === 'quiet-blind')).toHaveLength(2);
    expect(codes(report)).toContain('contract-none');
    // The other databases of this Redis hold keys.
    expect(only(report, 'other-database').text).toMatch(
      /^database \d+ of this Redis is empty, while others hold keys: 0 \(/,
    );
  });

  test('nobody there: every source is unknown, said once a system', async () => {
    const nobody = [
      '--redis-url',
      `redis://127.0.0.1:${await deadPort()}`,
      '--prometheus-url',
      await refusedUrl(),
    ];
    const { code, report } = await doctor(nobody);
    expect([code, report.outcome]).toEqual([5, 'unknown']);
    expect(report.summary).toBe(
      '2 problems: not every source could be read; 0 of 10 categories can be judged',
    );
    const human = await runProgram(['doctor', ...nobody]);
    expect(human).toMatchObject({ code: 5, stderr: '' });
    expect(human.stdout.match(/ {2}! /g)).toHaveLength(2);
  });
});

describe('permissions', () => {
  const as = (user: string, password = 'secret') => redis.url.replace('//', `//${user}:${password}@`);
  let prometheus: string[];
  beforeAll(async () => {
    prometheus = (await systemWith(gatewayContract())).slice(2);
  });

  test.each([
    ['a wrong password', () => as('blind', 'guess')],
    ['a user who may not read', () => as('blind')],
    ['a user who may read one family only', () => as('narrow')],
  ])('%s: exit 4, and never the password', async (_, url) => {
    const { code, report, stdout } = await doctor(['--redis-url', url(), ...prometheus]);
    expect([code, report.outcome]).toEqual([4, 'refused']);
    expect(stdout).not.toContain('guess');
    expect(source(report, 'acp_auth_failures_total')?.status).toBe('measured');
  });

  test('what exactly is missing', async () => {
    const { report } = await doctor(['--redis-url', as('narrow'), ...prometheus]);
    const triage = report.checks.find(
      (check) => check.code === 'rights-refused' && check.source === 'triage',
    );
    expect(triage).toMatchObject({
      level: 'problem',
      measured: { user: 'narrow', commands: ['mget', 'pttl', 'type'] },
    });
    expect(triage?.text).toMatch(
      /may not do what is needed for triage: mget, pttl and type on acp:\S+, .* more$/,
    );
    expect(triage?.advice).toContain('ratelimit doctor --acl');
  });

  test('INFO may be forbidden: then what it would tell is unknown, and nothing fails', async () => {
    const { code, report } = await doctor(['--redis-url', as('silent'), ...prometheus]);
    expect(only(report, 'redis-unknown')).toMatchObject({ status: 'unknown', level: 'note' });
    expect(only(report, 'eviction-unknown').text).toContain('NOPERM');
    expect(code).toBe(0);
  });

  test('--acl asks nobody', async () => {
    const nobody = ['--redis-url', 'redis://127.0.0.1:1', '--prometheus-url', 'http://127.0.0.1:1'];
    const human = await runProgram(['doctor', '--acl', ...nobody]);
    expect(human).toMatchObject({ code: 0, stderr: '' });
    const lines = human.stdout.trimEnd().split('\n');
    expect(lines.map((line) => line.split(' ').slice(0, 5).join(' '))).toEqual([
      'ACL SETUSER triage reset on',
      'ACL SETUSER operator reset on',
    ]);
    const json = await runProgram(['doctor', '--acl', '-o', 'json', ...nobody]);
    expect(JSON.parse(json.stdout)).toEqual({
      ...{ schema: 'ratelimit/acl/v1', triage: lines[0], operator: lines[1], sentinel: null, warnings: [] },
    });
  });
});

describe('Redis and Prometheus as they stand', () => {
  test('a replica that evicts: warnings, since triage works there', async () => {
    const { redis: keys, series: all } = gatewayContract();
    const primary = await startRedis();
    await primary.load(keys);
    const replica = await startRedis({
      config: {
        ...{ replicaof: `127.0.0.1 ${primary.port}`, masteruser: 'test-harness', masterauth: 'test-harness' },
        ...{ 'repl-diskless-sync-delay': '0', maxmemory: '50mb', 'maxmemory-policy': 'allkeys-lru' },
      },
    });
    await expect.poll(() => replica.cli('DBSIZE')).toBe(String(keys.length));
    const prometheus = await startPrometheus({ series: openMetrics(all) });
    const { code, report } = await doctor(['--redis-url', replica.url, '--prometheus-url', prometheus.url]);
    expect(codes(report, 'warning')).toEqual(['role-replica', 'evictable']);
    expect(only(report, 'role-replica').text).toContain('READONLY');
    expect(only(report, 'evictable').text).toMatch(/allkeys-lru.*blocks and caps can vanish/);
    expect(code).toBe(0);
  });

  test('a clock of Prometheus that is off', async () => {
    const keys = (await systemWith(gatewayContract())).slice(0, 2);
    const server = await startFaultyHttp({ '*': [vector([[{}, String(Date.now() / 1_000 + 3_600)]])] });
    const { report } = await doctor([...keys, '--prometheus-url', server.url]);
    const skewed = only(report, 'clock-skewed');
    expect(skewed).toMatchObject({ source: 'Prometheus', level: 'problem' });
    expect(skewed.text).toMatch(/^Prometheus's clock is (?:1h|59m\d+s) ahead of this machine's/);
  });

  test('a window that is too short for the scrapes', async () => {
    const { code, report } = await doctor([...(await systemWith(gatewayContract())), '--window', '20s']);
    expect(only(report, 'window-short')).toMatchObject({ level: 'problem' });
    expect(code).toBe(5);
  });

  test('an instance that two jobs scrape', async () => {
    const { redis: keys, series: all } = gatewayContract();
    const again = series(
      'acp_auth_failures_total',
      { job: 'other', instance: target.instance, reason: 'x' },
      counter(now, { ...SPAN, perSecond: 1 }),
    );
    const { code, report } = await doctor(await systemWith({ redis: keys, series: [...all, again] }));
    expect(only(report, 'scraped-twice').text).toBe(
      'gw-1:8000 is collected 2 times (by the label job): every rate of acp_auth_failures_total counts that often',
    );
    expect(code).toBe(1);
  });
});

describe('what the remedies need', () => {
  const env = { RATELIMIT_API_TOKEN: 'test-token' };
  let own: TestRedis;
  let gateway: Gateway;
  let reach: string[];
  beforeAll(async () => {
    const { redis: keys, series: all } = gatewayContract();
    own = await startRedis();
    await own.load(keys);
    gateway = await startGateway({ redis: own, enforcesBlocks: false });
    const prometheus = await startPrometheus({ series: openMetrics(all) });
    reach = ['--redis-url', own.url, '--prometheus-url', prometheus.url];
  });

  test('the API is asked one thing that changes nothing, and says whether it takes the token', async () => {
    const good = await doctor([...reach, '--api-url', gateway.apiUrl], { env });
    expect([good.code, only(good.report, 'api-answers').level]).toEqual([0, 'fine']);
    const bad = await doctor([...reach, '--api-url', gateway.apiUrl], {
      env: { RATELIMIT_API_TOKEN: 'guess' },
    });
    expect([bad.code, only(bad.report, 'api-refuses').level]).toEqual([4, 'problem']);
    expect(bad.stdout).not.toContain('guess');
    expect(gateway.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(
      Array(2).fill('GET /api/decision/kill-switch/ratelimit-doctor'),
    );
    const none = await doctor([...reach, '--api-url', 'http://127.0.0.1:1'], { env });
    expect([none.code, only(none.report, 'api-unreachable').level]).toEqual([1, 'problem']);
    const clear = await doctor([...reach, '--api-url', 'http://192.0.2.1/api'], { env });
    expect(only(clear.report, 'api-plain-http').level).toBe('problem');
  });

  test('a deny list that nothing reads is known from the blocks that were ignored', async () => {
    const home = await temporaryFolder('home');
    const before = await doctor(reach, { home });
    expect(only(before.report, 'blocks-never-verified').status).toBe('unknown');
    const attack = gateway.attack('203.0.113.77', 20);
    await expect.poll(() => attack.sent()).toBeGreaterThan(5);
    const words = ['block-ip', '203.0.113.77', '--yes', '--reason', 'test', '--verify', '2s', '-o', 'json'];
    const block = await runProgram([...words, ...reach], { home });
    await attack.stop();
    expect(JSON.parse(block.stdout).verified).toBe('not-enforced');
    const after = await doctor(reach, { home });
    const ignored = only(after.report, 'blocks-ignored');
    expect(ignored.text).toMatch(
      /^1 of 1 block was not enforced, the last one of \d{4}-.* by .*: nothing seems to read acp:ip_block:\*$/,
    );
    expect(ignored.advice).toContain('load balancer');
    expect(after.code).toBe(1);
    // Another Redis, another deny list.
    const elsewhere = await doctor([...reach.slice(2), '--redis-url', `${own.url}/1`], { home });
    expect(codes(elsewhere.report)).toContain('blocks-never-verified');
  });
});

describe('its time', () => {
  test('a Redis and a Prometheus that never answer end with the deadline', async () => {
    const silent = await startFaultyRedis('silent');
    const mute = await startFaultyHttp({ '*': hang });
    const args = ['--redis-url', silent.url, '--prometheus-url', mute.url, '--timeout', '2s'];
    const { code, report, ms } = await doctor(args);
    expect([code, report.outcome]).toEqual([5, 'unknown']);
    // Long before a client would give up by itself.
    expect(ms).toBeLessThan(9_000);
    expect(only(report, 'redis-unknown').text).toContain('no answer');
  });

  test('Ctrl-C ends it with 130', async () => {
    const silent = await startFaultyRedis('silent');
    const mute = await startFaultyHttp({ '*': hang });
    const args = ['doctor', '--redis-url', silent.url, '--prometheus-url', mute.url, '--timeout', '9m'];
    const { child } = await spawnProgram(args);
    await expect.poll(() => mute.requests.length).toBeGreaterThan(0);
    await sleep(50);
    child.kill('SIGINT');
    const { exitCode, stdout, stderr } = await child;
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 130,
      stdout: '',
      stderr: 'ratelimit: interrupted\n',
    });
  });
});

test('bad input is one sentence and exit 2', async () => {
  for (const [args, message] of [
    [['--window', 'soon'], /--window.*soon.*90s/],
    [['--acl', 'now'], /too many arguments/],
    [['--runbook', 'aegsi'], /"aegsi".*"aegis"/],
    [['--wndow', '5m'], /--wndow.*--window/],
  ] as const) {
    const { code, stdout, stderr } = await runProgram(['doctor', ...args]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
  }
});

test('a runbook that asks nothing of Prometheus or of its queries is no trouble', async () => {
  const server = await startFaultyHttp({ '*': prometheusError('execution', 'no') });
  const { report } = await doctor([
    ...(await systemWith(gatewayContract())).slice(0, 2),
    '--prometheus-url',
    server.url,
  ]);
  expect(report.outcome).toBe('unknown');
  expect(codes(report)).toContain('scraping-unknown');
});

test('a Loki is told of where the runbook reads logs: whom it refuses, and streams that are not there', async () => {
  const [team, loki] = await Promise.all([startLoki({ tenant: 'team' }), startLoki()]);
  loki.push({ app: 'other' }, [[Date.now() - 1_000, 'a line']]);
  const args = ['--runbook', 'verification-server', '--prometheus-url', await refusedUrl()];
  const [refused, other] = await Promise.all([
    doctor([...args, '--logs-url', team.url]),
    doctor([...args, '--logs-url', loki.url]),
  ]);
  expect([refused.code, refused.report.outcome]).toEqual([4, 'refused']);
  expect(only(refused.report, 'logs-streams-unknown').text).toMatch(/no org id/);
  const source = refused.report.checks.find(({ measured }) => measured.system === 'logs');
  expect(source?.advice).toMatch(/X-Scope-OrgID/);
  // Prometheus is not there.
  expect(other.code).toBe(5);
  expect(codes(other.report)).toEqual(
    expect.arrayContaining(['logs-version', 'logs-ready', 'logs-no-streams']),
  );
  expect(only(other.report, 'logs-no-streams').text).toMatch(
    /no stream of the last day with app="verification-server".* \(values of app: other\)$/,
  );
  expect(
    other.report.checks.find(({ code, source }) => code === 'clock-agrees' && source === 'Loki'),
  ).toBeDefined();
});
