import { describe, expect, test } from 'vitest';
import { aclLine } from '../../src/doctor/acl.ts';
import { diagnose, type Findings, outcomeOf } from '../../src/doctor/diagnose.ts';
import type { ApiFacts, RedisInfo } from '../../src/doctor/facts.ts';
import type { Entry } from '../../src/journal/types.ts';
import type { DoctorDocument } from '../../src/output/doctor-document.ts';
import { LOGS_SENTENCES } from '../../src/output/doctor-logs-sentences.ts';
import { OWN_SENTENCES } from '../../src/output/doctor-own-sentences.ts';
import { SERVER_SENTENCES } from '../../src/output/doctor-server-sentences.ts';
import { SOURCE_SENTENCES } from '../../src/output/doctor-source-sentences.ts';
import { aclText, doctorText } from '../../src/output/doctor-text.ts';
import { VIEW_SENTENCES } from '../../src/output/doctor-view-sentences.ts';
import { measure } from '../../src/output/measure.ts';
import { makePaint } from '../../src/output/paint.ts';
import type { Runbook } from '../../src/runbooks/schema.ts';
import {
  allRights,
  callers,
  codesOf,
  configOf,
  findings,
  known,
  logsFacts,
  prometheusFacts,
  redisFacts,
  type System,
  speaks,
  surveyOf,
  untold,
} from '../support/doctor.ts';
import { aegis, builtIn } from '../support/evidence.ts';

const paint = makePaint(false);

function documentOf(system: System, more: Partial<Findings> = {}): DoctorDocument {
  const found = findings(system, more);
  const checks = diagnose(found);
  const { config, runbook, evidence, needs } = found;
  return {
    ...{ checks, config, runbook, evidence, outcome: outcomeOf(checks), warnings: [], totalMs: 90 },
    acl: { triage: aclLine('triage', needs), operator: aclLine('operator', needs), sentinel: null },
  };
}

const render = (document: DoctorDocument, format: 'human' | 'json' | 'markdown' = 'human', width = 80) =>
  doctorText(document, format, paint, width);

const GATEWAY = { has: speaks('gateway') };
const RUNBOOK = { has: speaks('runbook') };

const infoOf = (more: Partial<RedisInfo>) => {
  const plain = redisFacts().info;
  if (!plain.known) throw new Error('not known');
  return known({ ...plain.value, ...more });
};
const scrapingOf = (more: object) => {
  const plain = prometheusFacts().scraping;
  if (!plain.known) throw new Error('not known');
  return known({ ...plain.value, ...more });
};
const survey = (more: Parameters<typeof surveyOf>[0]) => redisFacts({ survey: known(surveyOf(more)) });
const block = (verified: string, text: string): Entry =>
  ({
    remedy: 'block-ip',
    verified,
    at: `2026-05-29T03:1${text.length % 10}:00Z`,
    operator: text,
    verification: text,
  }) as Entry;
const answered = (status: number, said = ''): ApiFacts => ({
  ...{ state: 'answered', url: 'https://api/x', status, isJson: true, said, latencyMs: 9 },
});

/** What comes from outside, at its worst. */
const EVIL = 'a\u001b[2J\u202eb|`<!channel>\n*_# @here\u0000';

/** Aegis with a signal in logs. */
function readingLogs(): Runbook {
  const [[id, signal] = []] = Object.entries(builtIn('verification-server').signals).filter(
    ([, { sources }]) => sources.some(({ kind }) => kind === 'logs-count'),
  );
  const source = signal?.sources.find((one) => one.kind === 'logs-count');
  if (id === undefined || signal === undefined || source === undefined) throw new Error('no signal in logs');
  const short = { ...source, contains: [], lines: [{ equals: { message: 'limited' }, has: {} }] };
  return { ...aegis, signals: { ...aegis.signals, [id]: { ...signal, sources: [short] } } };
}

