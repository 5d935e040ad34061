import { describe, expect, test } from 'vitest';
import type { Reading } from '../../src/evidence/types.ts';
import { judge } from '../../src/verdict/judge.ts';
import {
  absent,
  aegis,
  agents,
  counters,
  crowd,
  deploys,
  empty,
  evidence,
  rate,
  rejects,
  unknown,
} from '../support/evidence.ts';
import { caveatCodes, findingOf, triage } from '../support/triage.ts';

const SIGNALS = Object.keys(aegis.signals);
const late = unknown('timeout', 'no answer in 5s');
const none = absent('there is no such source');
const stale = empty('no samples in the last 300 s: is it still scraped?', false);
const seen = (readings: Record<string, Reading>) => triage(readings).category;

describe('quiet', () => {
  test('when everything is seen and nothing is abnormal', () => {
    const verdict = triage({});
    expect(verdict).toMatchObject({ category: 'quiet', confidence: 'high', findings: [], undecided: [] });
    expect(verdict.ruledOut).toHaveLength(aegis.categories.length);
  });

  test('when every source is alive and holds nothing', () => {
    const nothing = Object.fromEntries(SIGNALS.map((id) => [id, empty()]));
    expect(triage(nothing)).toMatchObject({ category: 'quiet', confidence: 'high' });
  });

  /** Without it some category cannot be judged, or one of the two sources for the same is gone. */
  const MISSED = [
    ...['auth-failures-by-ip', 'auth-failures-total', 'account-lockouts', 'account-failures'],
    ...['rejects-by-tenant', 'rejects-by-layer', 'agent-spend', 'blocked-spend'],
  ];

  test.each([
    ['absent', none],
    ['without a sign of life', stale],
  ])(
    'an optional signal that is %s does not forbid it, and is missed where a category needs it',
    (_, reading) => {
      const sure = SIGNALS.map((id) => {
        const verdict = triage({ [id]: reading });
        expect(verdict.category, id).toBe('quiet');
        return [id, verdict.confidence];
      });
      const missed = sure.filter(([, confidence]) => confidence !== 'high').map(([id]) => id);
      expect(missed).toEqual(MISSED);
    },
  );

  test('what the operator has not configured is not missed', () => {
    const unset = absent('not configured', 'not-configured');
    const ours = { 'deploy-events': unset, 'successes-by-ip': unset, 'tenants-by-ip': unset };
    expect(triage(ours)).toMatchObject({ category: 'quiet', confidence: 'high', undecided: [] });
  });

  test.each(SIGNALS)('%s unknown forbids it', (id) => {
    expect(triage({ [id]: late })).toMatchObject({
      category: 'inconclusive',
      confidence: 'low',
      findings: [],
    });
  });

  test('an abnormal total that becomes unknown does not become quiet', () => {
    expect(seen({ 'auth-failures-total': rate(6) })).toBe('inconclusive');
    expect(seen({ 'auth-failures-total': late })).toBe('inconclusive');
  });

  test.each([
    ['absent', none],
    ['unknown', late],
    ['without a sign of life', stale],
  ])('rejects %s forbid it: nothing else tells about them', (_, reading) => {
    const verdict = triage({ 'rejects-by-tenant': reading, 'rejects-by-layer': reading });
    expect(verdict.category).toBe('inconclusive');
    expect(verdict.blind).toEqual([['rejects-by-tenant', 'rejects-by-layer']]);
  });

  test('authentication failures may be seen by either source', () => {
    const [byIp, total] = ['auth-failures-by-ip', 'auth-failures-total'];
    expect(seen({ [byIp]: none, [total]: rate(0.1) })).toBe('quiet');
    expect(seen({ [byIp]: counters({ '203.0.113.7': 2 }), [total]: none })).toBe('quiet');
    expect(seen({ [byIp]: none, [total]: empty() })).toBe('quiet');
    expect(seen({ [byIp]: none, [total]: none })).toBe('inconclusive');
    expect(seen({ [byIp]: none, [total]: stale })).toBe('inconclusive');
    expect(seen({ [byIp]: stale, [total]: none })).toBe('inconclusive');
  });

  test('a deploy that could not be seen matters when failures look like one', () => {
    const reconnecting = counters(crowd(30, (index) => 1 + (index % 3)));
    const readings = { 'auth-failures-by-ip': reconnecting };
    expect(seen(readings)).toBe('quiet');
    const verdict = triage({ ...readings, deploys: late });
    expect(verdict.category).toBe('inconclusive');
    expect(verdict.undecided.map(({ category }) => category)).toEqual(['deploy-auth-churn']);
  });
});

