import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseConfigFile } from '../../src/config/read.ts';
import type { ConfigError } from '../../src/errors.ts';
import { withRowLimits } from '../../src/evidence/limits.ts';
import {
  empty,
  measured,
  type Reading,
  type Row,
  rowOf,
  type Signal,
  unknown,
} from '../../src/evidence/types.ts';
import { utilisationOf } from '../../src/evidence/utilisation.ts';
import { limitsText } from '../../src/output/limits.ts';
import { makePaint } from '../../src/output/paint.ts';
import { explain } from '../../src/output/sentences.ts';
import { warningsOf } from '../../src/output/triage-unseen.ts';
import type { Condition } from '../../src/runbooks/conditions-schema.ts';
import { limitFor, limitProblems, withLimits } from '../../src/runbooks/limits.ts';
import { parseRunbook } from '../../src/runbooks/parse.ts';
import { alertingRules } from '../../src/runbooks/rules.ts';
import type { Runbook, SourceSpec } from '../../src/runbooks/schema.ts';
import type { Told } from '../../src/signals/prometheus/lines.ts';
import { minutesOver, stepsOf } from '../../src/signals/prometheus/sustained.ts';
import { judge } from '../../src/verdict/judge.ts';
import { builtIn, evidence } from '../support/evidence.ts';
import { documentText } from '../support/readme-region.ts';

const tps = builtIn('tps-limits');
const YAML = readFileSync(new URL('../../src/runbooks/tps-limits.yaml', import.meta.url), 'utf8');
const table = tps.limits['caller-tps'];
if (table === undefined) throw new Error('the runbook has no table caller-tps');

const caller = (id: string, value: number, tier: string, more: Partial<Row> = {}): Row =>
  rowOf({ id, valid: true, value, labels: { tier: { [tier]: value } }, ...more });
const reading = (rows: readonly Row[]): Reading => {
  const total = rows.reduce((sum, { value }) => sum + value, 0);
  return measured({
    ...{ total, distinct: rows.length },
    rows: rows.map((row) => ({ ...row, share: total > 0 ? row.value / total : null })),
  });
};
const signal = (of: Reading): Signal => ({ ...of, sources: [], unit: 'requests/s', windowSeconds: 300 });
const limited = (of: Reading, runbook: Runbook = tps) =>
  withRowLimits('requests-by-caller', signal(of), runbook);
const ratios = ({ rows }: Signal) => rows.map(({ id, limit }) => [id, limit?.value, limit?.ratio]);

describe('whose limit is what', () => {
  const own = withLimits(tps, {
    'caller-tps': { default: 50, tiers: { gold: 900 }, entries: { globex: 750, acme: 'gold' } },
  }).limits['caller-tps'];

  test('an entry goes before a tier, a tier before the default', () => {
    if (own === undefined) throw new Error('no table');
    expect(limitFor(own, 'globex', 'free')).toEqual({ value: 750, from: 'entry', tier: null });
    expect(limitFor(own, 'acme', 'free')).toEqual({ value: 900, from: 'entry', tier: 'gold' });
    expect(limitFor(own, 'shop', 'free')).toEqual({ value: 20, from: 'tier', tier: 'free' });
    expect(limitFor(own, 'shop', 'bronze')).toEqual({ value: 50, from: 'default', tier: null });
    expect(limitFor(own, 'shop', null)).toEqual({ value: 50, from: 'default', tier: null });
    expect(limitFor({ ...own, default: null }, 'shop', null)).toEqual({
      ...{ value: null, from: 'none', tier: null },
    });
  });

  test('a name that every object has is nobody', () => {
    for (const name of ['constructor', '__proto__', 'toString']) {
      expect(limitFor(table, name, name).from).toBe('default');
    }
  });

  test('a context is told of tables and tiers that are not there, with the nearest name', () => {
    expect(limitProblems(tps, { 'caller-tsp': {} })).toEqual([
      'limits.caller-tsp: runbook tps-limits has no such table of limits; did you mean "caller-tps"?',
    ]);
    const [problem] = limitProblems(tps, { 'caller-tps': { entries: { acme: 'premum', globex: 3 } } });
    expect(problem).toMatch(/^limits\.caller-tps\.entries\.acme: .* got "premum"; did you mean "premium"\?$/);
    expect(limitProblems(tps, { 'caller-tps': { tiers: { gold: 9 }, entries: { acme: 'gold' } } })).toEqual(
      [],
    );
  });
});

