import { describe, expect, test } from 'vitest';
import { diagnose, type Findings, outcomeOf } from '../../src/doctor/diagnose.ts';
import type { ApiFacts, LogsFacts, RedisInfo, Scraping } from '../../src/doctor/facts.ts';
import { labelChecks } from '../../src/doctor/labels.ts';
import type { Check } from '../../src/doctor/types.ts';
import type { Evidence } from '../../src/evidence/types.ts';
import type { Entry, Verified } from '../../src/journal/types.ts';
import { limitChanges as limitChangesOf } from '../../src/runbooks/limit-changes.ts';
import { withLimits } from '../../src/runbooks/limits.ts';
import { parseRunbook } from '../../src/runbooks/parse.ts';
import { labelKey, wantedLabels } from '../../src/runbooks/wanted-labels.ts';
import { commonWords } from '../../src/signals/prometheus/health.ts';
import { joined, parseInfo } from '../../src/signals/redis/health.ts';
import {
  allRights,
  callers,
  checksOf,
  codesOf,
  configOf,
  findings,
  known,
  logsFacts,
  only,
  prometheusFacts,
  redisFacts,
  speaks,
  surveyOf,
  untold,
} from '../support/doctor.ts';
import { AEGIS_YAML, aegis, builtIn } from '../support/evidence.ts';

const WELL = { has: [...speaks('runbook'), ...speaks('gateway')] };

test('a system that is well has neither problems nor warnings', () => {
  const checks = checksOf(WELL);
  expect(checks.filter(({ level }) => level === 'problem' || level === 'warning')).toEqual([]);
  expect(outcomeOf(checks)).toBe('fine');
});

describe('clocks', () => {
  const at = '2026-05-29T12:00:00.000Z';
  const skewed = (aheadMs: number, plusMinusMs = 1, when = at) =>
    checksOf(WELL, { redis: redisFacts({ clock: known({ aheadMs, plusMinusMs, at: when }) }) }).filter(
      ({ check, source }) => check === 'clock' && source === 'Redis',
    )[0];

  test.each([
    [0, 'fine'],
    [-1_900, 'fine'],
    [2_100, 'warning'],
    [-59_000, 'warning'],
    [61_000, 'problem'],
    [-86_400_000, 'problem'],
  ])('%i ms ahead: %s', (ms, level) => {
    expect(skewed(ms)?.level).toBe(level);
  });

  test('what may as well come from a slow answer is no skew', () => {
    expect(skewed(3_000, 1_500)?.code).toBe('clock-agrees');
    expect(skewed(3_000, 900)?.code).toBe('clock-skewed');
  });

  test.each([
    ['2026-05-29T23:58:00.000Z', 120],
    ['2026-05-30T00:05:00.000Z', 300],
  ])('near midnight UTC it is a problem: %s', (when, seconds) => {
    expect(skewed(3_000, 1, when)).toMatchObject({ level: 'problem', args: { midnightSeconds: seconds } });
    expect(skewed(1_000, 1, when)?.code).toBe('clock-agrees');
  });

  test('not told', () => {
    const checks = checksOf(WELL, { redis: redisFacts({ clock: untold() }) });
    expect(only(checks, 'clock-unknown')).toMatchObject({
      status: 'unknown',
      level: 'note',
      source: 'Redis',
    });
    expect(outcomeOf(checks)).toBe('fine');
  });
});

