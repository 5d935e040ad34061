import { describe, expect, test } from 'vitest';
import type { Change, State } from '../../src/journal/types.ts';
import { makePaint } from '../../src/output/paint.ts';
import { type About, outcomeText, previewText } from '../../src/output/remedy-human.ts';
import { remedyJson } from '../../src/output/remedy-json.ts';
import { remedyMarkdown } from '../../src/output/remedy-markdown.ts';
import { showMoment, showTime } from '../../src/output/times.ts';
import type { Outcome, Plan } from '../../src/remedies/types.ts';
import type { Clock } from '../../src/signals/asked.ts';

const NOW = Date.parse('2026-11-21T10:40:12.345Z');
const clock: Clock = {
  now: () => NOW,
  iso: (ms) => new Date(ms).toISOString(),
  ms: Date.parse,
  steady: () => 0,
};
const paint = makePaint(false);

const state = (value: State['value'], ttlSeconds: number | null): State => ({
  value,
  ttlSeconds,
  expiresAt: ttlSeconds === null ? null : clock.iso(NOW + ttlSeconds * 1_000),
});

const change = (over: Partial<Change> = {}): Change => ({
  system: 'redis',
  target: 'acp:ip_block:203.0.113.42',
  before: null,
  after: state('credential_stuffing', 86_400),
  status: 'planned',
  message: null,
  verified: null,
  ...over,
});

const many = (count: number, over: Partial<Change> = {}): Change[] =>
  Array.from({ length: count }, (_, i) => change({ target: `acp:ip_block:198.51.100.${i}`, ...over }));

const plan = (changes: readonly Change[], over: Partial<Plan> = {}): Plan => ({
  subject: '203.0.113.42',
  planned: changes.map((one) => ({ change: one, write: null })),
  ...{ refusals: [], warnings: [], facts: [], checklist: [] },
  ...{ typed: null, keptReason: null, nothing: null, systemMs: NOW, watch: null, wasDone: null },
  ...over,
});

const prod: About = {
  remedy: 'block-ip',
  systems: { redis: 'redis://10.0.0.5:6379', api: 'https://aegis.example' },
  context: 'prod',
  production: true,
};

const outcome = (over: Partial<Outcome> = {}): Outcome => ({
  id: '01KAJ7Q8Z0ABCDEFGHJKMNPQRS',
  remedy: 'block-ip',
  subject: '203.0.113.42',
  status: 'applied',
  reason: 'credential_stuffing',
  operator: 'alice',
  at: '2026-11-21T10:40:12.345Z',
  expiresAt: '2026-11-22T10:40:12.345Z',
  changes: [change({ status: 'applied', verified: 'stored' })],
  facts: [],
  verified: 'enforced',
  verification: '24 failures in the 1.2 s before the block, none in the 3.0 s after it',
  undo: ['ratelimit', 'undo', '01KAJ7Q8Z0ABCDEFGHJKMNPQRS', '--context', 'prod'],
  warnings: [],
  message: null,
  refusals: [],
  advice: null,
  because: null,
  ...over,
});

/** As printed on a monochrome screen. */
const preview = (one: Plan, about: Partial<About> = {}, width = 80) =>
  `\n${previewText(one, { ...prod, ...about }, paint, width, clock)}`;
const shown = (over: Partial<Outcome> = {}, width = 80) => {
  const { out, err } = outcomeText(outcome(over), paint, width, clock);
  return `\n${err === '' ? out : `${out}stderr:\n${err}`}`;
};

const cap: Plan = plan(
  [
    change({
      target: 'acp:agent_cost_cap:agent-7',
      before: state('100.00', 3_600),
      after: state('150.00', null),
    }),
    change({
      system: 'api',
      target: 'PATCH https://aegis.example/api/agents/agent-7',
      after: { value: '150.00', ttlSeconds: null, expiresAt: null },
    }),
  ],
  {
    subject: 'agent agent-7 to $150.00',
    facts: [
      { name: 'spent today', value: '$112.50' },
      { name: 'cap so far', value: '$100.00' },
      { name: 'used', value: '113%' },
    ],
    warnings: [
      'the present cap expires, and with it all limits; the new one does not',
      'the permanent half cannot be undone from here: what the API holds now cannot be read',
    ],
  },
);

