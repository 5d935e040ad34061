import { afterAll, describe, expect, it } from 'vitest';
import { collect } from '../../src/evidence/collect.ts';
import { readPrometheus } from '../../src/signals/prometheus/adapter.ts';
import { prometheusHealth } from '../../src/signals/prometheus/health.ts';
import { judge } from '../../src/verdict/judge.ts';
import { aegis, askOne, clock, configOf, httpTarget, requestsAt, row } from '../support/collecting.ts';
import * as faults from '../support/faulty-http.ts';
import { gauge, openMetrics, series } from '../support/openmetrics.ts';
import { stopEverything } from '../support/processes.ts';
import { startPrometheus } from '../support/prometheus.ts';

// Answers that lack data, as a Thanos with a store that is down gives them: what they prove is proven, and no more.

afterAll(stopEverything);

const now = Math.floor(Date.now() / 1000);
const { requests, oldTarget } = requestsAt(now);

const THANOS =
  'fetch series for {replica="a"} 10.0.0.7:10901: rpc error: code = Unavailable desc = connection refused';
const LACKING: Record<string, [more: object, words: string]> = {
  'a warning of Thanos': [{ warnings: [THANOS] }, `Prometheus warns: ${THANOS}`],
  'a remote store that is down': [
    { warnings: ['remote_read: server returned HTTP status 503'], infos: [] },
    'Prometheus warns: remote_read: server returned HTTP status 503',
  ],
  'isPartial of a VictoriaMetrics cluster': [
    { isPartial: true },
    'the answer is partial: some of the data could not be read',
  ],
  'a remark and a warning': [
    { warnings: ['PromQL info: metric might not be a counter', 'store gone'] },
    'Prometheus warns: store gone',
  ],
  'histograms among the numbers': [
    { warnings: ['PromQL warning: encountered a mix of histograms and floats for metric name "x"'] },
    'Prometheus warns: PromQL warning: encountered a mix of histograms and floats for metric name "x"',
  ],
};
const WHOLE: Record<string, object> = {
  'nothing beside it': {},
  'empty warnings': { warnings: [], infos: [], isPartial: false },
  'a remark of Prometheus 2': {
    warnings: ['PromQL info: metric might not be a counter, name does not end in _total'],
  },
  'a remark on the query': { warnings: ['PromQL warning: quantile value should be between 0 and 1, got 2'] },
  'remarks where they belong': { infos: ['PromQL info: metric might not be a counter'] },
};

/** What another server answers, with this beside it. */
const beside =
  (url: string, more: object, only = /./): faults.Fault =>
  (response, request) => {
    if (request === undefined) return;
    faults.passOn(`${url}${request.url}`, request, response, ({ body }) => {
      const said = JSON.parse(body) as object;
      return faults.json(only.test(request.body) ? { ...said, ...more } : said);
    });
  };

const LOUD = [
  oldTarget(),
  requests('acme', { start: 1e6, perSecond: 20 }),
  requests('acme', { start: 1e6, perSecond: 10 }, { path: '/agents' }),
  requests('globex', { start: 1e6, perSecond: 0.1 }),
];

/** Evidence and verdict of a real Prometheus whose answers say this too. */
async function judged(given: Parameters<typeof openMetrics>[0], more: object, only?: RegExp) {
  const real = await startPrometheus({ series: openMetrics(given) });
  const server = await faults.startFaultyHttp({ '*': beside(real.url, more, only) });
  const config = await configOf({ prometheus: httpTarget(server.url) });
  const runbook = await aegis();
  const request = { config, runbook, windowSeconds: 300, clock };
  const adapters = { redis: async () => [], prometheus: readPrometheus };
  const evidence = await collect(adapters, request, new AbortController().signal);
  await Promise.all([server.stop(), real.stop()]);
  const signal = evidence.signals['rejects-by-tenant'];
  if (signal === undefined) throw new Error('no signal');
  return { evidence, signal, port: server.port, verdict: judge(evidence, runbook) };
}

describe.each(Object.entries(LACKING))('%s', (_, [more, words]) => {
  it('leaves the numbers as the least that there is, and says what is missing', async () => {
    const { signal, port, verdict } = await judged(LOUD, more);
    expect(signal).toMatchObject({ status: 'measured', reason: null, cause: null, distinct: 2 });
    expect(row(signal, 'acme').value).toBeCloseTo(30, 6);
    const reason = `prometheus 127.0.0.1:${port}: ${words}`;
    expect(signal.sources[0]).toMatchObject({ status: 'unknown', cause: 'incomplete', reason, entities: 2 });
    expect(signal.warnings).toContain(reason);
    // What is proven stays proven, less surely.
    expect(verdict.category).toBe('tenant-over-rps-cap');
    expect(verdict.confidence).not.toBe('high');
    expect(verdict.findings[0]?.caveats.map(({ code }) => code)).toContain('signal-unknown');
  });

  it('makes unknown what is not there, and nothing quiet', async () => {
    const { evidence, signal, verdict } = await judged([oldTarget()], more);
    for (const one of [signal, evidence.signals['blocked-spend']]) {
      expect(one).toMatchObject({ status: 'unknown', cause: 'incomplete', live: false, total: null });
      expect(one?.reason).toContain(words);
    }
    expect(verdict.category).toBe('inconclusive');
  });
});

