import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { ConfigError } from '../../src/errors.ts';
import { withRowLimits } from '../../src/evidence/limits.ts';
import { empty, measured, type Reading, type Row, rowOf, unknown } from '../../src/evidence/types.ts';
import { sayCondition, sayInOne } from '../../src/output/condition-text.ts';
import { explainAll } from '../../src/output/sentences.ts';
import { withLimits } from '../../src/runbooks/limits.ts';
import { parseRunbook } from '../../src/runbooks/parse.ts';
import type { Runbook } from '../../src/runbooks/schema.ts';
import { judge } from '../../src/verdict/judge.ts';
import { builtIn, evidence } from '../support/evidence.ts';
import { incidentOf } from '../support/incident.ts';
import { labelledOf } from '../support/labelled.ts';
import { play, tried } from '../support/played.ts';

const gateway = builtIn('api-gateway');
const YAML = readFileSync(new URL('../../src/runbooks/api-gateway.yaml', import.meta.url), 'utf8');

// The labelled incidents on the drill's embedded systems; e2e plays them into real servers.
test.each([...labelledOf('api-gateway')])('%s', async (name, incident) => {
  const { mismatches } = tried(name, incident, await play(incident));
  expect(mismatches).toEqual([]);
});

/** Values by client; the mix of a label where one is told. */
const clients = (values: Readonly<Record<string, number>>, label?: readonly [string, string]): Reading => {
  const total = Object.values(values).reduce((sum, value) => sum + value, 0);
  const rows = Object.entries(values).map(
    ([id, value]): Row =>
      rowOf({
        ...{ id, valid: true, value, share: total > 0 ? value / total : null },
        labels: label === undefined ? {} : { [label[0]]: { [label[1]]: value } },
      }),
  );
  return rows.length > 0 ? measured({ total, distinct: rows.length, rows }) : empty();
};

/** A key that was a little over its rate and is now rejected five times for each request that is accepted. */
const STORM: Readonly<Record<string, Reading>> = {
  'requests-by-client': clients({ app: 10, shop: 0.5 }),
  'accepted-by-client': clients({ app: 1.6, shop: 0.5 }),
  'throttled-by-client': clients({ app: 8.4 }),
  'throttled-by-rate': clients({ app: 8.4 }),
  'throttled-by-burst': empty(),
  'throttled-untold': empty(),
  'accepted-earlier': clients({ app: 1.6, shop: 0.5 }),
  'throttled-earlier': clients({ app: 0.3 }),
};

function verdict(more: Readonly<Record<string, Reading>> = {}, runbook: Runbook = gateway) {
  const whole = { ...STORM, ...more };
  const limited = Object.entries(whole).map(([id, reading]) => {
    const signal = { ...reading, sources: [], unit: 'requests/s', windowSeconds: 300 };
    return [id, withRowLimits(id, signal, runbook)] as const;
  });
  const verdict = judge(evidence(Object.fromEntries(limited), runbook), runbook);
  const found = verdict.findings.map(({ category, confidence, subjects }) => [
    ...[category, confidence],
    subjects.map(({ id }) => id).join(' '),
  ]);
  return { ...verdict, found };
}