const engage: Plan = plan(
  [
    change({
      system: 'api',
      target: 'POST https://aegis.example/api/tenants/acme/kill-switch',
      before: { value: 'released', ttlSeconds: null, expiresAt: null },
      after: { value: 'engaged', ttlSeconds: null, expiresAt: null },
    }),
  ],
  {
    subject: 'engage for tenant acme',
    facts: [
      { name: 'switch so far', value: 'released' },
      { name: 'acp:kill_switch:acme', value: 'not there' },
      { name: 'acp:kill_switch_reason:acme', value: '"test of last week", 3m left' },
    ],
    checklist: [
      'Is the attack succeeding: are there successful sign-ins from these sources, or uses of revoked tokens?',
      'Does the tenant know?',
    ],
    typed: { what: 'the tenant', word: 'acme' },
  },
);

describe('a time', () => {
  test.each([
    ['2026-11-22T10:40:12.345Z', '2026-11-22 10:40:12 UTC (in 24h)'],
    ['2026-11-22T22:55:13.000Z', '2026-11-22 22:55:13 UTC (in 36h15m)'],
    ['2026-11-24T10:40:12Z', '2026-11-24 10:40:12 UTC (in 3d)'],
    ['2026-11-21T10:37:00.000Z', '2026-11-21 10:37:00 UTC (3m12s ago)'],
    ['2026-11-21T10:40:12.000Z', '2026-11-21 10:40:12 UTC (now)'],
    ['+012026-01-01T00:00:00.000Z', '+012026-01-01 00:00:00 UTC (in 3652100d13h)'],
    ['yesterday\u001b[2J', 'yesterday\\x1b[2J'],
    ['', '""'],
  ])('%j is %j', (iso, text) => {
    expect(showTime(iso, clock)).toBe(text);
  });

  test("the system's own word counts for how long it lasts", () => {
    expect(showTime('2026-11-22T10:40:12Z', clock, 600)).toBe('2026-11-22 10:40:12 UTC (in 10m)');
    expect(showMoment('2026-11-22T10:40:12.999Z', clock)).toBe('2026-11-22 10:40:12 UTC');
  });
});

