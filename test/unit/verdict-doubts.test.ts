import { describe, expect, test } from 'vitest';
import type { Reading, Row } from '../../src/evidence/types.ts';
import { absent, measured, rowOf, unknown } from '../../src/evidence/types.ts';
import { judge } from '../../src/verdict/judge.ts';
import {
  aegis,
  agents,
  counters,
  crowd,
  deploys,
  evidence,
  rate,
  rejects,
  services,
} from '../support/evidence.ts';
import { categoriesOf, caveatCodes, findingOf, subjectIds, triage } from '../support/triage.ts';

// What makes a verdict less than sure, or another one.

const SINGLE = 'single-ip-credential-stuffing';
const CROWD = 'distributed-credential-stuffing';
const CHURN = 'deploy-auth-churn';
const AGENT = 'agent-over-cost-cap';
const RPS = 'tenant-over-rps-cap';
const HEAVY = '203.0.113.42';

const failures = (byIp: Parameters<typeof counters>[0], more: Record<string, Reading> = {}) =>
  triage({ 'auth-failures-by-ip': counters(byIp), ...more });
/** The same rows, each with something else about it. */
const withRows = (reading: Reading, change: (row: Row) => Partial<Row>): Reading => ({
  ...reading,
  rows: reading.rows.map((row) => ({ ...row, ...change(row) })),
});
const total = (now: number, usual: number): Reading => ({
  ...rate(now),
  baseline: { day: usual, week: usual },
});
const named = (rows: readonly (readonly [id: string, value: number, kind?: string])[]): Reading =>
  measured({
    total: rows.reduce((sum, [, value]) => sum + value, 0),
    distinct: rows.length,
    rows: rows.map(([id, value, kind = null]) => rowOf({ id, valid: true, value, kind })),
  });

describe('whose addresses a crowd has', () => {
  const inside = (count: number, each: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`10.0.${index}.1`, each]));

  test.each([
    ['six that stand out', inside(6, 300)],
    ['forty that do not', inside(40, 15)],
    ['most of them', { ...inside(40, 15), ...crowd(30, 15) }],
  ])('%s are private: no attack from outside', (_, byIp) => {
    const found = findingOf(failures(byIp), CROWD);
    expect(found.confidence).toBe('low');
    expect(caveatCodes(found)).toContain('proxy-aggregate');
  });

  test('a few private ones among many public ones change nothing', () => {
    expect(findingOf(failures({ ...inside(10, 15), ...crowd(60, 15) }), CROWD)).toMatchObject({
      confidence: 'high',
      caveats: [],
    });
  });

  test.each([
    ['named by clients', () => true, 'medium'],
    ['half of them named by clients', (index: number) => index % 2 === 0, 'medium'],
    ['a third of them named by clients', (index: number) => index % 3 === 0, 'high'],
  ])('%s', (_, is, confidence) => {
    const reading = counters(crowd(60, 15));
    const rows = reading.rows.map((row, index) => ({ ...row, claimed: is(index) }));
    expect(findingOf(triage({ 'auth-failures-by-ip': { ...reading, rows } }), CROWD).confidence).toBe(
      confidence,
    );
  });

  test('one that is loud and known does not speak for sixty that clients named', () => {
    const reading = counters({ [HEAVY]: 4000, ...crowd(60, 300) });
    const rows = reading.rows.map((row) => ({ ...row, claimed: row.id !== HEAVY }));
    const found = findingOf(triage({ 'auth-failures-by-ip': { ...reading, rows } }), CROWD);
    expect([caveatCodes(found), found.confidence]).toEqual([['client-claimed-address'], 'medium']);
  });

  const network = (count: number, each: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`2001:db8:5:9::${index + 1}`, each]));

  test.each([
    ['a crowd', network(60, 15), ['one-network'], 'medium'],
    ['eight loud ones', network(8, 300), ['one-network'], 'medium'],
    ['half of a crowd', { ...network(30, 15), ...crowd(30, 15) }, ['one-network'], 'medium'],
    ['a third of a crowd', { ...network(20, 15), ...crowd(40, 15) }, [], 'high'],
  ])('%s of one IPv6 network', (_, byIp, caveats, confidence) => {
    const found = findingOf(failures(byIp), CROWD);
    expect([caveatCodes(found), found.confidence]).toEqual([caveats, confidence]);
  });

  test('a loud address of the same network is no crowd', () => {
    const found = findingOf(failures({ '2001:db8:5:9::1': 900, ...crowd(60, 15) }), CROWD);
    expect(caveatCodes(found)).toEqual([]);
  });
});

