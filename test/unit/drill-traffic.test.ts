import { describe, expect, test } from 'vitest';
import { Store } from '../../src/drill/store.ts';
import { Traffic } from '../../src/drill/traffic.ts';
import { expand } from '../../src/incidents/expand.ts';
import type { Incident } from '../../src/incidents/schema.ts';
import { riseOf } from '../../src/incidents/timeline.ts';
import { clock } from '../support/collecting.ts';
import { incidentOf, shipped } from '../support/incident.ts';

const START = Date.parse('2026-05-29T03:12:04Z');

/** An incident that is played by a clock of the test's own; all times are seconds from its start on. */
function play(rest: string | Incident) {
  const incident = typeof rest === 'string' ? incidentOf(rest) : rest;
  const situation = expand(incident, { nowMs: START, clock });
  const store = new Store();
  const traffic = new Traffic(situation, store, START);
  let now = 0;
  const go = (seconds: number) => {
    now = seconds;
    traffic.settle(START + seconds * 1_000);
  };
  const stored = (key: string) => store.get(key, START + now * 1_000);
  return {
    go,
    /** Value and seconds to live; null: no such key. */
    look: (key: string) => {
      const found = stored(key);
      if (found === null) return null;
      const { content, expiresAtMs } = found;
      return [String(content), expiresAtMs === null ? null : (expiresAtMs - START) / 1_000 - now];
    },
    set: (key: string, value: string, ttl: number | null = null) =>
      store.set(key, Buffer.from(value), ttl === null ? null : START + (now + ttl) * 1_000),
    delete: (key: string) => store.delete(key, START + now * 1_000),
    /** How much the first series has risen between two times. */
    rose: (from: number, to: number) => {
      const [series] = situation.series;
      return series === undefined ? Number.NaN : riseOf(series, { from, to }, traffic.stoppedOf(series));
    },
  };
}

describe('a counter grows with the time that has passed', () => {
  test('in whole numbers, whenever somebody looks', () => {
    const { go, look } = play('keys: [{ key: a, value: 10, grows: 0.5, ttl: 100s }]');
    expect(look('a')).toEqual(['10', 100]);
    go(1);
    expect(look('a')).toEqual(['10', 99]);
    go(3);
    expect(look('a')).toEqual(['11', 97]);
    for (let second = 4; second <= 20; second += 0.25) go(second);
    expect(look('a')).toEqual(['20', 80]);
  });

  test('renewed: its end counts from the last count', () => {
    const { go, look } = play('keys: [{ key: a, value: 10, grows: 0.1, renewed: true, ttl: 60s }]');
    go(9);
    expect(look('a')).toEqual(['10', 51]);
    go(25);
    expect(look('a')).toEqual(['12', 55]);
    go(1_000);
    expect(look('a')).toEqual(['110', 60]);
  });

  test('a fixed window ends, and the next count begins a new one', () => {
    const { go, look } = play('keys: [{ key: a, value: 20, grows: 1, ttl: 10s }]');
    go(9);
    expect(look('a')).toEqual(['29', 1]);
    go(12);
    expect(look('a')).toEqual(['2', 10]);
    const late = play('keys: [{ key: a, value: 20, grows: 0.01, ttl: 10s }]');
    late.go(50);
    expect(late.look('a')).toBeNull();
  });

  test('at most so much, and then it is not renewed either', () => {
    const { go, look } = play(
      'keys: [{ key: a, value: 24, grows: 1, renewed: true, at-most: 26, ttl: 60s }]',
    );
    go(2);
    expect(look('a')).toEqual(['26', 60]);
    go(30);
    expect(look('a')).toEqual(['26', 32]);
  });

  test('whoever removes it makes it begin anew; what is no number is left alone', () => {
    const { go, look, set, delete: remove } = play('keys: [{ key: a, value: 10, grows: 1, ttl: 60s }]');
    go(5);
    remove('a');
    go(8);
    expect(look('a')).toEqual(['3', 60]);
    set('a', 'by hand');
    go(20);
    expect(look('a')).toEqual(['by hand', null]);
  });
});

describe('what ends it', () => {
  const series = 'series: [{ metric: a_total, per-second: 3, until: { exists: block } }]';

  test('a key that is there, and only as long as it is', () => {
    const {
      go,
      look,
      set,
      delete: remove,
      rose,
    } = play(`keys: [{ key: a, value: 0, grows: 2, ttl: 1h, until: { exists: block } }]\n${series}`);
    go(10);
    set('block', 'why');
    go(20);
    expect([look('a')?.[0], rose(0, 20)]).toEqual(['20', 30]);
    remove('block');
    go(25);
    expect([look('a')?.[0], rose(0, 25), rose(10, 20)]).toEqual(['30', 45, 0]);
  });

  test('a block that ends by itself while nobody looks', () => {
    const { go, look, set, rose } = play(
      `keys: [{ key: a, value: 0, grows: 2, ttl: 1h, until: { exists: block } }]\n${series}`,
    );
    go(10);
    set('block', 'why', 5);
    go(100);
    expect([look('a')?.[0], rose(0, 100)]).toEqual([String(2 * 95), 3 * 95]);
  });

  test('a key that holds more than so much', () => {
    const { go, set, rose } = play(
      'keys: [{ key: cap, value: "100.00" }]\nseries: [{ metric: a_total, per-second: 1, until: { above: { key: cap, value: 112.5 } } }]',
    );
    go(10);
    set('cap', '112.50');
    go(20);
    expect(rose(0, 20)).toBe(20);
    set('cap', '112.51');
    go(30);
    expect(rose(0, 30)).toBe(20);
    set('cap', 'nonsense');
    go(40);
    expect(rose(0, 40)).toBe(30);
  });

  test('any of several', () => {
    const { go, look, set } = play(
      'keys: [{ key: "a{1..2}", value: 0, grows: 1, ttl: 1h, until: [{ exists: "b{1..2}" }, { exists: all }] }]',
    );
    go(5);
    set('b2', 'x');
    go(10);
    expect([look('a1')?.[0], look('a2')?.[0]]).toEqual(['10', '5']);
    set('all', 'x');
    go(20);
    expect([look('a1')?.[0], look('a2')?.[0]]).toEqual(['10', '5']);
  });
});

describe('the incidents that are shipped react to what their runbook proposes', () => {
  test.each([
    ['one-ip', 'acp:ip_block:203.0.113.42', 'credential_stuffing'],
    ['agent-cap', 'acp:agent_cost_cap:agent-7', '135.00'],
    ['crowd', 'acp:tenant_kill:acme', 'manual_admin_lockdown'],
  ])('%s', (name, key, value) => {
    const incident = shipped[name];
    if (incident === undefined) throw new Error(`there is no incident ${name}`);
    const { go, set, rose } = play(incident);
    go(10);
    set(key, value);
    go(20);
    expect([rose(0, 10) > 0, rose(10, 20)]).toEqual([true, 0]);
  });
});