describe('Redis', () => {
  const info = (more: Partial<RedisInfo>) => {
    const plain = redisFacts().info;
    if (!plain.known) throw new Error('not known');
    return checksOf(WELL, { redis: redisFacts({ info: known({ ...plain.value, ...more }) }) });
  };

  test('a replica takes no remedies; one without its primary is old', () => {
    expect(only(info({ role: 'slave', linkUp: true }), 'role-replica').level).toBe('warning');
    const cut = info({ role: 'slave', linkUp: false });
    expect(only(cut, 'replica-cut').level).toBe('problem');
    expect(outcomeOf(cut)).toBe('problem');
  });

  test.each([
    ['allkeys-lru', 100, 'evictable', 'warning'],
    ['volatile-ttl', 100, 'evictable', 'warning'],
    ['allkeys-lru', 0, 'evicts-nothing', 'fine'],
    ['noeviction', 100, 'evicts-nothing', 'fine'],
    ['noeviction', 10_000, 'evicts-nothing', 'fine'],
  ] as const)('%s with a limit of %i: %s', (policy, maxmemoryBytes, code, level) => {
    const usedBytes = policy === 'noeviction' && maxmemoryBytes > 0 ? 50 : 1_000;
    expect(only(info({ policy, maxmemoryBytes, usedBytes }), code).level).toBe(level);
  });

  test('memory that is full', () => {
    const full = info({ policy: 'noeviction', maxmemoryBytes: 1_000, usedBytes: 990 });
    expect(only(full, 'memory-full').level).toBe('problem');
  });

  test('INFO may be forbidden, which fails nothing', () => {
    const checks = checksOf(WELL, { redis: redisFacts({ info: untold('NOPERM') }) });
    expect(only(checks, 'redis-unknown')).toMatchObject({ status: 'unknown', reason: 'NOPERM' });
    expect(only(checks, 'eviction-unknown').status).toBe('unknown');
    expect(outcomeOf(checks)).toBe('fine');
  });

  test('a namespace without keys: another database, another prefix, or nothing at all', () => {
    const at = (keys: Record<number, number>, elsewhere: string[]) => {
      const plain = redisFacts().info;
      if (!plain.known) throw new Error('not known');
      return codesOf(
        checksOf(
          { has: ['acp_tenant_rate_limited_total'], otherKeys: 'absent' },
          {
            redis: redisFacts({
              info: known({ ...plain.value, keys }),
              survey: known(surveyOf({ keys: 0, elsewhere })),
            }),
          },
        ),
      ).filter((code) => /namespace|database/.test(code));
    };
    expect(at({}, [])).toEqual(['namespace-empty']);
    expect(at({ 3: 40 }, [])).toEqual(['other-database']);
    expect(at({ 0: 7, 3: 40 }, ['aegis:'])).toEqual(['namespace-empty']);
  });

  test('a pass that takes more than half of the deadline', () => {
    const slow = checksOf(WELL, { config: configOf({ timeoutSeconds: 0.01 }) });
    expect(only(slow, 'pass-slow')).toMatchObject({ level: 'warning', latencyMs: 7 });
    expect(codesOf(checksOf(WELL))).toContain('pass-quick');
  });

  test('INFO is read field by field, and a strange answer is no answer', () => {
    const text =
      '# Server\r\nredis_version:7.0.15\r\n# Replication\r\nrole:slave\r\nmaster_link_status:down\r\nmaxmemory:1024\r\nmaxmemory_policy:allkeys-lru\r\nused_memory:12\r\nevicted_keys:3\r\n# Keyspace\r\ndb0:keys=4,expires=0,avg_ttl=0\r\ndb12:keys=9,expires=1\r\n';
    expect(parseInfo(text)).toEqual({
      ...{ version: '7.0.15', role: 'slave', linkUp: false, policy: 'allkeys-lru', maxmemoryBytes: 1024 },
      ...{
        of: null,
        usedBytes: 12,
        totalBytes: 12,
        evicted: 3,
        keys: { 0: 4, 12: 9 },
        valkey: null,
        isLoading: false,
      },
    });
    expect(parseInfo('role:\u001b[2J\r\nmaxmemory:-1\r\nredis_version:')).toEqual({
      ...{ version: null, role: null, linkUp: null, policy: null, maxmemoryBytes: null },
      ...{
        of: null,
        usedBytes: null,
        totalBytes: null,
        evicted: null,
        keys: null,
        valkey: null,
        isLoading: false,
      },
    });
  });

  test('several servers are told of as one: sums, and of the rest what is worst', () => {
    const node = (name: string, more: Partial<RedisInfo>) => {
      const plain = redisFacts().info;
      if (!plain.known) throw new Error('not known');
      return { name, value: { ...plain.value, ...more } };
    };
    const all = [
      node('a:1', { keys: { 0: 4 }, totalBytes: 5, evicted: 1, version: '7.2.1' }),
      node('b:1', {
        ...{ keys: { 0: 3, 1: 1 }, totalBytes: 6, evicted: 2, usedBytes: 6, maxmemoryBytes: 10 },
        ...{ policy: 'allkeys-lru', version: '6.2.9' },
      }),
      node('c:1', { keys: {}, totalBytes: 9, usedBytes: 9, maxmemoryBytes: 10, role: 'slave' }),
    ];
    expect(joined(all)).toMatchObject({
      ...{ of: 'b:1', policy: 'allkeys-lru', usedBytes: 6, maxmemoryBytes: 10, totalBytes: 20 },
      ...{ evicted: 3, keys: { 0: 7, 1: 1 }, version: '6.2.9', role: 'slave' },
    });
    expect(joined(all.slice(0, 1))).toEqual(all[0]?.value);
    expect(joined([...all, node('d:1', { keys: null, totalBytes: null })])).toMatchObject({
      ...{ keys: null, totalBytes: null },
    });
  });

  test('a server of a cluster that does not answer is a problem, by its name', () => {
    const lost = { name: '10.0.0.7:6379', share: 0.25, cause: 'unreachable', reason: 'refused' } as const;
    const servers = known({ names: ['10.0.0.8:6379'], lost: [lost] });
    const redis = configOf().redis;
    const cluster = { ...redis, topology: { kind: 'cluster', seeds: [] } } as const;
    const checks = checksOf(WELL, { redis: redisFacts({ servers }), config: configOf({ redis: cluster }) });
    expect(only(checks, 'server-lost')).toMatchObject({
      ...{ level: 'problem', cause: 'unreachable', args: { name: '10.0.0.7:6379', share: 0.25 } },
    });
    expect(only(checks, 'servers-found')).toMatchObject({
      level: 'fine',
      args: { names: ['10.0.0.8:6379'] },
    });
    expect(codesOf(checksOf(WELL))).not.toContain('servers-found');
  });
});

