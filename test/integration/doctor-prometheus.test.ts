import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Secret } from '../../src/config/types.ts';
import type { PrometheusFacts, Told } from '../../src/doctor/facts.ts';
import { prometheusHealth } from '../../src/signals/prometheus/health.ts';
import { clock, httpTarget } from '../support/collecting.ts';
import {
  hang,
  html,
  json,
  prometheusError,
  startFaultyHttp,
  status,
  vector,
} from '../support/faulty-http.ts';
import { counter, gauge, openMetrics, series } from '../support/openmetrics.ts';
import { stopEverything } from '../support/processes.ts';
import { prometheusLogin, startPrometheus, type TestPrometheus } from '../support/prometheus.ts';

afterAll(stopEverything);

const now = Math.floor(Date.now() / 1000);
const METRICS = ['acp_auth_failures_total', 'acp_rate_limit_exceeded_total', 'acp_gateway_request_total'];
const LABELS = [
  { metric: 'acp_rate_limit_exceeded_total', label: 'layer' },
  { metric: 'acp_rate_limit_exceeded_total', label: 'tier' },
  { metric: 'acp_auth_failures_total', label: 'job' },
];
const SPAN = { from: -3_600, to: 600, step: 15 } as const;

const ask = (url: string, more: { windowSeconds?: number; login?: string; timeoutMs?: number } = {}) =>
  prometheusHealth(
    httpTarget(url, {
      basicAuth:
        more.login === undefined
          ? null
          : { username: prometheusLogin.username, password: new Secret(more.login) },
    }),
    {
      ...{ metrics: METRICS, all: [...METRICS, 'up'], windowSeconds: more.windowSeconds ?? 300, clock },
      labels: LABELS,
      signal: AbortSignal.timeout(more.timeoutMs ?? 20_000),
    },
  );

const value = <T>(told: Told<T>): T => {
  if (told.known) return told.value;
  throw new Error(`not known: ${told.reason}`);
};

const failures = (labels: Record<string, string>, step = 15) =>
  series(
    'acp_auth_failures_total',
    { reason: 'invalid_token', ...labels },
    counter(now, { ...SPAN, step, perSecond: 0.1 }),
  );

