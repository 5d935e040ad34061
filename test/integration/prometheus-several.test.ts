import { afterAll, describe, expect, it } from 'vitest';
import { collect } from '../../src/evidence/collect.ts';
import type { Evidence } from '../../src/evidence/types.ts';
import type { Runbook } from '../../src/runbooks/schema.ts';
import { readPrometheus } from '../../src/signals/prometheus/adapter.ts';
import { judge } from '../../src/verdict/judge.ts';
import { aegis, clock, configOf, httpTarget, requestsAt, row } from '../support/collecting.ts';
import * as faults from '../support/faulty-http.ts';
import { counter, gauge, openMetrics, series } from '../support/openmetrics.ts';
import { stopEverything } from '../support/processes.ts';
import { startPrometheus } from '../support/prometheus.ts';
import { startVictoriaMetrics } from '../support/victoria-metrics.ts';

// Several Prometheus behind one context: each target counts once, and what cannot be read is said.

afterAll(stopEverything);

const now = Math.floor(Date.now() / 1000);
const { requests, oldTarget } = requestsAt(now);
const TO = 600;
type Given = readonly ReturnType<typeof series>[];

/** What one gateway exposes: tenants rejected at these rates per second, and how it stands. */
const gateway = (instance: string, rates: Record<string, number>, inflight = 10): Given => [
  oldTarget({ instance }),
  ...Object.entries(rates).map(([tenant, perSecond]) =>
    requests(tenant, { start: 1e6, perSecond }, { instance }),
  ),
  series(
    'acp_gateway_inflight_requests',
    { job: 'gateway', instance },
    gauge(now, { to: TO, value: inflight }),
  ),
  series('up', { job: 'gateway', instance }, gauge(now, { to: TO, value: 1 })),
  series(
    'process_start_time_seconds',
    { job: 'gateway', instance },
    gauge(now, { to: TO, value: now - 7_200 - instance.length }),
  ),
];

const holding = (given: Given) => startPrometheus({ series: openMetrics(given) });

interface More {
  runbook?: Runbook;
  timeoutSeconds?: number;
  queries?: Record<string, string>;
}

/** The evidence of all of these together, Redis left out. */
async function evidenceOf(urls: readonly string[], more: More = {}): Promise<Evidence> {
  const [first = '', ...others] = urls;
  const config = await configOf({
    prometheus: [httpTarget(first), ...others.map((url) => httpTarget(url))],
    ...more,
  });
  const request = { config, runbook: more.runbook ?? (await aegis()), windowSeconds: 300, clock };
  const adapters = { redis: async () => [], prometheus: readPrometheus };
  return collect(adapters, request, new AbortController().signal);
}

/** A signal of Prometheus alone; its sources are reported on one by one. */
function signalOf(evidence: Evidence, id: string) {
  const signal = evidence.signals[id];
  if (signal === undefined) throw new Error(`no signal ${id}`);
  const [first] = signal.sources;
  return {
    signal,
    report: first,
    rates: Object.fromEntries(signal.rows.map(({ id: name, value }) => [String(name), value])),
  };
}

/** One signal of servers that hold this, which are stopped then. */
async function read(given: readonly Given[], id = 'rejects-by-tenant') {
  const servers = await Promise.all(given.map(holding));
  const evidence = await evidenceOf(servers.map(({ url }) => url));
  await Promise.all(servers.map((server) => server.stop()));
  return { ...signalOf(evidence, id), evidence, servers };
}