describe('the preview', () => {
  test('of a block', () => {
    const warnings = ['not checked: whether customers share it (no signal tells)'];
    expect(preview(plan([change()], { warnings }))).toMatchInlineSnapshot(`
      "
      block-ip 203.0.113.42 on redis://10.0.0.5:6379 (context prod, PRODUCTION)
        acp:ip_block:203.0.113.42
          now   nothing
          then  credential_stuffing, until 2026-11-22 10:40:12 UTC (in 24h)
        ! not checked: whether customers share it (no signal tells)
      "
    `);
  });

  test('of a longer block over a shorter one, outside of production', () => {
    const longer = change({ before: state('two words', 600) });
    expect(preview(plan([longer]), { context: null, production: false })).toMatchInlineSnapshot(`
      "
      block-ip 203.0.113.42 on redis://10.0.0.5:6379
        acp:ip_block:203.0.113.42
          now   "two words", until 2026-11-21 10:50:12 UTC (in 10m)
          then  credential_stuffing, until 2026-11-22 10:40:12 UTC (in 24h)
      "
    `);
  });

  test('of a cap, with its permanent half', () => {
    expect(preview(cap, { remedy: 'raise-cap' })).toMatchInlineSnapshot(`
      "
      raise-cap agent agent-7 to $150.00 on redis://10.0.0.5:6379 and
        https://aegis.example (context prod, PRODUCTION)
        spent today  $112.50
        cap so far   $100.00
        used         113%
        acp:agent_cost_cap:agent-7
          now   100.00, until 2026-11-21 11:40:12 UTC (in 1h)
          then  150.00, no expiry
        PATCH https://aegis.example/api/agents/agent-7
          now   not known
          then  150.00
        ! the present cap expires, and with it all limits; the new one does not
        ! the permanent half cannot be undone from here: what the API holds now cannot
          be read
      "
    `);
  });

  test('of a kill switch, with what must be clear before', () => {
    expect(preview(engage, { remedy: 'kill-switch' })).toMatchInlineSnapshot(`
      "
      kill-switch engage for tenant acme on https://aegis.example (context prod,
        PRODUCTION)
        switch so far                released
        acp:kill_switch:acme         not there
        acp:kill_switch_reason:acme  "test of last week", 3m left
        POST https://aegis.example/api/tenants/acme/kill-switch
          now   released
          then  engaged
      Before you engage it
        1. Is the attack succeeding: are there successful sign-ins from these sources,
           or uses of revoked tokens?
        2. Does the tenant know?
      "
    `);
  });

  test('of many addresses: ten are spelled out, those that are blocked already in a line', () => {
    const changes = [...many(256), ...many(5, { status: 'unchanged' })];
    expect(preview(plan(changes, { subject: '198.51.100.0/24' }))).toMatchInlineSnapshot(`
      "
      block-ip 198.51.100.0/24 on redis://10.0.0.5:6379 (context prod, PRODUCTION)
        acp:ip_block:198.51.100.0
          now   nothing
          then  credential_stuffing, until 2026-11-22 10:40:12 UTC (in 24h)
        acp:ip_block:198.51.100.1
          now   nothing
          then  credential_stuffing, until 2026-11-22 10:40:12 UTC (in 24h)
        acp:ip_block:198.51.100.2
          now   nothing
          then  credential_stuffing, until 2026-11-22 10:40:12 UTC (in 24h)
        acp:ip_block:198.51.100.3
          now   nothing
          then  credential_stuffing, until 2026-11-22 10:40:12 UTC (in 24h)
        acp:ip_block:198.51.100.4
          now   nothing
          then  credential_stuffing, until 2026-11-22 10:40:12 UTC (in 24h)
        acp:ip_block:198.51.100.5
          now   nothing
          then  credential_stuffing, until 2026-11-22 10:40:12 UTC (in 24h)
        acp:ip_block:198.51.100.6
          now   nothing
          then  credential_stuffing, until 2026-11-22 10:40:12 UTC (in 24h)
        acp:ip_block:198.51.100.7
          now   nothing
          then  credential_stuffing, until 2026-11-22 10:40:12 UTC (in 24h)
        acp:ip_block:198.51.100.8
          now   nothing
          then  credential_stuffing, until 2026-11-22 10:40:12 UTC (in 24h)
        acp:ip_block:198.51.100.9
          now   nothing
          then  credential_stuffing, until 2026-11-22 10:40:12 UTC (in 24h)
        and 246 more
        = 5 unchanged: acp:ip_block:198.51.100.0, acp:ip_block:198.51.100.1,
          acp:ip_block:198.51.100.2 and 2 more
      "
    `);
  });

  test('of an undo: what somebody changed since is left alone; a counter does not come back', () => {
    const changes = [
      change({ before: state('credential_stuffing', 3_600), after: null }),
      change({
        target: 'acp:ip_block:203.0.113.43',
        before: state('credential_stuffing', 3_600),
        after: state('by_hand', null),
        status: 'conflict',
        message: 'somebody changed it since',
      }),
      change({ target: 'acp:auth_fail:203.0.113.42', before: state('12', 60), after: null, momentary: true }),
      change({ target: 'acp:ip_block:203.0.113.44', before: null, after: null, status: 'unchanged' }),
    ];
    expect(
      preview(plan(changes, { subject: '01KAJ7Q8Z0 (block-ip)' }), { remedy: 'undo' }),
    ).toMatchInlineSnapshot(`
      "
      undo 01KAJ7Q8Z0 (block-ip) on redis://10.0.0.5:6379 (context prod, PRODUCTION)
        acp:ip_block:203.0.113.42
          now   credential_stuffing, until 2026-11-21 11:40:12 UTC (in 1h)
          then  nothing
        acp:auth_fail:203.0.113.42
          now   12, until 2026-11-21 10:41:12 UTC (in 1m)
          then  nothing (undo does not bring it back)
        ! acp:ip_block:203.0.113.43: left alone: somebody changed it since
          seen  credential_stuffing, until 2026-11-21 11:40:12 UTC (in 1h)
          now   by_hand, no expiry
        = unchanged: acp:ip_block:203.0.113.44 (nothing)
      "
    `);
  });
});