describe('a private address beside a public one', () => {
  test('is not named, and the public one alone is counted', () => {
    const found = findingOf(failures({ '10.0.0.5': 9000, [HEAVY]: 900 }), SINGLE);
    expect(subjectIds(found)).toEqual([HEAVY]);
    expect(found.confidence).toBe('high');
    expect(caveatCodes(found)).toContain('proxy-aggregate');
  });

  test('nor is it beside a peer of the gateway: then all of them are in doubt', () => {
    const found = findingOf(
      failures(
        { '10.0.0.5': 900, '198.51.100.10': 900 },
        { 'auth-peers': counters({ '198.51.100.10': 900 }) },
      ),
      SINGLE,
    );
    expect(found.confidence).toBe('medium');
    expect(found.responses).toContainEqual({ id: 'block-ip', except: ['10.0.0.5', '198.51.100.10'] });
  });

  test('and alone it is named, with doubt', () => {
    const found = findingOf(failures({ '10.0.0.5': 9000 }), SINGLE);
    expect([subjectIds(found), found.confidence]).toEqual([['10.0.0.5'], 'low']);
  });

  test.each(['198.51.100.10', '::ffff:198.51.100.10', '::FFFF:198.51.100.10'])(
    'a peer of the gateway, which calls it %s, is not proposed for a block',
    (peer) => {
      const found = findingOf(
        failures({ '198.51.100.10': 900 }, { 'auth-peers': counters({ [peer]: 900 }) }),
        SINGLE,
      );
      expect(found.confidence).toBe('medium');
      expect(found.responses).toContainEqual({ id: 'block-ip', except: ['198.51.100.10'] });
    },
  );
});

describe('counters that are not of the last minutes', () => {
  const from = (source: string, lastSeenSeconds: number | null) =>
    withRows(counters({ [HEAVY]: 900 }), () => ({
      ...{ sources: [source], lastSeenSeconds },
      expires: lastSeenSeconds !== null,
    }));

  test.each([
    ['one that never ends', 'acp:auth_fail:*', null, ['no-expiry']],
    ['one that was renewed', 'acp:auth_fail:*', 4, []],
    ['one whose end tells nothing', 'acp:ratelimit:auth_fail:*', null, []],
  ])('%s', (_, source, lastSeen, caveats) => {
    const found = findingOf(triage({ 'auth-failures-by-ip': from(source, lastSeen) }), SINGLE);
    expect(caveatCodes(found)).toEqual(caveats);
    expect(found.confidence).toBe(caveats.length > 0 ? 'medium' : 'high');
  });

  test.each([
    [0.9, ['counted-for-long']],
    [1.1, []],
    // One that saw nothing counts something else.
    [0, []],
  ])('900 failures in five minutes, and the platform saw %f a second', (perSecond, caveats) => {
    const reasons = { 'auth-failures-by-reason': rate(perSecond) };
    expect(caveatCodes(findingOf(failures({ [HEAVY]: 900 }, reasons), SINGLE))).toEqual(caveats);
  });
});

describe('what is over', () => {
  const last = (seen: Readonly<Record<string, number>>, reading: Reading) =>
    withRows(reading, (row) => ({ lastSeenSeconds: seen[String(row.id)] ?? 4 }));
  const judgedOf = (seen: Readonly<Record<string, number>>) =>
    findingOf(
      triage({ 'auth-failures-by-ip': last(seen, counters({ [HEAVY]: 900, '203.0.113.43': 800 })) }),
      SINGLE,
    );

  test.each([
    [{ [HEAVY]: 240, '203.0.113.43': 200 }, ['seems-over'], 'medium'],
    // It is told of the one, and the other goes on.
    [{ [HEAVY]: 240, '203.0.113.43': 4 }, ['seems-over'], 'high'],
    [{ [HEAVY]: 4, '203.0.113.43': 4 }, [], 'high'],
  ])('%j', (seen, caveats, confidence) => {
    const found = judgedOf(seen);
    expect([caveatCodes(found), found.confidence]).toEqual([caveats, confidence]);
  });

  test('and one that is a proxy, leave nothing sure', () => {
    const reading = last({ [HEAVY]: 240 }, counters({ [HEAVY]: 900, '10.0.0.5': 800 }));
    const found = findingOf(triage({ 'auth-failures-by-ip': reading }), SINGLE);
    expect(found.confidence).toBe('medium');
  });
});