describe('each with targets of its own', () => {
  it('are added up: rates by tenant and by path, their total, and the instances', async () => {
    const one = gateway('gw-1:8000', { acme: 3, globex: 1 }, 12);
    const two = [
      ...gateway('gw-2:8000', { acme: 4, initech: 2 }, 30),
      requests('acme', { start: 7, perSecond: 1 }, { instance: 'gw-2:8000', path: '/agents' }),
    ];
    const { signal, report, rates, evidence } = await read([one, two]);
    expect(signal).toMatchObject({ status: 'measured', reason: null, live: true, warnings: [] });
    expect(report).toMatchObject({ status: 'measured', entities: 3 });
    expect(signal.total).toBeCloseTo(11, 6);
    expect(signal.distinct).toBe(3);
    expect(Object.keys(rates)).toEqual(['acme', 'initech', 'globex']);
    expect(rates.acme).toBeCloseTo(8, 6);
    expect(row(signal, 'acme').share).toBeCloseTo(8 / 11, 6);
    expect(row(signal, 'acme').labels.path?.['/execute']).toBeCloseTo(7, 6);
    expect(row(signal, 'acme').labels.path?.['/agents']).toBeCloseTo(1, 6);
    expect(signalOf(evidence, 'inflight')).toMatchObject({
      signal: { total: 42, distinct: 2, status: 'measured' },
      rates: { 'gw-1:8000': 12, 'gw-2:8000': 30 },
    });
    expect(signalOf(evidence, 'deploys').signal).toMatchObject({ distinct: 2, status: 'measured' });
    expect(signalOf(evidence, 'service-up').signal).toMatchObject({ distinct: 2, total: 2 });
  });

  it('a metric that only one of them has is measured, and nothing is degraded by that', async () => {
    const failures = series(
      'acp_auth_failures_total',
      { job: 'gateway', instance: 'gw-1:8000', reason: 'invalid_token' },
      counter(now, { to: TO, perSecond: 6 }),
    );
    const { signal, report, evidence } = await read(
      [[failures], gateway('gw-2:8000', { acme: 2 })],
      'auth-failures-total',
    );
    expect(signal).toMatchObject({ status: 'measured', warnings: [] });
    expect(signal.total).toBeCloseTo(6, 6);
    expect(report?.status).toBe('measured');
    expect(signalOf(evidence, 'limiter-health').signal.status).toBe('absent');
  });

  it('that are all empty stay empty, and alive where one is', async () => {
    const dead = [requests('acme', { from: -7_200, to: -3_600, perSecond: 5 })];
    expect((await read([dead, [oldTarget()]])).signal).toMatchObject({ status: 'empty', live: true });
    expect((await read([dead, []])).signal).toMatchObject({ status: 'empty', live: false });
  });

  it('have the same usual together, and none where one of them remembers nothing of then', async () => {
    const DAY = 86_400;
    const since = (instance: string, from: number, perSecond: number) =>
      series(
        'acp_gateway_request_total',
        { job: 'gateway', instance, tenant_id: 'acme', path: '/agents', status: '429' },
        counter(now, { from, to: TO, step: 60, perSecond }),
      );
    const { signal } = await read([[since('gw-1:8000', -8 * DAY, 2)], [since('gw-2:8000', -DAY - 3_600, 5)]]);
    expect(signal.total).toBeCloseTo(7, 0);
    expect(signal.baseline?.day).toBeCloseTo(7, 0);
    // A week ago there was half of it, or it was not recorded: nobody can tell.
    expect(signal.baseline?.week).toBeNull();
    expect(row(signal, 'acme').usual).toBeCloseTo(7, 0);
  });
});

