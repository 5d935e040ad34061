import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Reading } from '../../src/evidence/types.ts';
import { explain, explainAll, explainCaveat } from '../../src/output/sentences.ts';
import { CODES } from '../../src/runbooks/codes.ts';
import { hostile } from '../support/arbitrary-evidence.ts';
import {
  absent,
  aegis,
  agents,
  counters,
  crowd,
  deploys,
  rate,
  rejects,
  services,
  unknown,
} from '../support/evidence.ts';
import { triage } from '../support/triage.ts';

const mixed = { '/execute': 1, '/agents': 1 };
const many = Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`t${index}`, mixed]));

/** Every sentence that a verdict has: why, against, doubts, what was ruled out. */
function said(readings: Record<string, Reading>): string[] {
  const { findings, ruledOut, undecided, unexplained } = triage(readings);
  return [
    ...findings.flatMap(({ category, because, caveats }) => [
      ...because.map((one) => `${category} ${one.met ? '+' : '-'} ${explain(one, aegis)}`),
      ...caveats.map((caveat) => `${category} ! ${caveat.code}: ${explainCaveat(caveat, aegis)}`),
    ]),
    ...unexplained.map((one) => `unexplained: ${explain(one, aegis)}`),
    ...ruledOut.map(({ category, because }) => `not ${category}: ${explainAll(because, aegis)}`),
    ...undecided.map(({ category, because }) => `perhaps ${category}: ${explainAll(because, aegis)}`),
  ];
}

test('a heavy address in a crowd, after a deploy', () => {
  const readings = {
    'auth-failures-by-ip': counters({ '203.0.113.42': 900, ...crowd(60, 15) }),
    deploys: deploys([120, 90_000]),
  };
  expect(said(readings)).toMatchInlineSnapshot(`
    [
      "distributed-credential-stuffing + 900 failures remain without noise and without what stands out (threshold 100)",
      "distributed-credential-stuffing + they come from 60 IPs, as diverse as 60 equally loud ones (threshold 5)",
      "distributed-credential-stuffing + the largest of them has 15 failures (more than 5)",
      "distributed-credential-stuffing + deploy-auth-churn does not explain it",
      "distributed-credential-stuffing ! recent-deploy: Instances started a short while ago. Machines whose tokens ended with it and that try again and again look much the same, so check that tokens survived the deploy. (1 of 2 instances started in the last 10m, the newest 2m ago (threshold 50%))",
      "single-ip-credential-stuffing + one IP stands out: 900 failures, 50% of all (stands out from 20 failures and 10%)",
      "single-ip-credential-stuffing ! recent-deploy: A deploy was made in the last ten minutes. An office behind one address, or a machine that tries its dead token again and again, looks much the same. (1 of 2 instances started in the last 10m, the newest 2m ago (threshold 50%))",
      "not account-password-stuffing: 0 accounts (threshold 5); 0 accounts with 10 failures or more (threshold 5)",
      "not dependency-outage: no service named identity is down; 0.03 rejects/s in all (threshold 1); 0 tenants at once (many is 5); the 429s by tenant are known; 429s by layer of the limiter: none tenant (threshold 1)",
      "not platform-overload: 0.03 rejects/s in all (threshold 1); 0 tenants at once (many is 5)",
      "not tenant-over-cost-cap: calls refused at a cost cap: none of kind tenant (threshold 0.1)",
      "not agent-over-cost-cap: 0.03 rejects/s in all (threshold 1); no tenant stands out: the largest has 0.03 rejects/s, 100% of all (stands out from 0.5 rejects/s and 10%); no agent at 100% of its limit, the highest is at 13%; calls refused at a cost cap: none of kind agent (threshold 0.1)",
      "not tenant-over-quota: 0.03 rejects/s in all (threshold 1); no tenant stands out: the largest has 0.03 rejects/s, 100% of all (stands out from 0.5 rejects/s and 10%); 0 tenants at once (many is 5)",
      "not tenant-over-rps-cap: 0.03 rejects/s in all (threshold 1); no tenant stands out: the largest has 0.03 rejects/s, 100% of all (stands out from 0.5 rejects/s and 10%); no source tells the limit_type of the 429s by tenant; 429s by layer of the limiter: none execute_sw_tenant (threshold 1); requests to /execute by tenant (10 s): none (threshold 31)",
      "not deploy-auth-churn: the largest of them has 15 failures (more than 5)",
    ]
  `);
});

