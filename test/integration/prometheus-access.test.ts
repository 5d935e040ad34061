import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../src/config/types.ts';
import { readPrometheus } from '../../src/signals/prometheus/adapter.ts';
import { makeCertificates } from '../support/certificates.ts';
import { ask, askOne, httpTarget, requestsAt, row, tlsOf } from '../support/collecting.ts';
import * as faults from '../support/faulty-http.ts';
import { gauge, openMetrics, series } from '../support/openmetrics.ts';
import { onStop, stopEverything, temporaryFolder } from '../support/processes.ts';
import { prometheusLogin, startPrometheus, type TestPrometheus } from '../support/prometheus.ts';

afterAll(stopEverything);

const now = Math.floor(Date.now() / 1000);
const { requests, oldTarget } = requestsAt(now);
const login = { username: prometheusLogin.username, password: new Secret(prometheusLogin.password) };
const nothing = faults.json({ status: 'success', data: { resultType: 'vector', result: [] } });

describe('a real Prometheus below a prefix, with TLS and a login', () => {
  let server: TestPrometheus;
  beforeAll(async () => {
    const to = 600;
    const all = [
      oldTarget(),
      requests('acme', { start: 1e6, perSecond: 4 }),
      series('acp_auth_failures_total', { reason: 'invalid_token' }, gauge(now, { to, value: 3 })),
      series('acp_gateway_inflight_requests', { instance: 'gw-1' }, gauge(now, { to, value: 12 })),
      series('acp_gateway_inflight_requests', { instance: 'gw-2' }, gauge(now, { to, value: 30 })),
      series(
        'process_start_time_seconds',
        { job: 'gateway', instance: 'gw-1' },
        gauge(now, { to, value: now - 90 }),
      ),
      series('process_start_time_seconds', { instance: 'gw-2' }, gauge(now, { to, value: now - 86_400 })),
      series('process_start_time_seconds', { instance: 'gw-3' }, gauge(now, { to, value: now + 50 })),
      series('up', { instance: 'gw-1' }, gauge(now, { to, value: 1 })),
      series('up', { instance: 'identity:8000' }, gauge(now, { to, value: 0 })),
    ];
    server = await startPrometheus({
      series: openMetrics(all),
      webConfig: { basicAuth: true, tls: true },
      routePrefix: '/ops/prometheus',
    });
  });

  it('is read whole', async () => {
    const prometheus = httpTarget(server.url, { basicAuth: login, tls: tlsOf(server.tls) });
    const signals = ['rejects-by-tenant', 'auth-failures-total', 'inflight', 'deploys', 'service-up'];
    const readings = await ask(readPrometheus, signals, { prometheus });
    const { inflight, deploys } = readings;
    expect(Object.values(readings).map(({ status }) => status)).toEqual(signals.map(() => 'measured'));
    expect(readings['rejects-by-tenant']?.total).toBeCloseTo(4, 6);
    expect(readings['auth-failures-total']).toMatchObject({ total: 0, distinct: null, rows: [] });
    expect(inflight).toMatchObject({ total: 42, distinct: 2 });
    expect(inflight?.rows.map(({ id, value }) => [id, value])).toEqual([
      ['gw-2', 30],
      ['gw-1', 12],
    ]);
    // The youngest first, and a clock that is ahead makes nobody younger than now.
    expect(deploys?.rows.map(({ id }) => id)).toEqual(['gw-3', 'gw-1', 'gw-2']);
    expect(deploys && row(deploys, 'gw-3').value).toBeLessThan(30);
    expect(deploys && row(deploys, 'gw-1').value).toBeGreaterThanOrEqual(89);
    expect(deploys && row(deploys, 'gw-1').value).toBeLessThan(150);
    expect(deploys).toMatchObject({ total: null, distinct: 3 });
    expect(deploys?.rows.map(({ labels }) => labels.job)).toEqual([{ '': 1 }, { gateway: 1 }, { '': 1 }]);
    expect(readings['service-up']?.rows.map(({ id, value }) => [id, value])).toEqual([
      ['identity:8000', 0],
      ['gw-1', 1],
    ]);
  });

  it.each([
    ['a wrong password', { ...login, password: new Secret('guess') }],
    ['a wrong user', { ...login, username: 'nobody' }],
    ['no login', null],
  ])('refuses %s, which is said without the password', async (_, basicAuth) => {
    const prometheus = httpTarget(server.url, { basicAuth, tls: tlsOf(server.tls) });
    const reading = await askOne(readPrometheus, 'rejects-by-tenant', { prometheus });
    expect(reading).toMatchObject({ status: 'unknown', cause: 'auth' });
    expect(reading.reason).toContain(new URL(server.url).host);
    expect(reading.reason).toContain('401');
    expect(JSON.stringify(reading)).not.toMatch(/guess|open-sesame/);
  });

  it('is not trusted without its authority, and never asked again', async () => {
    const prometheus = httpTarget(server.url, { basicAuth: login });
    const reading = await askOne(readPrometheus, 'rejects-by-tenant', { prometheus });
    expect(reading).toMatchObject({ status: 'unknown', cause: 'unreachable' });
    expect(reading.reason).toMatch(/TLS: /);
  });

  it('is not found without its prefix', async () => {
    const url = server.url.replace('/ops/prometheus', '');
    const prometheus = httpTarget(url, { basicAuth: login, tls: tlsOf(server.tls) });
    const reading = await askOne(readPrometheus, 'rejects-by-tenant', { prometheus });
    expect(reading).toMatchObject({ status: 'unknown', cause: 'refused' });
    expect(reading.reason).toContain('404');
  });
});