describe('with targets that several of them collect', () => {
  const all = [...gateway('gw-1:8000', { acme: 3 }, 12), ...gateway('gw-2:8000', { acme: 4, globex: 1 }, 30)];

  it('a pair that sees the same counts once', async () => {
    const { signal, rates, evidence } = await read([all, all]);
    expect(signal).toMatchObject({ status: 'measured', warnings: [], distinct: 2 });
    expect(signal.total).toBeCloseTo(8, 6);
    expect(rates.acme).toBeCloseTo(7, 6);
    expect(signalOf(evidence, 'inflight').signal).toMatchObject({ total: 42, distinct: 2 });
    expect(signalOf(evidence, 'service-up').signal).toMatchObject({ total: 2, distinct: 2 });
  });

  it('of a pair the one with gaps rests', async () => {
    const gaps = [
      oldTarget(),
      requests('acme', { from: -3_600, to: -150, start: 1e6, perSecond: 3 }, { instance: 'gw-1:8000' }),
    ];
    const whole = [oldTarget(), requests('acme', { start: 1e6, perSecond: 3 }, { instance: 'gw-1:8000' })];
    for (const given of [
      [gaps, whole],
      [whole, gaps],
    ]) {
      expect((await read(given)).signal.total).toBeCloseTo(3, 6);
    }
  });

  it('those that share some of them count these once', async () => {
    const third = gateway('gw-3:8000', { acme: 10 }, 5);
    const shared = gateway('gw-2:8000', { acme: 4, globex: 1 }, 30);
    const { signal, rates, evidence } = await read([all, [...shared, ...third]]);
    expect(signal).toMatchObject({ status: 'measured', warnings: [] });
    expect(signal.total).toBeCloseTo(18, 6);
    expect(rates.acme).toBeCloseTo(17, 6);
    expect(rates.globex).toBeCloseTo(1, 6);
    expect(signalOf(evidence, 'inflight').signal).toMatchObject({ total: 47, distinct: 3 });
  });

  it('three of them, in a ring', async () => {
    const at = (index: number) => gateway(`gw-${index}:8000`, { acme: index });
    const { signal } = await read([
      [...at(1), ...at(2)],
      [...at(2), ...at(3)],
      [...at(3), ...at(1)],
    ]);
    expect(signal.total).toBeCloseTo(6, 6);
  });

  it('names of targets never become part of a query as they are', async () => {
    const hostile = ['gw"}) or vector(1000) #', 'a\\.*', '.*', 'two\nlines', '(?i)gw|', 'ünï 日本'];
    const shared = hostile.flatMap((instance) => gateway(instance, { acme: 1 }));
    const own = gateway('gw-9:8000', { acme: 10 });
    const more = gateway('gw-8:8000', { acme: 20 });
    const { signal } = await read([
      [...shared, ...own],
      [...shared, ...more],
    ]);
    expect(signal).toMatchObject({ status: 'measured', warnings: [] });
    expect(signal.total).toBeCloseTo(36, 6);
  });

  it('more than fit into a query are not counted twice, and what that leaves open is said', async () => {
    const many = Array.from({ length: 120 }, (_, i) => [
      oldTarget({ instance: `pod-${i}:8000` }),
      requests('acme', { from: -900, start: 5, perSecond: 1 }, { instance: `pod-${i}:8000` }),
    ]).flat();
    const { signal, report } = await read([
      [...many, ...gateway('gw-1:8000', { acme: 1 })],
      [...many, ...gateway('gw-2:8000', { acme: 2 })],
    ]);
    expect(signal.status).toBe('measured');
    expect(Math.round(signal.total ?? 0)).toBeGreaterThanOrEqual(121);
    expect(Math.round(signal.total ?? 0)).toBeLessThanOrEqual(122);
    expect(report).toMatchObject({ status: 'unknown', cause: 'incomplete' });
    expect(report?.reason).toMatch(/120 of its 121 targets are collected by another too/);
  });

  it('one server that is listed twice counts once', async () => {
    const server = await holding(all);
    const { signal, report } = signalOf(await evidenceOf([server.url, server.url]), 'rejects-by-tenant');
    expect(report?.status).toBe('measured');
    expect(signal.total).toBeCloseTo(8, 6);
    await server.stop();
  });

  it('count once in what is not told by instance too', async () => {
    const runbook = structuredClone(await aegis());
    const source = runbook.signals.inflight?.sources[0];
    if (source?.kind !== 'prometheus-gauge') throw new Error('not a gauge');
    Object.assign(source, { metric: 'queue_length', by: 'queue', mix: null });
    const queue = (instance: string, name: string, value: number) =>
      series('queue_length', { job: 'worker', instance, queue: name }, gauge(now, { to: TO, value }));
    const servers = await Promise.all(
      [
        [queue('w-1', 'mail', 10), queue('w-2', 'mail', 5)],
        [queue('w-2', 'mail', 5), queue('w-3', 'mail', 20), queue('w-3', 'sms', 1)],
      ].map(holding),
    );
    const evidence = await evidenceOf(
      servers.map(({ url }) => url),
      { runbook },
    );
    expect(signalOf(evidence, 'inflight')).toMatchObject({
      signal: { status: 'measured', total: 36, distinct: 2 },
      rates: { mail: 35, sms: 1 },
    });
    await Promise.all(servers.map((server) => server.stop()));
  });

  it('have the same usual where they shared them so then', async () => {
    const DAY = 86_400;
    const since = (instance: string, perSecond: number) =>
      series(
        'acp_gateway_request_total',
        { job: 'gateway', instance, tenant_id: 'acme', path: '/agents', status: '429' },
        counter(now, { from: -DAY - 3_600, to: TO, step: 60, perSecond }),
      );
    const { signal } = await read([
      [since('gw-1:8000', 1), since('gw-2:8000', 2)],
      [since('gw-2:8000', 2), since('gw-3:8000', 4)],
    ]);
    expect(signal.total).toBeCloseTo(7, 0);
    expect(signal.baseline?.day).toBeCloseTo(7, 0);
    expect(row(signal, 'acme').usual).toBeCloseTo(7, 0);
    expect(signal.warnings).toEqual([]);
  });

  it('have no usual where they shared their targets otherwise then', async () => {
    const DAY = 86_400;
    const span = (instance: string, from: number, to: number) =>
      series(
        'acp_gateway_request_total',
        { job: 'gateway', instance, tenant_id: 'acme', path: '/agents', status: '429' },
        counter(now, { from, to, step: 60, perSecond: 2 }),
      );
    const { signal } = await read([
      [span('gw-1:8000', -DAY - 3_600, TO), span('old:8000', -DAY - 3_600, -3_600)],
      [span('gw-2:8000', -DAY - 3_600, TO), span('old:8000', -DAY - 3_600, -3_600)],
    ]);
    expect(signal.total).toBeCloseTo(4, 0);
    expect(signal.baseline?.day).toBeNull();
    expect(signal.warnings.join()).toMatch(/usual is not known of a day ago/);
  });
});