describe('what became of it', () => {
  test('applied and enforced', () => {
    expect(shown()).toMatchInlineSnapshot(`
      "
      applied: block-ip 203.0.113.42
        acp:ip_block:203.0.113.42
          was  nothing
          now  credential_stuffing, until 2026-11-22 10:40:12 UTC (in 24h)
        + enforced: 24 failures in the 1.2 s before the block, none in the 3.0 s after
          it
      Recorded as 01KAJ7Q8Z0ABCDEFGHJKMNPQRS by alice: credential_stuffing
      Undo: ratelimit undo 01KAJ7Q8Z0ABCDEFGHJKMNPQRS --context prod
      "
    `);
  });

  test('applied, its effect not proven', () => {
    const verification = 'no failures are being counted there, so no effect can be seen';
    expect(shown({ verified: 'stored', verification })).toMatchInlineSnapshot(`
      "
      applied: block-ip 203.0.113.42
        acp:ip_block:203.0.113.42
          was  nothing
          now  credential_stuffing, until 2026-11-22 10:40:12 UTC (in 24h)
        - stored, its effect is not proven: no failures are being counted there, so no
          effect can be seen
      Recorded as 01KAJ7Q8Z0ABCDEFGHJKMNPQRS by alice: credential_stuffing
      Undo: ratelimit undo 01KAJ7Q8Z0ABCDEFGHJKMNPQRS --context prod
      "
    `);
  });

  test('applied without effect', () => {
    const verification =
      '12 failures in the 3.0 s after the block. The system does not seem to read this list. Put the address on the load balancer.';
    expect(
      shown({ verified: 'not-enforced', verification, warnings: ["this machine's clock is 7 s ahead"] }),
    ).toMatchInlineSnapshot(`
      "
      applied: block-ip 203.0.113.42
        acp:ip_block:203.0.113.42
          was  nothing
          now  credential_stuffing, until 2026-11-22 10:40:12 UTC (in 24h)
        ! NOT ENFORCED: 12 failures in the 3.0 s after the block. The system does not
          seem to read this list. Put the address on the load balancer.
        ! What was written stays there: undo it, or leave it, but do not rely on it.
        ! this machine's clock is 7 s ahead
      Recorded as 01KAJ7Q8Z0ABCDEFGHJKMNPQRS by alice: credential_stuffing
      Undo: ratelimit undo 01KAJ7Q8Z0ABCDEFGHJKMNPQRS --context prod
      "
    `);
  });

  test('applied, some with effect, some without', () => {
    const changes = [
      change({ status: 'applied', verified: 'enforced' }),
      change({ target: 'acp:ip_block:203.0.113.43', status: 'applied', verified: 'not-enforced' }),
      change({ target: 'acp:ip_block:203.0.113.44', status: 'unchanged' }),
    ];
    const verification = '1 of 2 addresses: 3 failures in the 3.0 s after the block';
    expect(
      shown({ changes, subject: '3 addresses and ranges', verified: 'not-enforced', verification }),
    ).toMatchInlineSnapshot(`
      "
      applied: block-ip 3 addresses and ranges
        acp:ip_block:203.0.113.42
          was   nothing
          now   credential_stuffing, until 2026-11-22 10:40:12 UTC (in 24h)
          seen  enforced
        acp:ip_block:203.0.113.43
          was   nothing
          now   credential_stuffing, until 2026-11-22 10:40:12 UTC (in 24h)
          seen  not-enforced
        = unchanged: acp:ip_block:203.0.113.44 (credential_stuffing, until 2026-11-22
          10:40:12 UTC (in 24h))
        ! NOT ENFORCED: 1 of 2 addresses: 3 failures in the 3.0 s after the block
        ! What was written stays there: undo it, or leave it, but do not rely on it.
      Recorded as 01KAJ7Q8Z0ABCDEFGHJKMNPQRS by alice: credential_stuffing
      Undo: ratelimit undo 01KAJ7Q8Z0ABCDEFGHJKMNPQRS --context prod
      "
    `);
  });

  test('a dry run', () => {
    expect(
      shown({
        ...{ status: 'dry-run', id: null, undo: null, verified: null, verification: null },
        changes: [change({ status: 'dry-run' })],
      }),
    ).toMatchInlineSnapshot(`
      "
      dry run: nothing was written
      block-ip 203.0.113.42 would make this change
        acp:ip_block:203.0.113.42
          now   nothing
          then  credential_stuffing, until 2026-11-22 10:40:12 UTC (in 24h)
      "
    `);
  });

  test('unchanged: so already, or nothing to do', () => {
    const none = { status: 'unchanged', id: null, undo: null, verified: null, verification: null } as const;
    const same = state('credential_stuffing', 90_000);
    const changes = [change({ status: 'unchanged', before: same, after: same })];
    expect(shown({ ...none, changes })).toMatchInlineSnapshot(`
      "
      unchanged: block-ip 203.0.113.42: it is so already
        = unchanged: acp:ip_block:203.0.113.42 (credential_stuffing, until 2026-11-22
          11:40:12 UTC (in 25h))
      "
    `);
    const message = '203.0.113.42: not blocked, there is nothing to do';
    expect(shown({ ...none, changes: [], message, because: 'nothing' })).toMatchInlineSnapshot(`
      "
      unchanged: 203.0.113.42: not blocked, there is nothing to do
      "
    `);
  });

  test('partial: what went wrong comes first', () => {
    const changes = [
      change({
        status: 'applied',
        verified: 'stored',
        message: 'the answer was lost; a look says that it was done',
      }),
      change({
        target: 'acp:ip_block:203.0.113.43',
        status: 'conflict',
        after: state('by_hand', null),
        message: 'somebody changed it meanwhile',
      }),
      change({
        target: 'PATCH https://aegis.example/x',
        system: 'api',
        status: 'failed',
        message: 'HTTP 500: oops',
      }),
      change({
        target: 'PATCH https://aegis.example/y',
        system: 'api',
        status: 'skipped',
        message: 'not tried',
      }),
    ];
    const message = 'somebody changed it meanwhile\nHTTP 500: oops';
    expect(
      shown({
        status: 'partial',
        subject: '2 addresses',
        changes,
        message,
        verified: 'unknown',
        verification: null,
      }),
    ).toMatchInlineSnapshot(`
      "
      partial: block-ip 2 addresses: 1 of 4 changes made
        ! acp:ip_block:203.0.113.43: conflict: somebody changed it meanwhile
          seen  nothing
          now   by_hand, no expiry
        ! PATCH https://aegis.example/x: failed: HTTP 500: oops
        ! PATCH https://aegis.example/y: skipped: not tried
        acp:ip_block:203.0.113.42
          was   nothing
          now   credential_stuffing, until 2026-11-22 10:40:12 UTC (in 24h)
          note  the answer was lost; a look says that it was done
        ? whether it takes effect is not known
      Recorded as 01KAJ7Q8Z0ABCDEFGHJKMNPQRS by alice: credential_stuffing
      Undo: ratelimit undo 01KAJ7Q8Z0ABCDEFGHJKMNPQRS --context prod
      "
    `);
  });

  test('unknown', () => {
    const message = 'the answer was lost (timed out), and what is there now is neither the old nor the new';
    const changes = [change({ status: 'unknown', message })];
    expect(
      shown({ status: 'unknown', changes, message, verified: null, verification: null }),
    ).toMatchInlineSnapshot(`
      "
      unknown: block-ip 203.0.113.42: nobody knows whether it was done. Look before
        you try again
        ! acp:ip_block:203.0.113.42: unknown: the answer was lost (timed out), and
          what is there now is neither the old nor the new
          was    nothing
          meant  credential_stuffing, until 2026-11-22 10:40:12 UTC (in 24h)
      Recorded as 01KAJ7Q8Z0ABCDEFGHJKMNPQRS by alice: credential_stuffing
      Undo: ratelimit undo 01KAJ7Q8Z0ABCDEFGHJKMNPQRS --context prod
      "
    `);
  });

  const notDone = { id: null, undo: null, expiresAt: null, verified: null, verification: null } as const;

  test('refused by guards', () => {
    expect(
      shown({
        ...notDone,
        status: 'refused',
        message: 'both',
        refusals: [
          {
            guard: 'private',
            message:
              '10.0.0.5: private address, behind a private address stand a proxy, a NAT or your own network',
            override: '--force-private',
          },
          { guard: 'width', message: '10.0.0.0/8: wider than /16, which is never blocked', override: null },
          {
            guard: 'max',
            message: '512 addresses in all, more than 256; --max 512 allows it',
            override: '--max 512',
          },
        ],
      }),
    ).toMatchInlineSnapshot(`
      "
      stderr:
      ratelimit: refused: 10.0.0.5: private address, behind a private address stand a
        proxy, a NAT or your own network
        --force-private overrides this
      ratelimit: refused: 10.0.0.0/8: wider than /16, which is never blocked
      ratelimit: refused: 512 addresses in all, more than 256; --max 512 allows it
      "
    `);
  });

  test('refused because nobody can be asked, with the command that needs no answer', () => {
    const message =
      'nobody can be asked (no terminal, or --no-input) and --yes was not given; nothing was changed';
    expect(
      shown({
        ...notDone,
        status: 'refused',
        refusals: [{ guard: 'confirmation', message, override: '--yes' }],
        advice: ['ratelimit', 'block-ip', '203.0.113.42', '--reason', "it's them", '--yes'],
      }),
    ).toMatchInlineSnapshot(`
      "
      stderr:
      ratelimit: refused: nobody can be asked (no terminal, or --no-input) and --yes
        was not given; nothing was changed
      Run: ratelimit block-ip 203.0.113.42 --reason "it's them" --yes
      "
    `);
  });

  test('a conflict: what was seen, and what is there now', () => {
    expect(
      shown({
        ...notDone,
        status: 'conflict',
        message: 'it has been changed since it was looked at; nothing was written. Look again',
        changes: [
          change({
            status: 'conflict',
            after: state('by_hand', 600),
            message: 'somebody changed it meanwhile',
          }),
          change({ target: 'acp:ip_block:203.0.113.43', status: 'planned' }),
        ],
      }),
    ).toMatchInlineSnapshot(`
      "
      stderr:
      ratelimit: conflict: block-ip 203.0.113.42: it has been changed since it was
        looked at; nothing was written. Look again
        ! acp:ip_block:203.0.113.42: conflict: somebody changed it meanwhile
          seen  nothing
          now   by_hand, until 2026-11-21 10:50:12 UTC (in 10m)
      "
    `);
  });

  test('failed', () => {
    const message = 'redis://10.0.0.5:6379: connection refused. Nothing was changed';
    expect(shown({ ...notDone, status: 'failed', message, changes: [change()] })).toMatchInlineSnapshot(`
      "
      stderr:
      ratelimit: failed: block-ip 203.0.113.42: redis://10.0.0.5:6379: connection
        refused. Nothing was changed
      "
    `);
    const changes = [
      change({ status: 'failed', message: "READONLY You can't write against a read only replica." }),
      change({ target: 'PATCH https://aegis.example/x', system: 'api', status: 'skipped', message: null }),
    ];
    expect(
      shown({ ...notDone, status: 'failed', message: "READONLY You can't write\nand more", changes }),
    ).toMatchInlineSnapshot(`
      "
      stderr:
      ratelimit: failed: block-ip 203.0.113.42: READONLY You can't write
        and more
        ! acp:ip_block:203.0.113.42: failed: READONLY You can't write against a read
          only replica.
        ! PATCH https://aegis.example/x: skipped
      "
    `);
  });
});

