import { describe, expect, test } from 'vitest';
import { measured, type Reading, type Row, rowOf, unknown } from '../../src/evidence/types.ts';
import { aegisWith, agents, inflight, rejects, services } from '../support/evidence.ts';
import { categoriesOf, caveatCodes, findingOf, subjectIds, triage } from '../support/triage.ts';

// What makes a verdict on rejections and on money less than sure, or another one.

const OUTAGE = 'dependency-outage';
const OVERLOAD = 'platform-overload';
const AGENT = 'agent-over-cost-cap';
const QUOTA = 'tenant-over-quota';
const RPS = 'tenant-over-rps-cap';

/** The same rows, each with something else about it. */
const withRows = (reading: Reading, change: (row: Row) => Partial<Row>): Reading => ({
  ...reading,
  rows: reading.rows.map((row) => ({ ...row, ...change(row) })),
});
const named = (rows: readonly (readonly [id: string, value: number, kind?: string])[]): Reading =>
  measured({
    total: rows.reduce((sum, [, value]) => sum + value, 0),
    distinct: rows.length,
    rows: rows.map(([id, value, kind = null]) => rowOf({ id, valid: true, value, kind })),
  });

describe('rejections', () => {
  const many = rejects(
    Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`t${index}`, { '/agents': 1.5 }])),
  );
  /** The same, with what the other contract tells of it. */
  const typed = (reading: Reading, types: (row: Row) => Readonly<Record<string, number>>) =>
    withRows(reading, (row) => ({ labels: { ...row.labels, limit_type: types(row) } }));

  test.each([
    ['its only replica', { 'identity:8000': 0 }, OUTAGE],
    ['all replicas', { 'identity-1:8000': 0, 'identity-2:8000': 0 }, OUTAGE],
    ['one of two replicas', { 'identity-1:8000': 0, 'identity-2:8000': 1 }, OVERLOAD],
  ] as const)('with %s of identity down', (_, up, category) => {
    const verdict = triage({ 'rejects-by-tenant': many, 'service-up': services({ 'gw-1:8000': 1, ...up }) });
    expect(categoriesOf(verdict)).toEqual([category]);
    if (category === OVERLOAD) expect(caveatCodes(findingOf(verdict, category))).toContain('service-down');
  });

  test('of a quota are not capacity, nor an outage', () => {
    const quotas = typed(many, () => ({ daily: 1.5 }));
    expect(categoriesOf(triage({ 'rejects-by-tenant': quotas }))).toEqual([QUOTA]);
    const down = { 'service-up': services({ 'identity:8000': 0 }) };
    expect(categoriesOf(triage({ 'rejects-by-tenant': quotas, ...down }))).toEqual([QUOTA]);
  });

  const two = rejects({ acme: { '/agents': 6, '/execute': 6 }, globex: { '/agents': 4, '/execute': 4 } });

  test('each tenant has its own cause where the limit is told', () => {
    const verdict = triage({
      'rejects-by-tenant': typed(two, ({ id }) => (id === 'acme' ? { daily: 11 } : { rps: 7 })),
    });
    expect(categoriesOf(verdict)).toEqual([QUOTA, RPS]);
    expect(subjectIds(findingOf(verdict, QUOTA))).toEqual(['acme']);
    expect(subjectIds(findingOf(verdict, RPS))).toEqual(['globex']);
  });

  test('at the rate are no cost cap, though all of them are on /execute', () => {
    const execute = rejects({ acme: { '/execute': 9 } });
    expect(categoriesOf(triage({ 'rejects-by-tenant': typed(execute, () => ({ rps: 8.7 })) }))).toEqual([
      RPS,
    ]);
    expect(categoriesOf(triage({ 'rejects-by-tenant': typed(execute, () => ({ rps: 0.1 })) }))).toEqual([
      AGENT,
    ]);
  });

  test.each([
    [{ daily: 3, monthly: 1.2, rps: 3.3 }, [QUOTA], []],
    [{ rps: 9.7, daily: 0.3 }, [RPS], []],
    [{ rps: 9, daily: 1 }, [RPS], ['quota-used-up']],
  ])('%j', (types, categories, caveats) => {
    const reading = typed(
      rejects({ acme: { '': Object.values(types).reduce((sum, part) => sum + part, 0) } }),
      () => types,
    );
    const rows = reading.rows.map((row) => ({ ...row, labels: { limit_type: types } }));
    const verdict = triage({ 'rejects-by-tenant': { ...reading, rows } });
    expect(categoriesOf(verdict)).toEqual(categories);
    const codes = caveatCodes(findingOf(verdict, categories[0] ?? '')).filter(
      (code) => code === 'quota-used-up',
    );
    expect(codes).toEqual(caveats);
  });

  test('without a tenant do not hide one that has a name', () => {
    const verdict = triage({
      'rejects-by-tenant': rejects([
        ['', { '/token': 40 }],
        ['acme', { '/agents': 3 }],
      ]),
    });
    expect(subjectIds(findingOf(verdict, RPS))).toEqual(['acme']);
  });

  test('without a tenant are no mix of paths of those that have a name', () => {
    const quotas = Array.from({ length: 7 }, (_, index) => `t${index}`);
    const reading = rejects([['', { '/token': 40 }], ...quotas.map((id) => [id, { '/x': 1.5 }] as const)]);
    const rows = reading.rows.map((row) =>
      row.id === '' ? row : { ...row, labels: { limit_type: { daily: 1.5 } } },
    );
    expect(categoriesOf(triage({ 'rejects-by-tenant': { ...reading, rows } }))).toEqual([QUOTA]);
  });

  test('of others beside one that has most of them leave a doubt', () => {
    const whale = (others: number) =>
      rejects({
        whale: { '/agents': 30 },
        ...Object.fromEntries(Array.from({ length: others }, (_, i) => [`t${i}`, { '/agents': 1 }])),
      });
    expect(findingOf(triage({ 'rejects-by-tenant': whale(3) }), RPS).confidence).toBe('high');
    expect(findingOf(triage({ 'rejects-by-tenant': whale(4) }), RPS).confidence).toBe('medium');
  });

  test('while the gateway is nearly full leave a doubt, and nearly full alone is not quiet', () => {
    const runbook = aegisWith({ 'inflight-limit': 100 });
    const full = { inflight: inflight({ 'gw-1:8000': 97 }, 100) };
    const found = findingOf(triage({ 'rejects-by-tenant': two, ...full }, runbook), RPS);
    expect([caveatCodes(found), found.confidence]).toEqual([['inflight-near-limit'], 'medium']);
    expect(triage(full, runbook).category).toBe('inconclusive');
  });

  test('of a tenant whose kill switch is engaged leave a doubt', () => {
    const found = findingOf(
      triage({
        'rejects-by-tenant': two,
        'kill-switches': named([
          ['acme', 3600],
          ['globex', 3600],
        ]),
      }),
      RPS,
    );
    expect([caveatCodes(found), found.confidence]).toEqual([['kill-switch-engaged'], 'medium']);
  });
});

