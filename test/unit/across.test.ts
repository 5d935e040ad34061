import { describe, expect, test } from 'vitest';
import { EXIT, type ExitCode, unexpected, worstExit } from '../../src/errors.ts';
import { across } from '../../src/verdict/across.ts';
import { failedRun, judgedRun } from '../support/contexts.ts';
import { absent, counters, crowd, rejects, unknown } from '../support/evidence.ts';

const attack = { 'auth-failures-by-ip': counters({ '203.0.113.42': 4812 }) };
const mixed = { 'auth-failures-by-ip': counters({ '203.0.113.42': 4812, ...crowd(40, 50) }) };
const burst = {
  'rejects-by-tenant': rejects({ acme: { '/agents': 12, '/policies': 6, '/execute': 4 } }),
};
const unread = { 'auth-failures-by-ip': unknown('timeout', 'redis: no answer before the deadline') };
const half = { 'rejects-by-layer': absent('Prometheus has no metric') };

const dead = failedRun('dead', unexpected(new Error('boom')));
const names = (all: readonly { readonly context: string }[]) => all.map(({ context }) => context);

describe('worst first', () => {
  test('what was found, then what could not be judged or seen, then what is quiet', () => {
    const runs = [
      judgedRun('calm', {}),
      judgedRun('blind', unread),
      dead,
      judgedRun('tenant', burst),
      judgedRun('attack', attack),
      judgedRun('mixed', mixed),
    ];
    expect(names(across(runs).worstFirst)).toEqual(['mixed', 'attack', 'tenant', 'dead', 'blind', 'calm']);
  });

  test('a finding of low confidence does not stand before a surer one, nor a sure quiet before a doubtful one', () => {
    const doubtful = { ...judgedRun('doubtful', attack) };
    const [first, ...others] = doubtful.verdict?.findings ?? [];
    if (doubtful.verdict === null || first === undefined) throw new Error('expected a finding');
    const verdict = {
      ...doubtful.verdict,
      confidence: 'low',
      findings: [{ ...first, confidence: 'low' }, ...others],
    } as const;
    const low = { ...doubtful, verdict };
    expect(names(across([low, judgedRun('tenant', burst)]).worstFirst)).toEqual(['tenant', 'doubtful']);
    const quiet = [judgedRun('sure', {}), judgedRun('half', half)];
    expect(quiet.map((one) => one.verdict?.confidence)).toEqual(['high', 'medium']);
    expect(names(across(quiet).worstFirst)).toEqual(['half', 'sure']);
  });

  test('among equals, as they were given', () => {
    const runs = ['c', 'a', 'b'].map((name) => judgedRun(name, attack));
    expect(names(across(runs).worstFirst)).toEqual(['c', 'a', 'b']);
  });
});

describe('over all', () => {
  test('is the worst category, with every context that has it, also beside a worse one', () => {
    const runs = [judgedRun('a', attack), judgedRun('b', {}), judgedRun('c', { ...attack, ...burst })];
    expect(across(runs).overall).toEqual({
      category: 'single-ip-credential-stuffing',
      ...{ confidence: 'high', severity: 'P2', contexts: ['a', 'c'] },
    });
  });

  test.each([
    ['could not be read', judgedRun('odd', unread)],
    ['could not be triaged', failedRun('odd', unexpected('x'))],
  ])('is not quiet beside one that %s', (_, odd) => {
    expect(across([judgedRun('calm', {}), odd]).overall).toEqual({
      ...{ category: 'inconclusive', confidence: 'low', severity: null, contexts: ['odd'] },
    });
  });

  test('is quiet only as surely as the least sure', () => {
    expect(across([judgedRun('a', {}), judgedRun('b', half)]).overall).toEqual({
      ...{ category: 'quiet', confidence: 'medium', severity: null, contexts: ['a', 'b'] },
    });
  });
});

describe('what several share', () => {
  const shared = (...runs: Parameters<typeof across>[0][number][]) => across(runs).shared;
  const attacker = { kind: 'ip', id: '203.0.113.42' };

  test('is a subject of findings in more than one, of whatever category', () => {
    expect(shared(judgedRun('a', attack), judgedRun('b', mixed), judgedRun('c', {}))).toEqual([
      { ...attacker, contexts: ['a', 'b'] },
    ]);
    const both = { ...attack, ...burst };
    expect(shared(judgedRun('a', both), judgedRun('b', both), judgedRun('c', burst))).toEqual([
      { kind: 'tenant', id: 'acme', contexts: ['a', 'b', 'c'] },
      { ...attacker, contexts: ['a', 'b'] },
    ]);
  });

  test('is nothing that one alone names, not even twice', () => {
    expect(shared(judgedRun('a', mixed), judgedRun('b', burst))).toEqual([]);
  });

  test('is not what one system says under two names', () => {
    const redis = { redis: 'one' };
    expect(shared(judgedRun('a', attack, redis), judgedRun('b', attack, redis))).toEqual([]);
    expect(
      shared(judgedRun('a', attack, redis), judgedRun('b', attack, redis), judgedRun('c', attack)),
    ).toEqual([{ ...attacker, contexts: ['a', 'b', 'c'] }]);
    // Failures by address come from Redis, whatever else is the same.
    const prometheus = { prometheus: 'one' };
    expect(shared(judgedRun('a', attack, prometheus), judgedRun('b', attack, prometheus))).toHaveLength(1);
    expect(shared(judgedRun('a', burst, prometheus), judgedRun('b', burst, prometheus))).toEqual([]);
  });

  test('systems of several names are told', () => {
    const runs = ['a', 'b', 'c'].map((name) =>
      judgedRun(name, {}, name === 'b' ? {} : { redis: 'one', prometheus: 'one' }),
    );
    expect(across(runs).same).toEqual([
      { system: 'redis', contexts: ['a', 'c'] },
      { system: 'prometheus', contexts: ['a', 'c'] },
    ]);
  });
});

test.each<[ExitCode[], ExitCode]>([
  [[], EXIT.done],
  [[0, 0], EXIT.done],
  [[0, 3], EXIT.finding],
  [[3, 1, 0], EXIT.failure],
  [[3, 1, 5], EXIT.degraded],
  [[5, 4, 1, 3], EXIT.auth],
  [[4, 2, 5], EXIT.usage],
  [[2, 130, 4], EXIT.interrupted],
  // What has no place in the order is no success, and no finding.
  [[0, 7, 3], EXIT.failure],
])('%j together are %i', (codes, expected) => {
  expect(worstExit(codes)).toBe(expected);
});