describe('rows of a signal', () => {
  test('have each their own limit, and how much of it is used', () => {
    const rows = [caller('ads', 180, 'standard'), caller('crawler', 30, 'free'), caller('shop', 30, '')];
    expect(ratios(limited(reading(rows)))).toEqual([
      ['ads', 100, 1.8],
      ['crawler', 20, 1.5],
      ['shop', 100, 0.3],
    ]);
  });

  test('have it in the unit of the signal', () => {
    const minutely = { ...tps, limits: { 'caller-tps': { ...table, per: 'minute' as const } } };
    const [row] = limited(reading([caller('crawler', 1, 'free')]), minutely).rows;
    expect(row?.limit?.value).toBeCloseTo(20 / 60);
    expect(row?.limit?.ratio).toBeCloseTo(3);
  });

  test('do not borrow a limit by a name that is not valid', () => {
    const own = withLimits(tps, { 'caller-tps': { entries: { big: 9_000 } } });
    const row = caller('big', 200, '', { valid: false });
    expect(ratios(limited(reading([row]), own))).toEqual([['big', 100, 2]]);
  });

  test('of a tier that the table does not have are held against the default, with a warning', () => {
    const { rows, warnings } = limited(reading([caller('pilot', 150, 'gold')]));
    expect(rows[0]?.limit).toMatchObject({ ratio: 1.5, problem: 'unknown-tier' });
    const entry = withLimits(tps, { 'caller-tps': { entries: { pilot: 200 } } });
    const [own] = limited(reading([caller('pilot', 150, 'gold')]), entry).rows;
    expect(own?.limit).toMatchObject({ ratio: 0.75, problem: null });
    expect(warnings).toEqual([
      'limits.caller-tps has no tier gold: whoever has one is held against the default',
    ]);
  });

  test('without any limit say so, and rows that were not kept are said to be unjudged', () => {
    const none = { ...tps, limits: { 'caller-tps': { ...table, default: null, tiers: {} } } };
    const [row] = limited(reading([caller('shop', 3, '')]), none).rows;
    expect(row?.limit).toMatchObject({ value: null, ratio: null, problem: 'none' });
    const some = (value: number) => limited({ ...reading([caller('shop', value, '')]), distinct: 7 });
    // Free callers may have 20.
    expect(some(10).warnings.join()).toContain('6 more of requests by caller');
    expect(some(9.9).warnings.join()).not.toContain('more of requests');
  });

  test('that nobody tells the tier or the caller of are told of', () => {
    const untold = (id: string, more: Partial<Row> = {}) =>
      limited(reading([caller(id, 30, '', more)])).warnings.join();
    expect(untold('shop')).toContain('no series has the label tier, so the default holds');
    expect(untold('', { valid: false })).toContain('no series tells the caller');
    const rows = [caller('shop', 30, ''), caller('ads', 30, 'free')];
    expect(limited(reading(rows)).warnings).toEqual([]);
  });

  test('whose tier was changed within the window are held against the one of the most, as a problem', () => {
    const of = (tier: Record<string, number>) =>
      limited(reading([caller('up', 300, '', { labels: { tier } })])).rows[0]?.limit;
    expect(of({ free: 0.4, premium: 0.6 })).toMatchObject({ value: 500, problem: 'several-tiers' });
    expect(of({ free: 0.05, premium: 0.95 })).toMatchObject({ value: 500, problem: null });
    // Both have 100.
    expect(of({ standard: 0.6, '': 0.4 })).toMatchObject({ value: 100, problem: null });
  });
});