describe('a real one', () => {
  let server: TestPrometheus;
  let facts: PrometheusFacts;
  beforeAll(async () => {
    server = await startPrometheus({
      series: openMetrics([
        failures({ job: 'gateway', instance: 'gw-1:8000' }),
        failures({ job: 'gateway-again', instance: 'gw-1:8000' }),
        failures({ job: 'gateway', instance: 'gw-2:8000' }),
        series(
          'acp_rate_limit_exceeded_total',
          { job: 'gateway', instance: 'gw-3:8000', layer: 'ip', replica: 'a' },
          counter(now, { ...SPAN, step: 60, perSecond: 1 }),
        ),
        series(
          'acp_rate_limit_exceeded_total',
          { job: 'gateway', instance: 'gw-3:8000', layer: 'ip', replica: 'b' },
          counter(now, { ...SPAN, step: 60, perSecond: 1 }),
        ),
        // Not scraped any more.
        series(
          'acp_gateway_request_total',
          { job: 'gateway', instance: 'gw-4:8000', status: '429' },
          counter(now, { from: -3_600, to: -1_800, perSecond: 1 }),
        ),
        series(
          'acp_gateway_requests_total',
          { job: 'gateway', instance: 'gw-1:8000' },
          counter(now, { ...SPAN, perSecond: 1 }),
        ),
        series(
          'prometheus_build_info',
          { job: 'prometheus', instance: 'a:9090' },
          gauge(now, { ...SPAN, value: 1 }),
        ),
        series(
          'prometheus_build_info',
          { job: 'prometheus', instance: 'b:9090' },
          gauge(now, { ...SPAN, value: 1 }),
        ),
        series('up', { job: 'gateway', instance: '\u001b[2J\u202e' }, gauge(now, { ...SPAN, value: 1 })),
        series('node_load1', { job: 'node', instance: 'gw-1:9100' }, gauge(now, { ...SPAN, value: 1 })),
      ]),
    });
    facts = await ask(server.url);
  });

  test('its version and its clock', () => {
    expect(value(facts.version)).toMatch(/^\d+\.\d+/);
    const { aheadMs, plusMinusMs } = value(facts.clock);
    expect(Math.abs(aheadMs)).toBeLessThanOrEqual(plusMinusMs + 5);
  });

  test('how often it collects, and how old the newest sample is', () => {
    const { intervals, ages } = value(facts.scraping);
    expect(Math.round(intervals.acp_auth_failures_total ?? 0)).toBe(15);
    expect(Math.round((intervals.acp_rate_limit_exceeded_total ?? 0) / 10)).toBe(6);
    expect(intervals.acp_gateway_request_total).toBeUndefined();
    expect(ages.acp_auth_failures_total).toBeLessThanOrEqual(16);
    expect(ages.up).toBeDefined();
    expect(ages.acp_gateway_request_total).toBeUndefined();
  });

  test('the values of labels that are there, and no more', () => {
    const { labels } = value(facts.scraping);
    expect(Object.keys(labels).sort()).toEqual([
      'acp_auth_failures_total job',
      'acp_rate_limit_exceeded_total layer',
    ]);
    expect(labels['acp_rate_limit_exceeded_total layer']).toEqual(['ip']);
    expect([...(labels['acp_auth_failures_total job'] ?? [])].sort()).toEqual(['gateway', 'gateway-again']);
  });

  test('what it collects twice: by two jobs, or from two replicas', () => {
    expect(value(facts.scraping).duplicates).toEqual([
      { metric: 'acp_auth_failures_total', by: 'job', instance: 'gw-1:8000', copies: 2 },
      { metric: 'acp_rate_limit_exceeded_total', by: 'replica', instance: 'gw-3:8000', copies: 2 },
    ]);
  });

  test('which instances it sees, and that there are two of its kind', () => {
    const { instances, prometheuses } = value(facts.scraping);
    expect(instances.count).toBe(4);
    expect([...instances.names].sort()).toEqual(['gw-1:8000', 'gw-2:8000', 'gw-3:8000']);
    expect([prometheuses.count, [...prometheuses.names].sort()]).toEqual([2, ['a:9090', 'b:9090']]);
  });

  test("names that begin as the runbook's do, and no others", () => {
    const { names, isComplete } = value(facts.names);
    expect(isComplete).toBe(true);
    expect(names).toContain('acp_gateway_requests_total');
    expect(names).toContain('acp_auth_failures_total');
    expect(names.filter((name) => !name.startsWith('acp_'))).toEqual([]);
  });
});

test('an empty one has nothing to say, which is no failure', async () => {
  const server = await startPrometheus();
  const facts = await ask(server.url);
  expect(value(facts.scraping)).toEqual({
    ...{ intervals: {}, ages: {}, duplicates: [], labels: {} },
    instances: { count: 0, names: [] },
    prometheuses: { count: 0, names: [] },
  });
  expect(value(facts.names)).toEqual({ names: [], isComplete: true });
});

test('behind a path and a password', async () => {
  const server = await startPrometheus({ webConfig: { basicAuth: true }, routePrefix: '/prometheus' });
  expect((await ask(server.url, { login: prometheusLogin.password })).version.known).toBe(true);
  const refused = await ask(server.url, { login: 'guess' });
  for (const told of [refused.clock, refused.version, refused.scraping, refused.names]) {
    expect(told).toMatchObject({
      known: false,
      cause: 'auth',
      reason: expect.stringMatching(/127\.0\.0\.1:\d+.*401/),
    });
    expect(JSON.stringify(told)).not.toContain('guess');
  }
});

