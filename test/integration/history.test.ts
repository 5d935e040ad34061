import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ChartHistory, collectHistory, type History, type Line } from '../../src/evidence/history.ts';
import type { Recorded } from '../../src/incidents/openmetrics.ts';
import { readHistory } from '../../src/signals/prometheus/history.ts';
import { aegis, clock, configOf, httpTarget } from '../support/collecting.ts';
import { counter, gauge, openMetrics, series } from '../support/openmetrics.ts';
import { stopEverything } from '../support/processes.ts';
import { startPrometheus, type TestPrometheus } from '../support/prometheus.ts';

afterAll(stopEverything);

const now = Math.floor(Date.now() / 60_000) * 60;
const HOUR = 3_600;

/** Requests of a tenant that were refused, at a rate that depends on the seconds from now on. */
const rejects = (
  tenant: string,
  perSecond: number | ((offset: number) => number),
  more: Partial<Parameters<typeof counter>[1]> & { instance?: string } = {},
): Recorded => {
  const { instance = 'gw-1:8000', ...options } = more;
  const labels = {
    job: 'gateway',
    instance,
    tenant_id: tenant,
    method: 'POST',
    path: '/execute',
    status: '429',
  };
  return series(
    'acp_gateway_request_total',
    labels,
    counter(now, { from: -2 * HOUR, to: 0, perSecond, ...options }),
  );
};

/** What a storm of an hour ago looks like, that a remedy ended half an hour ago. */
const storm = (offset: number): number => (offset < -HOUR * 0.8 || offset >= -HOUR / 2 ? 0.2 : 12);

interface Asked {
  readonly prometheus: readonly TestPrometheus[];
  readonly fromSeconds?: number;
  readonly toSeconds?: number;
  readonly queries?: Record<string, string>;
}

async function historyOf({
  prometheus,
  fromSeconds = -HOUR,
  toSeconds = 0,
  queries = {},
}: Asked): Promise<History> {
  const [first, ...others] = prometheus.map(({ url }) => httpTarget(url));
  if (first === undefined) throw new Error('no Prometheus');
  const config = await configOf({ prometheus: [first, ...others], queries });
  const range = { fromMs: (now + fromSeconds) * 1_000, toMs: (now + toSeconds) * 1_000 };
  const request = { config, runbook: await aegis(), clock, ...range };
  return collectHistory(readHistory, request, new AbortController().signal);
}

const chart = ({ charts }: History, id: string): ChartHistory => {
  const found = charts.find((one) => one.chart === id);
  if (found === undefined) throw new Error(`no chart ${id}`);
  return found;
};

/** The value of a line at some seconds from now on. */
const at = (line: Line | null | undefined, offset: number): number | null | undefined =>
  line?.points.find(([ms]) => ms === (now + offset) * 1_000)?.[1];