/** Runs that between them have found everything that a check can find. */
const RUNS: [string, DoctorDocument][] = (
  [
    ['gateway', GATEWAY, {}],
    ['runbook', RUNBOOK, {}],
    ['nothing', { otherKeys: 'absent' }, { redis: survey({ keys: 0 }) }],
    ['elsewhere', { otherKeys: 'absent' }, { redis: survey({ keys: 0, elsewhere: [EVIL] }) }],
    [
      'another database',
      { otherKeys: 'absent' },
      { redis: redisFacts({ info: infoOf({ keys: { 4: 1_000 } }), survey: known(surveyOf({ keys: 0 })) }) },
    ],
    [
      'dark',
      { otherKeys: 'unknown', otherMetrics: 'unknown' },
      {
        redis: {
          servers: untold(EVIL),
          clock: untold(EVIL),
          info: untold(EVIL),
          rights: untold(EVIL),
          survey: untold(EVIL),
        },
        prometheus: [
          {
            host: null,
            clock: untold(EVIL),
            version: untold(EVIL),
            scraping: untold(EVIL),
            names: untold(EVIL),
          },
        ],
        logs: {
          ...{ clock: untold(EVIL), version: untold(EVIL) },
          ready: { state: 'unknown', cause: 'refused', reason: EVIL },
          streams: [{ selector: { app: EVIL }, found: untold(EVIL), instead: null }],
        },
        alertmanager: untold(EVIL),
        api: { state: 'unreachable', cause: 'unreachable', reason: EVIL },
        isJournalIntact: false,
      },
    ],
    [
      'drifted',
      { has: ['acp_auth_failures_total'] },
      {
        redis: survey({
          unread: [
            {
              pattern: 'acp:ratelimit:auth_fail2:*',
              keys: 40,
              sample: 'acp:ratelimit:auth_fail2:203.0.113.1',
            },
            { pattern: `acp:ip_blocks:*`, keys: 1, sample: `acp:ip_blocks:${EVIL}` },
            { pattern: `acp:ip_block${EVIL}:*`, keys: 1, sample: { hex: 'ff00' } },
          ],
          isComplete: false,
        }),
        prometheus: [
          prometheusFacts({ names: known({ names: ['acp_gateway_requests_total'], isComplete: false }) }),
        ],
        config: configOf({ runbook: './mine.yaml', thresholds: { 'few-ips': 3 } }),
      },
    ],
    [
      'logs',
      { has: [], otherMetrics: 'unknown' },
      {
        runbook: builtIn('tps-limits'),
        limitChanges: [
          { table: 'caller-tps', part: 'default', name: null, value: 150, own: 100 },
          { table: 'caller-tps', part: 'tiers', name: EVIL, value: 25, own: null },
          { table: 'caller-tps', part: 'entries', name: EVIL, value: 'premium', own: 7 },
        ],
        evidence: callers([{ id: 'acme', tier: EVIL }]),
        logs: logsFacts({
          ready: { state: 'not-ready', said: EVIL },
          streams: [
            { selector: { app: 'shop' }, found: known(3), instead: null },
            { selector: { app: 'shop' }, found: known(0), instead: null },
            ...[null, 'app'].map((label) => ({
              selector: { app: 'shop' },
              found: known(0),
              instead: { label, lacking: label === null ? 'app' : 'shop', names: [EVIL, 'b'] },
            })),
          ],
        }),
      },
    ],
    ['a Loki that is well', GATEWAY, { logs: logsFacts() }],
    ['no logs', GATEWAY, { runbook: readingLogs() }],
    [
      'a bad Redis',
      GATEWAY,
      {
        redis: redisFacts({
          clock: known({ aheadMs: -7_000, plusMinusMs: 1, at: '2026-05-29T23:59:00.000Z' }),
          info: infoOf({
            role: 'slave',
            linkUp: false,
            policy: 'allkeys-lru',
            maxmemoryBytes: 2_000_000,
            evicted: 12,
          }),
          rights: known({ ...allRights(configOf(), false), user: EVIL, mayAnything: true }),
        }),
        config: configOf({ timeoutSeconds: 0.01 }),
        entries: [block('not-enforced', EVIL)],
        api: answered(401, EVIL),
      },
    ],
    [
      'a full Redis',
      GATEWAY,
      {
        redis: redisFacts({
          info: infoOf({ policy: 'noeviction', maxmemoryBytes: 1_000, usedBytes: 1_000 }),
          rights: known(allRights(configOf(), null)),
        }),
        prometheus: [
          prometheusFacts({
            scraping: scrapingOf({
              intervals: { acp_auth_failures_total: 200 },
              duplicates: [{ metric: 'acp_auth_failures_total', by: 'job', instance: EVIL, copies: 2 }],
              instances: { count: 12, names: [EVIL, 'gw-2'] },
              prometheuses: { count: 2, names: [EVIL, 'b'] },
              ages: { acp_gateway_request_total: 5 },
              labels: { 'acp_gateway_request_total status': [EVIL, '4290'] },
            }),
          }),
        ],
        entries: [block('enforced', 'ada')],
        api: answered(403),
      },
    ],
    [
      'deceptive',
      { has: ['acp_gateway_request_total'] },
      { redis: survey({ unread: [{ pattern: 'acp:auth_fails:*', keys: 9, sample: 'acp:auth_fails:1' }] }) },
    ],
    ['API fails', GATEWAY, { api: answered(503, EVIL), entries: [block('stored', 'ada')] }],
    ['API answers', GATEWAY, { api: answered(200), alertmanager: known({ firing: 1, latencyMs: 4 }) }],
    ['API unclear', GATEWAY, { api: answered(404, EVIL) }],
    ['API without a token', GATEWAY, { api: { state: 'no-token' } }],
    ['API in the clear', GATEWAY, { api: { state: 'plain-http', reason: EVIL } }],
    ['stale', { has: [...GATEWAY.has, 'acp_gateway_request_total'] }, {}],
    [
      'a cluster',
      GATEWAY,
      {
        config: configOf({
          redis: { ...configOf().redis, topology: { kind: 'cluster', seeds: [] } },
        }),
        redis: redisFacts({
          servers: known({
            names: ['10.0.0.8:6379', EVIL],
            lost: [{ name: EVIL, share: 0.25, cause: 'timeout', reason: EVIL }],
          }),
        }),
      },
    ],
    [
      'sentinels',
      GATEWAY,
      {
        config: configOf({
          redis: {
            ...configOf().redis,
            topology: { kind: 'sentinel', name: 'm', sentinels: [], username: null, password: null },
          },
        }),
      },
    ],
  ] as [string, System, Partial<Findings>][]
).map(([name, system, more]) => [name, documentOf(system, more)]);