describe('minutes above the own limit', () => {
  const [source] = tps.signals['minutes-over-limit']?.sources ?? [];
  if (source?.kind !== 'prometheus-sustained') throw new Error('no such source');
  const grid = stepsOf(source, 1_780_000_050_000);
  const of = limited(reading([caller('ads', 150, 'standard'), caller('crawler', 15, 'free')]));
  const told = (lines: Record<string, (number | null)[]>, more: Partial<Told> = {}): Told => ({
    ...{ lines: new Map(Object.entries(lines)), total: Array(10).fill(200), windowSeconds: 60, missing: [] },
    ...more,
  });
  const ofEach = (value: Told, signal: Signal | undefined = of) => {
    const { held, missing } = minutesOver(source, value, grid, signal, tps);
    return { held, missing, rows: held?.rows.map((row) => [row.id, row.value, row.lastSeenSeconds]) };
  };

  test('steps are whole multiples, the last of them not in the future', () => {
    expect(grid).toEqual({ fromSeconds: 1_779_999_480, toSeconds: 1_780_000_020, stepSeconds: 60 });
  });

  test('each counts by its own limit, from the ratio on, and tells when it last was', () => {
    const { rows, missing } = ofEach(
      told({
        ads: [...Array(7).fill(110), 109.9, null, 0],
        crawler: [0, 0, 0, 0, 0, 0, 0, 0, 22, 22],
      }),
    );
    expect(rows).toEqual([
      ['ads', 7, 180],
      ['crawler', 2, 0],
    ]);
    expect(missing).toEqual([]);
  });

  test('with nobody above it the answer is none, which was seen', () => {
    expect(ofEach(told({ ads: Array(10).fill(50) })).held).toMatchObject({ status: 'empty', live: true });
  });

  test('too few minutes prove what they hold, and not that nothing lasts', () => {
    const total = [...Array(7).fill(null), 200, 200, 200];
    const lines = { ads: [...Array(7).fill(null), 150, 150, 150] };
    const { rows, missing } = ofEach(told(lines, { total }));
    expect(rows).toEqual([['ads', 3, 0]]);
    expect(missing).toEqual([
      {
        cause: 'window',
        reason: 'only 3 of the last 10 minutes are recorded: too few to say what does not last',
      },
    ]);
    expect(ofEach(told({}, { total: null })).held?.status).toBe('unknown');
  });

  test('a failure is unknown, and so is a course of what was not read', () => {
    const failure = { cause: 'refused', reason: 'HTTP 422' } as const;
    expect(ofEach(told({}, { total: null, missing: [failure] }))).toMatchObject({
      ...{ held: null, missing: [failure] },
    });
    expect(ofEach(told({}), signal(unknown('timeout', 'too slow'))).held).toBeNull();
  });
});

describe('verdicts where something could not be read', () => {
  const requests = limited(reading([caller('ads', 150, 'standard'), caller('shop', 20, 'standard')]));
  const accepted = withRowLimits(
    'accepted-by-caller',
    signal(reading([caller('ads', 100, 'standard'), caller('shop', 20, 'standard')])),
    tps,
  );
  const base = {
    'requests-by-caller': requests,
    'accepted-by-caller': accepted,
    'rejects-by-caller': reading([caller('ads', 50, 'standard')]),
    'minutes-over-limit': empty(),
    'minutes-at-limit': empty(),
  };
  const verdict = (more: Record<string, Reading>) => judge(evidence({ ...base, ...more }, tps), tps);

  test('a caller at its limit is sure when it is known that it does not last', () => {
    expect(verdict({})).toMatchObject({ category: 'caller-at-tier-limit', confidence: 'high' });
  });

  test('minutes that could not be read make that less sure, and a breach that lasts undecided', () => {
    const { category, confidence, undecided } = verdict({
      'minutes-over-limit': unknown('timeout', 'no answer'),
    });
    expect({ category, confidence }).toEqual({ category: 'caller-at-tier-limit', confidence: 'medium' });
    expect(undecided.map((one) => one.category)).toEqual(['caller-consistently-over-limit']);
  });

  test('rejections that could not be read rule nothing out', () => {
    const { category, ruledOut, undecided } = verdict({
      'rejects-by-caller': unknown('timeout', 'no answer'),
    });
    expect(category).toBe('inconclusive');
    expect(undecided.map((one) => one.category)).toContain('caller-at-tier-limit');
    expect(ruledOut.map((one) => one.category)).not.toContain('caller-at-tier-limit');
  });

  test('requests that are not there are not quiet', () => {
    const none = empty('tps_requests_total has no samples', false);
    expect(verdict({ 'requests-by-caller': none, 'rejects-by-caller': empty() }).category).toBe(
      'inconclusive',
    );
  });
});

