import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPrometheus } from '../../src/signals/prometheus/adapter.ts';
import { askOne, httpTarget, rejectsIn, requestsAt, row } from '../support/collecting.ts';
import { openMetrics } from '../support/openmetrics.ts';
import { stopEverything } from '../support/processes.ts';
import { startPrometheus, type TestPrometheus } from '../support/prometheus.ts';

afterAll(stopEverything);

const now = Math.floor(Date.now() / 1000);
const { requests, oldTarget } = requestsAt(now);

describe('nothing to be seen', () => {
  it('is empty and alive when the metric exists with other labels only', async () => {
    const reading = await rejectsIn([oldTarget()]);
    expect(reading).toMatchObject({
      status: 'empty',
      live: true,
      total: 0,
      distinct: 0,
      rows: [],
      cause: null,
    });
    expect(reading.reason).toContain('status="429"');
  });

  it('is measured and zero when there are 429s that do not grow', async () => {
    const reading = await rejectsIn([oldTarget(), requests('acme', { start: 900, perSecond: 0 })]);
    expect(reading).toMatchObject({ status: 'measured', live: true, total: 0, distinct: 0, rows: [] });
  });

  it('is empty and dead when the metric lies in the past only', async () => {
    const past = { from: -7200, to: -3600, perSecond: 5 };
    const reading = await rejectsIn([requests('acme', past), requests('acme', past, { status: '200' })]);
    expect(reading).toMatchObject({ status: 'empty', live: false, cause: null, rows: [] });
    expect(reading.reason).toMatch(/no samples in the last 300 s/);
  });

  it('is absent, which is not zero, when no series has the label that it is chosen by', async () => {
    const { points, ...other } = requests('acme', { perSecond: 5 });
    const reading = await rejectsIn([{ ...other, points, id: other.id.replace('status=', 'code=') }]);
    expect(reading).toMatchObject({ status: 'absent', live: false, total: null });
    expect(reading.reason).toContain('no series of acp_gateway_request_total has the label status');
  });

  it('is absent, which is not zero, when there is no such metric', async () => {
    const server = await startPrometheus();
    const reading = await askOne(readPrometheus, 'rejects-by-tenant', { prometheus: httpTarget(server.url) });
    expect(reading).toMatchObject({
      status: 'absent',
      live: false,
      total: null,
      distinct: null,
      cause: null,
    });
    expect(reading.reason).toContain('acp_gateway_request_total');
  });
});

describe('a target that went away', () => {
  it('inside the window still counts with what it had', async () => {
    // What it had leaves the window while the tests go on.
    const { requests, oldTarget } = requestsAt(Math.floor(Date.now() / 1000));
    const gone = { to: -150, start: 1e6, perSecond: 10 };
    const reading = await rejectsIn([oldTarget(), requests('acme', gone, { instance: 'gw-2:8000' })]);
    const { value } = row(reading, 'acme');
    expect(value).toBeGreaterThanOrEqual((10 * 90) / 300);
    expect(value).toBeLessThanOrEqual((10 * 180) / 300);
  });

  it('before the window counts for nothing', async () => {
    const gone = { to: -420, start: 1e6, perSecond: 10 };
    const reading = await rejectsIn([
      oldTarget(),
      requests('acme', gone, { instance: 'gw-2:8000' }),
      requests('globex', { start: 5, perSecond: 2 }),
    ]);
    expect(reading.rows.map(({ id }) => id)).toEqual(['globex']);
    expect(reading.total).toBeCloseTo(2, 6);
  });

  it('and came back is credited with its growth, not with the years before', async () => {
    const reading = await rejectsIn([
      requests('acme', { to: -900, start: 1e6, perSecond: 1 }, { instance: 'gw-2:8000', path: '/agents' }),
      requests('acme', { bornAt: -120, start: 2e6, perSecond: 1 }, { instance: 'gw-2:8000' }),
    ]);
    expect(row(reading, 'acme').value).toBeLessThanOrEqual(1);
    expect(row(reading, 'acme').value).toBeGreaterThan(0.2);
  });
});