describe('every check has its words', () => {
  test('each code is found by one of these runs', () => {
    const found = new Set(RUNS.flatMap(([, { checks }]) => codesOf(checks)));
    const all = [SOURCE_SENTENCES, VIEW_SENTENCES, SERVER_SENTENCES, LOGS_SENTENCES, OWN_SENTENCES].flatMap(
      (one) => Object.keys(one),
    );
    // An empty metric without samples, as only Prometheus tells it.
    expect(all.filter((code) => !found.has(code as never))).toEqual(['source-stale']);
  });

  test.each(RUNS)('%s: no hole in any sentence, every key in the JSON', (_, document) => {
    const { checks } = JSON.parse(render(document, 'json')) as { checks: Record<string, unknown>[] };
    expect(checks.length).toBe(document.checks.length);
    for (const check of checks) {
      expect(Object.keys(check)).toEqual([
        ...['check', 'code', 'level', 'signal', 'source', 'status', 'cause', 'reason', 'sample', 'latencyMs'],
        ...['freshSeconds', 'entities', 'measured', 'text', 'advice'],
      ]);
      expect(String(check.text)).not.toMatch(/undefined|NaN|\[object|\bnull\b|^$|\(\)| {2}/);
      expect(String(check.advice ?? '.')).toMatch(/[.)]$/);
    }
    const level = checks.filter((check) => check.level === 'problem' || check.level === 'warning');
    expect(
      level.filter(({ advice, check }) => advice === null && check !== 'source').map(({ code }) => code),
    ).toEqual([]);
  });

  test.each(RUNS)('%s: fits the screen, and nothing from outside acts on it', (_, document) => {
    for (const width of [40, 80, 120]) {
      const text = render(document, 'human', width);
      expect(text).toMatch(/^[\n -~]*$/);
      const wide = text.split('\n').filter((line) => measure(line) > Math.max(width, 80));
      expect(wide).toEqual([]);
    }
    expect(render(document, 'json')).toMatch(/^[\n -~]*$/);
    const markdown = render(document, 'markdown');
    expect(markdown).toMatch(/^[\n -~]*$/);
    expect(markdown).not.toMatch(/<!channel>|@here/);
  });
});

