import { afterAll, describe, expect, it } from 'vitest';
import { readPrometheus } from '../../src/signals/prometheus/adapter.ts';
import { askOne, configOf, httpTarget, row } from '../support/collecting.ts';
import * as faults from '../support/faulty-http.ts';
import { counter, openMetrics, series } from '../support/openmetrics.ts';
import { stopEverything } from '../support/processes.ts';
import { startPrometheus } from '../support/prometheus.ts';

// What is usual at this hour: yesterday, and a week ago.

afterAll(stopEverything);

const now = Math.floor(Date.now() / 1000);
const DAY = 86_400;
/** 429s of a tenant at a steady rate since so many seconds ago. */
const since = (tenant: string, from: number, perSecond: number | ((offset: number) => number)) =>
  series(
    'acp_gateway_request_total',
    { job: 'gateway', instance: 'gw-1:8000', tenant_id: tenant, path: '/agents', status: '429' },
    counter(now, { from, to: 600, step: 60, perSecond }),
  );

describe('what was usual', () => {
  it('is told for the total and for each entity, and only as far back as anything is recorded', async () => {
    const server = await startPrometheus({
      series: openMetrics([
        since('acme', -8 * DAY, (offset) => (offset < -6 * DAY ? 9 : 2)),
        since('globex', -DAY - 3600, 5),
        since('initech', -1800, 4),
      ]),
    });
    const reading = await askOne(readPrometheus, 'rejects-by-tenant', { prometheus: httpTarget(server.url) });
    expect(reading.total).toBeCloseTo(11, 0);
    expect(reading.baseline?.day).toBeCloseTo(7, 0);
    expect(reading.baseline?.week).toBeCloseTo(9, 0);
    const usual = ['acme', 'globex', 'initech'].map((id) => Math.round(row(reading, id).usual ?? Number.NaN));
    expect(usual).toEqual([9, 5, 0]);
    await server.stop();
  });

  it('is not known where nothing is recorded of then, which is not zero', async () => {
    const server = await startPrometheus({ series: openMetrics([since('acme', -3600, 2)]) });
    const reading = await askOne(readPrometheus, 'rejects-by-tenant', { prometheus: httpTarget(server.url) });
    expect(reading.baseline).toEqual({ day: null, week: null });
    expect(row(reading, 'acme').usual).toBeNull();
    expect(reading.warnings).toEqual([]);
    await server.stop();
  });

  it('is a warning and nothing worse where it cannot be read, and is not waited for', async () => {
    const real = await startPrometheus({ series: openMetrics([since('acme', -3600, 2)]) });
    for (const [fault, warning] of [
      [faults.prometheusError('execution', 'too old', 422), /what is usual could not be read: .*too old/],
      [faults.hang, /what is usual was not told in time/],
    ] as const) {
      const proxy = await faults.startFaultyHttp({
        '*': faults.proxyTo(real.url, { unless: /offset\+86400s/, fault }),
      });
      const started = performance.now();
      const prometheus = httpTarget(proxy.url);
      const reading = await askOne(readPrometheus, 'rejects-by-tenant', { prometheus, timeoutSeconds: 60 });
      expect(reading).toMatchObject({ status: 'measured' });
      expect(reading.warnings.join()).toMatch(warning);
      expect(row(reading, 'acme').value).toBeCloseTo(2, 0);
      // Far below the deadline.
      expect((performance.now() - started) / 60_000).toBeLessThan(0.3);
      await proxy.stop();
    }
    await real.stop();
  });
});

describe('what was a quarter of an hour ago', () => {
  const failures = (perSecond: number | ((offset: number) => number), from = -3600) =>
    series(
      'acp_auth_failures_total',
      { job: 'gateway', instance: 'gw-1:8000', reason: 'invalid_token' },
      counter(now, { from, to: 600, perSecond }),
    );
  const ask = async (all: Parameters<typeof openMetrics>[0]) => {
    const server = await startPrometheus({ series: openMetrics(all) });
    const prometheus = httpTarget(server.url);
    const reading = await askOne(readPrometheus, 'auth-failures-earlier', { prometheus });
    await server.stop();
    return reading;
  };

  it('is the rate of then, whatever it is now', async () => {
    expect((await ask([failures((offset) => (offset < -700 ? 2 : 9))])).total).toBeCloseTo(2, 0);
    expect((await ask([failures((offset) => (offset < -700 ? 0 : 9))])).total).toBe(0);
  });

  it('is not known where nothing is recorded of then, which is neither zero nor a fault', async () => {
    expect(await ask([failures(9, -600)])).toMatchObject({ status: 'empty', live: false });
    expect(await ask([])).toMatchObject({ status: 'absent', live: false });
  });
});

describe("a query of the operator's own", () => {
  const ask = async (query: string) => {
    const server = await startPrometheus({
      series: openMetrics([
        series(
          'signins',
          { ip: '203.0.113.42', tenant: 'acme' },
          counter(now, { to: 600, perSecond: 0, start: 3 }),
        ),
        series(
          'signins',
          { ip: '203.0.113.42', tenant: 'globex' },
          counter(now, { to: 600, perSecond: 0, start: 4 }),
        ),
        series(
          'deployed_at',
          { service: 'gateway' },
          counter(now, { to: 600, perSecond: 0, start: now - 120 }),
        ),
      ]),
    });
    const config = await configOf({ prometheus: httpTarget(server.url) });
    return { server, config, query };
  };

  it('is not asked when there is none', async () => {
    const server = await startPrometheus();
    const reading = await askOne(readPrometheus, 'tenants-by-ip', { prometheus: httpTarget(server.url) });
    expect(reading).toMatchObject({ status: 'absent', cause: 'not-configured' });
    expect(reading.reason).toMatch(/queries\.tenants-by-ip/);
    await server.stop();
  });

  it.each([
    ['tenants-by-ip', 'sum by (ip, tenant) (signins) # by hand'],
    ['deploy-events', 'max by (service) (deployed_at)'],
  ])('%s', async (signal, query) => {
    const { server } = await ask(query);
    const prometheus = httpTarget(server.url);
    const reading = await askOne(readPrometheus, signal, { prometheus, queries: { [signal]: query } });
    expect(reading.status).toBe('measured');
    if (signal === 'deploy-events') {
      expect(row(reading, 'gateway').value).toBeGreaterThanOrEqual(119);
      expect(row(reading, 'gateway').value).toBeLessThan(600);
    } else {
      expect(row(reading, '203.0.113.42')).toMatchObject({
        value: 7,
        labels: { tenant: { acme: 3, globex: 4 } },
      });
    }
    await server.stop();
  });

  it('that is no PromQL is unknown, in the words of Prometheus', async () => {
    const server = await startPrometheus();
    const reading = await askOne(readPrometheus, 'tenants-by-ip', {
      prometheus: httpTarget(server.url),
      queries: { 'tenants-by-ip': 'sum by (' },
    });
    expect(reading).toMatchObject({ status: 'unknown', cause: 'refused' });
    expect(reading.reason).toMatch(/parse error/);
    await server.stop();
  });
});
