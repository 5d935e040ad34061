import { describe, expect, test } from 'vitest';
import { outcomeOf } from '../../src/doctor/diagnose.ts';
import type { UnreadFamily } from '../../src/doctor/facts.ts';
import type { Check } from '../../src/doctor/types.ts';
import {
  checksOf,
  codesOf,
  known,
  only,
  prometheusFacts,
  redisFacts,
  speaks,
  surveyOf,
} from '../support/doctor.ts';
import { aegis, aegisWith } from '../support/evidence.ts';

const RUNBOOK = { has: speaks('runbook') };
const GATEWAY = { has: speaks('gateway') };
const BOTH = { has: [...speaks('runbook'), ...speaks('gateway')] };

const categories = (checks: readonly Check[]) =>
  Object.fromEntries(
    checks
      .filter(({ check }) => check === 'category')
      .map(({ code, args }) => [
        args.category,
        `${code.replace('category-', '')} ${(args.lacks as string[]).join(', ')}`.trim(),
      ]),
  );

describe('which contract a system speaks', () => {
  test("only the runbook's", () => {
    const checks = checksOf(RUNBOOK);
    expect(only(checks, 'contract-spoken')).toMatchObject({ source: 'runbook', args: { there: 4, of: 4 } });
    expect(only(checks, 'contract-unseen')).toMatchObject({ source: 'gateway', args: { there: 0 } });
  });

  test("only the gateway's: where each signal is kept instead, and what is other about it", () => {
    const checks = checksOf(GATEWAY);
    expect(only(checks, 'contract-spoken').source).toBe('gateway');
    expect(only(checks, 'contract-unseen').source).toBe('runbook');
    const kept = checks.filter(({ code }) => code === 'kept-elsewhere');
    expect(kept.map(({ signal, args }) => [signal, args.here, args.not, args.traits, args.lost])).toEqual([
      [
        'auth-failures-by-ip',
        ['acp:ratelimit:auth_fail:*'],
        ['acp:auth_fail:*'],
        ['window 1m', 'stops-at 25', 'named-by-client'],
        [],
      ],
      [
        'rejects-by-tenant',
        ['acp_tenant_rate_limited_total'],
        ['acp_gateway_request_total{status="429"}'],
        ['by limit_type'],
        ['path'],
      ],
      ['agent-spend', ['acp:inference_cost:agent:*:*'], ['acp:agent_cost_today:*:*'], ['cents', 'month'], []],
    ]);
    expect(only(checks, 'kept-nowhere')).toMatchObject({ signal: 'inflight', status: 'absent' });
  });

  test('both: nothing is kept elsewhere', () => {
    const codes = codesOf(checksOf(BOTH));
    expect(codes).toContain('contract-spoken');
    expect(codes).not.toContain('contract-unseen');
    expect(codes).not.toContain('kept-elsewhere');
  });

  test('neither, or not to be told', () => {
    expect(only(checksOf({}), 'contract-none')).toMatchObject({ status: 'absent', level: 'warning' });
    const dark = { otherKeys: 'unknown', otherMetrics: 'unknown' } as const;
    expect(only(checksOf(dark), 'contract-none')).toMatchObject({ status: 'unknown', level: 'note' });
  });

  test('what could not be read is not said to be unspoken', () => {
    const checks = checksOf({ ...GATEWAY, otherKeys: 'unknown' });
    expect(only(checks, 'contract-unseen').status).toBe('unknown');
    expect(codesOf(checks)).not.toContain('kept-elsewhere');
  });

  test('a runbook without contracts says nothing of them', () => {
    const codes = codesOf(checksOf(GATEWAY, { runbook: { ...aegis, contracts: [] } }));
    expect(codes.filter((code) => /contract|kept/.test(code))).toEqual([]);
  });
});

