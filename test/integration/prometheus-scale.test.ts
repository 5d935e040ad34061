import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPrometheus } from '../../src/signals/prometheus/adapter.ts';
import { ask, askOne, httpTarget, requestsAt, row } from '../support/collecting.ts';
import * as faults from '../support/faulty-http.ts';
import { gauge, openMetrics, series } from '../support/openmetrics.ts';
import { stopEverything } from '../support/processes.ts';
import { startPrometheus, type TestPrometheus } from '../support/prometheus.ts';

// More series than can be fetched: Prometheus adds up and ranks, and what is answered stays small.

afterAll(stopEverything);

const now = Math.floor(Date.now() / 1000);
const { requests, oldTarget } = requestsAt(now);
const TENANTS = 30_000;
const PATHS = 1_000;
/** Few samples each, so that the series are made in seconds. */
const SPAN = { from: -360, to: 120, step: 60, start: 5 } as const;

describe('thirty thousand tenants, one of them with a thousand paths', () => {
  let real: TestPrometheus;
  let server: faults.FaultyHttp;
  /** What each answer held: series and bytes. */
  const answers: { series: number; bytes: number }[] = [];

  beforeAll(async () => {
    const tenants = Array.from({ length: TENANTS }, (_, i) =>
      requests(`t-${i}`, { ...SPAN, perSecond: 1 + i / 1_000 }),
    );
    const paths = Array.from({ length: PATHS }, (_, i) =>
      requests('wide', { ...SPAN, perSecond: 1 + i }, { path: `/p${i}` }),
    );
    const processes = Array.from({ length: 3_000 }, (_, i) => {
      const labels = { job: 'node', instance: `host-${i}:9100` };
      return series('up', labels, gauge(now, { ...SPAN, value: i === 2_500 ? 0 : 1 }));
    });
    const slow = { ...SPAN, start: 5e5, perSecond: 3 };
    const all = [
      requests('calm', slow, { status: '200' }),
      ...tenants,
      ...paths,
      ...processes,
      ...Array.from({ length: 25_000 }, (_, i) =>
        series(
          'signins',
          { ip: `10.0.${i >> 8}.${i & 255}`, tenant: `t-${i}` },
          gauge(now, { ...SPAN, value: 1 + i }),
        ),
      ),
    ];
    real = await startPrometheus({ series: openMetrics(all) });
    server = await faults.startFaultyHttp({
      '*': (response, request) => {
        if (request === undefined) return;
        faults.passOn(`${real.url}${request.url}`, request, response, ({ code, body }) => {
          const { data } = JSON.parse(body) as { data?: { result?: unknown[] } };
          answers.push({ series: data?.result?.length ?? 0, bytes: body.length });
          return faults.json(body, code);
        });
      },
    });
  });

  it('come as totals and the top of them, and no answer holds more than a few thousand series', async () => {
    const prometheus = httpTarget(server.url);
    const reading = await askOne(readPrometheus, 'rejects-by-tenant', { prometheus, timeoutSeconds: 100 });
    const ofTenants = TENANTS + ((TENANTS - 1) * TENANTS) / 2 / 1_000;
    const ofPaths = PATHS + ((PATHS - 1) * PATHS) / 2;
    expect(reading).toMatchObject({ status: 'measured', distinct: TENANTS + 1 });
    expect((reading.total ?? 0) / (ofTenants + ofPaths)).toBeCloseTo(1, 6);
    expect(reading.rows).toHaveLength(200);
    expect(reading.rows.slice(0, 2).map(({ id }) => id)).toEqual(['wide', `t-${TENANTS - 1}`]);
    expect(row(reading, 'wide').value / ofPaths).toBeCloseTo(1, 6);
    const mix = row(reading, 'wide').labels.path ?? {};
    expect(Object.keys(mix)).toContain('/p999');
    expect(Object.values(mix).reduce((sum, part) => sum + part, 0) / ofPaths).toBeCloseTo(1, 6);
    // The limit of each may rest on its mix.
    expect(reading.rows.filter(({ labels }) => labels.path === undefined)).toEqual([]);
    expect(answers.length).toBeGreaterThan(1);
    expect(Math.max(...answers.map(({ series: count }) => count))).toBeLessThan(10_000);
    expect(Math.max(...answers.map(({ bytes }) => bytes))).toBeLessThan(2 * 1024 * 1024);
  });

  it('processes too: of three thousand the one that is down is seen', async () => {
    answers.length = 0;
    const reading = await askOne(readPrometheus, 'service-up', { prometheus: httpTarget(server.url) });
    expect(reading).toMatchObject({ status: 'measured', total: 2_999, distinct: 3_000 });
    expect(reading.rows).toHaveLength(1_000);
    expect(reading.rows[0]).toMatchObject({ id: 'host-2500:9100', value: 0 });
    expect(Math.max(...answers.map(({ series: count }) => count))).toBeLessThan(1_100);
  });

  it("a query of the operator's own that gives every series is added up and ranked there", async () => {
    answers.length = 0;
    const prometheus = httpTarget(server.url);
    const queries = { 'tenants-by-ip': 'signins', 'successes-by-ip': 'signins', 'deploy-events': 'signins' };
    const readings = await ask(readPrometheus, Object.keys(queries), {
      prometheus,
      queries,
      timeoutSeconds: 100,
    });
    const whole = 25_000 + (24_999 * 25_000) / 2;
    for (const signal of ['tenants-by-ip', 'successes-by-ip']) {
      expect(readings[signal]).toMatchObject({ status: 'measured', distinct: 25_000, total: whole });
      expect(readings[signal]?.rows).toHaveLength(1_000);
      expect(readings[signal]?.rows[0]).toMatchObject({ id: '10.0.97.167', value: 25_000 });
    }
    expect(Math.max(...answers.map(({ series: count }) => count))).toBeLessThanOrEqual(5_000);
  });

  it('what a server itself refuses to load is unknown in its own words', async () => {
    const refusing = await faults.startFaultyHttp({
      '*': faults.prometheusError(
        'execution',
        'query processing would load too many samples into memory in query execution',
      ),
    });
    const reading = await askOne(readPrometheus, 'rejects-by-tenant', {
      prometheus: httpTarget(refusing.url),
    });
    expect(reading).toMatchObject({ status: 'unknown', cause: 'refused', rows: [] });
    expect(reading.reason).toMatch(/too many samples/);
    await refusing.stop();
  });
});