test('clients that reconnect after a deploy', () => {
  const readings = {
    'auth-failures-by-ip': counters(crowd(60, (index) => 1 + (index % 5))),
    deploys: deploys([120, 130]),
  };
  expect(
    said(readings).filter((line) => /deploy-auth-churn|unless|distributed/.test(line)),
  ).toMatchInlineSnapshot(`
    [
      "deploy-auth-churn + 2 of 2 instances started in the last 10m, the newest 2m ago (threshold 50%)",
      "deploy-auth-churn + 180 failures beside what stands out (threshold 20)",
      "deploy-auth-churn + 60 IPs beside what stands out (threshold 5)",
      "deploy-auth-churn + the largest of them has 5 failures (at most 5)",
      "deploy-auth-churn + 0.01 failures/s now, authentication failures a quarter of an hour ago: 0 failures/s (threshold 2 times)",
      "deploy-auth-churn - authentication failures, all sources: what is usual at this hour is not known",
      "deploy-auth-churn + 0.01 failures/s now, authentication failures a quarter of an hour ago: 0 failures/s (threshold 2 times)",
      "deploy-auth-churn ! unconfirmed: authentication failures, all sources: what is usual at this hour is not known",
      "not distributed-credential-stuffing: 0 IPs stand out (many is 6); deploy-auth-churn explains it",
    ]
  `);
});

test('addresses that may be spoofed, and an address from inside', () => {
  const failures = counters({ ...crowd(300, 1), '10.0.0.5': 900 });
  const readings = {
    'auth-failures-by-ip': failures,
    'auth-failures-total': rate(9),
    deploys: absent('no such metric'),
  };
  expect(said(readings).filter((line) => /stuffing/.test(line))).toMatchInlineSnapshot(`
    [
      "distributed-credential-stuffing + 6 failures/s beside what stands out (threshold 5)",
      "distributed-credential-stuffing + 300 IPs below 3 failures each (threshold 100)",
      "distributed-credential-stuffing - whether deploy-auth-churn explains it could not be checked",
      "distributed-credential-stuffing - 1 IP stands out (many is 6)",
      "distributed-credential-stuffing - 0 failures remain without noise and without what stands out (threshold 100)",
      "distributed-credential-stuffing ! unconfirmed: 1 IP stands out (many is 6); 0 failures remain without noise and without what stands out (threshold 100)",
      "distributed-credential-stuffing ! signal-absent: cannot be checked here: whether deploy-auth-churn explains it could not be checked",
      "distributed-credential-stuffing ! possibly-spoofed: Many addresses fail once or twice each. They may be spoofed, so blocking them one by one may hit customers and not the attacker. (300 IPs below 3 failures each (threshold 100))",
      "distributed-credential-stuffing ! signal-absent: cannot be checked here: age of the running processes: there is no such source; the largest of them has 1 failure (at most 5)",
      "single-ip-credential-stuffing + one IP stands out: 900 failures, 75% of all (stands out from 20 failures and 10%)",
      "single-ip-credential-stuffing ! possibly-spoofed: Beside it many names, each of which fails once or twice, while the total is at the alert's rate. They may be made up, and this one with them. (300 IPs below 3 failures each (threshold 100); 9 failures/s in all (threshold 5))",
      "single-ip-credential-stuffing ! proxy-aggregate: The address is not a public one, so it is most likely a proxy or load balancer that stands for many clients. Blocking it would block them all. (not public: 10.0.0.5)",
      "single-ip-credential-stuffing ! signal-absent: cannot be checked here: age of the running processes: there is no such source",
      "not account-password-stuffing: 0 accounts (threshold 5); 0 accounts with 10 failures or more (threshold 5)",
    ]
  `);
});

test('an overload with a service down and half unseen', () => {
  const readings = {
    'rejects-by-tenant': rejects(many),
    'service-up': services({ 'identity:8000': 0, 'gw-1:8000': 1 }),
    'agent-spend': unknown('timeout', 'no answer in 5s'),
  };
  expect(said(readings).filter((line) => !/stuffing|churn/.test(line))).toMatchInlineSnapshot(`
    [
      "dependency-outage + 1 service down: identity:8000",
      "dependency-outage + 16 rejects/s in all (threshold 1)",
      "dependency-outage + 8 tenants at once, none of them dominates (many is 5)",
      "not platform-overload: dependency-outage explains it",
      "not tenant-over-cost-cap: calls refused at a cost cap: none of kind tenant (threshold 0.1)",
      "not tenant-over-rps-cap: no tenant stands out: the largest has 2 rejects/s, 13% of all (stands out from 0.5 rejects/s and 10%); no source tells the limit_type of the 429s by tenant; 429s by layer of the limiter: none execute_sw_tenant (threshold 1); requests to /execute by tenant (10 s): none (threshold 31)",
      "perhaps agent-over-cost-cap: no tenant stands out: the largest has 2 rejects/s, 13% of all (stands out from 0.5 rejects/s and 10%); agents' spend against their cap: could not be read; calls refused at a cost cap: none of kind agent (threshold 0.1)",
      "perhaps tenant-over-quota: 16 rejects/s in all (threshold 1); no tenant stands out: the largest has 2 rejects/s, 13% of all (stands out from 0.5 rejects/s and 10%); 8 tenants at once, none of them dominates (many is 5); 429s by tenant: no source tells the limit_type",
    ]
  `);
});