describe('for scripts', () => {
  test('a remedy that was applied', () => {
    expect(JSON.parse(remedyJson(outcome()))).toMatchInlineSnapshot(`
      {
        "at": "2026-11-21T10:40:12.345Z",
        "changes": [
          {
            "after": {
              "expiresAt": "2026-11-22T10:40:12.345Z",
              "ttlSeconds": 86400,
              "value": "credential_stuffing",
            },
            "before": null,
            "message": null,
            "status": "applied",
            "system": "redis",
            "target": "acp:ip_block:203.0.113.42",
            "verified": "stored",
          },
        ],
        "command": null,
        "expiresAt": "2026-11-22T10:40:12.345Z",
        "facts": [],
        "id": "01KAJ7Q8Z0ABCDEFGHJKMNPQRS",
        "message": null,
        "operator": "alice",
        "reason": "credential_stuffing",
        "refusals": [],
        "remedy": "block-ip",
        "schema": "ratelimit/remedy/v1",
        "status": "applied",
        "subject": "203.0.113.42",
        "undo": "ratelimit undo 01KAJ7Q8Z0ABCDEFGHJKMNPQRS --context prod",
        "verification": "24 failures in the 1.2 s before the block, none in the 3.0 s after it",
        "verified": "enforced",
        "warnings": [],
      }
    `);
  });

  test('every key is there when there is nothing to say', () => {
    const nothing = outcome({
      ...{ id: null, subject: null, status: 'refused', reason: null, expiresAt: null, changes: [] },
      ...{ verified: null, verification: null, undo: null, message: 'no' },
      refusals: [{ guard: 'own', message: 'no', override: '--force-own' }],
      advice: ['ratelimit', 'block-ip', '--reason', 'two words'],
    });
    expect(JSON.parse(remedyJson(nothing))).toMatchInlineSnapshot(`
      {
        "at": "2026-11-21T10:40:12.345Z",
        "changes": [],
        "command": "ratelimit block-ip --reason 'two words'",
        "expiresAt": null,
        "facts": [],
        "id": null,
        "message": "no",
        "operator": "alice",
        "reason": null,
        "refusals": [
          {
            "guard": "own",
            "message": "no",
            "override": "--force-own",
          },
        ],
        "remedy": "block-ip",
        "schema": "ratelimit/remedy/v1",
        "status": "refused",
        "subject": null,
        "undo": null,
        "verification": null,
        "verified": null,
        "warnings": [],
      }
    `);
  });

  test('values are exact, whatever they hold', () => {
    const before = state('\u001b[2J\u202e`|"\\', 5);
    const after = state({ hex: '00ff' }, null);
    const document = remedyJson(outcome({ changes: [change({ target: 'k\u0000', before, after })] }));
    expect(JSON.parse(document).changes).toEqual([
      { system: 'redis', target: 'k\u0000', before, after, status: 'planned', message: null, verified: null },
    ]);
    expect(document).toMatch(/^[\n -~]*$/);
  });
});

