import { describe, expect, test } from 'vitest';
import type { Context } from '../../src/context.ts';
import { buildProgram } from '../../src/program.ts';
import { withThresholds } from '../../src/runbooks/load.ts';
import { labelOf, selector, windowOf } from '../../src/runbooks/sources.ts';
import { keyPattern } from '../../src/values/template.ts';
import { aegis } from '../support/evidence.ts';

describe('the runbook of Aegis', () => {
  test('has every category of the contract', () => {
    expect(aegis.categories.map(({ id }) => id).sort()).toEqual([
      'account-password-stuffing',
      'agent-over-cost-cap',
      'dependency-outage',
      'deploy-auth-churn',
      'distributed-credential-stuffing',
      'platform-overload',
      'single-ip-credential-stuffing',
      'tenant-over-cost-cap',
      'tenant-over-quota',
      'tenant-over-rps-cap',
    ]);
    expect(new Set(aegis.categories.map(({ rank }) => rank)).size).toBe(aegis.categories.length);
    expect(aegis).toMatchObject({ severity: 'P2', namespace: 'acp:' });
  });

  test('gives a reason and a unit for every threshold', () => {
    for (const [name, { because, unit }] of Object.entries(aegis.thresholds)) {
      expect(because.length, name).toBeGreaterThan(10);
      expect(unit, name).not.toBe('');
    }
  });

  test('uses every threshold', () => {
    const used = JSON.stringify([aegis.signals, aegis.categories, aegis.abnormal, aegis.checks]);
    const idle = Object.keys(aegis.thresholds).filter((name) => !used.includes(`"${name}"`));
    expect(idle).toEqual([]);
  });

  test('starts from the numbers of its contract', () => {
    const value = (name: string) => aegis.thresholds[name]?.value;
    expect(['noise-floor', 'heavy-ip-failures', 'heavy-ip-share', 'few-ips'].map(value)).toEqual([
      3, 20, 0.1, 5,
    ]);
    expect(['crowd-failures', 'crowd-sources', 'failure-rate'].map(value)).toEqual([100, 5, 5]);
    expect(['reject-rate', 'tenant-reject-rate', 'tenant-share', 'few-tenants'].map(value)).toEqual([
      1, 0.5, 0.1, 4,
    ]);
    expect(['many-tenants', 'dominant-tenant-share', 'only-path-share'].map(value)).toEqual([5, 0.6, 0.95]);
    expect(['deploy-age', 'deploy-share', 'churn-failures-per-ip'].map(value)).toEqual([600, 0.5, 5]);
  });

  test.each([
    ['single-ip-credential-stuffing', [/already throttles/, /24 hours/, /load balancer's deny list/]],
    [
      'tenant-over-rps-cap',
      [/contact/, /raise the cap/, /more than authorised/, /Retry-After/, /Budget Request/],
    ],
    ['agent-over-cost-cap', [/spend.*cap/, /raise the cap above what is already spent/, /permanent.*API/]],
    [
      'platform-overload',
      [
        /System Health/,
        /Queues/,
        /acp_gateway_inflight_requests/,
        /UVICORN_WORKERS/,
        /larger hosts.*100 % CPU/,
        /one more host/,
      ],
    ],
    [
      'distributed-credential-stuffing',
      [/kill switch/, /single sign-on.*password login off/, /JWT_SECRET_KEY/, /source ranges.*deny list/],
    ],
  ])('%s responds with each step, in order', (id, steps) => {
    const responses = aegis.categories.find((category) => category.id === id)?.respond ?? [];
    const at = steps.map((step) => responses.findIndex(({ text }) => step.test(text)));
    expect(at).not.toContain(-1);
    expect(at).toEqual([...at].sort((a, b) => a - b));
  });

  const steps = aegis.categories.flatMap(({ respond }) => respond);
  const commandOf = (id: string) => {
    const { each, command } = steps.find((step) => step.id === id) ?? {};
    return { each, command: command?.join(' ') };
  };

  test('blocks an address for a day, with a reason', () => {
    expect(commandOf('block-ip')).toEqual({
      each: 'ip',
      command: 'ratelimit block-ip {subject} --ttl 24h --reason credential_stuffing',
    });
    const text = steps.find(({ id }) => id === 'block-ip')?.text;
    expect(text).toMatch(/in Redis.*asks before it writes.*whether it takes effect/);
    expect(aegis.remedies['block-ip']).toEqual({
      key: 'acp:ip_block:{ip}',
      ttl: '24h',
      counters: [
        { key: 'acp:auth_fail:{ip}', 'stops-at': null, 'named-by': 'system' },
        { key: 'acp:ratelimit:auth_fail:{ip}', 'stops-at': 25, 'named-by': 'client' },
      ],
      peers: ['acp:auth_failures:{ip}'],
      shared: 'tenants-by-ip',
      'when-ignored': expect.stringMatching(/load balancer.*firewall/),
    });
  });

  test('looks at what an agent spends before it raises its cap, with a reason', () => {
    expect(commandOf('inspect-spend')).toEqual({ each: 'agent', command: 'ratelimit caps {subject}' });
    expect(commandOf('raise-cap')).toEqual({
      each: 'agent',
      command: 'ratelimit raise-cap {subject} --to {enough} --reason cost_cap_reached',
    });
    expect(aegis.remedies['raise-cap']).toEqual({
      signal: 'agent-spend',
      headroom: 1.2,
      permanent: {
        method: 'PATCH',
        path: '/agents/{agent}',
        body: '{"metadata":{"daily_cost_cap_usd":{usd}}}',
      },
    });
  });

  test('stops a tenant by the API, after questions, and never proposes to with a command', () => {
    expect(aegis.remedies['kill-switch']).toMatchObject({
      path: '/decision/kill-switch/{tenant}',
      status: { field: 'status', engaged: 'engaged', released: 'disengaged' },
      key: 'acp:tenant_kill:{tenant}',
      reasons: ['acp:tenant_kill_reason:{tenant}'],
      checklist: [/narrower/, /succeeding/, /contact/].map((about) => expect.stringMatching(about)),
    });
    const step = steps.find(({ id }) => id === 'kill-switch');
    expect(step).toMatchObject({ command: null, each: null });
    expect(step?.text).toContain('ratelimit kill-switch engage <tenant>');
  });

  test('proposes commands that the program has, with flags that they have', () => {
    const program = buildProgram({} as Context, () => {});
    const commands = steps.flatMap(({ command }) => (command === null ? [] : [command]));
    expect(commands).toHaveLength(3);
    for (const [first, name, place, ...flags] of commands) {
      const command = program.commands.find((candidate) => candidate.name() === name);
      expect([first, place, command?.registeredArguments.length]).toEqual(['ratelimit', '{subject}', 1]);
      const takesValue = Object.fromEntries(command?.options.map((o) => [o.long, o.required]) ?? []);
      const names = flags.filter((_, index) => index % 2 === 0);
      for (const flag of names) expect({ flag, takes: takesValue[flag] }).toEqual({ flag, takes: true });
    }
  });

  test('says what comes afterwards and where to read on', () => {
    expect(aegis.afterwards.join('\n')).toMatch(
      /incident report.*\n.*limit.*\n.*contact.*\n.*regression test/,
    );
    expect(Object.keys(aegis.links)).toEqual(
      expect.arrayContaining(['gateway', 'quota', 'kill-switch', 'code']),
    );
    const code = aegis.links.code?.see ?? '';
    for (const file of ['ratelimit.py', '_mw_rate_limit.py', '_mw_auth.py', 'middleware.py'])
      expect(code).toContain(file);
  });
});

test('sources are named as their reader knows them', () => {
  const labels = Object.values(aegis.signals).flatMap(({ sources }) => sources.map(labelOf));
  expect(labels).toContain('acp:auth_fail:*');
  expect(labels).toContain('acp:agent_cost_today:*:* / acp:agent_cost_cap:*');
  expect(labels).toContain('acp_gateway_request_total{status="429"}');
  expect(keyPattern('a:{b}:{c}')).toBe('a:*:*');
  expect(selector('m', { a: 'x"\\\n' })).toBe(String.raw`m{a="x\"\\\n"}`);
  const windows = Object.entries(aegis.signals).map(([id, { sources }]) => [
    id,
    sources.map((s) => windowOf(s, 900)),
  ]);
  expect(Object.fromEntries(windows)).toMatchObject({
    'auth-failures-by-ip': [300, 60],
    'rejects-by-tenant': [900, 900],
    'tenant-quota': [null, null],
    deploys: [null],
  });
});

test('a context sets thresholds by name; a name that is not there is refused with the nearest', () => {
  expect(withThresholds(aegis, { 'few-ips': 9 }).thresholds['few-ips']?.value).toBe(9);
  expect(aegis.thresholds['few-ips']?.value).toBe(5);
  expect(() => withThresholds(aegis, { 'few-ip': 9 })).toThrow(
    /thresholds\.few-ip: .*did you mean "few-ips"/,
  );
});