describe('which categories can be judged', () => {
  test("on the runbook's contract", () => {
    expect(categories(checksOf(RUNBOOK))).toMatchInlineSnapshot(`
      {
        "account-password-stuffing": "impossible account-lockouts, account-failures",
        "agent-over-cost-cap": "in-part blocked-spend",
        "dependency-outage": "judged",
        "deploy-auth-churn": "in-part",
        "distributed-credential-stuffing": "in-part auth-failures-total",
        "platform-overload": "in-part",
        "single-ip-credential-stuffing": "judged",
        "tenant-over-cost-cap": "impossible blocked-spend",
        "tenant-over-quota": "impossible rejects-by-tenant label limit_type",
        "tenant-over-rps-cap": "in-part rejects-by-tenant label limit_type, rejects-by-layer, execute-rate",
      }
    `);
  });

  test("on the gateway's contract", () => {
    expect(categories(checksOf(GATEWAY))).toMatchInlineSnapshot(`
      {
        "account-password-stuffing": "judged",
        "agent-over-cost-cap": "in-part rejects-by-tenant label path",
        "dependency-outage": "judged",
        "deploy-auth-churn": "judged",
        "distributed-credential-stuffing": "judged",
        "platform-overload": "in-part rejects-by-tenant label path",
        "single-ip-credential-stuffing": "judged",
        "tenant-over-cost-cap": "judged",
        "tenant-over-quota": "judged",
        "tenant-over-rps-cap": "in-part rejects-by-tenant label path",
      }
    `);
  });

  test('all of them on a system that speaks both, once the limit of requests in flight is known', () => {
    const runbook = aegisWith({ 'inflight-limit': 100 });
    expect(Object.values(categories(checksOf(BOTH, { runbook })))).toEqual(Array(10).fill('judged'));
    expect(categories(checksOf(BOTH))['platform-overload']).toBe('in-part');
    expect(only(checksOf(BOTH), 'category-in-part').args).toMatchObject({
      atMost: 'medium',
      sureLacks: ['inflight limit'],
    });
  });

  test('none of them on nothing', () => {
    const checks = checksOf({ otherKeys: 'absent' });
    expect(new Set(Object.values(categories(checks)).map((text) => String(text).split(' ')[0]))).toEqual(
      new Set(['impossible']),
    );
  });

  test('none is known where nothing could be read', () => {
    const checks = checksOf({ otherKeys: 'unknown', otherMetrics: 'unknown' });
    expect(codesOf(checks.filter(({ check }) => check === 'category'))).toEqual(['category-unknown']);
  });

  test('a key family of a contract that is not spoken is not merely empty', () => {
    expect(categories(checksOf({ ...RUNBOOK, otherKeys: 'empty' }))['account-password-stuffing']).toMatch(
      /^impossible/,
    );
    expect(categories(checksOf({ has: ['up'], otherKeys: 'empty' }))['account-password-stuffing']).toBe(
      'judged',
    );
  });
});

describe('could triage say quiet', () => {
  test('where each group has a live source', () => {
    expect(outcomeOf(checksOf(GATEWAY))).toBe('fine');
    expect(codesOf(checksOf(GATEWAY))).toContain('quiet-possible');
  });

  test('not without any source of the rejections', () => {
    const checks = checksOf({ has: ['acp:auth_fail:{ip}'] });
    expect(only(checks, 'quiet-blind')).toMatchObject({
      level: 'problem',
      args: { signals: ['rejects-by-tenant', 'rejects-by-layer'] },
    });
    expect(outcomeOf(checks)).toBe('problem');
  });

  test('it would, and be wrong, where the keys are kept under another name', () => {
    const has = ['acp_gateway_request_total'];
    const unread = [{ pattern: 'acp:auth_fails:*', keys: 9, sample: 'acp:auth_fails:1' }];
    const checks = checksOf({ has }, { redis: redisFacts({ survey: known(surveyOf({ unread })) }) });
    expect(only(checks, 'quiet-deceptive')).toMatchObject({
      ...{ level: 'problem', signal: 'auth-failures-by-ip' },
      args: { signals: ['auth-failures-by-ip', 'auth-failures-total'] },
    });
    expect(codesOf(checks)).not.toContain('quiet-possible');
    expect(codesOf(checksOf({ has }))).toContain('quiet-possible');
  });

  test('not known where it could not be read: then that is what is said', () => {
    const checks = checksOf({ has: ['acp:auth_fail:{ip}'], otherMetrics: 'unknown' });
    expect(only(checks, 'quiet-unknown').level).toBe('note');
    expect(outcomeOf(checks)).toBe('unknown');
  });
});

const family = (pattern: string, keys = 40): UnreadFamily => ({
  pattern,
  keys,
  sample: pattern.replace('*', 'x'),
});
const withKeys = (unread: UnreadFamily[], knownKeys: Record<string, number> = {}, more = {}) =>
  redisFacts({ survey: known(surveyOf({ unread, known: knownKeys, ...more })) });
const drifted = (checks: readonly Check[]) =>
  checks
    .filter(({ code }) => code === 'family-drifted' || code === 'metric-drifted')
    .map(({ level, signal, source, args }) => [level, signal, source, args.configured, args.suggested]);