describe('for the incident channel', () => {
  test('a remedy that was applied', () => {
    expect(
      `\n${remedyMarkdown(outcome({ warnings: ['not checked: *this*'] }), clock)}`,
    ).toMatchInlineSnapshot(`
      "
      ## applied: block-ip \`203.0.113.42\`

      - by: alice
      - reason: credential\\_stuffing
      - at: \`2026-11-21 10:40:12 UTC\`
      - until: \`2026-11-22 10:40:12 UTC\`
      - journal: \`01KAJ7Q8Z0ABCDEFGHJKMNPQRS\`

      | target | before | after | status |
      | --- | --- | --- | --- |
      | \`acp:ip_block:203.0.113.42\` | nothing | \`credential_stuffing\`, until \`2026-11-22 10:40:12 UTC\` (24h) | applied, stored |

      **enforced**: 24 failures in the 1.2 s before the block, none in the 3.0 s after it

      **Warnings**

      - not checked: \\*this\\*

      **Undo**

      \`\`\`sh
      ratelimit undo 01KAJ7Q8Z0ABCDEFGHJKMNPQRS --context prod
      \`\`\`
      "
    `);
  });

  test('a conflict, and a refusal', () => {
    const conflict = outcome({
      ...{ status: 'conflict', id: null, undo: null, expiresAt: null, verified: null, verification: null },
      message: 'it has been changed since it was looked at',
      changes: [
        change({ status: 'conflict', after: state('by hand', null), message: 'somebody changed it' }),
      ],
    });
    expect(`\n${remedyMarkdown(conflict, clock)}`).toMatchInlineSnapshot(`
      "
      ## conflict: block-ip \`203.0.113.42\`

      - by: alice
      - reason: credential\\_stuffing
      - at: \`2026-11-21 10:40:12 UTC\`

      | target | seen | now | status |
      | --- | --- | --- | --- |
      | \`acp:ip_block:203.0.113.42\` | nothing | \`by hand\`, no expiry | conflict, somebody changed it |

      it has been changed since it was looked at
      "
    `);
    const refused = outcome({
      ...{ status: 'refused', id: null, undo: null, expiresAt: null, verified: null, verification: null },
      ...{ changes: [], reason: null, message: 'private' },
      refusals: [{ guard: 'private', message: 'private address', override: '--force-private' }],
      advice: ['ratelimit', 'block-ip', '10.0.0.1', '--yes'],
    });
    expect(`\n${remedyMarkdown(refused, clock)}`).toMatchInlineSnapshot(`
      "
      ## refused: block-ip \`203.0.113.42\`

      - by: alice
      - at: \`2026-11-21 10:40:12 UTC\`

      **Refused**

      - private address \\(--force-private overrides this\\)

      **Run**

      \`\`\`sh
      ratelimit block-ip 10.0.0.1 --yes
      \`\`\`
      "
    `);
  });

  test('twenty rows of many', () => {
    const page = remedyMarkdown(outcome({ changes: many(256, { status: 'applied' }) }), clock);
    expect(page.match(/^\| `acp/gm)).toHaveLength(20);
    expect(page).toContain('\nand 236 more\n');
  });
});

const HOSTILE = 'x\u001b[2J\r\n\u202e\u200b|`</b>![a](b) @here **z** ```';

/** The same with each text from outside replaced. */
function poisoned<T>(value: T, keep: readonly string[]): T {
  const walk = (one: unknown, key: string): unknown => {
    if (keep.includes(key)) return one;
    if (typeof one === 'string') return HOSTILE;
    if (Array.isArray(one)) return one.map((each) => walk(each, key));
    if (typeof one !== 'object' || one === null) return one;
    return Object.fromEntries(Object.entries(one).map(([name, each]) => [name, walk(each, name)]));
  };
  return walk(value, '') as T;
}

const STATUSES: readonly Outcome['status'][] = [
  ...(['applied', 'dry-run', 'unchanged', 'partial'] as const),
  ...(['unknown', 'refused', 'conflict', 'failed'] as const),
];
const full = (status: Outcome['status']): Outcome =>
  outcome({
    ...{ status, message: 'why', warnings: ['a warning'], advice: ['ratelimit', 'x'] },
    refusals: [{ guard: 'own', message: 'own address', override: '--force-own' }],
    changes: (['applied', 'dry-run', 'unchanged', 'conflict', 'failed', 'unknown', 'skipped'] as const).map(
      (one) => change({ status: one, before: state('before', 9), message: 'a message', verified: 'stored' }),
    ),
  });

describe('what comes from outside', () => {
  const fixed = ['remedy', 'status', 'system', 'verified'];

  test.each(STATUSES)('cannot act on the terminal: %s', (status) => {
    const { out, err } = outcomeText(poisoned(full(status), fixed), paint, 80, clock);
    expect(out + err).toMatch(/^[\n -~…]+$/);
    expect(out + err).not.toMatch(/^x/m);
  });

  test('nor in the preview', () => {
    const text = previewText(poisoned(cap, ['system', 'status']), poisoned(prod, []), paint, 80, clock);
    expect(text).toMatch(/^[\n -~…]+$/);
  });

  test.each(STATUSES)('renders as itself in Markdown: %s', (status) => {
    const page = remedyMarkdown(poisoned(full(status), [...fixed, 'at', 'expiresAt']), clock);
    expect(page).toMatch(/^[\n -~]+$/);
    const outside = page.replace(/^```sh\n.*\n```$/gm, '').replace(/`[^`\n]*`/g, '');
    expect(outside).not.toMatch(/`|(?<!\\)\*\*z|(?<!\\)!\[|@here|<\/b>/);
    const cells = page.split('\n').filter((line) => line.startsWith('| `'));
    for (const line of cells) expect(line.match(/(?<!\\)\|/g)).toHaveLength(5);
  });
});

describe('a narrow screen', () => {
  const words = /^ *(?:[=+?!-] )?\S+$|^(?:Undo|Run): /;
  const tooWide = (text: string, width: number) =>
    text.split('\n').filter((line) => line.length > width && !words.test(line));

  test.each([40, 80])('of %d columns: only what cannot be broken is wider', (width) => {
    for (const status of STATUSES) {
      const { out, err } = outcomeText(full(status), paint, width, clock);
      expect(tooWide(out + err, width)).toEqual([]);
    }
    for (const one of [cap, engage, plan(many(12))]) {
      expect(tooWide(previewText(one, prod, paint, width, clock), width)).toEqual([]);
    }
  });

  test('of 40 columns', () => {
    expect(preview(engage, { remedy: 'kill-switch' }, 40)).toMatchInlineSnapshot(`
      "
      kill-switch engage for tenant acme on
        https://aegis.example (context prod,
        PRODUCTION)
        switch so far                released
        acp:kill_switch:acme         not there
        acp:kill_switch_reason:acme
          "test of last week", 3m left
        POST
          https://aegis.example/api/tenants/acme/kill-switch
          now   released
          then  engaged
      Before you engage it
        1. Is the attack succeeding: are there
           successful sign-ins from these
           sources, or uses of revoked tokens?
        2. Does the tenant know?
      "
    `);
    expect(shown({}, 40)).toMatchInlineSnapshot(`
      "
      applied: block-ip 203.0.113.42
        acp:ip_block:203.0.113.42
          was  nothing
          now  credential_stuffing, until
               2026-11-22 10:40:12 UTC (in
               24h)
        + enforced: 24 failures in the 1.2 s
          before the block, none in the 3.0 s
          after it
      Recorded as 01KAJ7Q8Z0ABCDEFGHJKMNPQRS
        by alice: credential_stuffing
      Undo: ratelimit undo 01KAJ7Q8Z0ABCDEFGHJKMNPQRS --context prod
      "
    `);
  });
});

test('colours say how bad it is, and take nothing away', () => {
  const colours = makePaint(true);
  const ESC = String.fromCharCode(27);
  const plainOf = (text: string) => text.replace(new RegExp(`${ESC}\\[\\d+m`, 'g'), '');
  for (const status of STATUSES) {
    const painted = outcomeText(full(status), colours, 80, clock);
    const plain = outcomeText(full(status), paint, 80, clock);
    expect(plainOf(painted.out + painted.err)).toBe(plain.out + plain.err);
  }
  const painted = previewText(engage, prod, colours, 80, clock);
  expect(plainOf(painted)).toBe(previewText(engage, prod, paint, 80, clock));
  expect(painted).toContain(`${ESC}[31mPRODUCTION`);
});