describe('nothing seen', () => {
  test.each([
    ['unknown', late],
    ['absent', none],
  ])('all signals %s are inconclusive, never quiet', (status, reading) => {
    const verdict = triage(Object.fromEntries(SIGNALS.map((id) => [id, reading])));
    expect(verdict).toMatchObject({
      category: 'inconclusive',
      confidence: 'low',
      findings: [],
      ruledOut: [],
    });
    expect(verdict.undecided).toHaveLength(aegis.categories.length);
    expect(verdict.blind).toHaveLength(2);
    const states = verdict.undecided.flatMap(({ because }) => because.map(({ args }) => args.status));
    expect(states).toContain(status);
  });

  test('a signal that is missing altogether is unknown', () => {
    const { signals, ...rest } = evidence();
    const { 'rejects-by-tenant': _, ...others } = signals;
    expect(judge({ ...rest, signals: others }, aegis).category).toBe('inconclusive');
    expect(judge({ ...rest, signals: {} }, aegis).category).toBe('inconclusive');
  });
});

describe('confidence', () => {
  const attack = { 'auth-failures-by-ip': counters({ '203.0.113.42': 900, ...crowd(60, 15) }) };

  test.each(['auth-failures-total', 'rejects-by-tenant'])(
    'half of the page unseen (%s) makes no finding sure',
    (id) => {
      expect(triage(attack).confidence).toBe('high');
      const verdict = triage({ ...attack, [id]: late });
      expect(verdict.category).toBe('distributed-credential-stuffing');
      expect(verdict.findings.map(({ confidence }) => confidence)).toEqual(['medium', 'medium']);
    },
  );

  test('deploys unseen are said of an attack', () => {
    const found = (reading: Reading) =>
      caveatCodes(findingOf(triage({ ...attack, deploys: reading }), 'single-ip-credential-stuffing'));
    expect(found(late)).toEqual(['signal-unknown']);
    expect(found(none)).toEqual(['signal-absent']);
    expect(found(deploys([86_400]))).toEqual([]);
  });

  test('a crowd that may be clients after a deploy is less sure when deploys are unseen', () => {
    const perhaps = { 'auth-failures-by-ip': counters(crowd(60, (index) => 1 + (index % 5))) };
    const found = (reading: Reading) =>
      findingOf(triage({ ...perhaps, deploys: reading }), 'distributed-credential-stuffing');
    expect(found(deploys([86_400])).confidence).toBe('high');
    expect(found(late).confidence).not.toBe('high');
    expect(found(none).confidence).not.toBe('high');
    expect(caveatCodes(found(late))).toContain('signal-unknown');
  });

  test('spend unseen leaves half a case', () => {
    const spent = {
      'rejects-by-tenant': rejects({ acme: { '/execute': 3 } }),
      'agent-spend': agents({ summarizer: [100, '100.00'] }),
    };
    expect(findingOf(triage(spent), 'agent-over-cost-cap').confidence).toBe('high');
    for (const reading of [late, none, empty()]) {
      const finding = findingOf(triage({ ...spent, 'agent-spend': reading }), 'agent-over-cost-cap');
      expect(finding.confidence).toBe('low');
      expect(caveatCodes(finding)).toContain('unconfirmed');
    }
  });

  test('services unseen make capacity less sure', () => {
    const overload = {
      'rejects-by-tenant': rejects(
        Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`t${i}`, { '/agents': 1 }])),
      ),
    };
    expect(triage(overload)).toMatchObject({ category: 'platform-overload', confidence: 'medium' });
    expect(triage({ ...overload, 'service-up': late })).toMatchObject({
      category: 'platform-overload',
      confidence: 'low',
    });
  });
});