describe('names that have drifted', () => {
  const others = GATEWAY.has.filter((name) => name !== 'acp:ratelimit:auth_fail:{ip}');

  test('a family that is not read, beside one that is empty', () => {
    const checks = checksOf({ has: others }, { redis: withKeys([family('acp:ratelimit:auth_fail2:*')]) });
    expect(drifted(checks)).toEqual([
      [
        'problem',
        'auth-failures-by-ip',
        'acp:ratelimit:auth_fail2:*',
        'acp:ratelimit:auth_fail:*',
        'acp:ratelimit:auth_fail2:{ip}',
      ],
    ]);
    expect(outcomeOf(checks)).toBe('problem');
    expect(codesOf(checks)).not.toContain('no-drift');
  });

  test('what rests on it is not said to be judged, nor is it said to be kept there', () => {
    const checks = checksOf({ has: others }, { redis: withKeys([family('acp:ratelimit:auth_fail2:*')]) });
    expect(categories(checks)).toMatchObject({
      'single-ip-credential-stuffing': 'impossible auth-failures-by-ip name',
      'deploy-auth-churn': 'impossible auth-failures-by-ip name',
      'tenant-over-quota': 'judged',
    });
    const kept = checks.find(
      ({ code, signal }) => code === 'kept-elsewhere' && signal === 'auth-failures-by-ip',
    );
    expect(kept?.args.seen).toBeNull();
    const has = GATEWAY.has.filter((name) => !/tenant_rate|exceeded/.test(name));
    expect(checksOf({ has }).map(({ code, signal }) => `${code} ${signal}`)).not.toContain(
      'kept-elsewhere rejects-by-tenant',
    );
  });

  test('with the places of the configured family', () => {
    const redis = withKeys([family('acp:agent_costs_today:*')]);
    expect(drifted(checksOf({ has: speaks('gateway').slice(0, 2) }, { redis }))[0]?.at(-1)).toBe(
      'acp:agent_costs_today:{agent}:{yyyymmdd}',
    );
  });

  test('not while another source of the signal has numbers, unless the names are all but the same', () => {
    const unread = [family('acp:ratelimit:auth_fail2:*')];
    const known = { 'acp:ratelimit:auth_fail:{ip}': 3 };
    expect(drifted(checksOf(GATEWAY, { redis: withKeys(unread, known) }))).toEqual([]);
    const close = withKeys([family('acp:auth_fails:*')], known);
    expect(drifted(checksOf(GATEWAY, { redis: close })).map(([level]) => level)).toEqual(['warning']);
  });

  test('what a gateway keeps beside what the runbook reads is no drift', () => {
    const unread = [
      'acp:quota:rps:*',
      'acp:ratelimit:global',
      'acp:ratelimit:ip:*',
      'acp:ratelimit:tenant:*',
      'acp:ratelimit:agent:*',
      'acp:ratelimit:execute_sw:token:*',
      'acp:session:*',
      'acp:*',
    ];
    for (const has of [[], GATEWAY.has, RUNBOOK.has, ['acp_tenant_rate_limited_total']]) {
      const checks = checksOf({ has }, { redis: withKeys(unread.map((one) => family(one))) });
      expect(drifted(checks)).toEqual([]);
      expect(codesOf(checks)).toContain('no-drift');
    }
  });

  test('a family with keys of another day is not empty', () => {
    const redis = withKeys([family('acp:agent_costs_today:*')], {
      'acp:agent_cost_today:{agent}:{yyyymmdd}': 4,
    });
    expect(drifted(checksOf(RUNBOOK, { redis }))).toEqual([]);
  });

  test('a metric that is not read, beside one that is absent', () => {
    const names = known({
      names: ['acp_gateway_requests_total', 'acp_auth_failures_total', 'acp_latency_seconds_bucket'],
      isComplete: true,
    });
    const has = GATEWAY.has.filter((name) => !/tenant_rate|exceeded/.test(name));
    const checks = checksOf({ has }, { prometheus: [prometheusFacts({ names })] });
    expect(drifted(checks)).toEqual([
      [
        'problem',
        'rejects-by-tenant',
        'acp_gateway_requests_total',
        'acp_gateway_request_total',
        'acp_gateway_requests_total',
      ],
    ]);
  });

  test('a name that only a terminal could be meant by is never suggested for a file', () => {
    const redis = withKeys([family('acp:auth_fail\u001b[2J:*'), family('acp:auth_fail\n:*')]);
    expect(drifted(checksOf({ has: others }, { redis })).map((one) => one.at(-1))).toEqual([null, null]);
  });

  test('what could not be looked at, or only in part, is said', () => {
    const untold = { known: false, cause: 'refused', reason: 'no' } as const;
    expect(only(checksOf(GATEWAY, { redis: redisFacts({ survey: untold }) }), 'drift-unknown').source).toBe(
      'acp:*',
    );
    const half = withKeys([], {}, { isComplete: false });
    expect(only(checksOf(GATEWAY, { redis: half }), 'drift-incomplete').source).toBe('acp:*');
    const names = prometheusFacts({ names: untold });
    expect(only(checksOf(GATEWAY, { prometheus: [names] }), 'drift-unknown').source).toBe('metric names');
    // What half a look has not seen is not called empty where triage itself has read it.
    const unread = withKeys([family('acp:auth_fails:*')], {}, { isComplete: false });
    const checks = checksOf({ has: BOTH.has }, { redis: unread });
    expect(drifted(checks)).toEqual([]);
  });

  test('a flood of strange families is not told one by one', () => {
    const many = Array.from({ length: 200 }, (_, i) => family(`acp:auth_fail:v${i}:*`));
    const checks = checksOf({ has: others }, { redis: withKeys(many) });
    expect(drifted(checks).length).toBeLessThanOrEqual(10);
  });
});