describe('past the bound', () => {
  it('an answer with more series than are read is unknown, and says what to do', async () => {
    const many = faults.vector(
      Array.from(
        { length: 30_001 },
        (_, i) => [{ ratelimit_part: 'rows', instance: `i-${i}` }, '1'] as const,
      ),
    );
    const server = await faults.startFaultyHttp({ '*': many });
    const reading = await askOne(readPrometheus, 'inflight', { prometheus: httpTarget(server.url) });
    expect(reading).toMatchObject({ status: 'unknown', cause: 'malformed', rows: [], total: null });
    expect(reading.reason).toBe(
      `prometheus 127.0.0.1:${server.port}: the answer has 30001 series, at most 30000 are read, so none is: ask for fewer, with sum by or topk`,
    );
    await server.stop();
  });

  it('where all rates are too large an answer, some of them are asked for', async () => {
    const given = [
      oldTarget(),
      ...['acme', 'globex'].map((name) => requests(name, { ...SPAN, perSecond: 2 })),
    ];
    const server = await startPrometheus({ series: openMetrics(given) });
    const all = { unless: /topk%28scalar/, fault: faults.huge(9 * 1024 * 1024) };
    const between = await faults.startFaultyHttp({ '*': faults.proxyTo(server.url, all) });
    const prometheus = httpTarget(between.url);
    const reading = await askOne(readPrometheus, 'rejects-by-tenant', { prometheus });
    expect(between.requests.filter(({ body }) => all.unless.test(body)).length).toBeGreaterThan(0);
    expect(reading).toMatchObject({ status: 'measured', distinct: 2 });
    expect(row(reading, 'acme').value).toBeCloseTo(2, 6);
    await Promise.all([between.stop(), server.stop()]);
  });

  it('labels that make the answer too large are unknown, not cut', async () => {
    // Two thousand parts, each with a path of ten kilobytes.
    const paths = Array.from({ length: 1_200 }, (_, i) =>
      requests('acme', { ...SPAN, perSecond: 1 }, { path: `/${i}/${'x'.repeat(10_000)}` }),
    );
    const server = await startPrometheus({ series: openMetrics([oldTarget(), ...paths]) });
    const reading = await askOne(readPrometheus, 'rejects-by-tenant', { prometheus: httpTarget(server.url) });
    expect(reading).toMatchObject({ status: 'unknown', rows: [], total: null });
    expect(reading.reason).toBe(
      `prometheus ${new URL(server.url).host}: the answer is larger than 8 MiB, so none of it is read: ask for less, with sum by or topk, or have shorter label values`,
    );
    await server.stop();
  });
});