describe('what names do not tell', () => {
  const nameless = (perSecond: number): Given => [
    oldTarget({ instance: null }),
    requests('acme', { start: 1e6, perSecond }, { instance: null }),
  ];

  it('without instances nothing is added: the larger stands, as the least that there is', async () => {
    const { signal, report } = await read([nameless(3), nameless(5)]);
    expect(signal.status).toBe('measured');
    expect(signal.total).toBeCloseTo(5, 6);
    expect(report).toMatchObject({ status: 'unknown', cause: 'incomplete' });
    expect(report?.reason).toMatch(/no label `instance`, so whether others count the same cannot be told/);
    expect(signal.warnings).toEqual([report?.reason]);
  });

  it('and alone they are what they are', async () => {
    const { signal, report } = await read([nameless(3), []]);
    expect(signal.total).toBeCloseTo(3, 6);
    expect(report?.status).toBe('measured');
  });

  const local = (startedAt: number | null, perSecond: number): Given => [
    oldTarget({ instance: 'localhost:8000' }),
    requests('acme', { start: 1e6, perSecond }, { instance: 'localhost:8000' }),
    ...(startedAt === null
      ? []
      : [
          series(
            'process_start_time_seconds',
            { job: 'gateway', instance: 'localhost:8000' },
            gauge(now, { to: TO, value: startedAt }),
          ),
        ]),
  ];

  it('localhost on two hosts is two gateways, which their starts tell', async () => {
    const { signal, report } = await read([local(now - 5_000.25, 3), local(now - 5_000.75, 5)]);
    expect(signal.total).toBeCloseTo(8, 6);
    expect(report?.status).toBe('measured');
  });

  it('and the same one where they started at the same moment', async () => {
    const { signal, report } = await read([local(now - 5_000.25, 3), local(now - 5_000.25, 3)]);
    expect(signal.total).toBeCloseTo(3, 6);
    expect(report?.status).toBe('measured');
  });

  it('nobody can tell without', async () => {
    const { signal, report } = await read([local(null, 3), local(null, 5)]);
    expect(signal.total).toBeCloseTo(5, 6);
    expect(report).toMatchObject({ status: 'unknown', cause: 'incomplete' });
    expect(report?.reason).toMatch(/called localhost/);
  });
});

