import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Reading } from '../../src/evidence/types.ts';
import { rejectsIn, requestsAt, row } from '../support/collecting.ts';
import { stopEverything } from '../support/processes.ts';

afterAll(stopEverything);

const now = Math.floor(Date.now() / 1000);
const { requests, oldTarget } = requestsAt(now);

describe('a steady counter', () => {
  let reading: Reading;
  beforeAll(async () => {
    reading = await rejectsIn([
      oldTarget(),
      requests('acme', { start: 1e6, perSecond: 8 }),
      requests('acme', { start: 10, perSecond: 1 }, { path: '/agents' }),
      requests('acme', { start: 10, perSecond: 1 }, { path: '/agents', instance: 'gw-2:8000' }),
      requests('globex', { start: 7, perSecond: 2 }),
      requests('quiet', { start: 900, perSecond: 0 }),
    ]);
  });

  it('gives the rate, the share and the mix of each tenant, largest first', () => {
    expect(reading).toMatchObject({
      status: 'measured',
      reason: null,
      live: true,
      coverage: 1,
      warnings: [],
    });
    expect(reading.rows.map(({ id }) => id)).toEqual(['acme', 'globex']);
    expect(row(reading, 'acme').value).toBeCloseTo(10, 6);
    expect(row(reading, 'acme').share).toBeCloseTo(10 / 12, 6);
    const mix = row(reading, 'acme').labels.path ?? {};
    expect(Object.keys(mix).sort()).toEqual(['/agents', '/execute']);
    expect(mix['/execute']).toBeCloseTo(8, 6);
    expect(mix['/agents']).toBeCloseTo(2, 6);
    expect(row(reading, 'globex').value).toBeCloseTo(2, 6);
  });

  it('totals all of them, and counts those that grew', () => {
    expect(reading.total).toBeCloseTo(12, 6);
    expect(reading.distinct).toBe(2);
    expect(reading.strangers.distinct).toBe(0);
    expect(reading.rows.map((one) => one.lastSeenSeconds)).toEqual([null, null]);
  });
});

describe('a series born inside the window', () => {
  let reading: Reading;
  beforeAll(async () => {
    reading = await rejectsIn([
      oldTarget(),
      requests('steady', { start: 1e6, perSecond: 5 }),
      requests('steady', { start: 300, perSecond: 0, bornAt: -60 }, { path: '/agents' }),
      requests('burst', { start: 600, perSecond: 0, bornAt: -120 }),
      requests('rising', { start: 600, perSecond: 4, bornAt: -120 }),
      requests('first', { start: 90, perSecond: 0, from: -15, to: -15 }),
      // A target that Prometheus met inside the window, with counters that may be years old.
      requests('met', { start: 2e6, perSecond: 3, bornAt: -120 }, { status: '200', instance: 'gw-9:8000' }),
      requests('met', { start: 1e6, perSecond: 2, bornAt: -120 }, { instance: 'gw-9:8000' }),
      requests('met-once', { start: 1e6, perSecond: 0, from: -15, to: -15 }, { instance: 'gw-9:8000' }),
      requests('old-restarted', { start: 1e6, perSecond: 4, resetAt: -150 }),
    ]);
  });
  const rateOf = (tenant: string) => row(reading, tenant).value;

  it('is credited in full when its target was there before', () => {
    expect(rateOf('burst')).toBeCloseTo(600 / 300, 6);
  });

  it('is credited with its first sample and its growth', () => {
    const elapsed = Date.now() / 1000 - now;
    expect(rateOf('rising')).toBeGreaterThanOrEqual((600 + 4 * 105) / 300);
    expect(rateOf('rising')).toBeLessThanOrEqual((600 + 4 * (120 + elapsed)) / 300);
  });

  it('is credited though it has a single sample', () => {
    expect(rateOf('first')).toBeCloseTo(90 / 300, 6);
  });

  it('of a newly scraped target is credited with its growth only', () => {
    expect(rateOf('met')).toBeLessThanOrEqual(2);
    expect(rateOf('met')).toBeGreaterThan(0.5);
    expect(reading.rows.map(({ id }) => id)).not.toContain('met-once');
  });

  it('leaves the reset of an old series to rate()', () => {
    expect(rateOf('old-restarted')).toBeGreaterThan(4 * 0.9);
    expect(rateOf('old-restarted')).toBeLessThanOrEqual(4 * 1.001);
  });

  it('is joined with the steady ones, none of which is dropped', () => {
    expect(rateOf('steady')).toBeCloseTo(5 + 300 / 300, 6);
    expect(row(reading, 'steady').labels.path?.['/agents']).toBeCloseTo(1, 6);
    expect(row(reading, 'steady').labels.path?.['/execute']).toBeCloseTo(5, 6);
    const tenants = ['burst', 'first', 'met', 'old-restarted', 'rising', 'steady'];
    expect(reading.rows.map(({ id }) => id).sort()).toEqual(tenants);
    expect(reading.distinct).toBe(tenants.length);
    const sum = reading.rows.reduce((total, one) => total + one.value, 0);
    expect((reading.total ?? 0) / sum).toBeCloseTo(1, 2);
  });
});

describe('without labels of a target', () => {
  it('a born series is credited when the metric was there before', async () => {
    const reading = await rejectsIn([
      oldTarget({ instance: null }),
      requests('old', { start: 40, perSecond: 1 }, { instance: null }),
      requests('burst', { start: 600, perSecond: 0, bornAt: -120 }, { instance: null }),
    ]);
    expect(row(reading, 'old').value).toBeCloseTo(1, 6);
    expect(row(reading, 'burst').value).toBeCloseTo(2, 6);
    expect(reading.total).toBeCloseTo(3, 6);
  });

  it('and is not when only other targets were', async () => {
    const reading = await rejectsIn([
      oldTarget(),
      requests('grown', { start: 1e6, perSecond: 2, bornAt: -120 }, { instance: null }),
    ]);
    expect(row(reading, 'grown').value).toBeLessThanOrEqual(2);
    expect(row(reading, 'grown').value).toBeGreaterThan(0.5);
  });
});
