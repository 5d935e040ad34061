import { afterAll, describe, expect, it } from 'vitest';
import { collectHistory, type Line } from '../../src/evidence/history.ts';
import { rounded } from '../../src/evidence/rounded.ts';
import { expand } from '../../src/incidents/expand.ts';
import { recordSeries, openMetrics as textOf } from '../../src/incidents/openmetrics.ts';
import { type Match, matchersOf } from '../../src/runbooks/match.ts';
import { parseRunbook } from '../../src/runbooks/parse.ts';
import { readPrometheus } from '../../src/signals/prometheus/adapter.ts';
import { prometheusHealth } from '../../src/signals/prometheus/health.ts';
import { readHistory } from '../../src/signals/prometheus/history.ts';
import { makeHttpClient } from '../../src/signals/prometheus/http.ts';
import { perSecond } from '../../src/signals/prometheus/promql.ts';
import { ranked } from '../../src/signals/prometheus/rank.ts';
import { aegis, ask, clock, configOf, httpTarget, requestsAt, row } from '../support/collecting.ts';
import { AEGIS_YAML } from '../support/evidence.ts';
import { everyLabelled } from '../support/labelled.ts';
import { counter, openMetrics, series } from '../support/openmetrics.ts';
import { play } from '../support/played.ts';
import { stopEverything } from '../support/processes.ts';
import { startPrometheus } from '../support/prometheus.ts';
import { startVictoriaMetrics } from '../support/victoria-metrics.ts';

// VictoriaMetrics speaks Prometheus's API, and its functions differ: increase() does not extrapolate and takes the sample
// before the window into account. What triage makes of it must not differ by more than one scrape's worth.

afterAll(stopEverything);

const now = Math.floor(Date.now() / 1000);
const { requests, oldTarget } = requestsAt(now);
const WINDOW = 300;
const STEP = 15;

type Given = readonly ReturnType<typeof series>[];

/** The same series in both. */
async function both(given: Given, more: { latencyOffset?: string } = {}) {
  const text = openMetrics(given);
  const [prometheus, victoria] = await Promise.all([
    startPrometheus({ series: text }),
    startVictoriaMetrics({ series: text, ...more }),
  ]);
  const stop = () => Promise.all([prometheus.stop(), victoria.stop()]);
  return { servers: [prometheus, victoria] as const, victoria, stop };
}

/** One signal as each of them tells it. */
async function read(
  given: Given,
  signal: string,
  wanted: Omit<Parameters<typeof ask>[2], 'prometheus'> = {},
) {
  const { servers, stop } = await both(given);
  const readings = await Promise.all(
    servers.map(async ({ url }) => {
      const reading = (await ask(readPrometheus, [signal], { ...wanted, prometheus: httpTarget(url) }))[
        signal
      ];
      if (reading === undefined) throw new Error('no reading');
      return reading;
    }),
  );
  await stop();
  const [first, second] = readings;
  if (first === undefined || second === undefined) throw new Error('one of two');
  return [first, second] as const;
}