describe('rejections against what is accepted', () => {
  test('that grow while nothing more is accepted are retries', () => {
    expect(verdict().found).toEqual([['naive-retry-storm', 'high', 'app']]);
    const [finding] = verdict().findings;
    expect(explainAll(finding?.because.slice(0, 1) ?? [], gateway)).toBe(
      'app: up to 5.3 times as much as of accepted requests by client (threshold 3 times), 8.4 throttled/s now and 0.3 earlier, of that 1.6 now and 1.6 earlier',
    );
  });

  test.each([
    ['twice as many exactly', { 'throttled-earlier': clients({ app: 4.2 }) }, 'naive-retry-storm'],
    ['hardly twice as many', { 'throttled-earlier': clients({ app: 4.3 }) }, 'client-over-rate'],
    ['as many before', { 'throttled-earlier': clients({ app: 8 }) }, 'client-over-rate'],
    ['none before', { 'throttled-earlier': empty() }, 'naive-retry-storm'],
    ['more accepted than before', { 'accepted-earlier': clients({ app: 0.9 }) }, 'client-over-rate'],
    ['less accepted than before', { 'accepted-earlier': clients({ app: 4 }) }, 'client-over-rate'],
    ['nothing accepted before', { 'accepted-earlier': clients({ shop: 0.5 }) }, 'client-over-rate'],
    [
      'nothing accepted, then and now',
      { 'accepted-earlier': clients({ shop: 0.5 }), 'accepted-by-client': clients({ shop: 0.5 }) },
      'naive-retry-storm',
    ],
    ['rejections of another', { 'throttled-earlier': clients({ shop: 8 }) }, 'naive-retry-storm'],
  ])('%s', (_, more, category) => {
    expect(verdict(more).found.map(([id]) => id)).toEqual([category]);
  });

  test('what was earlier and could not be read makes a storm undecided and the rate less sure', () => {
    const { found, undecided } = verdict({ 'throttled-earlier': unknown('timeout', 'no answer') });
    expect(found).toEqual([['client-over-rate', 'low', 'app']]);
    expect(undecided.map(({ category }) => category)).toEqual(['naive-retry-storm']);
  });

  test('what was earlier is not asked for where nobody is rejected so often', () => {
    const { found } = verdict({
      'throttled-by-client': clients({ app: 0.9 }),
      'throttled-by-rate': clients({ app: 0.9 }),
      'throttled-earlier': empty(null, false),
    });
    expect(found).toEqual([['client-over-rate', 'high', 'app']]);
  });

  test('who is not among the largest of earlier may have had as much as the least of them', () => {
    const kept = clients({ shop: 5 });
    const category = (distinct: number) =>
      verdict({ 'throttled-earlier': { ...kept, distinct } }).found.map(([id]) => id);
    expect(category(1)).toEqual(['naive-retry-storm']);
    expect(category(2)).toEqual(['client-over-rate']);
  });

  test('rejections that could not be read rule nothing out', () => {
    const { category, ruledOut } = verdict({
      'throttled-by-client': unknown('timeout', 'no answer'),
      'throttled-by-rate': unknown('timeout', 'no answer'),
    });
    expect(category).toBe('inconclusive');
    expect(ruledOut.map((one) => one.category)).not.toContain('naive-retry-storm');
  });
});

test.each([
  ['rate', 'mix-only'],
  ['burst', 'mix-only'],
  ['account', 'volume'],
])('a storm that runs into the limit %s: %s', (limit, code) => {
  const { findings } = verdict({ 'throttled-by-client': clients({ app: 8.4 }, ['limit', limit]) });
  const [, told] = findings[0]?.because ?? [];
  expect([told?.code, told?.args.value]).toEqual([code, code === 'volume' ? undefined : limit]);
});

describe('who is named by one category is not named by another', () => {
  test('and whoever is left is', () => {
    const { found, findings } = verdict({ 'throttled-by-rate': clients({ app: 8.4, report: 0.4 }) });
    expect(explainAll(findings[1]?.because ?? [], gateway)).toBe(
      'requests that the rate throttled: report at 0.4 throttled/s (threshold 0.1)',
    );
    expect(found).toEqual([
      ['naive-retry-storm', 'high', 'app'],
      ['client-over-rate', 'high', 'report'],
    ]);
  });

  test('both limits of one client are said of it', () => {
    const { found } = verdict({
      'throttled-by-client': clients({ app: 0.9 }),
      'throttled-by-rate': clients({ app: 0.6 }),
      'throttled-by-burst': clients({ app: 0.3 }),
    });
    expect(found).toEqual([
      ['client-over-rate', 'high', 'app'],
      ['client-over-burst', 'high', 'app'],
    ]);
  });

  test('is said in words', () => {
    const over = gateway.categories.find(({ id }) => id === 'client-over-rate');
    expect(over && sayInOne(sayCondition(over['sure-when'] ?? over.when, gateway))).toMatch(
      /^without those of naive-retry-storm: requests that the rate throttled: one client at 0\.1 throttled\/s or more/,
    );
    expect(over && sayInOne(sayCondition(over.when, gateway))).toMatch(
      /^without those of naive-retry-storm: requests that the rate .*, or requests by client/,
    );
  });
});

describe('a plan of the context decides where the gateway does not say which limit tripped', () => {
  const untold = {
    'requests-by-client': clients({ app: 2.5, shop: 0.5 }, ['plan', 'gold']),
    'accepted-by-client': clients({ app: 2, shop: 0.5 }, ['plan', 'gold']),
    'throttled-by-client': clients({ app: 0.5 }),
    'throttled-by-rate': empty(),
    'throttled-untold': clients({ app: 0.5 }),
  };
  test.each([
    [100, 'client-over-rate'],
    [300, 'client-over-burst'],
  ])('a rate of %s a minute: %s', (rate, category) => {
    const own = withLimits(gateway, { 'plan-rate': { tiers: { gold: rate } } });
    expect(verdict(untold, own).found).toEqual([[category, 'medium', 'app']]);
  });

  test('more accepted than a rate with its burst allows is said', () => {
    const own = withLimits(gateway, { 'plan-rate': { entries: { app: 60 } } });
    const [finding] = verdict(untold, own).findings;
    expect(finding?.caveats.map(({ code }) => code)).toContain('not-enforced');
  });
});