describe('permissions', () => {
  const rights = (
    allowed: (command: string, key: string | null) => boolean | null,
    mayAnything: boolean | null = false,
  ) =>
    checksOf(WELL, {
      redis: redisFacts({
        rights: known({
          ...{ user: 'triage', how: 'dry-run', mayAnything },
          rights: allRights(configOf()).rights.map(({ command, key }) => ({
            command,
            key,
            allowed: allowed(command, key),
          })),
        }),
      }),
    });
  const WRITES = ['eval', 'evalsha', 'set', 'del', 'get'];

  test('a user who only reads is as it should be', () => {
    const checks = rights((command) => !WRITES.includes(command));
    const refused = checks.filter(({ code }) => code === 'rights-refused');
    expect(refused.map(({ source, level, cause }) => [source, level, cause])).toEqual([
      ['block-ip', 'note', null],
      ['unblock-ip', 'note', null],
      ['raise-cap', 'note', null],
    ]);
    expect(outcomeOf(checks)).toBe('fine');
  });

  test('one who may not even read is refused, with what is missing', () => {
    const checks = rights((command, key) => !(command === 'mget' && key === 'acp:auth_fail:{ip}'));
    const triage = checks.find(({ code, source }) => code === 'rights-refused' && source === 'triage');
    expect(triage).toMatchObject({
      ...{ level: 'problem', cause: 'auth' },
      args: { commands: ['mget'], keys: ['acp:auth_fail:{ip}'], user: 'triage' },
    });
    expect(outcomeOf(checks)).toBe('refused');
  });

  test('what is not known is not refused', () => {
    const checks = rights((command) => (WRITES.includes(command) ? null : true));
    expect(codesOf(checks)).toContain('rights-unknown');
    expect(codesOf(checks)).not.toContain('rights-refused');
    expect(outcomeOf(checks)).toBe('fine');
    const none = checksOf(WELL, { redis: redisFacts({ rights: untold() }) });
    expect(only(none, 'rights-unknown').source).toBe('Redis');
  });

  test('one who may do anything may do too much', () => {
    expect(
      only(
        rights(() => true, true),
        'rights-wide',
      ).level,
    ).toBe('note');
    expect(codesOf(rights(() => true, null))).not.toContain('rights-wide');
  });
});

