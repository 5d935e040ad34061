import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collect } from '../../src/evidence/collect.ts';
import { parseRunbook } from '../../src/runbooks/parse.ts';
import { readPrometheus } from '../../src/signals/prometheus/adapter.ts';
import { clock, configOf, httpTarget } from '../support/collecting.ts';
import { counter, openMetrics, series } from '../support/openmetrics.ts';
import { stopEverything } from '../support/processes.ts';
import { startPrometheus } from '../support/prometheus.ts';

// What happened in a day, counted by real Prometheus.

afterAll(stopEverything);

const now = Math.floor(Date.now() / 1000);
const HOUR = 3_600;
const STEP = 60;
const ACCOUNTS = 230;

const runbook = parseRunbook(
  `
schema: ratelimit/runbook/v1
name: exports
title: Exports
severity: P3
thresholds:
  ratio: { value: 0.9, unit: rate / limit, because: Nearly all of it. }
limits:
  exports-a-day:
    title: exports a day
    unit: exports
    per: day
    each: account
    default: { value: 100, because: What an account may export in a day. }
signals:
${['exports', 'orders']
  .map(
    (name) => `  ${name}:
    title: ${name} in the last day
    entity: { kind: name, one: account, many: accounts }
    unit: exports
    limits: exports-a-day
    sources:
      - { kind: prometheus-count, metric: ${name}_total, by: account, over: 1d }
`,
  )
  .join('')}
quiet-needs: [[exports]]
abnormal:
  - { when: { over-limit: { signal: exports, ratio: ratio } } }
categories:
  - id: over-a-day
    rank: 10
    title: Over a day
    pattern: over
    cause: too many
    about: exports
    headline: [{ say: "{subjects}" }]
    when: { over-limit: { signal: exports, ratio: ratio } }
    respond: [{ id: look, text: Look. }]
`,
  'exports.yaml',
);

/** Events of an account: so many at each of some moments, hours before now. */
function events(
  metric: string,
  account: string,
  at: readonly (readonly [hoursAgo: number, count: number])[],
  { fromHours = 30, toHours = -1 / 6, bornAt = undefined as number | undefined, instance = 'a:80' } = {},
) {
  const perSecond = (offset: number) =>
    at.reduce(
      (sum, [hours, count]) =>
        offset >= -hours * HOUR && offset - STEP < -hours * HOUR ? sum + count / STEP : sum,
      0,
    );
  const born = bornAt === undefined ? {} : { bornAt: -bornAt * HOUR, start: 40 };
  return series(
    metric,
    { job: 'api', instance, account },
    counter(now, { from: -fromHours * HOUR, to: -toHours * HOUR, step: STEP, perSecond, ...born }),
  );
}

async function read(urls: readonly string[]) {
  const [first = '', ...others] = urls;
  const config = await configOf({
    prometheus: [httpTarget(first), ...others.map((url) => httpTarget(url))],
  });
  const request = { config, runbook, windowSeconds: 300, clock };
  const { signals } = await collect(
    { redis: async () => [], prometheus: readPrometheus },
    request,
    new AbortController().signal,
  );
  return signals;
}

describe('of one Prometheus', () => {
  let signals: Awaited<ReturnType<typeof read>>;
  beforeAll(async () => {
    const { url } = await startPrometheus({
      series: openMetrics([
        events('exports_total', 'born', [[2, 10]], { bornAt: 5 }),
        events('exports_total', 'edge', [
          [24 + 200 / HOUR, 3],
          [3, 50],
        ]),
        ...Array.from({ length: ACCOUNTS }, (_, i) =>
          events('orders_total', `account-${i}`, [[3, 2]], { fromHours: 26 }),
        ),
      ]),
    });
    signals = await read([url]);
  });
  const rowOf = (id: string) => signals.exports?.rows.find((row) => row.id === id);

  test('the first of a series that was born with some is its birth', () => {
    expect(rowOf('born')?.value).toBe(50);
    expect(Math.abs((rowOf('born')?.frees?.inSeconds ?? 0) / HOUR - 19)).toBeLessThan(0.3);
  });

  test('what was there before that day is not its first', () => {
    expect(rowOf('edge')?.value).toBe(50);
    expect(Math.abs((rowOf('edge')?.frees?.inSeconds ?? 0) / HOUR - 21)).toBeLessThan(0.3);
  });

  test('all are told, and not only those that are kept', () => {
    expect(signals.orders).toMatchObject({ total: 2 * ACCOUNTS, distinct: ACCOUNTS });
  });
});

describe('of two Prometheus, of which one began an hour ago', () => {
  test('they are as many at least, even where that one has none', async () => {
    const [old, young] = await Promise.all([
      startPrometheus({
        series: openMetrics([
          events('exports_total', 'acme', [[3, 60]]),
          events('orders_total', 'acme', [[3, 60]]),
        ]),
      }),
      startPrometheus({
        series: openMetrics([
          events('exports_total', 'acme', [[0.5, 10]], { fromHours: 1, instance: 'b:80' }),
          events('orders_total', 'acme', [], { fromHours: 1, instance: 'b:80' }),
        ]),
      }),
    ]);
    const { exports, orders } = await read([old.url, young.url]);
    expect(exports).toMatchObject({ status: 'measured', rows: [{ id: 'acme', value: 70, atLeast: true }] });
    expect(orders).toMatchObject({ status: 'measured', rows: [{ id: 'acme', value: 60, atLeast: true }] });
    expect(exports?.warnings.join()).toMatch(/there may have been more/);
    expect(orders?.warnings.join()).toMatch(/there may have been more/);
  });
});

describe('of two Prometheus that collect the same', () => {
  test('each target counts once, also one that has ended since, and by whoever knows the whole day', async () => {
    const [ended, lasting] = [{ instance: 'old:80', toHours: 6 }, { instance: 'new:80' }];
    const both = [
      events('exports_total', 'acme', [[20, 30]], ended),
      events('exports_total', 'acme', [[3, 20]], lasting),
    ];
    const own = (instance: string) => events('exports_total', 'acme', [[2, 1]], { instance });
    const shared = (instance: string, fromHours: number) =>
      events('orders_total', 'acme', [[20, 40]], { instance, fromHours });
    const [one, two] = await Promise.all([
      startPrometheus({ series: openMetrics([...both, own('a:80'), shared('s:80', 1), shared('t:80', 30)]) }),
      startPrometheus({ series: openMetrics([...both, own('b:80'), shared('s:80', 30)]) }),
    ]);
    const { exports, orders } = await read([one.url, two.url]);
    expect(exports?.rows).toMatchObject([{ id: 'acme', value: 52, atLeast: false }]);
    expect(orders?.rows).toMatchObject([{ id: 'acme', value: 80, atLeast: false }]);
  });
});