it('the same incident is told more surely when all of it was read', async () => {
  const order = ['low', 'medium', 'high'];
  const [whole, part] = [await judged(LOUD, {}), await judged(LOUD, { warnings: [THANOS] })];
  const sure = (verdict: { confidence: string | null }) => order.indexOf(verdict.confidence ?? '');
  expect(sure(whole.verdict)).toBeGreaterThan(sure(part.verdict));
});

describe.each(Object.entries(WHOLE))('%s', (_, more) => {
  it('is a whole answer', async () => {
    const { signal } = await judged(LOUD, more);
    expect(signal).toMatchObject({ status: 'measured', distinct: 2 });
    expect(signal.sources[0]).toMatchObject({ status: 'measured', cause: null });
  });
});

describe('a series that is no number, as a broken exporter has it', () => {
  const broken = requests('broken', { start: 1e6, perSecond: Number.NaN }, { instance: 'gw-2:8000' });
  const LEFT_OUT =
    /^prometheus 127\.0\.0\.1:\d+: a value of the answer is no finite number and left out: that of/;

  it('is left out, and the others are the least that there is', async () => {
    const { signal, verdict } = await judged([...LOUD, broken], {});
    expect(signal).toMatchObject({ status: 'measured', reason: null, distinct: 2 });
    expect(signal.total).toBeCloseTo(30.1, 6);
    expect(signal.sources[0]).toMatchObject({ status: 'unknown', cause: 'incomplete' });
    expect(signal.sources[0]?.reason).toMatch(LEFT_OUT);
    expect(signal.sources[0]?.reason).toContain('"tenant_id":"broken"');
    expect(verdict.category).toBe('tenant-over-rps-cap');
    expect(verdict.confidence).not.toBe('high');
    expect(verdict.findings[0]?.caveats.map(({ code }) => code)).toContain('signal-unknown');
  });

  it('leaves nothing quiet, and rules nothing out', async () => {
    const { signal, verdict } = await judged([oldTarget(), broken], {});
    expect(signal).toMatchObject({ status: 'unknown', cause: 'incomplete', total: null });
    const calm = await judged([oldTarget(), requests('acme', { start: 1e6, perSecond: 0.01 }), broken], {});
    expect(calm.signal).toMatchObject({ status: 'measured', distinct: 1 });
    for (const one of [verdict, calm.verdict]) {
      expect(one.category).toBe('inconclusive');
      expect(one.ruledOut.map(({ category }) => category)).not.toContain('tenant-over-rps-cap');
    }
  });

  it('nor does a gauge hide what the others hold', async () => {
    const inflight = (instance: string, value: number) =>
      series('acp_gateway_inflight_requests', { job: 'gateway', instance }, gauge(now, { to: 600, value }));
    const given = [inflight('gw-1:8000', 70), inflight('gw-2:8000', Number.NaN), inflight('gw-3:8000', 5)];
    const { evidence } = await judged(given, {});
    const signal = evidence.signals.inflight;
    expect(signal).toMatchObject({ status: 'measured', total: 75 });
    expect(signal?.rows.map(({ value }) => value)).toEqual([70, 5]);
    expect(signal?.sources[0]).toMatchObject({ status: 'unknown', cause: 'incomplete' });
  });
});

it('half of what is usual is not known: it would make anything unusual', async () => {
  const { signal } = await judged(LOUD, { warnings: [THANOS] }, /offset\+86400s/);
  expect(signal.sources[0]?.status).toBe('measured');
  expect(signal.baseline).toEqual({ day: null, week: null });
  expect(signal.warnings.join()).toMatch(/what is usual could not be read: .*Unavailable/);
});

it('a long warning is cut short', async () => {
  const warnings = Array.from({ length: 50 }, () => 'x'.repeat(500));
  const server = await faults.startFaultyHttp({ '*': faults.vector([], warnings) });
  const reading = await askOne(readPrometheus, 'inflight', { prometheus: httpTarget(server.url) });
  expect(reading).toMatchObject({ status: 'unknown', cause: 'incomplete' });
  expect(reading.reason?.length).toBeLessThan(300);
  expect(server.requests).toHaveLength(1);
  await server.stop();
});

it("the doctor's list of names that ends at the limit is a list in part, not a fault", async () => {
  const names = faults.json({
    status: 'success',
    data: ['acp_a'],
    warnings: ['results truncated due to limit'],
  });
  const server = await faults.startFaultyHttp({ '/api/v1/label/__name__/values': names });
  const facts = await prometheusHealth(httpTarget(server.url), {
    ...{ metrics: ['acp_auth_failures_total'], all: ['acp_auth_failures_total'], labels: [] },
    ...{ windowSeconds: 300, clock },
    signal: AbortSignal.timeout(20_000),
  });
  expect(facts.names).toEqual({ known: true, value: { names: ['acp_a'], isComplete: false } });
  await server.stop();
});