describe('an ordinary day of a large platform', () => {
  test('is no attack, however many fail, when as many did before', () => {
    const people = crowd(120, 4);
    expect(failures(people, { 'auth-failures-total': total(1.6, 1.5) }).category).toBe('inconclusive');
    expect(failures(people, { 'auth-failures-total': total(1.6, 0.1) }).category).toBe(CROWD);
    expect(failures(crowd(2000, 1), { 'auth-failures-total': total(9, 9) }).category).toBe('inconclusive');
    expect(failures(crowd(500, 1), { 'auth-failures-total': total(9, 0.1) }).category).toBe(CROWD);
  });

  test('does not hide sources that fail more often than people', () => {
    const byIp = { ...crowd(120, 4), ...crowd(60, 15, 200) };
    expect(failures(byIp, { 'auth-failures-total': total(4.6, 4) }).category).toBe(CROWD);
  });

  const people = crowd(120, 4);

  test('stays one beside an attacker, who is told alone', () => {
    const verdict = failures({ [HEAVY]: 900, ...people }, { 'auth-failures-total': total(4.6, 1.5) });
    expect(categoriesOf(verdict)).toEqual([SINGLE]);
  });

  test('is not known where the total has not seen the attacker', () => {
    const verdict = failures({ [HEAVY]: 3000, ...people }, { 'auth-failures-total': total(4.6, 1.5) });
    expect(categoriesOf(verdict)).toEqual([SINGLE, CROWD]);
    const found = findingOf(verdict, CROWD);
    expect(found.confidence).toBe('low');
    expect(found.because).toContainEqual(
      expect.objectContaining({ met: null, signal: 'auth-failures-total' }),
    );
  });

  test('an upper bound shows nothing', () => {
    const atMost: Reading = { ...rate(30), atMost: true };
    const verdict = failures(crowd(150, 1), { 'auth-failures-total': atMost });
    expect(verdict).toMatchObject({ category: 'inconclusive', findings: [] });
    expect(verdict.undecided.map(({ category }) => category)).toContain(CROWD);
  });
});

describe('deploys', () => {
  const reconnecting = crowd(60, (index) => 1 + (index % 5));
  const job = (name: string, ages: readonly number[]) =>
    ages.map((age, index) =>
      rowOf({ id: `${name}-${index}`, valid: true, value: age, labels: { job: { [name]: 1 } } }),
    );
  const running = (...rows: Row[][]): Reading => {
    const all = rows.flat().sort((a, b) => a.value - b.value);
    return measured({ total: null, distinct: all.length, rows: all });
  };
  const old = [90_000, 90_000, 90_000, 90_000];

  test.each([
    [
      'all of a service among others',
      running(job('gateway', [60, 60, 70, 80]), job('node', [...old, ...old])),
      CHURN,
    ],
    ['one of a service', running(job('gateway', [60, ...old.slice(1)]), job('node', old)), CROWD],
    ['a single exporter', running(job('gateway', old), job('exporter', [60])), CROWD],
    ['half of all', running(job('a', [60]), job('b', [60]), job('c', [90_000]), job('d', [90_000])), CHURN],
  ])('%s: %s', (_, processes, category) => {
    expect(failures(reconnecting, { deploys: processes }).category).toBe(category);
  });

  test.each([
    ['as many as ever', { 'auth-failures-total': total(1, 0.9) }, 'inconclusive'],
    ['more than ever', { 'auth-failures-total': total(1, 0.1) }, CHURN],
    [
      'as many before it',
      { 'auth-failures-total': total(1, 0.1), 'auth-failures-earlier': rate(0.9) },
      CROWD,
    ],
    ['few before it', { 'auth-failures-total': total(1, 0.1), 'auth-failures-earlier': rate(0.1) }, CHURN],
    ['invalid API keys', { 'auth-failures-by-reason': named([['invalid_api_key', 1]]) }, CROWD],
    ['dead tokens', { 'auth-failures-by-reason': named([['invalid_token', 1]]) }, CHURN],
  ])('%s: %s', (_, more, category) => {
    expect(failures(reconnecting, { deploys: deploys([60, 70]), ...more }).category).toBe(category);
  });

  test('make churn sure only beside failures that are new', () => {
    const found = (more: Record<string, Reading>) =>
      findingOf(failures(reconnecting, { deploys: deploys([60, 70]), ...more }), CHURN).confidence;
    const isNew = { 'auth-failures-total': total(1, 0.1), 'auth-failures-earlier': rate(0.1) };
    expect(found(isNew)).toBe('high');
    expect(found({ 'auth-failures-total': total(1, 0.1), 'auth-failures-earlier': absent('none') })).toBe(
      'medium',
    );
    expect(found({ ...isNew, 'auth-failures-earlier': unknown('timeout', 'late') })).toBe('low');
    expect(found({})).toBe('medium');
  });

  test.each([
    ['an hour ago', deploys([3600, 3600]), 'high'],
    ['eleven minutes ago', deploys([660, 660]), 'medium'],
    ['one of many, a minute ago', deploys([60, 90_000, 90_000]), 'medium'],
  ])('%s, few failures each', (_, processes, confidence) => {
    const found = findingOf(failures(crowd(60, 4), { deploys: processes }), CROWD);
    expect(found.confidence).toBe(confidence);
  });

  test.each([
    ['a deploy', deploys([60, 70]), 'recent-deploy', 'medium'],
    ['a restart', deploys([60, 90_000, 90_000]), 'recent-restart', 'high'],
  ])('%s beside many failures each, and beside one address', (_, processes, code, confidence) => {
    const verdict = failures({ [HEAVY]: 900, ...crowd(60, 15) }, { deploys: processes });
    for (const category of [CROWD, SINGLE]) {
      const found = findingOf(verdict, category);
      expect([caveatCodes(found), found.confidence]).toEqual([[code], confidence]);
    }
  });
});