describe('a runbook with limits', () => {
  test.each([
    ['limits: caller-tps', 'limits: caller-tsp', 'there is no table of limits "caller-tsp"'],
    ['of: requests-by-caller', 'of: requests-by-calle', 'there is no signal "requests-by-calle"'],
    ['of: requests-by-caller', 'of: rejects-by-caller', 'needs `limits` and a source'],
    ['over: 10m', 'over: 2m', 'expected a `step` of at least 1m'],
    ['over: 10m', 'over: 10m, step: 10s', 'expected a `step` of at least 1m'],
    ['ratio: over-ratio, over', 'ratio: over-ration, over', 'there is no threshold "over-ration"'],
    [
      'tier-label: tier',
      'tier-label: tier\n    entries: { a: { tier: fre, because: x } }',
      'there is no tier "fre"',
    ],
    [
      'tier-label: tier',
      'tier-label: tier\n    entries: { a: { because: x } }',
      'exactly one of `value` and `tier`',
    ],
    ['of: limit', 'of: limits', 'limit'],
    [
      'signal: requests-by-caller, of: limit',
      'signal: rejects-by-caller, of: limit',
      'names no table of `limits`',
    ],
    [
      'by: requests-by-caller, ratio',
      'by: requests-by-calls, ratio',
      'there is no signal "requests-by-calls"',
    ],
    [
      'except-in: { signal: minutes-over-limit',
      'except-in: { signal: minutes-over-limi',
      'minutes-over-limit',
    ],
  ])('%s as %s is refused', (from, to, message) => {
    expect(YAML).toContain(from);
    try {
      parseRunbook(
        YAML.replace(from, () => to),
        'my.yaml',
      );
    } catch (error) {
      expect((error as ConfigError).problems.join('\n')).toContain(message);
      return;
    }
    throw new Error('it is accepted');
  });

  test('is as docs/limits.md shows it', () => {
    const [book = '', day = '', minutes = '', context = ''] = [
      ...documentText('docs/limits.md').matchAll(/```yaml\n([\s\S]*?)```/g),
    ].map(([, yaml]) => yaml);
    const shown = book.split('signals:')[0] ?? '';
    const ours = YAML.replace(/^limits:\n[\s\S]*?(?=^thresholds:)/m, () => `${shown}\n`);
    expect(parseRunbook(ours, 'my.yaml').limits['caller-tps']?.entries.globex?.value).toBe(750);
    const [tables = '', signals = ''] = day.split('signals:\n');
    const daily = YAML.replace('limits:\n', () => tables).replace('signals:\n', () => `signals:\n${signals}`);
    expect(parseRunbook(daily, 'my.yaml').signals['exports-in-a-day']?.limits).toBe('exports-a-day');
    expect(minutes).toContain('kind: prometheus-sustained');
    const read = parseConfigFile('/c.yaml', new TextEncoder().encode(context)).content.contexts?.prod;
    expect(limitProblems(tps, read?.limits ?? {})).toEqual([]);
    expect(withLimits(tps, read?.limits ?? {}).limits['caller-tps']?.default?.value).toBe(150);
  });

  test('has rules with a comparison for each limit, and names in them are literal', () => {
    const own = withLimits(
      { ...tps, limits: { 'caller-tps': { ...table, per: 'minute' as const } } },
      { 'caller-tps': { tiers: { free: 30 }, entries: { 'a"b.*': 120 } } },
    );
    const [rule] = alertingRules(own);
    expect(rule?.expr.split('\nor\n')).toEqual([
      String.raw`sum by (caller) (rate(tps_requests_total{caller="a\"b.*"}[2m])) >= 1.1 * 120 / 60`,
      String.raw`sum by (caller) (rate(tps_requests_total{tier="free",caller!~"a\"b\\.\\*"}[2m])) >= 1.1 * 30 / 60`,
      String.raw`sum by (caller) (rate(tps_requests_total{tier="standard",caller!~"a\"b\\.\\*"}[2m])) >= 1.1 * 100 / 60`,
      String.raw`sum by (caller) (rate(tps_requests_total{tier="premium",caller!~"a\"b\\.\\*"}[2m])) >= 1.1 * 500 / 60`,
      String.raw`sum by (caller) (rate(tps_requests_total{caller!~"a\"b\\.\\*",tier!~"free|standard|premium"}[2m])) >= 1.1 * 100 / 60`,
    ]);
  });

  test('has rules about nobody whom the source itself leaves out', () => {
    const yaml = YAML.replace(
      '        metric: tps_requests_total\n        by:',
      '        metric: tps_requests_total\n        match: { tier: [free, gold], caller: [acme, globex] }\n        by:',
    );
    const own = withLimits(parseRunbook(yaml, 'my.yaml'), { 'caller-tps': { entries: { shop: 750 } } });
    const of = 'tps_requests_total{tier=~"free|gold",caller=~"acme|globex"';
    const rules = alertingRules(own)[0]?.expr.split('\nor\n') ?? [];
    expect(rules[0]).toBe(`sum by (caller) (rate(${of},caller="shop"}[2m])) >= 1.1 * 750`);
    expect(rules[2]).toBe(`sum by (caller) (rate(${of},tier="standard",caller!~"shop"}[2m])) >= 1.1 * 100`);
    expect(rules.every((rule) => rule.includes(of))).toBe(true);
  });
});