describe('Prometheus', () => {
  const scraping = (more: Partial<Scraping>, windowSeconds = 300) => {
    const plain = prometheusFacts().scraping;
    if (!plain.known) throw new Error('not known');
    const found = findings(WELL, {
      prometheus: [prometheusFacts({ scraping: known({ ...plain.value, ...more }) })],
    });
    return diagnose({ ...found, evidence: { ...found.evidence, windowSeconds } });
  };

  test('a window needs two scrapes, of the slowest metric too', () => {
    const intervals = { acp_auth_failures_total: 15, acp_rate_limit_exceeded_total: 60 };
    expect(only(scraping({ intervals }, 119), 'window-short')).toMatchObject({
      level: 'problem',
      args: { metric: 'acp_rate_limit_exceeded_total', intervalSeconds: 60 },
    });
    expect(codesOf(scraping({ intervals }, 120))).toContain('window-long-enough');
    expect(codesOf(scraping({ intervals: {} }))).not.toContain('window-short');
  });

  test('a label that no series has, and a value that is a slip, are told while the metric is there', () => {
    const metric = 'acp_gateway_request_total';
    const wanted = wantedLabels(aegis).filter((one) => one.metric === metric);
    const by = wanted.find(({ values }) => values.length === 0);
    const status = wanted.find(({ values }) => values.includes('429'));
    if (by === undefined || status === undefined) throw new Error('the runbook reads it otherwise');
    const found = (labels: Scraping['labels'], ages: Scraping['ages'] = { [metric]: 5 }) =>
      scraping({ labels, ages }).filter(({ code }) => code === 'label-missing' || code === 'value-missing');
    const all = Object.fromEntries(wanted.map(({ label }) => [labelKey(metric, label), ['x']]));
    const with429 = (values: readonly string[]) => ({ ...all, [labelKey(metric, status.label)]: values });
    expect(found({}, {})).toEqual([]);
    expect(found(with429(['200', '429']))).toEqual([]);
    // A counter's value may not have come up yet.
    expect(found(with429(['200', '401']))).toEqual([]);
    const { [labelKey(metric, by.label)]: _, ...without } = with429(['429']);
    expect(found(without)[0]).toMatchObject({
      code: 'label-missing',
      level: 'warning',
      args: { label: by.label },
    });
    const yaml = AEGIS_YAML.replaceAll('"429"', '"4.*"');
    const runbook = parseRunbook(yaml, 'my.yaml');
    const { scraping: plain } = prometheusFacts();
    if (!plain.known) throw new Error('not known');
    const slips = labelChecks(
      runbook,
      { ...plain.value, labels: with429(['200', '429']), ages: { [metric]: 5 } },
      'Prometheus',
    );
    expect(slips[0]).toMatchObject({ code: 'value-missing', args: { value: '4.*', values: ['200', '429'] } });
    // Of several values one is a slip, one has not come up, and one is the other spelling of one that is meant, too.
    const listed = parseRunbook(
      AEGIS_YAML.replaceAll('"429"', '[limited, Limited, "503", Shedd]'),
      'my.yaml',
    );
    const told = (values: readonly string[], runbook = listed) =>
      labelChecks(
        runbook,
        {
          ...plain.value,
          labels: { ...all, [labelKey(metric, status.label)]: values },
          ages: { [metric]: 5 },
        },
        'Prometheus',
      );
    expect(told(['Limited', 'shed'])).toMatchObject([{ code: 'value-missing', args: { value: 'Shedd' } }]);
    expect(told([])).toMatchObject([{ code: 'label-missing', args: { label: status.label, value: null } }]);
    const unlabelled = parseRunbook(AEGIS_YAML.replaceAll('"429"', '["", "503"]'), 'my.yaml');
    expect(told([], unlabelled)).toEqual([]);
  });

  test('a label that the runbook does without, too, need not be there: a limit that is not told, another exporter', () => {
    const metrics = ['apigw_requests_total', 'aws_apigateway_4_xxerror_sum'] as const;
    const labels = Object.fromEntries(
      ['client', 'outcome'].map((label) => [labelKey(metrics[0], label), ['accepted', 'throttled']]),
    );
    const told = { ...labels, [labelKey(metrics[1], 'api_name')]: ['orders'] };
    const { scraping: plain } = prometheusFacts();
    if (!plain.known) throw new Error('not known');
    const ages = Object.fromEntries(metrics.map((metric) => [metric, 5]));
    const missing = (seen: Scraping['labels']) =>
      labelChecks(builtIn('api-gateway'), { ...plain.value, labels: seen, ages }, 'Prometheus');
    expect(missing(told)).toEqual([]);
    const { [labelKey(metrics[0], 'client')]: _, ...without } = told;
    expect(new Set(missing(without).map(({ args }) => args.label))).toEqual(new Set(['client']));
  });

  test('what is collected twice counts twice', () => {
    const duplicates = [
      { metric: 'acp_auth_failures_total', by: 'job', instance: 'gw-1:8000', copies: 2 },
      { metric: 'acp_rate_limit_exceeded_total', by: 'job', instance: 'gw-1:8000', copies: 2 },
    ];
    const checks = scraping({ duplicates });
    expect(only(checks, 'scraped-twice')).toMatchObject({
      level: 'problem',
      args: { metrics: ['acp_auth_failures_total', 'acp_rate_limit_exceeded_total'], copies: 2 },
    });
    expect(outcomeOf(checks)).toBe('problem');
  });

  test('a second one is a warning; what cannot be seen from here is said', () => {
    const checks = scraping({ prometheuses: { count: 2, names: ['a:9090', 'b:9090'] } });
    expect(only(checks, 'other-prometheus').level).toBe('warning');
    expect(only(checks, 'instances-seen').level).toBe('note');
    expect(codesOf(scraping({}))).not.toContain('other-prometheus');
  });

  test('each of several is looked at, and those that are asked are no strangers', () => {
    const { scraping: plain } = prometheusFacts();
    if (!plain.known) throw new Error('not known');
    const two = { count: 2, names: ['a:9090', 'b:9090'] };
    const one = prometheusFacts({
      host: 'a:9090',
      scraping: known({ ...plain.value, prometheuses: two, intervals: { acp_auth_failures_total: 200 } }),
    });
    const lost = {
      known: false,
      cause: 'unreachable',
      reason: 'prometheus b:9090: connection refused',
    } as const;
    const other = prometheusFacts({
      host: 'b:9090',
      clock: lost,
      version: lost,
      scraping: lost,
      names: lost,
    });
    const checks = diagnose(findings(WELL, { prometheus: [one, other] }));
    const at = (code: Check['code']) => checks.flatMap((check) => (check.code === code ? check.source : []));
    expect(at('prometheus-version')).toEqual(['Prometheus a:9090']);
    expect(at('window-short')).toEqual(['Prometheus a:9090']);
    expect(at('version-unknown')).toEqual(['Prometheus b:9090']);
    expect(at('clock-unknown')).toEqual(['Prometheus b:9090']);
    expect(codesOf(checks)).not.toContain('other-prometheus');
    expect(codesOf(checks)).toContain('drift-unknown');
    const third = known({ ...plain.value, prometheuses: { count: 3, names: ['c:9090'] } });
    const seen = [prometheusFacts({ host: 'a:9090', scraping: third }), prometheusFacts({ host: 'b:9090' })];
    expect(at('other-prometheus')).toEqual([]);
    expect(only(diagnose(findings(WELL, { prometheus: seen })), 'other-prometheus').source).toBe(
      'Prometheus a:9090',
    );
  });

  test('a metric of which no sample has come is stale, not empty', () => {
    const found = findings({ has: ['acp_tenant_rate_limited_total'] });
    const evidence = structuredClone(found.evidence) as typeof found.evidence;
    const source = evidence.signals['rejects-by-layer']?.sources[0];
    if (source === undefined) throw new Error('no source');
    Object.assign(source, { status: 'empty', cause: null });
    const code = (ages: Record<string, number>) => {
      const plain = prometheusFacts().scraping;
      if (!plain.known) throw new Error('not known');
      const facts = prometheusFacts({ scraping: known({ ...plain.value, ages }) });
      const checks = diagnose({ ...found, evidence, prometheus: [facts] });
      return checks.find((check) => check.signal === 'rejects-by-layer' && check.check === 'source')?.code;
    };
    expect(code({})).toBe('source-stale');
    expect(code({ acp_rate_limit_exceeded_total: 12 })).toBe('source-empty');
  });

  test("names are compared among those that begin as the runbook's do", () => {
    expect(commonWords(['acp_a_total', 'acp_b', 'other_c'])).toEqual(['acp']);
    expect(commonWords(['custom_googleapis_com:x'])).toEqual(['custom']);
    expect(commonWords(['up'])).toEqual([]);
    expect(commonWords([])).toEqual([]);
  });
});