describe('a rate', () => {
  /** Per second. */
  const GROWTH: Readonly<Record<string, number>> = {
    ...{ steady: 7, rising: 4, small: 4, restarted: 4, spike: 20, gone: 10, left: 10 },
  };

  it('is the same of steady, born, reset and vanished counters, within a scrape interval at each end', async () => {
    const [prometheus, victoria] = await read(
      [
        oldTarget(),
        requests('steady', { start: 1e6, perSecond: 5 }),
        requests('steady', { start: 1e3, perSecond: 2 }, { path: '/agents', instance: 'gw-2:8000' }),
        requests('quiet', { start: 900, perSecond: 0 }),
        requests('burst', { start: 600, perSecond: 0, bornAt: -120 }),
        requests('rising', { start: 600, perSecond: 4, bornAt: -120 }),
        requests('small', { start: 3, perSecond: 4, bornAt: -120 }),
        requests('first', { start: 90, perSecond: 0, from: -STEP, to: -STEP }),
        requests('restarted', { start: 1e6, perSecond: 4, resetAt: -150 }),
        requests('spike', { start: 1e6, perSecond: (offset) => (offset > -180 ? 20 : 0) }),
        requests('gone', { to: -150, start: 1e6, perSecond: 10 }, { instance: 'gw-2:8000' }),
        requests('left', { to: -420, start: 1e6, perSecond: 10 }, { instance: 'gw-2:8000' }),
      ],
      'rejects-by-tenant',
    );
    const [expected, found] = [prometheus, victoria].map(({ rows }) =>
      Object.fromEntries(rows.map(({ id, value }) => [String(id), value])),
    );
    expect(Object.keys(found ?? {}).sort()).toEqual(Object.keys(expected ?? {}).sort());
    for (const [tenant, value] of Object.entries(expected ?? {})) {
      const off = Math.abs((found?.[tenant] ?? Number.NaN) - value);
      // What a counter gains in a scrape at each end of the window.
      const most = (2 * STEP * (GROWTH[tenant] ?? 0)) / WINDOW + 0.01 * value;
      expect({ tenant, value, off, most: off <= most }).toEqual({ tenant, value, off, most: true });
    }
    expect((victoria.total ?? 0) / (prometheus.total ?? 1)).toBeCloseTo(1, 0);
    expect(row(victoria, 'steady').labels.path?.['/agents']).toBeCloseTo(2, 1);
    expect(row(victoria, 'burst').value).toBeCloseTo(600 / WINDOW, 6);
    expect(victoria).toMatchObject({ status: 'measured', live: true, distinct: prometheus.distinct });
  });

  it('of a target that was only just met is its growth, not the years before', async () => {
    const readings = await read(
      [
        oldTarget(),
        requests('met', { start: 2e6, perSecond: 3, bornAt: -120 }, { status: '200', instance: 'gw-9:8000' }),
        requests('met', { start: 1e6, perSecond: 2, bornAt: -120 }, { instance: 'gw-9:8000' }),
      ],
      'rejects-by-tenant',
    );
    for (const reading of readings) {
      expect(row(reading, 'met').value).toBeGreaterThan(0.5);
      expect(row(reading, 'met').value).toBeLessThanOrEqual(1.1);
    }
  });

  it('of thousands of tenants comes whole, and is summed and ranked there where they are too many for that', async () => {
    const given = [
      oldTarget(),
      ...Array.from({ length: 2_100 }, (_, i) =>
        requests(`t-${i}`, { from: -1_200, start: 5, perSecond: 1 + i / 100 }),
      ),
    ];
    const { servers, stop } = await both(given);
    for (const { url } of servers) {
      const prometheus = httpTarget(url);
      const reading = (await ask(readPrometheus, ['rejects-by-tenant'], { prometheus }))['rejects-by-tenant'];
      expect(reading).toMatchObject({ status: 'measured', distinct: 2_100 });
      expect((reading?.total ?? 0) / (2_100 + 21 * 1_049.5)).toBeCloseTo(1, 3);
      expect(reading?.rows.slice(0, 2).map(({ id }) => id)).toEqual(['t-2099', 't-2098']);
      expect(reading?.rows[0]?.labels.path?.['/execute']).toBeCloseTo(21.99, 3);
      const [source] = (await aegis()).signals['rejects-by-tenant']?.sources ?? [];
      if (source?.kind !== 'prometheus-rate') throw new Error('no rate');
      const http = makeHttpClient(prometheus, AbortSignal.timeout(20_000), clock.now);
      const rateOf = (only: Match) =>
        perSecond(source.metric, source.match, { windowSeconds: WINDOW }, matchersOf(only));
      const { total, distinct, entities } = await ranked(source, rateOf, http);
      http.close();
      expect(total / (reading?.total ?? 0)).toBeCloseTo(1, 9);
      expect(distinct).toBe(2_100);
      const rows = reading?.rows.map(({ id, value, labels }) => [id, value, labels.path?.['/execute']]);
      const kept = entities.slice(0, 200);
      expect(kept.map(({ id, value, mix }) => [id, value, rounded(mix['/execute'] ?? 0)])).toEqual(rows);
    }
    await stop();
  });

  it('has the same usual, for the total and for each', async () => {
    const since = (tenant: string, from: number, perSecond: number) =>
      series(
        'acp_gateway_request_total',
        { job: 'gateway', instance: 'gw-1:8000', tenant_id: tenant, path: '/agents', status: '429' },
        counter(now, { from, to: 600, step: 60, perSecond }),
      );
    const readings = await read(
      [since('acme', -8 * 86_400, 2), since('globex', -86_400 - 3_600, 5)],
      'rejects-by-tenant',
    );
    for (const { baseline, rows } of readings) {
      expect(baseline?.day).toBeCloseTo(7, 0);
      expect(baseline?.week).toBeCloseTo(2, 0);
      expect(rows.map(({ usual }) => Math.round(usual ?? Number.NaN))).toEqual([5, 2]);
    }
  });
});