describe('names that are made up', () => {
  test.each([
    ['a hundred', 100, ['possibly-spoofed']],
    ['ninety-nine', 99, []],
  ])('%s of them beside one address: it is not proposed for a block', (_, count, caveats) => {
    const junk = Array.from({ length: count }, (_unused, index) => [`x${index}`, 1] as const);
    const verdict = failures([...junk, [HEAVY, 900]], { 'auth-failures-total': rate(6) });
    const found = findingOf(verdict, SINGLE);
    expect(caveatCodes(found)).toEqual(caveats);
    expect(found.responses.some(({ id }) => id === 'block-ip')).toBe(caveats.length === 0);
  });
});

describe('one source of a signal could not be read', () => {
  const facts = evidence({ 'auth-failures-by-ip': counters(crowd(3, 2)) });
  const halfOf = (id: string) => {
    const signal = facts.signals[id];
    if (signal === undefined) throw new Error(id);
    const [first, ...others] = signal.sources;
    if (first === undefined) throw new Error(id);
    const sources = [{ ...first, status: 'unknown', reason: 'late' } as const, ...others];
    return judge({ ...facts, signals: { ...facts.signals, [id]: { ...signal, sources } } }, aegis);
  };

  test('what the other does not show is not refuted', () => {
    const verdict = halfOf('auth-failures-by-ip');
    expect(verdict.category).toBe('inconclusive');
    expect(verdict.undecided.map(({ category }) => category)).toEqual(
      expect.arrayContaining([SINGLE, CROWD]),
    );
    expect(judge(facts, aegis).category).toBe('quiet');
  });

  test('nor is a doubt', () => {
    const reading = {
      'agent-spend': agents({ busy: [120, '100.00'] }),
      'blocked-spend': named([['busy', 3, 'agent']]),
    };
    const whole = evidence(reading);
    const blocked = whole.signals['blocked-spend'];
    const spend = whole.signals['agent-spend'];
    if (blocked === undefined || spend === undefined) throw new Error('no such signal');
    const [agent, tenant] = blocked.sources;
    if (agent === undefined || tenant === undefined) throw new Error('two sources');
    const half = { ...blocked, sources: [agent, { ...tenant, status: 'unknown' as const }] };
    const found = (signals: typeof whole.signals) => findingOf(judge({ ...whole, signals }, aegis), AGENT);
    expect(found(whole.signals).confidence).toBe('high');
    // The tenant's own cap, which would bind, is the source that was not read.
    expect(found({ ...whole.signals, 'blocked-spend': half }).confidence).toBe('low');
  });
});

describe('what could not be checked', () => {
  const late = unknown('timeout', 'late');
  const two = { 'rejects-by-tenant': rejects({ acme: { '/agents': 6 }, globex: { '/agents': 4 } }) };

  test('costs at least what it would have cost', () => {
    const killed = named([
      ['acme', 3600],
      ['globex', 3600],
    ]);
    const down = services({ 'identity:8000': 0 });
    const found = (more: Record<string, Reading>) => findingOf(triage({ ...two, ...more }), RPS).confidence;
    expect(found({ 'kill-switches': killed, 'service-up': down })).toBe('low');
    expect(found({ 'kill-switches': late, 'service-up': down })).toBe('low');
    expect(found({ 'kill-switches': late, 'service-up': late })).toBe('low');
    expect(found({ 'service-up': late })).toBe('medium');
  });

  test('costs no more than one step where it is one thing that is in doubt', () => {
    const readings = ['deploys', 'service-up', 'auth-failures-by-reason', 'deploy-events'].map((id) => [
      id,
      late,
    ]);
    const found = findingOf(failures({ [HEAVY]: 900 }, Object.fromEntries(readings)), SINGLE);
    expect(found.confidence).toBe('medium');
    const both = { deploys: deploys([60, 60]), 'service-up': services({ 'identity:8000': 0 }) };
    expect(findingOf(failures({ [HEAVY]: 900 }, both), SINGLE).confidence).toBe('medium');
  });
});
