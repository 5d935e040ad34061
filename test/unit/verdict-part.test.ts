import { describe, expect, test } from 'vitest';
import { estimate } from '../../src/evidence/sample.ts';
import { type Evidence, type Reading, type Scan, type Signal, unknown } from '../../src/evidence/types.ts';
import { makePaint } from '../../src/output/paint.ts';
import { triageHuman } from '../../src/output/triage-human.ts';
import { triageJson } from '../../src/output/triage-json.ts';
import { judge } from '../../src/verdict/judge.ts';
import { address, aegis, counters, evidence } from '../support/evidence.ts';

const SINGLE = 'single-ip-credential-stuffing';
const CROWD = 'distributed-credential-stuffing';
const FAILURES = 'auth-failures-by-ip';

/** The evidence of a pass that ended there: these signals are of the visited part. */
function partOf(coverage: number, readings: Readonly<Record<string, Reading>>): Evidence {
  const whole = evidence(readings);
  const reason = `${coverage * 100} % of the keyspace was read (1,000 keys seen): the time was up`;
  const scan: Scan = {
    ...{ coverage, reason, keys: 1_000, pace: 'gentle', tookMs: 4_500, warnings: [] },
    nodes: [
      {
        name: 'redis:6379',
        share: 1,
        coverage,
        replica: false,
        reason: 'the time was up',
        cause: 'incomplete',
      },
    ],
  };
  const signals = Object.entries(whole.signals).map(([id, signal]): [string, Signal] => {
    const specs = aegis.signals[id]?.sources ?? [];
    const isRedis = specs.every(({ kind }) => kind.startsWith('redis-') && kind !== 'redis-eviction');
    if (!isRedis) return [id, signal];
    const sources = signal.sources.map((source) => ({
      ...source,
      ...({ status: 'unknown', cause: 'incomplete', reason } as const),
    }));
    const { total, distinct } = signal;
    const bins = [...(signal.distribution ?? []), ...signal.strangers.bins];
    const squares = bins.reduce((sum, bin) => sum + bin.squares, 0);
    const sample = estimate({ total: total ?? 0, squares, distinct: distinct ?? 0 }, coverage);
    if (signal.status !== 'measured') {
      return [
        id,
        { ...signal, ...unknown('incomplete', `no key so far, ${reason}`), sample, coverage, sources },
      ];
    }
    const scaled = { total: (total ?? 0) / coverage, distinct: Math.round((distinct ?? 0) / coverage) };
    return [id, { ...signal, ...scaled, sample, coverage, sources }];
  });
  return { ...whole, scan, signals: Object.fromEntries(signals) };
}

const crowd = (size: number, each: number) =>
  counters(Array.from({ length: size }, (_, index) => [address(index), each] as const));
const codes = (list: readonly { readonly code: string }[]) => list.map(({ code }) => code);

describe('of a part of the keyspace', () => {
  test('a crowd is proven, whatever is in the rest', () => {
    const verdict = judge(partOf(0.3, { [FAILURES]: crowd(60, 30) }), aegis);
    expect(verdict).toMatchObject({ category: CROWD, confidence: 'high' });
    const [found] = verdict.findings;
    expect(found?.caveats[0]).toMatchObject({
      code: 'incomplete-scan',
      because: [{ measured: 0.3, args: { proven: 1 } }],
    });
  });

  test.each([
    [0.3, 'low'],
    [0.95, 'medium'],
  ])('one address that stands out in %d of it may be one of many', (coverage, confidence) => {
    const verdict = judge(partOf(coverage, { [FAILURES]: counters({ '203.0.113.42': 4_812 }) }), aegis);
    expect(verdict).toMatchObject({ category: SINGLE, confidence });
    expect(codes(verdict.findings[0]?.caveats ?? [])).toContain('incomplete-scan');
    expect(verdict.undecided.map(({ category }) => category)).toContain(CROWD);
    expect(verdict.ruledOut.map(({ category }) => category)).not.toContain(CROWD);
  });

  test('nothing that was found is never quiet, and nothing is ruled out that the rest may hold', () => {
    const verdict = judge(partOf(0.6, {}), aegis);
    expect(verdict).toMatchObject({ category: 'inconclusive', confidence: 'low', findings: [] });
    const open = verdict.undecided.map(({ category }) => category);
    expect(open).toEqual(expect.arrayContaining([SINGLE, CROWD, 'account-password-stuffing']));
    // What Prometheus alone tells is known as well as ever.
    expect(verdict.ruledOut.map(({ category }) => category)).toContain('platform-overload');
  });

  const documentOf = (found: Evidence) => ({
    ...{ evidence: found, runbook: aegis, verdict: judge(found, aegis), context: null },
    ...{ alert: null, top: 3, remedies: new Map(), totalMs: 4_600, replayed: false },
  });

  test('people are told of an estimate as of one', () => {
    const found = partOf(0.25, { [FAILURES]: crowd(60, 30) });
    const screen = triageHuman(documentOf(found), makePaint(false), 100);
    expect(screen).toContain('about 240 IPs');
    expect(screen).toContain('about 7,200 failures');
    expect(screen).toContain('(seen: 1,800 from 60; 95% interval:');
    expect(screen).toContain(
      'incomplete-scan: 25% of the keyspace was read; this holds whatever is in the rest',
    );
    expect(screen.replaceAll(/\s+/g, ' ')).toMatch(
      /\? 25 % of the keyspace was read .* no key so far of auth-peers, account-lockouts/,
    );
    expect(screen.split('\n')[0]).toContain('at least 60 IPs share at least 1,800 authentication failures');
  });

  test('scripts get the interval, what was seen, the chance to have missed a key, and every server', () => {
    const document = JSON.parse(triageJson(documentOf(partOf(0.25, { [FAILURES]: crowd(60, 30) }))));
    const { coverage, estimate: told, total } = document.signals[FAILURES];
    expect(coverage).toBe(0.25);
    expect(total).toBe(7_200);
    expect(told).toMatchObject({ seenTotal: 1_800, seenDistinct: 60, chanceOfMissingAKey: 0.75 });
    expect(told.total.low).toBeLessThan(7_200);
    expect(told.distinct.high).toBeGreaterThan(240);
    expect(document.degraded).toBe(true);
    expect(document.scan).toMatchObject({ coverage: 0.25, nodes: [{ name: 'redis:6379', coverage: 0.25 }] });
  });
});