test('an entry that was not seen has used nothing only where everything was read', () => {
  const own = withLimits(tps, { 'caller-tps': { entries: { initech: 5 } } });
  const useOf = (of: Reading) => {
    const facts = evidence({ 'requests-by-caller': limited(of, own) }, own);
    const [observed] = utilisationOf(own, facts)[0]?.observed ?? [];
    return observed?.uses.find(({ id }) => id === 'initech');
  };
  expect(useOf(reading([caller('shop', 3, '')]))).toMatchObject({ observed: 0, ratio: 0, limit: 5 });
  expect(useOf({ ...reading([caller('shop', 3, '')]), distinct: 400 })).toMatchObject({
    ...{ observed: null, ratio: null, limit: 5 },
  });
  expect(useOf(unknown('timeout', 'no answer'))).toMatchObject({ observed: null, ratio: null });
});

describe('rejections against what is accepted', () => {
  const of = (rejected: Reading, accepted: Reading) => {
    const requests = limited(reading([caller('crawler', 60, 'free')]));
    const minutes = reading([caller('crawler', 10, 'free')]);
    const facts = {
      ...{ 'requests-by-caller': requests, 'accepted-by-caller': accepted, 'rejects-by-caller': rejected },
      ...{ 'minutes-over-limit': minutes, 'minutes-at-limit': minutes },
    };
    const [finding] = judge(evidence(facts, tps), tps).findings;
    return finding?.caveats.map(({ code }) => code);
  };
  const some = (value: number) => reading([caller('crawler', value, 'free')]);

  test('from so many times on a client does not wait', () => {
    expect(of(some(40), some(20))).toContain('retries-at-once');
    expect(of(some(39), some(20))).not.toContain('retries-at-once');
    expect(of(some(60), empty())).toContain('retries-at-once');
  });

  test('what could not be read is a doubt, and no number', () => {
    expect(of(some(40), unknown('timeout', 'no answer'))).toContain('signal-unknown');
    expect(of(some(40), unknown('timeout', 'no answer'))).not.toContain('retries-at-once');
  });
});