describe('an agent at its cap', () => {
  const spent = (more: Record<string, Reading>) =>
    triage({ 'agent-spend': agents({ idle: [150, '100.00'], busy: [120, '100.00'] }), ...more });
  const refused = (id: string, kind = 'agent') => ({ 'blocked-spend': named([[id, 3, kind]]) });

  test('is the one whose calls are refused', () => {
    const found = findingOf(spent(refused('busy')), AGENT);
    expect([subjectIds(found), found.confidence]).toEqual([['busy'], 'high']);
  });

  test.each([
    ['another agent is refused', refused('unseen')],
    ['a tenant of that name is refused', refused('busy', 'tenant')],
    ['nobody is refused', {}],
  ])('%s: it is not sure', (_, more) => {
    expect(findingOf(spent(more), AGENT).confidence).toBe('low');
  });

  const execute = { 'rejects-by-tenant': rejects({ globex: { '/execute': 9 } }) };

  test('is a coincidence where the window of /execute refuses', () => {
    expect(findingOf(spent(execute), AGENT).confidence).toBe('high');
    const window = { 'rejects-by-layer': named([['execute_sw_tenant', 9]]) };
    expect(findingOf(spent({ ...execute, ...window }), AGENT).confidence).toBe('low');
    const late = { 'rejects-by-layer': unknown('timeout', 'late') };
    expect(findingOf(spent({ ...execute, ...late }), AGENT).confidence).toBe('low');
  });

  test.each([
    ['in quarantine', { quarantines: named([['acme:busy', 3600]]) }, 'quarantined', ['busy'], 'medium'],
    ['in quarantine elsewhere', { quarantines: named([['busy:acme', 3600]]) }, null, [], 'high'],
    [
      'shut off with its tenant',
      { ...execute, 'kill-switches': named([['globex', 3600]]) },
      'kill-switch-engaged',
      null,
      'medium',
    ],
  ] as const)('%s', (_, more, code, except, confidence) => {
    const found = findingOf(spent({ ...refused('busy'), ...more }), AGENT);
    expect(found.confidence).toBe(confidence);
    expect(caveatCodes(found)).toEqual(code === null ? [] : [code]);
    const raise = found.responses.find(({ id }) => id === 'raise-cap');
    // Of a whole tenant there is nothing left to raise.
    expect(raise?.except ?? null).toEqual(except);
  });
});
