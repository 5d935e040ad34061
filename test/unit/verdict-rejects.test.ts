import { describe, expect, test } from 'vitest';
import type { Reading } from '../../src/evidence/types.ts';
import { aegisWith, agents, inflight, rejects, services } from '../support/evidence.ts';
import { categoriesOf, caveatCodes, findingOf, subjectIds, triage } from '../support/triage.ts';

const TENANT = 'tenant-over-rps-cap';
const AGENT = 'agent-over-cost-cap';
const OVERLOAD = 'platform-overload';

type Paths = Record<string, number>;
const rejected = (tenants: Record<string, Paths>, more: Record<string, Reading> = {}) =>
  triage({ 'rejects-by-tenant': rejects(tenants), ...more });
const mixed = (perSecond: number): Paths => ({ '/execute': perSecond / 2, '/agents': perSecond / 2 });
const tenants = (count: number, paths: Paths): Record<string, Paths> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`tenant-${index}`, paths]));
const atCap = { 'agent-spend': agents({ summarizer: [100, '100.00'], helper: [1, '50.00'] }) };

describe('one tenant', () => {
  test('on a mix of paths is over its request rate', () => {
    const verdict = rejected({ acme: { '/execute': 3, '/agents': 1 }, globex: mixed(0.1) });
    expect(categoriesOf(verdict)).toEqual([TENANT]);
    const finding = findingOf(verdict, TENANT);
    expect(finding).toMatchObject({
      confidence: 'high',
      subjects: [{ kind: 'tenant', id: 'acme', value: 4 }],
    });
    expect(finding.because.map(({ code }) => code)).toEqual(['volume', 'spread-one', 'mix-mixed']);
  });

  test('on another path alone is a mix as well', () => {
    expect(categoriesOf(rejected({ acme: { '/agents': 4 } }))).toEqual([TENANT]);
  });

  test('on /execute alone, with an agent at its cap, has spent its money', () => {
    const verdict = rejected({ acme: { '/execute': 3 } }, atCap);
    expect(categoriesOf(verdict)).toEqual([AGENT]);
    const finding = findingOf(verdict, AGENT);
    expect(finding).toMatchObject({ confidence: 'high', caveats: [] });
    expect(subjectIds(finding)).toEqual(['summarizer', 'acme']);
  });

  test('on /execute alone, with no agent at its cap, is half a case', () => {
    const finding = findingOf(rejected({ acme: { '/execute': 3 } }), AGENT);
    expect(finding.confidence).toBe('low');
    expect(subjectIds(finding)).toEqual(['acme']);
    expect(finding.caveats).toMatchObject([
      { code: 'unconfirmed', because: [{ code: 'over-limit', signal: 'agent-spend', met: false }] },
    ]);
  });

  test('an agent at its cap without rejections is the other half', () => {
    const finding = findingOf(triage(atCap), AGENT);
    expect(finding.confidence).toBe('low');
    expect(subjectIds(finding)).toEqual(['summarizer']);
    const [caveat] = finding.caveats;
    expect(caveat?.code).toBe('unconfirmed');
    expect(caveat?.because.map(({ signal }) => signal)).toContain('rejects-by-tenant');
  });

  test.each([
    ['94 %', { '/execute': 9.4, '/agents': 0.6 }, TENANT],
    ['95 %', { '/execute': 9.5, '/agents': 0.5 }, AGENT],
  ])('%s of it on /execute', (_, paths, expected) => {
    expect(categoriesOf(rejected({ acme: paths }))).toEqual([expected]);
  });

  test.each([
    [0.99, 'quiet'],
    [1, TENANT],
  ])('%f rejections per second: %s', (perSecond, expected) => {
    expect(rejected({ acme: mixed(perSecond) }).category).toBe(expected);
  });

  test('one per second that nobody stands out in is abnormal without a name', () => {
    const verdict = rejected(tenants(10, mixed(0.2)));
    expect(verdict).toMatchObject({ category: 'inconclusive', findings: [] });
    expect(verdict.unexplained).toMatchObject([
      { code: 'volume', signal: 'rejects-by-tenant', threshold: 1 },
    ]);
  });

  test('below half a request per second it is not stuck at its limit', () => {
    const spread = { ...tenants(3, mixed(0.3)), acme: mixed(0.49) };
    expect(categoriesOf(rejected(spread))).toEqual([]);
    expect(subjectIds(findingOf(rejected({ ...spread, acme: mixed(0.5) }), TENANT))).toEqual(['acme']);
  });

  test('a few tenants, each by its own pattern', () => {
    const verdict = rejected({ acme: { '/execute': 3 }, globex: mixed(3) }, atCap);
    expect(categoriesOf(verdict)).toEqual([AGENT, TENANT]);
    expect(subjectIds(findingOf(verdict, AGENT))).toEqual(['summarizer', 'acme']);
    expect(subjectIds(findingOf(verdict, TENANT))).toEqual(['globex']);
  });
});