describe('Alertmanager', () => {
  test('answers, is not there, refuses, or was never configured', () => {
    const of = (alertmanager: Findings['alertmanager']) => {
      const checks = checksOf(WELL, { alertmanager });
      const [check] = checks.filter(({ check }) => check === 'alertmanager');
      return [check?.code, check?.level, outcomeOf(checks)];
    };
    const not = (cause: 'auth' | 'unreachable') => of({ known: false, cause, reason: 'why' });
    expect(of(known({ firing: 3, latencyMs: 9 }))).toEqual(['alertmanager-answers', 'fine', 'fine']);
    expect(not('unreachable')).toEqual(['alertmanager-unknown', 'problem', 'problem']);
    expect(not('auth')).toEqual(['alertmanager-unknown', 'problem', 'refused']);
    expect(of(null)).toEqual([undefined, undefined, 'fine']);
  });
});

describe('the API', () => {
  const answered = (status: number, isJson = true): ApiFacts => ({
    ...{ state: 'answered', url: 'https://api/x', status, isJson, said: '{"error":"no"}', latencyMs: 9 },
  });
  test.each([
    [{ state: 'not-configured' }, 'api-absent', 'note', 'fine'],
    [{ state: 'no-token' }, 'api-no-token', 'warning', 'fine'],
    [{ state: 'plain-http', reason: 'in the clear' }, 'api-plain-http', 'problem', 'problem'],
    [
      { state: 'unreachable', cause: 'unreachable', reason: 'refused' },
      'api-unreachable',
      'problem',
      'problem',
    ],
    [answered(200), 'api-answers', 'fine', 'fine'],
    [answered(401), 'api-refuses', 'problem', 'refused'],
    [answered(403), 'api-forbids', 'warning', 'fine'],
    [answered(200, false), 'api-unclear', 'note', 'fine'],
    [answered(404), 'api-unclear', 'note', 'fine'],
    [answered(302), 'api-unclear', 'note', 'fine'],
    [answered(429), 'api-fails', 'problem', 'problem'],
    [answered(503), 'api-fails', 'problem', 'problem'],
  ] as const)('%o: %s', (api, code, level, outcome) => {
    const checks = checksOf(WELL, { api });
    expect(only(checks, code).level).toBe(level);
    expect(outcomeOf(checks)).toBe(outcome);
  });

  test("is nobody's business where no remedy goes through it", () => {
    const runbook = { ...aegis, remedies: { 'block-ip': null, 'raise-cap': null, 'kill-switch': null } };
    const checks = checksOf(WELL, { runbook, api: answered(401) });
    expect(checks.filter(({ check }) => check === 'api' || check === 'deny-list')).toEqual([]);
  });
});