describe('one that cannot be read', () => {
  const verdictOn = async (evidence: Evidence) => judge(evidence, await aegis());
  /** Thirty per second by one tenant is an incident, whatever else there is. */
  const loud = [
    ...gateway('gw-1:8000', { acme: 20 }),
    requests('acme', { start: 1e6, perSecond: 10 }, { path: '/agents' }),
  ];

  it.each<[string, () => Promise<string>, string, RegExp]>([
    ['is down', faults.refusedUrl, 'unreachable', /connection refused/],
    [
      'hangs',
      async () => (await faults.startFaultyHttp({ '*': faults.hang })).url,
      'timeout',
      /no answer before the deadline/,
    ],
    [
      'refuses the credentials',
      async () => (await faults.startFaultyHttp({ '*': faults.status(401) })).url,
      'auth',
      /401/,
    ],
    [
      'answers too much',
      async () => (await faults.startFaultyHttp({ '*': faults.huge(9 * 1024 * 1024) })).url,
      'malformed',
      /larger than 8 MiB, so none of it is read: ask for less/,
    ],
  ])('%s: the numbers of the other are the least that there is', async (_, other, cause, reason) => {
    const server = await holding(loud);
    const evidence = await evidenceOf([await other(), server.url], { timeoutSeconds: 3 });
    const { signal, report, rates } = signalOf(evidence, 'rejects-by-tenant');
    expect(signal.status).toBe('measured');
    expect(rates.acme).toBeCloseTo(30, 6);
    expect(report).toMatchObject({ status: 'unknown', cause });
    expect(report?.reason).toMatch(reason);
    expect(signal.warnings).toContain(report?.reason);
    // What is proven stays proven, less surely; nothing is called quiet.
    const verdict = await verdictOn(evidence);
    expect(verdict.category).toBe('tenant-over-rps-cap');
    expect(verdict.confidence).not.toBe('high');
    expect(verdict.findings[0]?.caveats.map(({ code }) => code)).toContain('signal-unknown');
    await server.stop();
  });

  it('makes what the other has not seen unknown, never empty or quiet', async () => {
    const server = await holding(gateway('gw-1:8000', {}));
    const evidence = await evidenceOf([server.url, await faults.refusedUrl()]);
    expect(signalOf(evidence, 'rejects-by-tenant').signal).toMatchObject({
      status: 'unknown',
      cause: 'unreachable',
    });
    expect(signalOf(evidence, 'blocked-spend').signal).toMatchObject({ status: 'unknown' });
    expect((await verdictOn(evidence)).category).toBe('inconclusive');
    await server.stop();
  });

  it('that is slow is waited for, and counts', async () => {
    const [first, second] = await Promise.all([loud, gateway('gw-2:8000', { acme: 2 })].map(holding));
    const slow = await faults.startFaultyHttp({
      '*': faults.slow(
        700,
        faults.proxyTo(second?.url ?? '', { unless: /^never$/, fault: faults.status(500) }),
      ),
    });
    const evidence = await evidenceOf([first?.url ?? '', slow.url]);
    const { signal, report } = signalOf(evidence, 'rejects-by-tenant');
    expect(signal.total).toBeCloseTo(32, 6);
    expect(report?.status).toBe('measured');
    await Promise.all([first?.stop(), second?.stop(), slow.stop()]);
  });
});

it('a Prometheus and a VictoriaMetrics are added up as two Prometheus are', async () => {
  const shared = gateway('gw-2:8000', { acme: 4 });
  const [prometheus, victoria] = await Promise.all([
    holding([...gateway('gw-1:8000', { acme: 3 }), ...shared]),
    startVictoriaMetrics({ series: openMetrics([...shared, ...gateway('gw-3:8000', { acme: 8 })]) }),
  ]);
  const { signal } = signalOf(await evidenceOf([prometheus.url, victoria.url]), 'rejects-by-tenant');
  expect(signal.total).toBeCloseTo(15, 1);
  await Promise.all([prometheus.stop(), victoria.stop()]);
});

it('as many targets as are left out fit into a query of VictoriaMetrics', async () => {
  const DAY = 86_400;
  const pod = (index: number) =>
    series(
      'acp_gateway_request_total',
      {
        job: 'gateway',
        instance: `10.42.1.${index}:8000`,
        tenant_id: 'acme',
        path: '/agents',
        status: '429',
      },
      counter(now, { from: -DAY - 600, to: TO, step: 100, perSecond: 1 }),
    );
  const pods = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => pod(from + i));
  const servers = await Promise.all(
    [pods(0, 101), pods(1, 103)].map((given) => startVictoriaMetrics({ series: openMetrics(given) })),
  );
  const evidence = await evidenceOf(servers.map(({ url }) => url));
  const { signal, report } = signalOf(evidence, 'rejects-by-tenant');
  expect(report).toMatchObject({ status: 'measured', reason: null });
  expect(signal.total).toBeCloseTo(103, 0);
  expect(signal.baseline?.day).toBeCloseTo(103, 0);
  expect(signal.warnings).toEqual([]);
  await Promise.all(servers.map((server) => server.stop()));
});

it("of the operator's own queries the larger answer stands, since what they share is not known", async () => {
  const signins = (tenant: string, value: number) =>
    series('signins', { ip: '203.0.113.42', tenant }, gauge(now, { to: TO, value }));
  const servers = await Promise.all(
    [[signins('acme', 3)], [signins('acme', 2), signins('globex', 4)]].map(holding),
  );
  const queries = { 'tenants-by-ip': 'sum by (ip, tenant) (signins)' };
  const evidence = await evidenceOf(
    servers.map(({ url }) => url),
    { queries },
  );
  const { signal } = signalOf(evidence, 'tenants-by-ip');
  expect(signal).toMatchObject({ status: 'measured', distinct: 1 });
  expect(row(signal, '203.0.113.42')).toMatchObject({ value: 6, labels: { tenant: { acme: 3, globex: 4 } } });
  await Promise.all(servers.map((server) => server.stop()));
});
