import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/types.ts';
import { collect } from '../../src/evidence/collect.ts';
import type { Evidence } from '../../src/evidence/types.ts';
import type { Runbook } from '../../src/runbooks/schema.ts';
import { readPrometheus } from '../../src/signals/prometheus/adapter.ts';
import { readRedis } from '../../src/signals/redis/read.ts';
import {
  aegis,
  clock,
  configOf,
  httpTarget,
  redisTarget,
  requestsAt,
  shareOf,
} from '../support/collecting.ts';
import { aegis as plainAegis } from '../support/evidence.ts';
import * as faults from '../support/faulty-http.ts';
import { startFaultyRedis } from '../support/faulty-redis.ts';
import { openMetrics } from '../support/openmetrics.ts';
import { stopEverything, until } from '../support/processes.ts';
import { startPrometheus, type TestPrometheus } from '../support/prometheus.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

afterAll(stopEverything);

const now = Math.floor(Date.now() / 1000);
const { requests, oldTarget } = requestsAt(now);
const FROM_REDIS = ['auth-failures-by-ip', 'agent-spend', 'blocks'];
const FROM_PROMETHEUS = ['auth-failures-total', 'rejects-by-tenant', 'inflight', 'deploys', 'service-up'];

/** All but the queries that only an operator can write. */
const ASKED = Object.entries(plainAegis.signals).flatMap(([id, { sources }]) =>
  sources.every(({ kind }) => kind === 'prometheus-query') ? [] : [id],
);

let runbook: Runbook;
let redis: TestRedis;
let prometheus: TestPrometheus;
beforeAll(async () => {
  [runbook, redis, prometheus] = await Promise.all([
    aegis(),
    startRedis(),
    startPrometheus({ series: openMetrics([oldTarget(), requests('acme', { start: 5, perSecond: 4 })]) }),
  ]);
  await redis.load([['SET', 'acp:auth_fail:203.0.113.42', '7', 'EX', '300']]);
});

const run = (
  config: Config,
  interrupt = new AbortController().signal,
  windowSeconds = 300,
): Promise<Evidence> =>
  collect(
    { redis: readRedis, prometheus: readPrometheus },
    { config, runbook, windowSeconds, clock },
    interrupt,
  );
const statuses = ({ signals }: Evidence, ids: readonly string[]) => ids.map((id) => signals[id]?.status);

const OTHER = 'no key acp:ratelimit:auth_fail:*';

describe('both sources', () => {
  it('answer every signal of the runbook, each with its sources, its unit and its window', async () => {
    const config = await configOf({ redis: redisTarget(redis.port), prometheus: httpTarget(prometheus.url) });
    const evidence = await run(config, undefined, 60);
    expect(evidence).toMatchObject({ windowSeconds: 60 });
    expect(Math.abs(Date.parse(evidence.at) - Date.now())).toBeLessThan(60_000);
    expect(Object.keys(evidence.signals).sort()).toEqual(Object.keys(runbook.signals).sort());
    const { signals } = evidence;
    expect(signals['auth-failures-by-ip']).toMatchObject({ status: 'measured', total: 7 });
    // Triage's window does not move Redis's own counters.
    expect(signals['auth-failures-by-ip']?.windowSeconds).toBe(300);
    expect(signals['rejects-by-tenant']).toMatchObject({ status: 'measured', windowSeconds: 60 });
    for (const [id, { unit }] of Object.entries(signals)) expect(unit).toBe(runbook.signals[id]?.unit);
    expect(signals['rejects-by-tenant']?.sources).toMatchObject([
      { label: 'acp_gateway_request_total{status="429"}', status: 'measured', reason: null, entities: 1 },
      { label: 'acp_tenant_rate_limited_total', status: 'absent', entities: null },
    ]);
    expect(signals['auth-failures-by-ip']?.sources).toMatchObject([
      { label: 'acp:auth_fail:*', status: 'measured', sample: { id: '203.0.113.42', value: 7 } },
      // Of its own name alone: the other family holds some.
      {
        ...{ label: 'acp:ratelimit:auth_fail:*', status: 'empty', entities: 0, sample: null },
        reason: OTHER,
      },
    ]);
    expect(statuses(evidence, ['agent-spend', 'blocks'])).toEqual(['empty', 'empty']);
    // The gateway counts by peer too: its Redis is alive, so that none is there says something.
    expect(statuses(evidence, ['inflight', 'auth-failures-total'])).toEqual(['absent', 'empty']);
    expect(signals.inflight?.windowSeconds).toBeNull();
    for (const { sources } of Object.values(signals)) expect(sources[0]?.latencyMs).toBeGreaterThanOrEqual(0);
  });

  it('may hold nothing at all: everything is absent, nothing is unknown', async () => {
    const [bare, blank] = await Promise.all([startRedis(), startPrometheus()]);
    const evidence = await run(
      await configOf({ redis: redisTarget(bare.port), prometheus: httpTarget(blank.url) }),
    );
    const all = [...FROM_REDIS, ...FROM_PROMETHEUS];
    expect(statuses(evidence, all)).toEqual(all.map(() => 'absent'));
    // What it does when its memory is full it says whatever it holds.
    const { eviction, ...signals } = evidence.signals;
    expect(eviction).toMatchObject({ status: 'measured', rows: [{ id: 'nothing', value: 1 }] });
    for (const [id, signal] of Object.entries(signals)) {
      expect(signal).toMatchObject({ live: false, total: null, rows: [] });
      expect(signal.cause).toBe(ASKED.includes(id) ? null : 'not-configured');
      expect(signal.reason).toBeTruthy();
    }
    await Promise.all([bare.stop(), blank.stop()]);
  });

  it('are plain data that survives JSON', async () => {
    const config = await configOf({ redis: redisTarget(redis.port), prometheus: httpTarget(prometheus.url) });
    const evidence = await run(config);
    expect(JSON.parse(JSON.stringify(evidence))).toEqual(evidence);
  });
});

