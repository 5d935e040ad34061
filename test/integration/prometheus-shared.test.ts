import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collect } from '../../src/evidence/collect.ts';
import type { Reading } from '../../src/evidence/types.ts';
import { parseRunbook } from '../../src/runbooks/parse.ts';
import { readPrometheus } from '../../src/signals/prometheus/adapter.ts';
import { judge } from '../../src/verdict/judge.ts';
import { ask, askOne, clock, configOf, httpTarget } from '../support/collecting.ts';
import * as faults from '../support/faulty-http.ts';
import { counter, openMetrics, series } from '../support/openmetrics.ts';
import { stopEverything } from '../support/processes.ts';
import { startPrometheus } from '../support/prometheus.ts';

// What several signals count is worked out once, and each finds the same in it as it would by itself.

afterAll(stopEverything);

const now = Math.floor(Date.now() / 1000);
type Growth = Parameters<typeof counter>[1];
const requests = (caller: string, outcome: string, growth: Growth, tier = 'free') =>
  series(
    'tps_requests_total',
    { job: 'edge', instance: 'edge-1:9100', caller, tier, outcome },
    counter(now, { from: -1_800, to: 600, start: 1e5, ...growth }),
  );

/** More than are shown, and more than one query names. */
const BUSY = 230;
/** They counted something long ago, and are so many that the answer does not hold those too. */
const IDLE = 25_000;
const GIVEN = [
  ...Array.from({ length: BUSY }, (_, i) => [
    requests(`busy-${i}`, 'accepted', { perSecond: 5 + i / 100 }),
    requests(`busy-${i}`, 'rejected', { perSecond: i % 10 === 0 ? 1 + i / 100 : 0 }),
  ]).flat(),
  // Above its limit of 20 all along; for the last minutes; and since it was born.
  requests('always', 'accepted', { perSecond: 30 }),
  requests('lately', 'accepted', { perSecond: (offset) => (offset > -200 ? 60 : 1) }),
  requests('born', 'accepted', { start: 900, perSecond: 40, bornAt: -200 }),
  requests('restarted', 'rejected', { perSecond: 4, resetAt: -150 }, 'premium'),
  ...Array.from({ length: IDLE }, (_, i) =>
    requests(`idle-${i}`, 'accepted', { start: 700, perSecond: 0, from: -480, to: 180, step: 60 }),
  ),
];

const SIGNALS = ['requests-by-caller', 'accepted-by-caller', 'rejects-by-caller'];

describe('callers who are counted by three signals', async () => {
  const yaml = await readFile(new URL('../../src/runbooks/tps-limits.yaml', import.meta.url), 'utf8');
  const runbook = parseRunbook(yaml, 'tps-limits.yaml');
  let server: faults.FaultyHttp;
  const asked = () => server.requests.map(({ body }) => new URLSearchParams(body).get('query') ?? '');

  beforeAll(async () => {
    const { url } = await startPrometheus({ series: openMetrics(GIVEN) });
    const pass = faults.proxyTo(url, { unless: /^$/, fault: faults.hang });
    server = await faults.startFaultyHttp({
      '*': pass,
      // At one moment, so that the same is there for all.
      '/api/v1/query': (response, request) =>
        pass(response, request && { ...request, body: `${request.body}&time=${now}` }),
    });
  }, 120_000);

  it('are read in one question, with what each of them reads alone', async () => {
    const wanted = { prometheus: httpTarget(server.url), runbook, timeoutSeconds: 60 };
    const from = server.requests.length;
    const together = await ask(readPrometheus, SIGNALS, wanted);
    expect(
      asked()
        .slice(from)
        .filter((query) => query.includes('"parts"')),
    ).toHaveLength(1);
    for (const signal of ['requests-by-caller', 'rejects-by-caller']) {
      const alone = await askOne(readPrometheus, signal, wanted);
      expect(brief(together[signal]), signal).toEqual(brief(alone));
    }
    expect(together['requests-by-caller']).toMatchObject({ status: 'measured', distinct: BUSY + 4 });
    expect(together['rejects-by-caller']?.distinct).toBe(BUSY / 10 + 1);
  }, 120_000);

  it('are held against their limits for minutes by name, and all that are shown are read', async () => {
    const config = await configOf({ prometheus: httpTarget(server.url), timeoutSeconds: 60 });
    const request = { config, runbook, windowSeconds: 300, clock };
    const adapters = { redis: async () => [], prometheus: readPrometheus };
    const from = server.requests.length;
    const { signals } = await collect(adapters, request, new AbortController().signal);
    const over = signals['minutes-over-limit'];
    expect(over?.sources).toMatchObject([{ status: 'measured', reason: null }]);
    expect(over?.rows.map(({ id }) => id).sort()).toEqual(['always', 'born', 'lately']);
    const minutes = Object.fromEntries((over?.rows ?? []).map(({ id, value }) => [String(id), value]));
    expect(minutes.always).toBe(10);
    for (const id of ['born', 'lately']) {
      expect(minutes[id]).toBeGreaterThanOrEqual(2);
      expect(minutes[id]).toBeLessThanOrEqual(5);
    }
    const courses = server.requests.slice(from).filter(({ url }) => url.endsWith('/query_range'));
    expect(courses.length).toBeGreaterThan(1);
    expect(Math.max(...asked().map(({ length }) => length))).toBeLessThan(16_384);
  }, 120_000);
});

it('a small caller far above its own limit is found among hundreds of larger ones that are within theirs', async () => {
  const { url } = await startPrometheus({
    series: openMetrics([
      ...Array.from({ length: 350 }, (_, i) =>
        requests(`large-${i}`, 'accepted', { perSecond: 100 + i / 10 }, 'premium'),
      ),
      ...Array.from({ length: 350 }, (_, i) => requests(`idle-${i}`, 'accepted', { perSecond: 1 })),
      requests('crawler', 'accepted', { perSecond: 20 }),
      requests('crawler', 'rejected', { perSecond: 40 }),
    ]),
  });
  const yaml = await readFile(new URL('../../src/runbooks/tps-limits.yaml', import.meta.url), 'utf8');
  const runbook = parseRunbook(yaml, 'tps-limits.yaml');
  const config = await configOf({ prometheus: httpTarget(url), timeoutSeconds: 60 });
  const request = { config, runbook, windowSeconds: 300, clock };
  const adapters = { redis: async () => [], prometheus: readPrometheus };
  const { findings } = judge(await collect(adapters, request, new AbortController().signal), runbook);
  expect(
    findings.map(({ category, confidence, subjects }) => [
      category,
      confidence,
      ...subjects.map(({ id }) => id),
    ]),
  ).toEqual([['caller-consistently-over-limit', 'high', 'crawler']]);
});

/** Numbers to nine digits: another order of adding up changes the last of them. */
const brief = (reading: Reading | undefined) => {
  const { status, total, distinct, rows, live, baseline } = reading as Reading;
  const digits = (value: number | null) => (value === null ? null : Number(value.toPrecision(9)));
  return {
    ...{ status, total: digits(total), distinct, live, baseline },
    rows: rows
      .map(({ id, value, labels, share, usual }) => [id, digits(value), digits(share), usual, labels])
      .sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1)),
  };
};