describe('a limit a day', () => {
  const teaching = builtIn('get-into-teaching');
  const frees = { at: '2026-05-29T14:05:00.000Z', inSeconds: 7_500 };
  const counted = (value: number, more: Partial<Row> = {}, runbook = teaching) =>
    withRowLimits(
      'events-in-a-day',
      {
        ...signal(
          measured({
            total: value,
            distinct: 1,
            rows: [rowOf({ id: 'Upsert', valid: true, value, frees, ...more })],
          }),
        ),
        windowSeconds: 86_400,
      },
      runbook,
    );
  const facts = (events: Signal, rejected = 0.5, runbook = teaching) => {
    const rows = [rowOf({ id: 'Upsert', valid: true, value: rejected, share: 1 })];
    return evidence(
      { 'rejects-by-endpoint': measured({ total: rejected, distinct: 1, rows }), 'events-in-a-day': events },
      runbook,
    );
  };
  const told = (events: Signal, runbook = teaching) => {
    const found = judge(facts(events, 0.5, runbook), runbook);
    const held = [...found.findings, ...found.ruledOut, ...found.undecided].flatMap(({ because }) => because);
    const limit = held.find(({ code, signal: of }) => code === 'over-limit' && of === 'events-in-a-day');
    return [found.category, limit === undefined ? null : explain(limit, runbook)];
  };

  test('is held against what was counted in a day, and not against a rate', () => {
    expect(counted(60).rows[0]?.limit).toMatchObject({ value: 100, ratio: 0.6 });
    const [, day] = utilisationOf(teaching, facts(counted(100)));
    expect(day).toMatchObject({ id: 'endpoint-day-limit', table: { per: 'day' } });
    expect(day?.observed).toMatchObject([
      { windowSeconds: 86_400, uses: [{ id: 'Upsert', observed: 100, limit: 100, ratio: 1, frees }] },
    ]);
  });

  test.each<[string, Condition]>([
    ['that there is less', { reaches: { signal: 'events-in-a-day', 'at-least': 'many-events' } }],
    [
      'that it is within it',
      {
        'under-limit': {
          ...{ signal: 'rejects-by-endpoint', each: 'reject-rate', by: 'events-in-a-day' },
          ...{ ratio: 'below-ratio', 'at-least': 'one-endpoint' },
        },
      },
    ],
  ])('of which little was recorded does not tell %s', (_, when) => {
    const many = { value: 100, unit: 'requests', because: 'x' };
    const [first] = teaching.categories;
    if (first === undefined) throw new Error('not there');
    const own: Runbook = {
      ...teaching,
      thresholds: { ...teaching.thresholds, 'many-events': many },
      categories: [{ ...first, when, 'sure-when': null, caveats: [] }],
    };
    const states = (more: Partial<Row>) => {
      const { findings, ruledOut, undecided } = judge(facts(counted(60, more, own), 0.5, own), own);
      return [findings.length + ruledOut.length, undecided.length];
    };
    expect(states({})).toEqual([1, 0]);
    expect(states({ atLeast: true })).toEqual([0, 1]);
  });

  test('of which little was recorded: who was not seen is not known to have used nothing', () => {
    const own = withLimits(teaching, { 'endpoint-day-limit': { entries: { Create: 50 } } });
    const unseen = (more: Partial<Row>) => {
      const [, day] = utilisationOf(own, facts(counted(60, more, own), 0.5, own));
      return day?.observed[0]?.uses.find(({ id }) => id === 'Create');
    };
    expect(unseen({})).toMatchObject({ observed: 0, ratio: 0 });
    expect(unseen({ atLeast: true })).toMatchObject({ observed: null, ratio: null });
  });

  test('is shown with its own time, and until when the first of it counts', () => {
    const now = facts(counted(100));
    const shown = {
      ...{ at: now.at, windowSeconds: 300, runbook: teaching.name, context: null, top: 10 },
      ...{ tables: utilisationOf(teaching, now), warnings: [], degraded: false },
    };
    const screen = { paint: makePaint(false), width: 100 };
    const human = limitsText(shown, 'human', screen);
    expect(human).toContain(
      'requests a day that an endpoint takes from one client (endpoint-day-limit, requests a day)',
    );
    expect(human).toMatch(/events entered in the last day \(last 1d\)\n.*\nUpsert +100 +100 +100% +entry\n/);
    const until = 'Upsert: the first of them counts until about 2026-05-29 14:05 UTC (in 2h5m)';
    expect(human).toContain(until);
    // Parentheses are escaped there.
    expect(limitsText(shown, 'markdown', screen)).toContain('Upsert: the first of them counts until about');
    const { tables } = JSON.parse(limitsText(shown, 'json', screen));
    expect(tables[1].observed[0].rows).toMatchObject([{ id: 'Upsert', ratio: 1, freesAt: frees.at }]);
    expect(tables[0].observed[0].rows[0]).toMatchObject({ freesAt: null });
  });

  test('that is used up says so, which one it was and until when; never a minute', () => {
    expect(told(counted(100))).toEqual([
      'automated-signups',
      'Upsert at 100% of its limit of 100 requests a day (limits.endpoint-day-limit) (threshold 90%), used up until about 2026-05-29 14:05 UTC (in 2h5m)',
    ]);
    // Some of it was let through a day before.
    expect(told(counted(160))[1]).toMatch(/ at 160% of .*UTC \(in 2h5m\) at the earliest$/);
  });

  test('that is not, rejects nobody: then it is another limit, unless there may have been more', () => {
    expect(told(counted(60))).toEqual([
      'inconclusive',
      'no endpoint at 90% of its limit: Upsert has the most, 60% of its limit of 100 requests a day (limits.endpoint-day-limit)',
    ]);
    const { undecided } = judge(facts(counted(60, { atLeast: true })), teaching);
    expect(undecided.map(({ category }) => category)).toEqual(['automated-signups', 'endpoint-signup-surge']);
    expect(told(counted(60, { atLeast: true }))[1]).toBe(
      'events entered in the last day: too little of that time is recorded to say that there were no more',
    );
    expect(told(counted(95, { atLeast: true }))[1]).toMatch(
      /^Upsert at 95% or more of its limit .*UTC \(in 2h5m\) at the latest$/,
    );
  });

  test('of a context is the one that is said', () => {
    const own = withLimits(teaching, { 'endpoint-day-limit': { entries: { Upsert: 60 } } });
    expect(told(counted(60, {}, own), own)).toEqual([
      'automated-signups',
      expect.stringContaining('at 100% of its limit of 60 requests a day (limits.endpoint-day-limit)'),
    ]);
  });

  test('is said as its table has it, whatever the signal counts', () => {
    const rule = {
      'over-limit': { signal: 'requests-by-caller', ratio: 'over-ratio', tell: 'limit' as const },
    };
    const [first, ...categories] = tps.categories;
    const spec = tps.signals['requests-by-caller'];
    if (first === undefined || spec === undefined) throw new Error('not there');
    const counters: SourceSpec[] = [
      {
        ...{ kind: 'redis-counter', key: 'calls:{entity}', window: '30s', renewed: false },
        ...{ 'stops-at': null, 'named-by': 'system', 'per-second': false },
      },
    ];
    const gauges: SourceSpec[] = [
      {
        kind: 'prometheus-gauge',
        metric: 'calls',
        match: {},
        by: 'caller',
        mix: null,
        limit: null,
        first: 'largest',
      },
    ];
    for (const [sources, window] of [
      [spec.sources, 300],
      [counters, 30],
      [gauges, null],
    ] as const) {
      const runbook: Runbook = {
        ...{ ...tps, limits: { 'caller-tps': { ...table, per: 'minute' } } },
        categories: [{ ...first, when: rule }, ...categories],
        signals: { ...tps.signals, 'requests-by-caller': { ...spec, sources: [...sources] } },
      };
      const rows = reading([caller('ads', 1_000, 'standard')]);
      const held = withRowLimits('requests-by-caller', { ...signal(rows), windowSeconds: window }, runbook);
      const { findings } = judge(evidence({ 'requests-by-caller': held }, runbook), runbook);
      const because = findings[0]?.because.find(({ code }) => code === 'over-limit');
      expect(because && explain(because, runbook)).toContain(
        'its limit of 100 requests a minute (limits.caller-tps)',
      );
    }
  });

  test('needs a count of a day', () => {
    const text = readFileSync(new URL('../../src/runbooks/get-into-teaching.yaml', import.meta.url), 'utf8');
    const shorter = text.replace('by: action, over: 1d', 'by: action, over: 6h');
    expect(() => parseRunbook(shorter, 'own.yaml')).toThrow(
      /the limits of "endpoint-day-limit" are for a day/,
    );
    // A rate beside it would be held against the limit as if it were such a count.
    const mixed = text.replace(
      'by: action, over: 1d }',
      'by: action, over: 1d }\n      - { kind: prometheus-rate, metric: other_total, by: action }',
    );
    expect(() => parseRunbook(mixed, 'own.yaml')).toThrow(/it counts the events of 1d, which cannot be one/);
  });
});