describe('one source that is dead', () => {
  it('leaves the other: no Prometheus', async () => {
    const evidence = await run(await configOf({ redis: redisTarget(redis.port) }));
    expect(statuses(evidence, FROM_PROMETHEUS)).toEqual(FROM_PROMETHEUS.map(() => 'unknown'));
    expect(evidence.signals['auth-failures-by-ip']).toMatchObject({ status: 'measured', total: 7 });
  });

  it('leaves the other: no Redis', async () => {
    const evidence = await run(await configOf({ prometheus: httpTarget(prometheus.url) }));
    expect(statuses(evidence, FROM_REDIS)).toEqual(FROM_REDIS.map(() => 'unknown'));
    expect(evidence.signals['rejects-by-tenant']).toMatchObject({ status: 'measured', distinct: 1 });
  });

  it('by hanging leaves the other too, at the deadline', async () => {
    const silent = await startFaultyRedis('silent');
    const config = await configOf({
      ...{ redis: redisTarget(silent.port), prometheus: httpTarget(prometheus.url) },
      timeoutSeconds: 3,
    });
    const [evidence, share] = await shareOf(3, run(config));
    expect(share).toBeGreaterThan(0.9);
    expect(share).toBeLessThan(3);
    for (const id of FROM_REDIS)
      expect(evidence.signals[id]).toMatchObject({ status: 'unknown', cause: 'timeout' });
    expect(evidence.signals['rejects-by-tenant']).toMatchObject({ status: 'measured' });
  });

  it('and two that are: every signal says which host and why', async () => {
    const config = await configOf({});
    const evidence = await run(config);
    for (const id of ASKED) {
      const signal = evidence.signals[id];
      expect(signal).toMatchObject({ status: 'unknown', cause: 'unreachable' });
      expect(signal?.reason).toMatch(/127\.0\.0\.1:\d+: connection refused/);
      for (const { status, cause, reason } of signal?.sources ?? []) {
        expect([status, cause]).toEqual(['unknown', 'unreachable']);
        expect(signal?.reason).toContain(reason);
      }
    }
  });
});

describe('time', () => {
  it('ends at the one deadline when both hang', async () => {
    const [silent, hanging] = await Promise.all([
      startFaultyRedis('silent'),
      faults.startFaultyHttp({ '*': faults.hang }),
    ]);
    const config = await configOf({
      ...{ redis: redisTarget(silent.port), prometheus: httpTarget(hanging.url) },
      timeoutSeconds: 1,
    });
    const [evidence, share] = await shareOf(1, run(config));
    expect(share).toBeGreaterThan(0.9);
    expect(share).toBeLessThan(10);
    for (const id of ASKED) {
      expect(evidence.signals[id]).toMatchObject({ status: 'unknown', cause: 'timeout' });
    }
  });

  it('is spent on both at once, and is not waited for by an operator who interrupts', async () => {
    const [silent, hanging] = await Promise.all([
      startFaultyRedis('silent'),
      faults.startFaultyHttp({ '*': faults.hang }),
    ]);
    const config = await configOf({
      ...{ redis: redisTarget(silent.port), prometheus: httpTarget(hanging.url) },
      timeoutSeconds: 90,
    });
    const controller = new AbortController();
    const asking = run(config, controller.signal).then(
      () => 'answered',
      (error: unknown) => error,
    );
    // One after the other, the second would be reached when the deadline of the first has passed.
    await until(async () => silent.connections() > 0 && hanging.requests.length > 0, 'both were reached');
    const reason = new Error('interrupted by the operator');
    controller.abort(reason);
    const [outcome, share] = await shareOf(90, asking);
    expect(outcome).toBe(reason);
    expect(share).toBeLessThan(0.2);
  });
});