describe('is the deny list read by anything', () => {
  const block = (verified: Verified | null, at: string, remedy = 'block-ip') =>
    ({ remedy, verified, at, operator: 'ada', verification: 'seen' }) as Entry;
  const judged = (...entries: Entry[]) =>
    checksOf(WELL, { entries }).filter(({ check }) => check === 'deny-list')[0];

  test('never verified', () => {
    expect(judged()).toMatchObject({ code: 'blocks-never-verified', status: 'unknown', level: 'note' });
    expect(judged(block(null, '1'), block('unknown', '2'), block('enforced', '3', 'unblock-ip'))?.code).toBe(
      'blocks-never-verified',
    );
  });

  test('stored alone proves nothing', () => {
    expect(judged(block('stored', '1'))).toMatchObject({ code: 'blocks-unproven', args: { of: 1 } });
  });

  test('ignored by all that there is', () => {
    expect(
      judged(block('not-enforced', '1'), block('not-enforced', '2'), block('not-enforced', '3')),
    ).toMatchObject({
      ...{ code: 'blocks-ignored', level: 'problem', source: 'acp:ip_block:*' },
      args: { ignored: 3, of: 3, at: '3', by: 'ada' },
    });
  });

  test('the last that proved anything decides', () => {
    expect(judged(block('not-enforced', '1'), block('enforced', '2'), block('stored', '3'))).toMatchObject({
      ...{ code: 'blocks-enforced', level: 'fine' },
      args: { at: '2' },
    });
    expect(judged(block('enforced', '1'), block('not-enforced', '2'))?.code).toBe('blocks-ignored');
  });
});