test("a system that speaks the gateway's contract alone is explained", () => {
  expect(render(documentOf(GATEWAY))).toMatchInlineSnapshot(`
    "triage can tell quiet from trouble here; 7 of 10 categories can be judged, 3 in
    part

    What this system speaks
      - it speaks the running gateway's contract: 20 of its 20 sources are there
      - it does not speak the runbook's contract: none of its 4 sources is there
        just now. Whoever looks there by hand finds nothing, during an attack too;
        triage reads both
      - authentication failures by IP: kept in acp:ratelimit:auth_fail:* here, not
        in acp:auth_fail:*. There it counts over 1m, it stops at about 25 (so it
        does not tell the volume) and the client itself writes the name (so it may
        be that of somebody else)
      - 429s by tenant: kept in acp_tenant_rate_limited_total here, not in
        acp_gateway_request_total{status="429"}. There the limit_type is told and
        the path is not told
      - agents' spend against their cap: kept in acp:inference_cost:agent:*:* here,
        not in acp:agent_cost_today:*:*. There amounts are whole cents and they add
        up by the month
      - not to be seen here, since only the runbook's contract has them: requests in
        flight
      - no name is like one that the runbook looks for in vain

    Categories
      + can be judged: distributed-credential-stuffing,
        single-ip-credential-stuffing, account-password-stuffing, dependency-outage,
        tenant-over-cost-cap, tenant-over-quota and deploy-auth-churn
      - platform-overload in part: no source tells the path of the 429s by tenant;
        its confidence is medium at most, since no source tells the requests in
        flight
      - agent-over-cost-cap in part: no source tells the path of the 429s by tenant
      - tenant-over-rps-cap in part: no source tells the path of the 429s by tenant

    Sources
      authentication failures by IP
        acp:auth_fail:*                       not kept here, 7 ms
        acp:ratelimit:auth_fail:*             one = 1 failure, 7 ms
      authentication failures, all sources
        acp_auth_failures_total               one = 1 failures/s, 7 ms
        acp:auth_failures:*                   one = 1, 7 ms
      authentication failures by reason
        acp_auth_failures_total               one = 1 failures/s, 7 ms
      authentication failures a quarter of an hour ago
        acp_auth_failures_total offset 15m    one = 1 failures/s, 7 ms
      direct peers that failures came through
        acp:auth_failures:*                   one = 1 failure, 7 ms
      sign-ins that succeed, by IP
        queries.successes-by-ip               not configured
      tenants behind an IP
        queries.tenants-by-ip                 not configured
      accounts that are locked now
        acp:pwlock:*                          one = 1s, 7 ms
      failed passwords by account (a day)
        acp:pwfail:*                          one = 1 failure, 7 ms
      429s by tenant
        acp_gateway_request_total{status="429"}  absent, 7 ms
        acp_tenant_rate_limited_total         one = 1 rejects/s, 7 ms
      429s by layer of the limiter
        acp_rate_limit_exceeded_total         one = 1 rejects/s, 7 ms
      requests to /execute by tenant (10 s)
        acp:ratelimit:execute_sw:tenant:*     one = 1 request, 7 ms
      requests counted against the tenants' quotas
        acp:quota:daily:*:* (day)             one = 1 request, 7 ms
        acp:quota:monthly:*:* (month)         one = 1 request, 7 ms
      agents' spend against their cap
        acp:agent_cost_today:*:* (day)        not kept here, 7 ms
        acp:inference_cost:agent:*:* (month)  one = $1.00, 7 ms
        acp:inference_cost:agent:*:* (day)    one = $1.00, 7 ms
      tenants' spend
        acp:inference_cost:tenant:*:* (month)  one = $1.00, 7 ms
        acp:inference_cost:tenant:*:* (day)   one = $1.00, 7 ms
      calls refused at a cost cap
        acp_inference_cost_blocked_total{scope="agent"}  one = 1 calls/s, 7 ms
        acp_inference_cost_blocked_total{scope="tenant"}  one = 1 calls/s, 7 ms
      requests in flight (not to be seen: platform-overload would look at it)
        acp_gateway_inflight_requests         absent, 7 ms
      age of the running processes
        process_start_time_seconds            one = 1s, 7 ms
      scraped services
        up                                    one = 1 up, 7 ms
      deploys
        queries.deploy-events                 not configured
      failures of the limiter to reach its Redis
        acp_rate_limiter_redis_failure_total  one = 1 failures/s, 7 ms
      IP blocks in force
        acp:ip_block:*                        empty, 7 ms
      what Redis removes when its memory is full
        maxmemory-policy                      empty, 7 ms
      tenants whose kill switch is engaged
        acp:tenant_kill:*                     empty, 7 ms
      agents in quarantine
        acp:quarantine:*:*                    empty, 7 ms
      empty: none just now, triage would see one; absent, not kept here: triage
      would not see it

    Redis
      - Redis 7.0.15, 10 keys, 977 KiB in use; it is a primary, so it takes
        remedies; it evicts nothing (noeviction, no maxmemory); triage's pass over
        the keys takes 7 ms; Redis's clock agrees with this machine's (within 0.01
        s)
      - the Redis user triage may do what is needed for triage, blocks, caps,
        kill-switch, doctor, block-ip, unblock-ip and raise-cap

    Prometheus
      - Prometheus 2.42.0; a sample about every 15s, so a window of 5m is long
        enough; no instance is seen to be collected twice (under two names of the
        same host it could not be seen); it sees 1 instance of the system
        (gw-1:8000); hosts that another Prometheus collects cannot be seen from
        here: compare with the load balancer's list; Prometheus's clock agrees with
        this machine's (within 0.01 s)

    Remedies
      - whether the system reads acp:ip_block:* is not known: no block was verified
        here yet (block-ip watches for the effect)
      - no API is configured: kill-switch and raise-cap --permanent need one
        (--api-url, or api in the context)

    Could be configured
      - queries.successes-by-ip: successful sign-ins in the last minutes, with the
        label ip; would tell more about attack-succeeding and shared-address
      - queries.tenants-by-ip: requests by the labels ip and tenant; would tell more
        about shared-address
      - queries.deploy-events: the times of the last deploys, in seconds since the
        epoch; would tell more about recent-deploy and deploy-auth-churn

    Configuration
      - configuration /etc/ratelimit.yaml, context prod, runbook aegis

    triage can tell quiet from trouble here; 7 of 10 categories can be judged, 3 in
    part
    runbook aegis, context prod, 2026-05-29 03:12:04 UTC, 90 ms
    exact Redis users: ratelimit doctor --acl
    "
  `);
});