describe('what reaches the server', () => {
  const heard = async (more: Parameters<typeof httpTarget>[1], prefix = '') => {
    const server = await faults.startFaultyHttp({ '*': nothing });
    await askOne(readPrometheus, 'inflight', { prometheus: httpTarget(server.url + prefix, more) });
    await server.stop();
    expect(server.requests.length).toBeGreaterThanOrEqual(2); // the question, and whether the metric exists
    return server.requests;
  };

  it('is a path below the prefix, every time', async () => {
    const paths = (await heard({}, '/ops/prometheus')).map(({ url }) => url.split('?', 1)[0]);
    for (const path of paths) expect(path).toMatch(/^\/ops\/prometheus\/api\/v1\/\w+/);
  });

  it('is a bearer token', async () => {
    for (const { headers } of await heard({ bearerToken: new Secret('t0ken') })) {
      expect(headers.authorization).toBe('Bearer t0ken');
    }
  });

  it('is a login', async () => {
    const basicAuth = { username: 'oncall', password: new Secret('pa:ss wörd') };
    for (const { headers } of await heard({ basicAuth })) {
      const [scheme, value = ''] = headers.authorization?.split(' ') ?? [];
      expect(scheme).toBe('Basic');
      expect(Buffer.from(value, 'base64').toString()).toBe('oncall:pa:ss wörd');
    }
  });

  it('is every header of the configuration, and no credentials unless there are some', async () => {
    for (const { headers } of await heard({ headers: { 'X-Scope-OrgID': 'team-a' } })) {
      expect(headers['x-scope-orgid']).toBe('team-a');
      expect(headers.authorization).toBeUndefined();
    }
  });

  it('is nothing at all for the place that a redirect names', async () => {
    const elsewhere = await faults.startFaultyHttp({ '*': nothing });
    const server = await faults.startFaultyHttp({ '*': faults.status(307, '', { Location: elsewhere.url }) });
    const prometheus = httpTarget(server.url, { bearerToken: new Secret('t0ken') });
    await askOne(readPrometheus, 'inflight', { prometheus });
    expect(elsewhere.requests).toEqual([]);
  });
});

it('shows its client certificate, where one is asked for', async () => {
  const certificates = await makeCertificates(await temporaryFolder('mutual'));
  const { ca, server: pair } = certificates;
  const subjects: unknown[] = [];
  const server = createServer(
    {
      ...{ ca: readFileSync(ca), cert: readFileSync(pair.cert), key: readFileSync(pair.key) },
      ...{ requestCert: true, rejectUnauthorized: true },
    },
    (request, response) => {
      subjects.push((request.socket as TLSSocket).getPeerCertificate().subject?.CN);
      nothing(response);
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onStop(async () => {
    server.closeAllConnections();
    server.close();
  });
  const url = `https://127.0.0.1:${(server.address() as { port: number }).port}`;
  const without = httpTarget(url, { tls: tlsOf(certificates) });
  const refused = await askOne(readPrometheus, 'inflight', { prometheus: without });
  expect(refused).toMatchObject({ status: 'unknown', cause: 'unreachable' });
  expect(subjects).toEqual([]);
  const withIt = httpTarget(url, { tls: tlsOf(certificates, { client: true }) });
  await askOne(readPrometheus, 'inflight', { prometheus: withIt });
  expect(new Set(subjects)).toEqual(new Set(['client']));

  const broken = httpTarget(url, { tls: { ca: 'no PEM at all', cert: 'no PEM', key: new Secret('no PEM') } });
  const unusable = await askOne(readPrometheus, 'inflight', { prometheus: broken });
  expect(unusable).toMatchObject({ status: 'unknown', cause: 'unreachable' });
});