describe('nothing to be seen', () => {
  const past = { from: -7_200, to: -3_600, perSecond: 5 };
  it.each<[string, Given, object, RegExp]>([
    ['other labels only', [oldTarget()], { status: 'empty', live: true }, /is there, and no series of it is/],
    [
      'in the past only',
      [requests('acme', past), requests('acme', past, { status: '200' })],
      { status: 'empty', live: false },
      /no samples in the last 300 s/,
    ],
    [
      'another metric only',
      [series('up', { instance: 'a' }, counter(now, { to: 600, perSecond: 1 }))],
      { status: 'absent', live: false },
      /has no metric acp_gateway_request_total/,
    ],
    [
      'counters that do not grow',
      [oldTarget(), requests('acme', { start: 900, perSecond: 0 })],
      { status: 'measured', total: 0, rows: [] },
      /^$/,
    ],
  ])('%s', async (_, given, expected, reason) => {
    for (const reading of await read(given, 'rejects-by-tenant')) {
      expect(reading).toMatchObject(expected);
      expect(reading.reason ?? '').toMatch(reason);
    }
  });

  it('is a window that is too short, not zero', async () => {
    for (const windowSeconds of [10, 25]) {
      for (const reading of await read([oldTarget()], 'rejects-by-tenant', { windowSeconds })) {
        expect(reading).toMatchObject({ status: 'unknown', cause: 'window' });
      }
    }
    for (const reading of await read(
      [oldTarget(), requests('acme', { start: 1e6, perSecond: 4 })],
      'rejects-by-tenant',
      {
        windowSeconds: 60,
      },
    )) {
      expect(row(reading, 'acme').value).toBeCloseTo(4, 6);
    }
  });
});

it('labels come through exactly, and a query of the operator is added up there', async () => {
  const hostile = [
    '\u001b[31mred',
    'two\nlines',
    'quote " and \\ back',
    '\u202Eevil',
    '{{t}} $(id) `id`',
    '__proto__',
  ];
  const given = hostile.map((name, index) => requests(name, { start: 10, perSecond: 9 - index }));
  for (const reading of await read([oldTarget(), ...given], 'rejects-by-tenant')) {
    expect(reading.rows.map(({ id }) => id)).toEqual(hostile);
  }
  const signins = ['acme', 'globex'].map((tenant, index) =>
    series(
      'signins',
      { ip: '203.0.113.42', tenant },
      counter(now, { to: 600, perSecond: 0, start: 3 + index }),
    ),
  );
  const queries = { 'tenants-by-ip': 'signins # by hand' };
  for (const reading of await read(signins, 'tenants-by-ip', { queries })) {
    expect(row(reading, '203.0.113.42')).toMatchObject({
      value: 7,
      labels: { tenant: { acme: 3, globex: 4 } },
    });
  }
});

it('several values of a label are these alone, whatever they look like, in a look and in a chart', async () => {
  const wanted = ['429', '4.*', 'a|b', '"} or vector(1) #', '\\d', '(?i)x', '^$', '日本', ''];
  const others = ['503', '42', '4', '44', 'a', 'b', 'a|', '\\', '7', 'X', 'x', '日', '.*'];
  const given = [...wanted, ...others].map((status, index) =>
    requests(`tenant ${index}`, { start: 10, perSecond: index + 1 }, { status }),
  );
  const yaml = AEGIS_YAML.replace('match: { status: "429" }', `match: { status: ${JSON.stringify(wanted)} }`);
  const runbook = parseRunbook(yaml, 'my.yaml');
  const ids = wanted.map((_, index) => `tenant ${index}`).reverse();
  const { servers, stop } = await both(given);
  for (const { url } of servers) {
    const prometheus = httpTarget(url);
    const readings = await ask(readPrometheus, ['rejects-by-tenant'], { prometheus, runbook });
    expect(readings['rejects-by-tenant']?.rows.map(({ id }) => id)).toEqual(ids);
    const range = { fromMs: (now - 1_800) * 1_000, toMs: (now - 60) * 1_000 };
    const asked = { config: await configOf({ prometheus }), runbook, clock, ...range };
    const { charts } = await collectHistory(readHistory, asked, new AbortController().signal);
    const lines = charts.find(({ chart }) => chart === 'rejects-by-tenant')?.lines;
    expect(lines?.map(({ id }) => id)).toEqual(ids.slice(0, lines?.length));
    expect(lines?.length).toBeGreaterThan(3);
  }
  await stop();
});

it('its own words are said when it refuses a query', async () => {
  const server = await startVictoriaMetrics();
  const queries = { 'tenants-by-ip': 'sum by (' };
  const prometheus = httpTarget(server.url);
  const readings = await ask(readPrometheus, ['tenants-by-ip'], { prometheus, queries });
  expect(readings['tenants-by-ip']).toMatchObject({ status: 'unknown', cause: 'refused' });
  expect(readings['tenants-by-ip']?.reason).toMatch(/HTTP 4\d\d: .*error when/);
  await server.stop();
});