describe('the window', () => {
  let server: TestPrometheus;
  beforeAll(async () => {
    const born = { start: 60, perSecond: 0, bornAt: -15 };
    const series = [oldTarget(), requests('acme', { start: 1e6, perSecond: 4 }), requests('first', born)];
    server = await startPrometheus({ series: openMetrics(series) });
  });
  const within = (windowSeconds: number) =>
    askOne(readPrometheus, 'rejects-by-tenant', { prometheus: httpTarget(server.url), windowSeconds });

  it.each([1, 10, 20, 25])('of %i s is too short for scrapes every 15 s', async (windowSeconds) => {
    const reading = await within(windowSeconds);
    expect(reading).toMatchObject({ status: 'unknown', cause: 'window', live: false, total: null, rows: [] });
    expect(reading.reason).toMatch(new RegExp(`window of ${windowSeconds} s.*two scrape intervals`));
    expect(reading.reason).toContain(new URL(server.url).host);
  });

  it.each([30, 31, 45, 60, 300])('of %i s is long enough', async (windowSeconds) => {
    const reading = await within(windowSeconds);
    expect(reading.status).toBe('measured');
    expect(row(reading, 'acme').value).toBeCloseTo(4, 6);
  });

  it('decides whether it is too short, also when nobody is rejected', async () => {
    const calm = await startPrometheus({ series: openMetrics([oldTarget()]) });
    const prometheus = httpTarget(calm.url);
    const short = await askOne(readPrometheus, 'rejects-by-tenant', { prometheus, windowSeconds: 10 });
    expect(short).toMatchObject({ status: 'unknown', cause: 'window' });
    const long = await askOne(readPrometheus, 'rejects-by-tenant', { prometheus, windowSeconds: 60 });
    expect(long).toMatchObject({ status: 'empty', live: true });
  });
});

describe('labels', () => {
  const hostile = [
    '\u001b[31mred\u001b[0m',
    'two\nlines\r\n',
    'quote " and \\ back',
    '\u202Eevil\u202C',
    'zero\u200Bwidth',
    '{{template}} $(id) `id`',
    '__proto__',
    'ünïcödé 日本 🙈',
  ];

  it('come through exactly, as ids and in the mix', async () => {
    const reading = await rejectsIn([
      oldTarget(),
      ...hostile.map((name, index) =>
        requests(name, { start: 10, perSecond: 9 - index }, { path: `/${name}` }),
      ),
    ]);
    expect(reading.rows.map(({ id }) => id)).toEqual(hostile);
    for (const name of hostile)
      expect(Object.keys(row(reading, name).labels.path ?? {})).toEqual([`/${name}`]);
    expect(reading.distinct).toBe(hostile.length);
  });

  it('that are empty count, and are no tenant', async () => {
    const reading = await rejectsIn([
      oldTarget(),
      requests('', { start: 10, perSecond: 3 }),
      requests('acme', { start: 10, perSecond: 1 }, { path: '' }),
      requests('x'.repeat(300), { start: 10, perSecond: 1 }),
    ]);
    expect(reading.total).toBeCloseTo(5, 6);
    expect(reading.distinct).toBe(3);
    expect(row(reading, '').valid).toBe(false);
    expect(row(reading, '').share).toBeCloseTo(0.6, 6);
    expect(row(reading, 'acme').labels.path?.['']).toBeCloseTo(1, 6);
    expect(reading.strangers.distinct).toBe(2);
    expect(reading.strangers.total).toBeCloseTo(4, 6);
    expect(reading.strangers.largest).toBeCloseTo(3, 6);
  });
});

// Up to two thousand parts are summed here, more by Prometheus.
it.each([450, 2_100])('keeps totals exact and rows bounded with %i tenants', async (count) => {
  const tenants = Array.from({ length: count }, (_, i) =>
    requests(`t-${i}`, { start: 5, perSecond: 1 + i / 100 }),
  );
  const paths = Array.from({ length: 60 }, (_, i) =>
    requests('wide', { start: 5, perSecond: 1 + i }, { path: `/p${i}` }),
  );
  const reading = await rejectsIn([oldTarget(), ...tenants, ...paths]);
  const sum = (length: number, step: number) => length + (step * length * (length - 1)) / 2;
  expect((reading.total ?? 0) / (sum(count, 0.01) + sum(60, 1))).toBeCloseTo(1, 6);
  expect(reading.distinct).toBe(count + 1);
  expect(reading.rows).toHaveLength(200);
  const values = reading.rows.map(({ value }) => value);
  expect(values).toEqual([...values].sort((a, b) => b - a));
  expect(reading.rows.slice(0, 3).map(({ id }) => id)).toEqual(['wide', `t-${count - 1}`, `t-${count - 2}`]);
  // The largest parts of the mix; an entity's value is whole all the same.
  const mix = Object.keys(row(reading, 'wide').labels.path ?? {});
  expect(mix.length).toBeGreaterThanOrEqual(5);
  expect(mix.length).toBeLessThan(60);
  expect(mix).toContain('/p59');
  expect(row(reading, 'wide').value / sum(60, 1)).toBeCloseTo(1, 6);
  expect(row(reading, `t-${count - 1}`).labels.path?.['/execute']).toBeCloseTo(1 + (count - 1) / 100, 6);
});