describe('an hour of one Prometheus', () => {
  let history: History;
  let prometheus: TestPrometheus;
  beforeAll(async () => {
    const alert = (from: number, to: number) =>
      series(
        'ALERTS',
        { alertname: 'RateLimitSpike', alertstate: 'firing', tenant_id: 'acme', severity: 'warning' },
        gauge(now, { from, to, value: 1 }),
      );
    prometheus = await startPrometheus({
      series: openMetrics([
        rejects('acme', storm),
        rejects('globex', 1, { to: -HOUR / 2 }),
        // A hole in the middle: it was not scraped.
        rejects('initech', 2, { from: -2 * HOUR, to: -HOUR / 2 - 600 }),
        ...Array.from({ length: 14 }, (_, index) => rejects(`small-${index + 1}`, 0.01 * (index + 1))),
        rejects('quiet', 0),
        alert(-HOUR * 0.75, -HOUR * 0.45),
      ]),
    });
    history = await historyOf({
      prometheus: [prometheus],
      queries: {
        'agent-spend-usd': 'sum by (agent) (label_replace(vector(41.5), "agent", "agent-7", "", "")) # mine',
      },
    });
  });

  test('has the tenants with the highest peaks, the rest as one, and all of it together', () => {
    const { lines, others, total, stepSeconds, windowSeconds, reason, cause } = chart(
      history,
      'rejects-by-tenant',
    );
    expect({ reason, cause, stepSeconds, windowSeconds }).toEqual({
      ...{ reason: null, cause: null },
      ...{ stepSeconds: 15, windowSeconds: 60 },
    });
    const names = [14, 13, 12, 11, 10, 9, 8].map((index) => `small-${index}`);
    expect(lines.map(({ id }) => id)).toEqual(['acme', 'initech', 'globex', ...names]);
    expect(at(lines[0], -2_700)).toBeCloseTo(12, 6);
    expect(at(lines[0], -600)).toBeCloseTo(0.2, 6);
    // Seven small ones are left: 0.01 + ... + 0.07.
    expect(at(others, -600)).toBeCloseTo(0.28, 6);
    expect(at(total, -600)).toBeCloseTo(0.2 + 0.01 * 105, 6);
    expect(lines[0]?.points).toHaveLength(241);
  });

  test('a sample that is missing is a gap, never zero', () => {
    const [, initech, globex] = chart(history, 'rejects-by-tenant').lines;
    expect(at(initech, -HOUR / 2 - 660)).toBeCloseTo(2, 6);
    expect(at(initech, -1_500)).toBeNull();
    expect(at(globex, -900)).toBeNull();
  });

  test('tells when the alert fired, by the names that the runbook has', () => {
    const { names, periods, stepSeconds, reason } = history.alerts;
    expect({ names, stepSeconds, reason }).toEqual({
      ...{ names: ['RateLimitSpike', 'AuthFailureSpike'], stepSeconds: 4, reason: null },
    });
    // Backfilled series have no mark where they end, so they are seen five minutes longer than those of a real rule.
    expect(periods).toEqual([
      {
        ...{ name: 'RateLimitSpike', labels: { severity: 'warning', tenant_id: 'acme' }, open: false },
        fromMs: expect.toSatisfy((ms) => Math.abs(ms - (now - HOUR * 0.75) * 1_000) <= 4_000),
        toMs: expect.toSatisfy(
          (ms) => ms >= (now - HOUR * 0.45) * 1_000 && ms <= (now - HOUR * 0.45 + 330) * 1_000,
        ),
      },
    ]);
  });

  test("what there is no record of says so; a query of the operator's own tells what Redis cannot", async () => {
    expect(chart(history, 'auth-failures-by-reason')).toMatchObject({
      ...{ lines: [], total: null, cause: null },
      reason: 'nothing is recorded of then: no samples of acp_auth_failures_total',
    });
    expect(chart(history, 'auth-failures-by-ip')).toMatchObject({
      ...{ lines: [], reason: 'Redis holds only the present of this' },
    });
    const spend = chart(history, 'agent-spend');
    expect(spend.lines.map(({ id }) => id)).toEqual(['agent-7']);
    expect(at(spend.lines[0], -600)).toBe(41.5);
    const without = chart(await historyOf({ prometheus: [prometheus] }), 'agent-spend');
    expect(without.reason).toMatch(
      /^Redis holds only the present of this; a query of your own can tell \(queries\./,
    );
  });

  test('a week has as few points as an hour', async () => {
    const { lines, stepSeconds } = chart(
      await historyOf({ prometheus: [prometheus], fromSeconds: -7 * 24 * HOUR }),
      'rejects-by-tenant',
    );
    expect(stepSeconds).toBe(3_600);
    expect(lines[0]?.points.length).toBeLessThanOrEqual(250);
  });
});

test('a Prometheus that has just been started shows what it has, or says that no rate can be told yet', async () => {
  const auth = (to: number, step: number) =>
    series(
      'acp_auth_failures_total',
      { job: 'gateway', instance: 'gw-1:8000', reason: 'invalid_token' },
      counter(now, { from: -27, to, step, perSecond: 2 }),
    );
  const prometheus = await startPrometheus({
    series: openMetrics([
      rejects('acme', 4, { from: -27, to: -4, step: 1 }),
      auth(-27, 1),
      series(
        'acp_inference_cost_blocked_total',
        { job: 'gateway', instance: 'gw-1:8000', scope: 'other', key: 'x' },
        counter(now, { from: -27, to: -4, step: 1, perSecond: 1 }),
      ),
    ]),
  });
  const asked = { prometheus: [prometheus], fromSeconds: -604, toSeconds: -4 };
  const history = await historyOf(asked);
  const { lines, stepSeconds, windowSeconds, reason } = chart(history, 'rejects-by-tenant');
  expect({ stepSeconds, windowSeconds, reason }).toEqual({ stepSeconds: 3, windowSeconds: 10, reason: null });
  const known = lines[0]?.points.filter(([, value]) => value !== null) ?? [];
  expect(known.length).toBeGreaterThanOrEqual(7);
  expect(known.at(-1)?.[1]).toBeCloseTo(4, 6);
  // Of the metric there are samples, of the series that count there are none.
  expect(chart(history, 'blocked-spend').reason).toMatch(
    /^nothing is recorded of then: no samples of acp_inference_cost_blocked_total\{scope="agent"\}/,
  );
  // One sample is no rate, and not nothing.
  expect(chart(history, 'auth-failures-by-reason')).toMatchObject({
    ...{ lines: [], total: null, cause: null },
    reason: expect.stringMatching(
      /^no rate can be told of then yet: acp_auth_failures_total has too few samples for one over /,
    ),
  });
});

test('a range that Prometheus refuses is asked for with fewer points, and that is said', async () => {
  const tenants = Array.from({ length: 30 }, (_, index) => rejects(`tenant-${index}`, 1 + index / 10));
  const prometheus = await startPrometheus({
    series: openMetrics(tenants),
    flags: ['--query.max-samples=6000'],
  });
  const { stepSeconds, reason, lines, cause } = chart(
    await historyOf({ prometheus: [prometheus] }),
    'rejects-by-tenant',
  );
  expect(stepSeconds).toBeGreaterThan(15);
  expect(lines[0]?.id).toBe('tenant-29');
  expect(lines[0]?.points.at(4)?.[1]).toBeCloseTo(3.9, 6);
  expect(cause).toBeNull();
  expect(reason).toMatch(
    /^fewer points, one every \S+: a finer range was refused \(prometheus .*too many samples/,
  );
});

test('two Prometheus count what both of them scrape once', async () => {
  const shared = rejects('acme', 3, { instance: 'gw-1:8000' });
  const [one, other] = await Promise.all([
    startPrometheus({ series: openMetrics([shared, rejects('globex', 1, { instance: 'gw-1:8000' })]) }),
    startPrometheus({ series: openMetrics([shared, rejects('acme', 5, { instance: 'gw-2:8000' })]) }),
  ]);
  const { lines, total, reason } = chart(await historyOf({ prometheus: [one, other] }), 'rejects-by-tenant');
  expect(reason).toBeNull();
  expect(lines.map((line) => [line.id, at(line, -600)])).toEqual([
    ['acme', expect.closeTo(8, 6)],
    ['globex', expect.closeTo(1, 6)],
  ]);
  expect(at(total, -600)).toBeCloseTo(9, 6);
  await one.stop();
  const half = chart(await historyOf({ prometheus: [one, other] }), 'rejects-by-tenant');
  expect(half.cause).toBe('unreachable');
  expect(half.reason).toMatch(/connection refused/);
  expect(at(half.lines[0], -600)).toBeCloseTo(8, 6);
});