describe('many tenants', () => {
  test('four are a few, five are the platform', () => {
    const four = rejected(tenants(4, mixed(1)));
    expect(categoriesOf(four)).toEqual([TENANT]);
    expect(findingOf(four, TENANT).subjects).toHaveLength(4);
    expect(categoriesOf(rejected(tenants(5, mixed(1))))).toEqual([OVERLOAD]);
    expect(categoriesOf(rejected({ ...tenants(4, mixed(1)), small: mixed(0.49) }))).toEqual([TENANT]);
  });

  test('capacity is medium on the spread alone', () => {
    const finding = findingOf(rejected(tenants(8, mixed(1))), OVERLOAD);
    expect(finding).toMatchObject({ confidence: 'medium', subjects: [] });
    expect(caveatCodes(finding)).toEqual(['unconfirmed']);
    expect(finding.checks).toContainEqual(expect.objectContaining({ code: 'as-usual', state: 'not-told' }));
  });

  test.each([
    [89, 'medium'],
    [90, 'high'],
  ])('with %i of 100 requests in flight it is %s', (requests, confidence) => {
    const runbook = aegisWith({ 'inflight-limit': 100 });
    const busy = { 'gw-1:8000': requests, 'gw-2:8000': 10 };
    const readings = {
      'rejects-by-tenant': rejects(tenants(8, mixed(1))),
      inflight: inflight(busy, runbook.thresholds['inflight-limit']?.value),
    };
    expect(findingOf(triage(readings, runbook), OVERLOAD).confidence).toBe(confidence);
  });

  test('a service that is down speaks against capacity', () => {
    const down = { 'service-up': services({ 'policy:8000': 0, 'gw-1:8000': 1 }) };
    const finding = findingOf(rejected(tenants(8, mixed(1)), down), OVERLOAD);
    expect(finding.confidence).toBe('low');
    expect(caveatCodes(finding)).toContain('service-down');
  });

  test.each(['identity:8000', 'identity-2.prod:8000', 'identity'])('without %s it is an outage', (name) => {
    const down = { 'service-up': services({ [name]: 0, 'gw-1:8000': 1 }) };
    const verdict = rejected(tenants(8, mixed(1)), down);
    expect(categoriesOf(verdict)).toEqual(['dependency-outage']);
    expect(verdict.confidence).toBe('high');
  });

  test('a service whose name only begins alike is no dependency', () => {
    const down = { 'service-up': services({ 'identityless:8000': 0, 'gw-1:8000': 1 }) };
    expect(categoriesOf(rejected(tenants(8, mixed(1)), down))).toEqual([OVERLOAD]);
  });

  test.each([
    // Five tenants with a tenth or more each are more than a few.
    ['60 % by one tenant', { big: mixed(6), ...tenants(4, mixed(1)) }, [OVERLOAD]],
    ['61 % by one tenant', { big: mixed(6.1), ...tenants(4, mixed(0.975)) }, [TENANT]],
  ])('%s', (_, all, categories) => {
    const verdict = rejected(all);
    expect(categoriesOf(verdict)).toEqual(categories);
    if (categories.includes(TENANT)) expect(subjectIds(findingOf(verdict, TENANT))).toEqual(['big']);
  });

  test('eight at 1/s and one at 10/s are both told', () => {
    const verdict = rejected({ loud: mixed(10), ...tenants(8, mixed(1)) });
    expect(categoriesOf(verdict)).toEqual([OVERLOAD, TENANT]);
    expect(subjectIds(findingOf(verdict, TENANT))).toEqual(['loud']);
  });

  test.each([30, 300])(
    'eight at 1/s and one at %i/s: above 60 %% it is that tenant, whoever else is touched',
    (loud) => {
      const verdict = rejected({ loud: mixed(loud), ...tenants(8, mixed(1)) });
      expect(categoriesOf(verdict)).toEqual([TENANT]);
      expect(subjectIds(findingOf(verdict, TENANT))).toEqual(['loud']);
    },
  );

  test('the larger tenants of an overload are told, and that they may be a part of it', () => {
    const verdict = rejected({ a: mixed(2.5), b: mixed(2), c: mixed(1.7), ...tenants(6, mixed(1)) });
    expect(categoriesOf(verdict)).toEqual([OVERLOAD, TENANT]);
    const tenant = findingOf(verdict, TENANT);
    expect(subjectIds(tenant)).toEqual(['a', 'b', 'c']);
    expect(tenant.confidence).toBe('medium');
    expect(caveatCodes(tenant)).toContain('platform-wide');
  });

  test('all on /execute is not capacity', () => {
    const verdict = rejected(tenants(8, { '/execute': 1 }));
    expect(categoriesOf(verdict)).toEqual([]);
    expect(verdict.category).toBe('inconclusive');
  });
});

describe('names and caps from outside', () => {
  test.each([
    '__proto__',
    'constructor',
    'a b; rm -rf /',
    '\u202egro.evil',
    '\x1b[2J',
    '日本',
    'a'.repeat(256),
  ])('a tenant named %j is found under exactly that name', (name) => {
    const verdict = triage({ 'rejects-by-tenant': rejects([[name, mixed(4)]]) });
    expect(subjectIds(findingOf(verdict, TENANT))).toEqual([name]);
  });

  test('paths named like parts of an object are only paths', () => {
    const paths = JSON.parse('{"__proto__": 2, "constructor": 1, "/execute": 1}');
    expect(categoriesOf(rejected({ acme: paths }))).toEqual([TENANT]);
  });

  test('a tenant without a name is abnormal and not a subject', () => {
    const verdict = triage({ 'rejects-by-tenant': rejects([['', mixed(4)]]) });
    expect(verdict).toMatchObject({ category: 'inconclusive', findings: [] });
  });

  test.each(['0', '0.00', '-5', 'abc', 'nan', 'inf', ''])('a cap of %j is no cap and no finding', (cap) => {
    expect(triage({ 'agent-spend': agents({ summarizer: [5000, cap] }) }).category).toBe('quiet');
  });

  test.each([
    ['99.99', [99.99, '100.00'], 'quiet'],
    ['the cap', [100, '100.00'], AGENT],
    ['much without a cap', [5000, null], 'quiet'],
  ] as const)('an agent that spent %s', (_, spend, expected) => {
    expect(triage({ 'agent-spend': agents({ summarizer: spend }) }).category).toBe(expected);
  });
});