describe('a faulty one', () => {
  const buildinfo = json({ status: 'success', data: { version: '2.42.0' } });
  const date = (seconds: number, body = '{}', code = 200) =>
    status(code, body, {
      'Content-Type': 'application/json',
      Date: new Date(Date.now() + seconds * 1_000).toUTCString(),
    });

  test('a clock that is off, by the time that it evaluates queries at', async () => {
    const server = await startFaultyHttp({
      '/api/v1/query': vector([[{}, String(Date.now() / 1_000 + 300)]]),
      '/api/v1/status/buildinfo': buildinfo,
    });
    const { aheadMs } = value((await ask(server.url)).clock);
    expect(Math.round(aheadMs / 60_000)).toBe(5);
  });

  test('else by the Date of its answers, whole seconds as they are', async () => {
    const server = await startFaultyHttp({
      '/api/v1/query': prometheusError('execution', 'no'),
      '/api/v1/status/buildinfo': date(-600, '{"status":"success","data":{"version":"2.42.0"}}'),
    });
    const { aheadMs, plusMinusMs } = value((await ask(server.url)).clock);
    expect(Math.round(aheadMs / 60_000)).toBe(-10);
    expect(plusMinusMs).toBeGreaterThanOrEqual(500);
  });

  test('a time that is none is no answer', async () => {
    for (const time of ['1e300', '-1e300', 'NaN']) {
      const server = await startFaultyHttp({ '/api/v1/query': vector([[{}, time]]), '*': status(500) });
      expect((await ask(server.url)).clock).toMatchObject({ known: false, cause: 'malformed' });
    }
  });

  test('without either it is not known', async () => {
    const server = await startFaultyHttp({
      '/api/v1/query': prometheusError('execution', 'too busy'),
      '/api/v1/status/buildinfo': status(200, '{}', { Date: 'yesterday' }),
    });
    expect((await ask(server.url)).clock).toMatchObject({
      known: false,
      reason: expect.stringContaining('too busy'),
    });
  });

  test.each([
    ['a login page', html(), 'malformed'],
    ['a list', json([]), 'malformed'],
    ['an error', prometheusError('internal', 'disk is gone', 500), 'refused'],
    ['a redirect', status(302, '', { Location: 'http://127.0.0.1:1/' }), 'malformed'],
    ['nothing', status(404), 'refused'],
  ] as const)('%s is no answer to anything', async (_, fault, cause) => {
    const server = await startFaultyHttp({ '*': fault });
    const facts = await ask(server.url);
    for (const told of [facts.version, facts.scraping, facts.names]) {
      expect(told).toMatchObject({
        known: false,
        cause,
        reason: expect.stringMatching(/^prometheus 127\.0\.0\.1:\d+: /),
      });
    }
  });

  test('names that are none, and a version that is none, are no answer', async () => {
    const server = await startFaultyHttp({
      '/api/v1/query': vector([]),
      '/api/v1/status/buildinfo': json({ status: 'success', data: { version: 7 } }),
      '/api/v1/label/__name__/values': json({ status: 'success', data: ['acp_x', 7] }),
    });
    const facts = await ask(server.url);
    expect(facts.version).toMatchObject({ known: false, cause: 'malformed' });
    expect(facts.names).toMatchObject({ known: false, cause: 'malformed' });
  });

  test('a hundred thousand names are cut', async () => {
    const names = Array.from({ length: 100_000 }, (_, i) => `acp_${i}`);
    const server = await startFaultyHttp({
      '/api/v1/query': vector([]),
      '/api/v1/status/buildinfo': buildinfo,
      '/api/v1/label/__name__/values': json({ status: 'success', data: names }),
    });
    const found = value((await ask(server.url)).names);
    expect(found.isComplete).toBe(false);
    expect(found.names.length).toBe(5_000);
    expect(
      server.requests.filter(({ method, url }) => method === 'GET' && url.includes('__name__')).length,
    ).toBe(1);
  });

  test('one that never answers ends with the deadline', async () => {
    const server = await startFaultyHttp({ '*': hang });
    const facts = await ask(server.url, { timeoutMs: 300 });
    for (const told of [facts.clock, facts.version, facts.scraping, facts.names]) {
      expect(told).toMatchObject({ known: false, cause: 'timeout' });
    }
  });
});