it('as it comes it answers as of 30 s ago: the numbers are of then, and the doctor blames no clock', async () => {
  // The growth of the last seconds is there, and not yet to be seen.
  const at = requestsAt(Math.floor(Date.now() / 1000));
  const acme = at.requests('acme', { start: 1e6, perSecond: (offset) => (offset > -20 ? 50 : 1) });
  const given = openMetrics([at.oldTarget(), acme]);
  const server = await startVictoriaMetrics({ latencyOffset: '30s', series: given });
  const prometheus = httpTarget(server.url);
  const readings = await ask(readPrometheus, ['rejects-by-tenant'], { prometheus });
  const reading = readings['rejects-by-tenant'];
  expect(reading && row(reading, 'acme').value).toBeLessThan(3);
  const facts = await prometheusHealth(prometheus, {
    ...{
      metrics: ['acp_gateway_request_total'],
      all: ['acp_gateway_request_total'],
      labels: [],
      windowSeconds: WINDOW,
      clock,
    },
    signal: AbortSignal.timeout(20_000),
  });
  expect(facts.clock).toMatchObject({ known: true });
  expect(Math.abs(facts.clock.known ? facts.clock.value.aheadMs : Number.NaN)).toBeLessThan(15_000);
  expect(facts.scraping).toMatchObject({
    known: true,
    value: { instances: { count: 1, names: ['gw-1:8000'] }, duplicates: [] },
  });
  expect(facts.names).toMatchObject({ known: true, value: { names: ['acp_gateway_request_total'] } });
  await server.stop();
});

describe('labelled incidents come to the same verdict', () => {
  it.each([
    'quiet-gateway',
    'crowd-gateway',
    'one-ip-gateway-noise',
    'tenant-rps-gateway',
    'overload-gateway',
    'outage-gateway',
    'deploy-gateway',
    'quota-monthly',
    'tenant-cap-gateway',
    'hard/busy-rejects-as-usual',
    'hard/exporter-restarted',
    'hard/hostile-names',
    'hard/metrics-absent-attack',
    'hard/prometheus-has-just-started',
    'tps-limits/over-consistently',
    'tps-limits/over-until-a-moment-ago',
    'api-gateway/storm',
  ])('%s', async (name) => {
    const incident = everyLabelled.get(name);
    if (incident === undefined) throw new Error(`no incident ${name}`);
    const nowMs = Math.floor(Date.now() / 1_000) * 1_000;
    const text = textOf(recordSeries(expand(incident, { nowMs, clock }), { now: nowMs / 1_000 }));
    const servers = await Promise.all([
      startPrometheus({ series: text }),
      startVictoriaMetrics({ series: text }),
    ]);
    const [prometheus, victoria] = await Promise.all(
      servers.map(async ({ url }) => {
        const { evidence, verdict, proposed } = await play(incident, {
          through: (own) => ({
            redis: own.redis,
            prometheus: (asked, { config, ...request }) =>
              readPrometheus(asked, { ...request, config: { ...config, prometheus: [httpTarget(url)] } }),
          }),
        });
        const signals = Object.entries(evidence.signals).map(([id, { status, live, distinct }]) => [
          ...[id, status, live, distinct],
        ]);
        const { category, confidence, findings } = verdict;
        return {
          signals,
          category,
          confidence,
          found: findings.map((one) => [one.category, one.subjects.map(({ id }) => id)]),
          proposed,
        };
      }),
    );
    await Promise.all(servers.map((server) => server.stop()));
    expect(victoria).toEqual(prometheus);
  });
});

it('the charts of a range of time are the same', async () => {
  const given = [
    oldTarget(),
    ...Array.from({ length: 14 }, (_, index) =>
      requests(`tenant-${index}`, { start: 1e3, perSecond: index + 1 }),
    ),
  ];
  const { servers, stop } = await both(given);
  const runbook = await aegis();
  const [prometheus, victoria] = await Promise.all(
    servers.map(async ({ url }) => {
      const config = await configOf({ prometheus: httpTarget(url) });
      const range = { fromMs: (now - 1_800) * 1_000, toMs: (now - 60) * 1_000 };
      const asked = { config, runbook, clock, ...range };
      const { charts } = await collectHistory(readHistory, asked, new AbortController().signal);
      return charts.find(({ chart }) => chart === 'rejects-by-tenant');
    }),
  );
  await stop();
  expect(victoria).toMatchObject({ reason: null, cause: null, stepSeconds: 10, windowSeconds: 60 });
  expect(victoria?.lines.map(({ id }) => id)).toEqual(prometheus?.lines.map(({ id }) => id));
  const middle = (line: Line | null | undefined) => line?.points[60];
  expect(middle(victoria?.lines[0])?.[0]).toBe(middle(prometheus?.lines[0])?.[0]);
  expect(middle(prometheus?.lines[0])?.[1]).toBeCloseTo(14, 6);
  expect(middle(victoria?.lines[0])?.[1]).toBeCloseTo(14, 6);
  expect(middle(victoria?.total)?.[1]).toBeCloseTo(105, 6);
  expect(middle(victoria?.others)?.[1]).toBeCloseTo(10, 6);
});