test('names that have drifted come first, with what to change and where', () => {
  const [, document] = RUNS.find(([name]) => name === 'drifted') ?? [];
  if (document === undefined) throw new Error('no such run');
  const text = render(document).replaceAll(/\s+/g, ' ');
  expect(text).toContain(
    'no source of the runbook reads acp:ratelimit:auth_fail2:* (40 keys, such as acp:ratelimit:auth_fail2:203.0.113.1)',
  );
  expect(text).toContain(
    'say so in ./mine.yaml: at signals.auth-failures-by-ip.sources, key: "acp:ratelimit:auth_fail2:{ip}"',
  );
  const own = documentOf(
    { has: [] },
    { redis: survey({ unread: [{ pattern: 'acp:ip_blocks:*', keys: 1, sample: 'x' }] }) },
  );
  expect(render(own).replaceAll(/\s+/g, ' ')).toContain(
    'say so in a copy of runbook aegis as a file of your own (--runbook <file>)',
  );
});

test('what keeps many sources from being read is one problem', () => {
  const dark = documentOf({ otherKeys: 'unknown', otherMetrics: 'unknown' });
  const text = render(dark);
  expect(text).toMatch(/^1 problem: not every source could be read; 0 of 10 categories can be judged\n/);
  expect(text.replaceAll(/\s+/g, ' ').match(/could not be read: it is unknown/g)).toHaveLength(1);
});

test('the first line is said again at the end, where the eye is', () => {
  const sections = render(documentOf(RUNBOOK)).trimEnd().split('\n\n');
  expect(sections.at(-1)?.split('\n')).toEqual([
    ...(sections[0] ?? '').split('\n'),
    'runbook aegis, context prod, 2026-05-29 03:12:04 UTC, 90 ms',
    'exact Redis users: ratelimit doctor --acl',
  ]);
});

test('the lines for Redis users are whole, however narrow the screen', () => {
  const lines = {
    triage: `ACL SETUSER triage ${'~x '.repeat(100)}`,
    operator: 'ACL SETUSER operator',
    sentinel: null,
  };
  expect(aclText(lines, 'human')).toBe(`${lines.triage}\n${lines.operator}\n`);
  expect(JSON.parse(aclText(lines, 'json'))).toEqual({ schema: 'ratelimit/acl/v1', ...lines, warnings: [] });
  const watched = { ...lines, sentinel: 'ACL SETUSER s' };
  expect(aclText(watched, 'human')).toMatch(/\n\nOn each sentinel, .*:\nACL SETUSER s\n$/);
  expect(aclText(watched, 'markdown')).toMatch(/\n```\nACL SETUSER s\n```\n$/);
  expect(JSON.parse(aclText(watched, 'json')).sentinel).toBe('ACL SETUSER s');
  expect(aclText(lines, 'markdown')).toContain(`\n${lines.triage}\n`);
  expect(JSON.parse(render(documentOf(GATEWAY), 'json')).acl.operator).toMatch(
    /^ACL SETUSER operator reset on /,
  );
  expect(aegis.name).toBe('aegis');
});
