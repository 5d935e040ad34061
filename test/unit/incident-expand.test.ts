import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expand } from '../../src/incidents/expand.ts';
import { lineOf, momentsOf, timesIn } from '../../src/incidents/log-lines.ts';
import { openMetrics, recordSeries } from '../../src/incidents/openmetrics.ts';
import { redisCommands } from '../../src/incidents/redis.ts';
import { riseOf, valueAt } from '../../src/incidents/timeline.ts';
import type { SeriesState } from '../../src/incidents/types.ts';
import { clock } from '../support/collecting.ts';
import { incidentOf } from '../support/incident.ts';

const NOW = Date.parse('2026-01-01T00:30:00Z');
const at = { nowMs: NOW, clock };
const situation = (rest: string, nowMs = NOW) => expand(incidentOf(rest), { nowMs, clock });
const names = (rest: string, nowMs = NOW) => situation(rest, nowMs).keys.map(({ name }) => name.toString());
const only = (series: string): SeriesState => {
  const [one] = situation(`series: [${series}]`).series;
  if (one === undefined) throw new Error('no series');
  return one;
};

describe('texts that stand for several', () => {
  test('numbers, with their zeros, and words', () => {
    expect(
      names(
        'keys: [{ key: "a{9..11}", value: 1 }, { key: "b{08..10}", value: 1 }, { key: "c{x,,y z}", value: 1 }]',
      ),
    ).toEqual(['a9', 'a10', 'a11', 'b08', 'b09', 'b10', 'cx', 'c', 'cy z']);
  });

  test('different choices multiply, the last one fastest; the same choice is the same', () => {
    expect(names('keys: [{ key: "{1..2}.{1..2}.{a,b}", value: 1 }]')).toEqual([
      '1.1.a',
      '1.1.b',
      '2.2.a',
      '2.2.b',
    ]);
    const { series } = situation(
      'series: [{ metric: m, labels: { tenant: "t{1..2}", path: "{/a,/b}", owner: "o{1..2}" }, value: [5, 6, 7] }]',
    );
    expect(series.map(({ labels, spans }) => [...Object.values(labels), spans[0]?.level])).toEqual([
      ['t1', '/a', 'o1', 5],
      ['t1', '/b', 'o1', 6],
      ['t2', '/a', 'o2', 7],
      ['t2', '/b', 'o2', 5],
    ]);
  });

  test('numbers and times to live are taken in turn', () => {
    const { keys } = situation('keys: [{ key: "a{1..3}", value: [1, x], ttl: [10s, 20s] }]');
    expect(keys.map(({ value, ttlSeconds }) => [value, ttlSeconds])).toEqual([
      ['1', 10],
      ['x', 20],
      ['1', 10],
    ]);
  });

  test('what ends it has the number of what it ends', () => {
    const { keys } = situation(
      'keys: [{ key: "f:{1..2}", value: 1, grows: 2, until: [{ exists: "b:{1..2}" }, { above: { key: "c:{1..2}", value: 5 } }] }]',
    );
    expect(keys.map(({ growth }) => growth?.until.map(({ key, above }) => [key.toString(), above]))).toEqual([
      [
        ['b:1', null],
        ['c:1', 5],
      ],
      [
        ['b:2', null],
        ['c:2', 5],
      ],
    ]);
  });

  test('dates by the clock that is given, in UTC, across the ends of days, months and years', () => {
    const keys =
      'keys: [{ key: "a:{yyyymmdd}", value: 1 }, { key: "b:{yyyymmdd-1}", value: 1 }, { key: "c:{yyyy-mm-dd-31}", value: 1 }, { key: "d:{yyyy-mm}", value: 1 }, { key: "e:{yyyy-mm-1}", value: 1 }, { key: "f:{yyyy-mm-13}", value: 1 }]';
    expect(names(keys)).toEqual([
      'a:20260101',
      'b:20251231',
      'c:2025-12-01',
      'd:2026-01',
      'e:2025-12',
      'f:2024-12',
    ]);
    expect(names(keys, NOW - 3_600_000).slice(0, 2)).toEqual(['a:20251231', 'b:20251230']);
  });

  test('any text without braces is itself', () => {
    const text = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 40 })
      .filter((one) => !/[{}]/.test(one));
    fc.assert(
      fc.property(text, (key) => {
        const incident = { ...incidentOf(''), keys: [{ key, value: 1, renewed: false }] };
        expect(expand(incident, at).keys[0]?.name.equals(Buffer.from(key))).toBe(true);
      }),
    );
  });
});

test('commands for Redis, byte for byte', () => {
  const commands = redisCommands(
    situation(
      'keys: [{ key: "ä", value: "112.50" }, { hex: "61FF00", value: 9, ttl: 1.5s }, { key: h, hash: { tokens: "3", last: 17 }, ttl: 2m }]',
    ),
  );
  expect(commands.map((words) => words.map((word) => word.toString('latin1')))).toEqual([
    ['SET', Buffer.from('ä').toString('latin1'), '112.50'],
    ['SET', 'a\xff\x00', '9', 'PX', '1500'],
    ['HSET', 'h', 'tokens', '3', 'last', '17'],
    ['PEXPIRE', 'h', '120000'],
  ]);
});