describe('sources and configuration', () => {
  test('each source of each signal has its check, with its sample', () => {
    const checks = checksOf({ has: speaks('gateway') }).filter(({ check }) => check === 'source');
    expect(checks.length).toBe(Object.values(aegis.signals).flatMap(({ sources }) => sources).length);
    expect(checks.find(({ source }) => source === 'acp:ratelimit:auth_fail:*')).toMatchObject({
      ...{ status: 'measured', sample: { id: 'one', value: 1 }, latencyMs: 7, entities: 1 },
    });
  });

  test('a source that could not be read decides, and refused credentials before it', () => {
    expect(outcomeOf(checksOf({ ...WELL, has: ['up'], otherMetrics: 'unknown' }))).toBe('unknown');
    const found = findings({ has: ['up'], otherMetrics: 'unknown' });
    const evidence = structuredClone(found.evidence) as typeof found.evidence;
    for (const { sources } of Object.values(evidence.signals)) {
      for (const source of sources) if (source.status === 'unknown') Object.assign(source, { cause: 'auth' });
    }
    expect(outcomeOf(diagnose({ ...found, evidence }))).toBe('refused');
  });

  test('what is overridden, and which queries could still be told', () => {
    const config = configOf({ thresholds: { 'few-ips': 3 }, queries: { 'deploy-events': 'x' } });
    const checks = checksOf(WELL, { config });
    expect(only(checks, 'thresholds-overridden').args.overridden).toEqual(['few-ips 3']);
    const asked = checks.filter(({ code }) => code === 'query-unasked');
    expect(asked.map(({ args }) => [args.setting, args.helps])).toEqual([
      ['successes-by-ip', ['attack-succeeding', 'shared-address']],
      ['tenants-by-ip', ['shared-address']],
    ]);
  });

  test('which limits the context sets, and whom nobody has been seen to be', () => {
    const own = builtIn('tps-limits');
    const limits = {
      'caller-tps': {
        default: 150,
        tiers: { free: 25, gold: 900, bronze: 5 },
        entries: { acme: 800, globx: 700, initech: 'bronze' },
      },
    };
    const limitChanges = limitChangesOf(own.limits, limits);
    const runbook = withLimits(own, limits);
    const evidence = callers([
      { id: 'acme', tier: 'free' },
      { id: 'globex', tier: 'premium' },
      { id: 'initech', tier: '' },
    ]);
    const checks = checksOf({}, { runbook, limitChanges, evidence });
    expect(only(checks, 'limits-overridden').args.overridden).toEqual([
      'limits.caller-tps.default = 150 (the runbook says 100)',
      'limits.caller-tps.tiers.free = 25 (the runbook says 20)',
      'limits.caller-tps.tiers.gold = 900 (the runbook has none)',
      'limits.caller-tps.tiers.bronze = 5 (the runbook has none)',
      'limits.caller-tps.entries.acme = 800 (the runbook has none)',
      'limits.caller-tps.entries.globx = 700 (the runbook has none)',
      'limits.caller-tps.entries.initech = bronze (the runbook has none)',
    ]);
    const unseen = checks.filter(({ code }) => code === 'limits-unseen');
    expect(unseen.map(({ level, args }) => [level, args.part, args.names])).toEqual([
      ['note', 'entries', ['globx']],
      ['note', 'tiers', ['gold']],
    ]);
    // Who is not among the largest may be there all the same, and so may whoever could not be read.
    const signal = evidence.signals['requests-by-caller'];
    for (const part of [{ distinct: 900 }, { status: 'unknown' }]) {
      const signals = { ...evidence.signals, 'requests-by-caller': { ...signal, ...part } };
      const some = checksOf({}, { runbook, limitChanges, evidence: { ...evidence, signals } as Evidence });
      expect(codesOf(some)).not.toContain('limits-unseen');
    }
    expect(codesOf(checksOf({}, { runbook, evidence }))).not.toContain('limits-overridden');
  });

  test('a Loki that is not ready, or has no such streams, can mislead; what it does not tell is no trouble', () => {
    const levels = (logs: Partial<LogsFacts>) =>
      checksOf(WELL, { logs: logsFacts(logs) })
        .filter(({ check, source }) => check === 'logs' || source === 'Loki')
        .map(({ code, level }) => [code, level]);
    const selector = { app: 'shop' };
    expect(levels({ streams: [{ selector, found: known(2), instead: null }] })).toEqual([
      ['logs-version', 'fine'],
      ['logs-ready', 'fine'],
      ['logs-streams', 'fine'],
      ['clock-agrees', 'fine'],
    ]);
    expect(
      levels({
        ready: { state: 'not-ready', said: 'HTTP 503: Ingester not ready' },
        clock: known({ aheadMs: 90_000, plusMinusMs: 500, at: '2026-05-29T03:12:04.000Z' }),
        streams: [{ selector, found: known(0), instead: null }],
      }),
    ).toEqual([
      ['logs-version', 'fine'],
      ['logs-not-ready', 'warning'],
      ['logs-no-streams', 'warning'],
      ['clock-skewed', 'problem'],
    ]);
    expect(
      levels({
        ...{ version: untold(), clock: untold() },
        ready: { state: 'unknown', cause: 'refused', reason: 'HTTP 404' },
      }).map(([, level]) => level),
    ).toEqual(['note', 'note', 'note']);
    // A runbook that reads no logs needs none.
    expect(codesOf(checksOf(WELL))).not.toContain('logs-absent');
    const bare = checksOf({}, { runbook: builtIn('verification-server') });
    expect(only(bare, 'logs-absent')).toMatchObject({ level: 'note', status: 'absent' });
  });

  test('a journal that somebody changed is a warning', () => {
    expect(only(checksOf(WELL, { isJournalIntact: false }), 'journal-changed').level).toBe('warning');
  });
});