describe('the limits of the sign-up API', () => {
  const teaching = builtIn('get-into-teaching');
  const limitsOf = (runbook: Runbook) =>
    ['CreateAccessToken', 'SignUp', 'AddMember', 'AddAttendee'].map(
      (id) => limitFor(runbook.limits['endpoint-limit'] ?? table, id, null).value,
    );

  test('are those of its runbook, and those of newer versions in one line of the context', () => {
    expect(limitsOf(teaching)).toEqual([250, 100, 100, 100]);
    const newer = { 'endpoint-limit': { tiers: { codes: 500, 'sign-ups': 250 } } };
    expect(limitProblems(teaching, newer)).toEqual([]);
    expect(limitsOf(withLimits(teaching, newer))).toEqual([500, 250, 250, 250]);
    // As a context had it that corrected each endpoint.
    const each = { 'endpoint-limit': { entries: { CreateAccessToken: 500, AddMember: 250 } } };
    expect(limitsOf(withLimits(teaching, each))).toEqual([500, 100, 250, 100]);
  });
});

test('what a table lacks is said once, however many of its signals find it', () => {
  const rows = reading([caller('pilot', 150, 'gold')]);
  const both = { 'requests-by-caller': limited(rows), 'accepted-by-caller': limited(rows) };
  expect(warningsOf(evidence(both, tps))).toEqual([
    'limits.caller-tps has no tier gold: whoever has one is held against the default',
  ]);
});