describe('what Prometheus has recorded', () => {
  test('without more it was so for an hour, and goes on', () => {
    const series = only('{ metric: a_total, per-second: 2 }');
    expect([
      valueAt(series, -3_601),
      valueAt(series, -3_600),
      valueAt(series, 0),
      valueAt(series, 100),
    ]).toEqual([null, 0, 7_200, 7_400]);
    expect(riseOf(series, { from: -300, to: 0 })).toBe(600);
  });

  test('born so long ago, or different before', () => {
    const born = only('{ metric: a_total, per-second: 2, since: 2m }');
    expect([valueAt(born, -121), valueAt(born, -120), riseOf(born, { from: -300, to: 0 })]).toEqual([
      null,
      0,
      240,
    ]);
    const risen = only('{ metric: a_total, per-second: 2, since: 2m, before: 1 }');
    expect(riseOf(risen, { from: -300, to: 0 })).toBe(180 + 240);
    const gauge = only('{ metric: up, value: 0, since: 3m, before: 1 }');
    expect([valueAt(gauge, -181), valueAt(gauge, -180), valueAt(gauge, 0)]).toEqual([1, 0, 0]);
  });

  test('the day and the week before, around the same time, and nothing in between', () => {
    const series = only('{ metric: a_total, per-second: 2, yesterday: 1, last-week: 0.5 }');
    const [day, week] = [86_400, 7 * 86_400];
    expect(riseOf(series, { from: -day - 300, to: -day })).toBe(300);
    expect(riseOf(series, { from: -week - 300, to: -week })).toBe(150);
    expect([valueAt(series, -day + 700), valueAt(series, -2 * day), valueAt(series, -week - 3_601)]).toEqual([
      null,
      null,
      null,
    ]);
    // A counter never falls.
    const times = [-week, -week + 500, -day - 3_600, -day, -3_600, -1, 0];
    const values = times.map((time) => valueAt(series, time) ?? Number.NaN);
    expect(values).toEqual([...values].sort((a, b) => a - b));
  });

  test('while it is stopped a counter stands still, and a gauge is 0', () => {
    const stopped = [{ from: 10, to: 20 }];
    const counter = only('{ metric: a_total, per-second: 2 }');
    expect(riseOf(counter, { from: 0, to: 30 }, stopped)).toBe(40);
    expect(valueAt(counter, 15, stopped)).toBe(7_200 + 20);
    const gauge = only('{ metric: up, value: 7 }');
    expect([5, 15, 25].map((time) => valueAt(gauge, time, stopped))).toEqual([7, 0, 7]);
  });

  test('a start time counts from the moment of the incident', () => {
    const series = only('{ metric: process_start_time_seconds, started: 3m }');
    expect(valueAt(series, 0)).toBe(NOW / 1_000 - 180);
  });

  test('as OpenMetrics', () => {
    const recorded = recordSeries(
      situation(
        'series: [{ metric: a_total, labels: { b: "x\\"y" }, per-second: 2, since: 30s }, { metric: up, value: 1, since: 15s, before: 0, yesterday: 1 }]',
      ),
      { now: 1_000_000, ahead: 15 },
    );
    const [counter, gauge] = recorded;
    expect(counter).toMatchObject({ family: 'a', type: 'counter', id: 'a_total{b="x\\"y"}' });
    expect(counter?.points).toEqual([
      [999_970, 0],
      [999_985, 30],
      [1_000_000, 60],
      [1_000_015, 90],
    ]);
    expect(gauge?.points.slice(-3)).toEqual([
      [999_985, 1],
      [1_000_000, 1],
      [1_000_015, 1],
    ]);
    expect(gauge?.points.filter(([time]) => time < 950_000)).toHaveLength(280);
    expect(gauge?.points.filter(([time, value]) => time >= 950_000 && value === 0)).toHaveLength(240);
    expect(openMetrics(recorded)).toMatch(/^# TYPE a counter\n[\s\S]*# TYPE up gauge\n[\s\S]*# EOF\n$/);
  });
});

describe('lines of a log', () => {
  const logs =
    'logs: [{ stream: { app: "a{1..2}" }, fields: { message: "by user", user: "u{1..2}" }, lines: [4, 10] }]';

  test('are evenly over the time before, and go on at that pace', () => {
    const [first, second] = situation(logs).logs;
    expect(first).toMatchObject({ stream: { app: 'a1' }, fields: { user: 'u1' }, every: 75, from: -262.5 });
    expect(second).toMatchObject({ stream: { app: 'a2' }, fields: { user: 'u2' }, every: 30 });
    expect(first && momentsOf(first, 60)).toEqual([-262.5, -187.5, -112.5, -37.5, 37.5]);
    expect(first && timesIn(first, -300, 0)).toBe(4);
    expect(first && timesIn(first, -200, 40)).toBe(4);
    expect(first && timesIn(first, -1_000, -300)).toBe(0);
  });

  test('are written as JSON or as logfmt', () => {
    const [json] = situation(logs).logs;
    expect(json && lineOf(json)).toBe('{"message":"by user","user":"u1"}');
    const [other] = situation(logs.replace('stream:', 'format: logfmt, stream:')).logs;
    expect(other && lineOf(other)).toBe('message="by user" user=u1');
  });
});