test.each([
  [
    'category: naive-retry-storm\n        when:',
    'category: naive-retry-strom\n        when:',
    'naive-retry-strom',
  ],
  ['grown: { signal: throttled-earlier', 'grown: { signal: throttled-earlie', 'no signal "throttled-earlie"'],
  [
    'steady: { signal: accepted-earlier, times: steady',
    'steady: { signal: accepted-earlier, times: stedy',
    'no threshold "stedy-times"',
  ],
  [
    'when: { reaches: { signal: throttled-by-rate, at-least: client',
    'when: { reaches: { signal: throttled-by-rat, at-least: client',
    'no signal "throttled-by-rat"',
  ],
  [
    'by: accepted-by-client, times: storm-times, at-least: storm-rate }',
    'by: accepted-by-client, times: storm-times, share: storm-rate }',
    'unknown key share',
  ],
])('%s as %s is refused', (from, to, message) => {
  expect(YAML).toContain(from);
  let problems: readonly string[] = [];
  try {
    parseRunbook(
      YAML.replace(from, () => to),
      'my.yaml',
    );
  } catch (error) {
    problems = (error as ConfigError).problems;
  }
  expect(problems.join('\n')).toContain(message);
});

test('CloudWatch is read as each of its exporters writes it, and no API twice', async () => {
  const gauge = (labels: string) =>
    `  - { metric: aws_apigateway_4_xxerror_sum, labels: { job: cw, ${labels} }, value: 12 }`;
  const { evidence: seen } = await play(
    incidentOf(
      [
        'runbook: api-gateway',
        'series:',
        gauge('api_name: orders, stage: prod'),
        gauge('dimension_ApiName: carts, dimension_Stage: prod'),
        gauge('dimension_api_name: users, dimension_stage: prod'),
        '  - { metric: aws_apigateway_4xxerror_sum, labels: { job: cw, api_name: orders, stage: prod }, value: 12 }',
      ].join('\n'),
    ),
  );
  const { rows = [], total } = seen.signals['cloudwatch-4xx'] ?? {};
  expect(rows.map(({ id, value }) => [id, value]).sort()).toEqual([
    ['carts', 12],
    ['orders', 12],
    ['users', 12],
  ]);
  expect(total).toBe(36);
});

test('who is rejected seldom is not held against what is accepted, and that is said', () => {
  const { ruledOut } = verdict({ 'throttled-by-client': clients({ app: 0.3 }) });
  const because = ruledOut.find(({ category }) => category === 'naive-retry-storm')?.because ?? [];
  expect(explainAll(because.slice(0, 1), gateway)).toBe('no client with 1 throttled/s or more');
});

describe('a plan that the table does not have', () => {
  const ask = (limits: Parameters<typeof withLimits>[1], untold: boolean) => {
    const mix = ['plan', 'gold'] as const;
    const throttled = clients({ sync: 0.3 });
    return verdict(
      {
        ...{
          'requests-by-client': clients({ sync: 2.5 }, mix),
          'accepted-by-client': clients({ sync: 2.2 }, mix),
        },
        ...{ 'throttled-by-client': throttled, 'throttled-earlier': throttled },
        'throttled-by-rate': untold ? empty() : throttled,
        'throttled-untold': untold ? throttled : empty(),
        'accepted-earlier': clients({ sync: 2.2 }),
      },
      withLimits(gateway, limits),
    );
  };
  const codes = ({ findings: [first] }: ReturnType<typeof ask>) => first?.caveats.map(({ code }) => code);

  test('makes less sure where the table alone tells which limit tripped', () => {
    const unknown = ask({}, true);
    expect(unknown.found).toEqual([['client-over-rate', 'low', 'sync']]);
    expect(codes(unknown)).toContain('unknown-plan');
    const known = ask({ 'plan-rate': { tiers: { gold: 120 } } }, true);
    expect(known.found).toEqual([['client-over-rate', 'medium', 'sync']]);
    expect(codes(known)).not.toContain('unknown-plan');
  });

  test('and decides nothing where the gateway tells it, or the key has a limit of its own', () => {
    expect(codes(ask({}, false))).not.toContain('unknown-plan');
    expect(codes(ask({ 'plan-rate': { entries: { sync: 120 } } }, true))).not.toContain('unknown-plan');
  });

  test('is no rate that tripped, where more is accepted than the table allows', () => {
    const { findings } = ask({ 'plan-rate': { default: 60 } }, true);
    expect(findings[0]?.confidence).toBe('low');
    expect(codes(ask({ 'plan-rate': { default: 60 } }, true))).toContain('not-enforced');
  });
});