test('half a case of a spent cap, beside names that are no addresses', () => {
  const readings = {
    'agent-spend': agents({ summarizer: [100, '100.00'] }),
    'auth-failures-by-ip': counters({ 'not-an-ip': 900 }),
  };
  expect(said(readings).filter((line) => !/stuffing|churn|overload/.test(line))).toMatchInlineSnapshot(`
    [
      "agent-over-cost-cap + 1 agent at 100% of the limit or above, the highest at 100%",
      "agent-over-cost-cap - no agent at 100% of its limit is among the calls refused at a cost cap",
      "agent-over-cost-cap - 0.03 rejects/s in all (threshold 1)",
      "agent-over-cost-cap - no tenant stands out: the largest has 0.03 rejects/s, 100% of all (stands out from 0.5 rejects/s and 10%)",
      "agent-over-cost-cap ! unconfirmed: no agent at 100% of its limit is among the calls refused at a cost cap; 0.03 rejects/s in all (threshold 1); no tenant stands out: the largest has 0.03 rejects/s, 100% of all (stands out from 0.5 rejects/s and 10%)",
      "unexplained: the largest name that is not a valid IP has 900 failures (threshold 20)",
      "unexplained: names that are not valid IPs have 900 failures above the noise (threshold 100)",
      "not dependency-outage: no service named identity is down; 0.03 rejects/s in all (threshold 1); 0 tenants at once (many is 5); the 429s by tenant are known; 429s by layer of the limiter: none tenant (threshold 1)",
      "not tenant-over-cost-cap: calls refused at a cost cap: none of kind tenant (threshold 0.1)",
      "not tenant-over-quota: 0.03 rejects/s in all (threshold 1); no tenant stands out: the largest has 0.03 rejects/s, 100% of all (stands out from 0.5 rejects/s and 10%); 0 tenants at once (many is 5)",
      "not tenant-over-rps-cap: 0.03 rejects/s in all (threshold 1); no tenant stands out: the largest has 0.03 rejects/s, 100% of all (stands out from 0.5 rejects/s and 10%); no source tells the limit_type of the 429s by tenant; 429s by layer of the limiter: none execute_sw_tenant (threshold 1); requests to /execute by tenant (10 s): none (threshold 31)",
    ]
  `);
});

describe('a sentence', () => {
  const code = fc.constantFrom(...CODES);
  const signal = fc.constantFrom(...Object.keys(aegis.signals), null, 'a-signal-of-another-runbook');
  const size = fc.option(
    fc.oneof(fc.integer({ min: 0, max: 9000 }), fc.double({ min: 0, max: 1, noNaN: true })),
  );
  const args = fc.dictionary(
    fc.constantFrom(
      'count',
      'largest',
      'at',
      'few',
      'of',
      'label',
      'value',
      'names',
      'newest',
      'within',
      'category',
      'status',
      'floor',
      'network',
      'counted',
      'seen',
      'left',
      'other',
      'than',
    ),
    fc.oneof(hostile, fc.integer({ min: 0, max: 9000 })),
  );
  /** What must not hold. */
  const denied = fc.option(code, { nil: undefined });
  const because = fc.record({
    code,
    signal,
    measured: size,
    threshold: size,
    met: fc.constantFrom(true, false, null),
    args: fc.tuple(args, denied).map(([own, what]) => (what === undefined ? own : { ...own, what })),
  });

  test('is there for every code, with whatever arguments, and holds nothing hidden', () => {
    fc.assert(
      fc.property(because, (one) => {
        const text = explain(one, aegis);
        expect(text.trim()).not.toBe('');
        expect(text).not.toMatch(/undefined|NaN|Infinity|\[object|\p{C}|\p{DI}|\p{Zl}|\p{Zp}/u);
      }),
    );
  });

  test('says that a thing could not be seen, and never that it was measured', () => {
    // What nobody has answered was not to be seen.
    const seen = because.filter(({ code, args: { what } }) => code !== 'answered' && what !== 'answered');
    fc.assert(
      fc.property(seen, fc.constantFrom('unknown', 'absent'), (one, status) => {
        const text = explain({ ...one, measured: null, met: null, args: { ...one.args, status } }, aegis);
        expect(text).toMatch(/could not be|there is no such source|not seen|no source tells|is not known$/);
      }),
    );
  });

  test('is said once for the same thing', () => {
    const one = {
      code: 'volume',
      signal: 'rejects-by-tenant',
      measured: null,
      threshold: 1,
      met: null,
      args: { status: 'unknown' },
    } as const;
    const text = explain(one, aegis);
    expect(explainAll([one, { ...one, code: 'spread-many' }, one], aegis)).toBe(text);
  });
});
