import { describe, expect, test } from 'vitest';
import type { Change, State } from '../../src/journal/types.ts';
import { journalEntryText, journalText, type ShownEntry } from '../../src/output/journal-text.ts';
import { blocksText, capsText, type Format, switchText } from '../../src/output/lists.ts';
import { makePaint } from '../../src/output/paint.ts';
import type { Block } from '../../src/remedies/blocks.ts';
import type { Cap } from '../../src/remedies/caps.ts';
import type { Clock } from '../../src/signals/asked.ts';

const NOW = Date.parse('2026-11-21T10:40:12.345Z');
const clock: Clock = {
  now: () => NOW,
  iso: (ms) => new Date(ms).toISOString(),
  ms: Date.parse,
  steady: () => 0,
};
const inSeconds = (seconds: number) => clock.iso(NOW + seconds * 1_000);

const block = (over: Partial<Block> = {}): Block => ({
  ...{ ip: '203.0.113.42', reason: 'credential_stuffing', expiresAt: inSeconds(86_400), ttlSeconds: 86_400 },
  ...{ operator: 'alice', journalId: '01KAJ7Q8Z0ABCDEFGHJKMNPQRS' },
  ...over,
});
const blocks = [
  block(),
  block({
    ip: '198.51.100.7',
    reason: 'scraper of the price list, ticket 4711',
    operator: null,
    journalId: null,
  }),
  block({ ip: { hex: '00ff' }, reason: { hex: 'fe' }, expiresAt: null, ttlSeconds: null, operator: 'bob' }),
];
const ipv6 = [block({ ip: '2001:db8:1234:5678:9abc:def0:1234:5678' })];

const cap = (over: Partial<Cap> = {}): Cap => ({
  ...{ agent: 'summarizer', capUsd: 100, spendUsd: 100.4, ratio: 1.004, period: 'day', problem: null },
  source: 'acp:agent_cost_today:*, acp:agent_cost_cap:*',
  ...{ operator: 'alice', changedAt: inSeconds(-180), journalId: '01KAJ7Q8Z0ABCDEFGHJKMNPQRS' },
  ...over,
});
const unknown = { operator: null, changedAt: null, journalId: null };
const caps = [
  cap(),
  cap({ agent: 'helper', capUsd: 1_250, spendUsd: 45, ratio: 0.036, ...unknown }),
  cap({ agent: 'fading', capUsd: 50, spendUsd: null, ratio: null, problem: 'expires', operator: null }),
  cap({ agent: 'odd', capUsd: null, spendUsd: 9, ratio: null, problem: 'invalid', ...unknown }),
  cap({ agent: 'free', capUsd: null, spendUsd: 1, ratio: null, problem: 'none', ...unknown }),
];

const state = (value: State['value'], ttlSeconds: number | null): State => ({
  value,
  ttlSeconds,
  expiresAt: ttlSeconds === null ? null : inSeconds(ttlSeconds),
});

const change = (over: Partial<Change> = {}): Change => ({
  ...{ system: 'redis', target: 'acp:ip_block:203.0.113.42', before: null, message: null },
  ...{ after: state('credential_stuffing', 86_400), status: 'applied', verified: 'enforced' },
  ...over,
});

const entry = (over: Partial<ShownEntry> = {}): ShownEntry => ({
  ...{ id: '01KAJ7Q8Z0ABCDEFGHJKMNPQRS', seq: 4, at: inSeconds(-180), remedy: 'block-ip' },
  ...{ operator: 'alice', reason: 'credential_stuffing', context: 'prod', runbook: 'aegis' },
  systems: { redis: 'redis://10.0.0.5:6379', api: null },
  ...{ systemAt: null, changes: [change()], undoes: null, undoneBy: null },
  ...{ status: 'applied', resolved: true, verified: 'enforced', now: null, team: false },
  verification: '24 failures in the 1.2 s before the block, none in the 3.0 s after it',
  ...over,
});

const killed = entry({
  ...{ id: '01KAJ8Q8Z0ABCDEFGHJKMNPQRS', seq: 9, at: inSeconds(-60), status: 'unknown', resolved: false },
  ...{ verified: null, verification: null, context: null },
  changes: [1, 2, 3].map((last) =>
    change({ target: `acp:ip_block:203.0.113.${last}`, status: 'planned', verified: null }),
  ),
  now: 'its outcome was not recorded; what it was to write is there',
});
const raised = entry({
  ...{
    id: '01KAJ6Q8Z0ABCDEFGHJKMNPQRS',
    seq: 1,
    at: inSeconds(-7_200),
    remedy: 'raise-cap',
    operator: 'bob',
  },
  ...{ undoneBy: '01KAJ9Q8Z0ABCDEFGHJKMNPQRS', team: true, verified: 'stored', verification: null },
  systems: { redis: 'redis://10.0.0.5:6379', api: 'https://aegis.example' },
  changes: [
    change({
      ...{
        target: 'acp:agent_cost_cap:agent-7',
        before: state('100.00', null),
        after: state('150.00', null),
      },
      verified: 'stored',
    }),
    change({
      ...{ system: 'api', target: 'PATCH https://aegis.example/api/agents/agent-7', verified: null },
      ...{ after: state('150.00', null), message: 'the answer is not JSON' },
    }),
  ],
});
const ended = entry({
  ...{ id: '01KAJ5Q8Z0ABCDEFGHJKMNPQRS', at: inSeconds(-9_000) },
  changes: [change({ after: state('credential_stuffing', -10) })],
});
const refused = entry({ id: '01KAJ4Q8Z0ABCDEFGHJKMNPQRS', at: inSeconds(-9_999), status: 'failed' });
const entries = [refused, ended, raised, entry(), killed];

const facts = [
  { name: 'acp:kill_switch:acme', value: '"1", 23h left' },
  { name: 'acp:kill_switch_reason:acme', value: 'not there' },
];

type Draw = (format: Format, width?: number, colour?: boolean) => string;
const drawn =
  (draw: (format: Format, paint: ReturnType<typeof makePaint>, width: number) => string): Draw =>
  (format, width = 80, colour = false) =>
    draw(format, makePaint(colour), width);

const warnings = ["the team's journal could not be read: timed out"];
const drawBlocks = (list: readonly Block[], said: readonly string[] = []) =>
  drawn((format, ...screen) => blocksText({ blocks: list, warnings: said }, format, ...screen, clock));
const drawCaps = (list: readonly Cap[], said: readonly string[] = []) =>
  drawn((format, ...screen) => capsText({ caps: list, warnings: said }, format, ...screen, clock));
const drawJournal = (list: readonly ShownEntry[], intact = true, said: readonly string[] = []) =>
  drawn((format, ...screen) =>
    journalText({ entries: list, intact, warnings: said }, format, ...screen, clock),
  );
const drawEntry = (one: ShownEntry, intact = true) =>
  drawn((format, ...screen) =>
    journalEntryText({ entries: [one], intact, warnings: [] }, format, ...screen, clock),
  );
const drawSwitch = (status: 'engaged' | 'released') =>
  drawn((format, ...screen) =>
    switchText({ tenant: 'acme', status, facts, warnings: [] }, format, ...screen),
  );

/** As printed, with a line of its own for the first one. */
const on = (text: string) => `\n${text}`;

describe('blocks', () => {
  test('on a screen', () => {
    expect(on(drawBlocks(blocks, warnings)('human'))).toMatchInlineSnapshot(`
      "
      3 blocks in force
      IP            reason                      until                       by
      203.0.113.42  credential_stuffing         2026-11-22 10:40:12 UTC     alice
                                                (in 24h)
      198.51.100.7  scraper of the price list,  2026-11-22 10:40:12 UTC     not known
                    ticket 4711                 (in 24h)
      0x00ff        0xfe                        no expiry                   bob
        ! the team's journal could not be read: timed out
      "
    `);
    expect(drawBlocks([])('human')).toBe('no blocks in force\n');
    expect(drawBlocks([block()])('human')).toMatch(/^1 block in force\n/);
  });

  test('an address is never cut: where it leaves no room for a table, each block has lines of its own', () => {
    expect(on(drawBlocks(ipv6)('human'))).toMatchInlineSnapshot(`
      "
      1 block in force
      2001:db8:1234:5678:9abc:def0:1234:5678
        reason  credential_stuffing
        until   2026-11-22 10:40:12 UTC (in 24h)
        by      alice
      "
    `);
    expect(on(drawBlocks(ipv6)('human', 100))).toMatchInlineSnapshot(`
      "
      1 block in force
      IP                                      reason               until                             by
      2001:db8:1234:5678:9abc:def0:1234:5678  credential_stuffing  2026-11-22 10:40:12 UTC (in 24h)  alice
      "
    `);
    expect(on(drawBlocks([block()])('human', 40))).toMatchInlineSnapshot(`
      "
      1 block in force
      203.0.113.42
        reason  credential_stuffing
        until   2026-11-22 10:40:12 UTC (in
                24h)
        by      alice
      "
    `);
  });

  test('for scripts and for the channel', () => {
    expect(JSON.parse(drawBlocks(blocks.slice(1), warnings)('json'))).toMatchInlineSnapshot(`
      {
        "blocks": [
          {
            "expiresAt": "2026-11-22T10:40:12.345Z",
            "ip": "198.51.100.7",
            "journalId": null,
            "operator": null,
            "reason": "scraper of the price list, ticket 4711",
            "ttlSeconds": 86400,
          },
          {
            "expiresAt": null,
            "ip": {
              "hex": "00ff",
            },
            "journalId": "01KAJ7Q8Z0ABCDEFGHJKMNPQRS",
            "operator": "bob",
            "reason": {
              "hex": "fe",
            },
            "ttlSeconds": null,
          },
        ],
        "schema": "ratelimit/blocks/v1",
        "warnings": [
          "the team's journal could not be read: timed out",
        ],
      }
    `);
    expect(on(drawBlocks(blocks, warnings)('markdown'))).toMatchInlineSnapshot(`
      "
      **3 blocks in force**

      | IP | reason | until | by |
      | --- | --- | --- | --- |
      | \`203.0.113.42\` | \`credential_stuffing\` | \`2026-11-22 10:40:12 UTC\` | alice |
      | \`198.51.100.7\` | \`scraper of the price list, ticket 4711\` | \`2026-11-22 10:40:12 UTC\` | not known |
      | \`0x00ff\` | \`0xfe\` | no expiry | bob |

      **Warnings**

      - the team's journal could not be read: timed out
      "
    `);
    expect(drawBlocks([])('markdown')).toBe('**no blocks in force**\n');
  });
});

describe('caps', () => {
  test('on a screen', () => {
    expect(on(drawCaps(caps)('human'))).toMatchInlineSnapshot(`
      "
      5 agents, today's spend
      agent           spent               cap  used  changed
      summarizer    $100.40           $100.00  100%  2026-11-21 10:37:12 UTC (3m ago)
                                                     by alice
      helper         $45.00         $1,250.00  3.6%
      fading      not known  $50.00 (expires)        2026-11-21 10:37:12 UTC (3m ago)
                                                     by nobody known
      odd             $9.00  no cap (invalid)
      free            $1.00            no cap
      acp:agent_cost_today:*, acp:agent_cost_cap:*
      "
    `);
    expect(on(drawCaps(caps.slice(0, 1), warnings)('human', 40))).toMatchInlineSnapshot(`
      "
      1 agent, today's spend
      summarizer
        spent    $100.40
        cap      $100.00
        used     100%
        changed  2026-11-21 10:37:12 UTC (3m
                 ago) by alice
      acp:agent_cost_today:*,
        acp:agent_cost_cap:*
        ! the team's journal could not be
          read: timed out
      "
    `);
    expect(drawCaps([])('human')).toBe('no caps and nothing spent\n');
  });

  test('for scripts and for the channel', () => {
    expect(JSON.parse(drawCaps(caps.slice(0, 1))('json'))).toMatchInlineSnapshot(`
      {
        "caps": [
          {
            "agent": "summarizer",
            "capUsd": 100,
            "changedAt": "2026-11-21T10:37:12.345Z",
            "journalId": "01KAJ7Q8Z0ABCDEFGHJKMNPQRS",
            "operator": "alice",
            "period": "day",
            "problem": null,
            "ratio": 1.004,
            "source": "acp:agent_cost_today:*, acp:agent_cost_cap:*",
            "spendUsd": 100.4,
          },
        ],
        "schema": "ratelimit/caps/v1",
        "warnings": [],
      }
    `);
    expect(on(drawCaps(caps)('markdown'))).toMatchInlineSnapshot(`
      "
      **5 agents, today's spend**

      | agent | spent | cap | used | changed |
      | --- | --- | --- | --- | --- |
      | \`summarizer\` | \\$100.40 | \\$100.00 | 100% | \`2026-11-21 10:37:12 UTC\` by alice |
      | \`helper\` | \\$45.00 | \\$1,250.00 | 3.6% |  |
      | \`fading\` | not known | \\$50.00 \\(expires\\) |  | \`2026-11-21 10:37:12 UTC\` by nobody known |
      | \`odd\` | \\$9.00 | no cap \\(invalid\\) |  |  |
      | \`free\` | \\$1.00 | no cap |  |  |
      "
    `);
  });
});

describe('the journal', () => {
  test('on a screen: two lines an entry, or a row where there is room', () => {
    expect(on(drawJournal(entries)('human'))).toMatchInlineSnapshot(`
      "
      01KAJ4Q8Z0ABCDEFGHJKMNPQRS  2026-11-21 07:53:33 UTC (2h46m ago)  failed
        block-ip acp:ip_block:203.0.113.42, by alice
      01KAJ5Q8Z0ABCDEFGHJKMNPQRS  2026-11-21 08:10:12 UTC (2h30m ago)  applied, ended
        block-ip acp:ip_block:203.0.113.42, by alice
      01KAJ6Q8Z0ABCDEFGHJKMNPQRS  2026-11-21 08:40:12 UTC (2h ago)  applied, undone
        raise-cap acp:agent_cost_cap:agent-7 and 1 more, by bob (team)
      01KAJ7Q8Z0ABCDEFGHJKMNPQRS  2026-11-21 10:37:12 UTC (3m ago)  applied
        block-ip acp:ip_block:203.0.113.42, by alice
      01KAJ8Q8Z0ABCDEFGHJKMNPQRS  2026-11-21 10:39:12 UTC (1m ago)  unknown !
        block-ip acp:ip_block:203.0.113.1 and 2 more, by alice
        ! 01KAJ8Q8Z0ABCDEFGHJKMNPQRS: its outcome was not recorded; what it was to
          write is there
      "
    `);
    expect(on(drawJournal(entries, false, warnings)('human', 130))).toMatchInlineSnapshot(`
      "
      id                          when                                 what                                  status           by
      01KAJ4Q8Z0ABCDEFGHJKMNPQRS  2026-11-21 07:53:33 UTC (2h46m ago)  block-ip acp:ip_block:203.0.113.42    failed           alice
      01KAJ5Q8Z0ABCDEFGHJKMNPQRS  2026-11-21 08:10:12 UTC (2h30m ago)  block-ip acp:ip_block:203.0.113.42    applied, ended   alice
      01KAJ6Q8Z0ABCDEFGHJKMNPQRS  2026-11-21 08:40:12 UTC (2h ago)     raise-cap acp:agent_cost_cap:agent-7  applied, undone  bob (team)
                                                                       and 1 more
      01KAJ7Q8Z0ABCDEFGHJKMNPQRS  2026-11-21 10:37:12 UTC (3m ago)     block-ip acp:ip_block:203.0.113.42    applied          alice
      01KAJ8Q8Z0ABCDEFGHJKMNPQRS  2026-11-21 10:39:12 UTC (1m ago)     block-ip acp:ip_block:203.0.113.1     unknown !        alice
                                                                       and 2 more
        ! 01KAJ8Q8Z0ABCDEFGHJKMNPQRS: its outcome was not recorded; what it was to write is there
        ! this machine's journal shows signs of having been changed: do not rely on it
        ! the team's journal could not be read: timed out
      "
    `);
    expect(on(drawJournal([killed])('human', 40))).toMatchInlineSnapshot(`
      "
      01KAJ8Q8Z0ABCDEFGHJKMNPQRS  2026-11-21
        10:39:12 UTC (1m ago)  unknown !
        block-ip acp:ip_block:203.0.113.1 and
          2 more, by alice
        ! 01KAJ8Q8Z0ABCDEFGHJKMNPQRS: its
          outcome was not recorded; what it
          was to write is there
      "
    `);
    expect(drawJournal([])('human')).toBe('no entries\n');
  });

  test('for scripts and for the channel', () => {
    expect(JSON.parse(drawJournal([raised], false, warnings)('json'))).toMatchInlineSnapshot(`
      {
        "entries": [
          {
            "at": "2026-11-21T08:40:12.345Z",
            "changes": [
              {
                "after": {
                  "expiresAt": null,
                  "ttlSeconds": null,
                  "value": "150.00",
                },
                "before": {
                  "expiresAt": null,
                  "ttlSeconds": null,
                  "value": "100.00",
                },
                "message": null,
                "status": "applied",
                "system": "redis",
                "target": "acp:agent_cost_cap:agent-7",
                "verified": "stored",
              },
              {
                "after": {
                  "expiresAt": null,
                  "ttlSeconds": null,
                  "value": "150.00",
                },
                "before": null,
                "message": "the answer is not JSON",
                "status": "applied",
                "system": "api",
                "target": "PATCH https://aegis.example/api/agents/agent-7",
                "verified": null,
              },
            ],
            "context": "prod",
            "id": "01KAJ6Q8Z0ABCDEFGHJKMNPQRS",
            "note": null,
            "now": null,
            "operator": "bob",
            "reason": "credential_stuffing",
            "remedy": "raise-cap",
            "resolved": true,
            "runbook": "aegis",
            "seq": 1,
            "status": "applied",
            "systems": {
              "api": "https://aegis.example",
              "prometheus": null,
              "redis": "redis://10.0.0.5:6379",
            },
            "team": true,
            "undoes": null,
            "undoneBy": "01KAJ9Q8Z0ABCDEFGHJKMNPQRS",
            "verification": null,
            "verified": "stored",
          },
        ],
        "intact": false,
        "schema": "ratelimit/journal/v1",
        "warnings": [
          "the team's journal could not be read: timed out",
        ],
      }
    `);
    expect(on(drawJournal(entries, false)('markdown'))).toMatchInlineSnapshot(`
      "
      | id | when | what | status | by |
      | --- | --- | --- | --- | --- |
      | \`01KAJ4Q8Z0ABCDEFGHJKMNPQRS\` | \`2026-11-21 07:53:33 UTC\` | block-ip \`acp:ip_block:203.0.113.42\` | failed | alice |
      | \`01KAJ5Q8Z0ABCDEFGHJKMNPQRS\` | \`2026-11-21 08:10:12 UTC\` | block-ip \`acp:ip_block:203.0.113.42\` | applied, ended | alice |
      | \`01KAJ6Q8Z0ABCDEFGHJKMNPQRS\` | \`2026-11-21 08:40:12 UTC\` | raise-cap \`acp:agent_cost_cap:agent-7\` and 1 more | applied, undone | bob \\(team\\) |
      | \`01KAJ7Q8Z0ABCDEFGHJKMNPQRS\` | \`2026-11-21 10:37:12 UTC\` | block-ip \`acp:ip_block:203.0.113.42\` | applied | alice |
      | \`01KAJ8Q8Z0ABCDEFGHJKMNPQRS\` | \`2026-11-21 10:39:12 UTC\` | block-ip \`acp:ip_block:203.0.113.1\` and 2 more | unknown \\! | alice |

      **Without an outcome**

      - 01KAJ8Q8Z0ABCDEFGHJKMNPQRS: its outcome was not recorded; what it was to write is there

      **this machine's journal shows signs of having been changed: do not rely on it**
      "
    `);
  });

  test('one entry in full', () => {
    expect(on(drawEntry(entry())('human'))).toMatchInlineSnapshot(`
      "
      01KAJ7Q8Z0ABCDEFGHJKMNPQRS: block-ip, applied
        at       2026-11-21 10:37:12 UTC (3m ago)
        by       alice
        reason   credential_stuffing
        context  prod
        runbook  aegis
        redis    redis://10.0.0.5:6379
        effect   enforced: 24 failures in the 1.2 s before the block, none in the 3.0
                 s after it
        source   this machine's journal, number 4
        acp:ip_block:203.0.113.42
          was     nothing
          now     credential_stuffing, until 2026-11-22 10:40:12 UTC (in 24h)
          status  applied, enforced
      Undo: ratelimit undo 01KAJ7Q8Z0ABCDEFGHJKMNPQRS --context prod
      "
    `);
    expect(on(drawEntry(raised)('human'))).toMatchInlineSnapshot(`
      "
      01KAJ6Q8Z0ABCDEFGHJKMNPQRS: raise-cap, applied, undone
        at         2026-11-21 08:40:12 UTC (2h ago)
        by         bob
        reason     credential_stuffing
        context    prod
        runbook    aegis
        redis      redis://10.0.0.5:6379
        api        https://aegis.example
        effect     stored
        undone by  01KAJ9Q8Z0ABCDEFGHJKMNPQRS
        source     the team's stream, number 1
        acp:agent_cost_cap:agent-7
          was     100.00, no expiry
          now     150.00, no expiry
          status  applied, stored
        PATCH https://aegis.example/api/agents/agent-7
          was     not known
          now     150.00
          status  applied: the answer is not JSON
      "
    `);
    expect(on(drawEntry(killed, false)('human', 40))).toMatchInlineSnapshot(`
      "
      01KAJ8Q8Z0ABCDEFGHJKMNPQRS: block-ip,
        unknown !
        at       2026-11-21 10:39:12 UTC (1m
                 ago)
        by       alice
        reason   credential_stuffing
        runbook  aegis
        redis    redis://10.0.0.5:6379
        source   this machine's journal,
                 number 9
        acp:ip_block:203.0.113.1
          was     nothing
          meant   credential_stuffing, until
                  2026-11-22 10:40:12 UTC (in
                  24h)
          status  planned
        acp:ip_block:203.0.113.2
          was     nothing
          meant   credential_stuffing, until
                  2026-11-22 10:40:12 UTC (in
                  24h)
          status  planned
        acp:ip_block:203.0.113.3
          was     nothing
          meant   credential_stuffing, until
                  2026-11-22 10:40:12 UTC (in
                  24h)
          status  planned
        ! its outcome was not recorded; what
          it was to write is there
      Undo: ratelimit undo 01KAJ8Q8Z0ABCDEFGHJKMNPQRS
        ! this machine's journal shows signs
          of having been changed: do not rely
          on it
      "
    `);
    expect(on(drawEntry(raised)('markdown'))).toMatchInlineSnapshot(`
      "
      ## raise-cap: applied, undone

      - id: \`01KAJ6Q8Z0ABCDEFGHJKMNPQRS\`
      - at: \`2026-11-21 08:40:12 UTC\`
      - by: bob
      - reason: credential\\_stuffing
      - context: \`prod\`
      - runbook: \`aegis\`
      - redis: \`redis://10.0.0.5:6379\`
      - api: \`https://aegis.example\`
      - effect: stored
      - undone by: \`01KAJ9Q8Z0ABCDEFGHJKMNPQRS\`
      - source: the team's stream, number 1

      | target | before | after | status |
      | --- | --- | --- | --- |
      | \`acp:agent_cost_cap:agent-7\` | \`100.00\`, no expiry | \`150.00\`, no expiry | applied, stored |
      | \`PATCH https://aegis.example/api/agents/agent-7\` | not known | \`150.00\` | applied, the answer is not JSON |
      "
    `);
    expect(JSON.parse(drawEntry(raised)('json'))).toEqual(JSON.parse(drawJournal([raised])('json')));
  });

  test.each([
    ['stands', entry(), 'Undo: ratelimit undo 01KAJ7Q8Z0ABCDEFGHJKMNPQRS --context prod'],
    [
      'was done without a context',
      entry({ context: null }),
      'Undo: ratelimit undo 01KAJ7Q8Z0ABCDEFGHJKMNPQRS',
    ],
    [
      'names a context that is none',
      entry({ context: '$(reboot)' }),
      'Undo: ratelimit undo 01KAJ7Q8Z0ABCDEFGHJKMNPQRS',
    ],
    ['may have been done', killed, 'Undo: ratelimit undo 01KAJ8Q8Z0ABCDEFGHJKMNPQRS'],
    ['was undone', raised, null],
    ['has ended', ended, null],
    ['changed nothing', refused, null],
    ['has an id that is none', entry({ id: "'; rm -rf /" }), null],
  ])('an entry that %s', (_, one, command) => {
    const [line = null] = /^Undo: .*$/m.exec(drawEntry(one)('human')) ?? [];
    expect(line).toBe(command);
    const [shell = null] = /(?<=```sh\n).*/.exec(drawEntry(one)('markdown')) ?? [];
    expect(shell).toBe(command?.replace('Undo: ', '') ?? null);
  });
});

describe('the kill switch', () => {
  test('in all formats', () => {
    expect(on(drawSwitch('engaged')('human'))).toMatchInlineSnapshot(`
      "
      kill switch of tenant acme: engaged
        acp:kill_switch:acme         "1", 23h left
        acp:kill_switch_reason:acme  not there
      "
    `);
    expect(on(drawSwitch('released')('human', 40))).toMatchInlineSnapshot(`
      "
      kill switch of tenant acme: released
        acp:kill_switch:acme
          "1", 23h left
        acp:kill_switch_reason:acme  not there
      "
    `);
    expect(JSON.parse(drawSwitch('engaged')('json'))).toMatchInlineSnapshot(`
      {
        "facts": [
          {
            "name": "acp:kill_switch:acme",
            "value": ""1", 23h left",
          },
          {
            "name": "acp:kill_switch_reason:acme",
            "value": "not there",
          },
        ],
        "schema": "ratelimit/kill-switch/v1",
        "status": "engaged",
        "tenant": "acme",
        "warnings": [],
      }
    `);
    expect(on(drawSwitch('engaged')('markdown'))).toMatchInlineSnapshot(`
      "
      **kill switch of tenant acme: engaged**

      | where | what |
      | --- | --- |
      | \`acp:kill_switch:acme\` | "1", 23h left |
      | \`acp:kill_switch_reason:acme\` | not there |
      "
    `);
  });
});

const HOSTILE = 'x\u001b[2J\r\n\u202e\u200b|`</b>![a](b) @here **z** ```';
const poison = { ip: HOSTILE, reason: HOSTILE, operator: HOSTILE, agent: HOSTILE, source: HOSTILE };
const bad = change({ target: HOSTILE, before: state(HOSTILE, 5), message: HOSTILE });
const evil = entry({
  ...{ id: HOSTILE, at: HOSTILE, remedy: HOSTILE, operator: HOSTILE, reason: HOSTILE, context: HOSTILE },
  ...{ runbook: HOSTILE, systems: { redis: HOSTILE, api: HOSTILE }, undoes: HOSTILE, undoneBy: HOSTILE },
  ...{ verification: HOSTILE, now: HOSTILE, team: true, changes: [bad, bad] },
});
const everything: readonly (readonly [string, Draw])[] = [
  ['blocks', drawBlocks([block({ ...poison, expiresAt: HOSTILE })], [HOSTILE])],
  ['caps', drawCaps([cap({ ...poison, changedAt: HOSTILE })], [HOSTILE])],
  ['journal', drawJournal([evil], false, [HOSTILE])],
  ['entry', drawEntry(evil, false)],
  [
    'kill switch',
    drawn((format, ...screen) =>
      switchText(
        {
          ...{ tenant: HOSTILE, status: 'engaged', facts: [{ name: HOSTILE, value: HOSTILE }] },
          warnings: [HOSTILE],
        },
        ...([format, ...screen] as const),
      ),
    ),
  ],
];

describe('what comes from outside', () => {
  test.each(everything)('cannot act on the terminal: %s', (_, draw) => {
    for (const width of [40, 80, 200]) expect(draw('human', width)).toMatch(/^[\n -~…]+$/);
  });

  test.each(everything)('is exact in JSON, and inert: %s', (_, draw) => {
    const document = draw('json');
    expect(document).toMatch(/^[\n -~]+$/);
    expect(JSON.stringify(JSON.parse(document))).toContain(JSON.stringify(HOSTILE));
  });

  test.each(everything)('renders as itself in Markdown: %s', (_, draw) => {
    const page = draw('markdown');
    expect(page).toMatch(/^[\n -~…]+$/);
    const outside = page.replace(/`[^`\n]*`/g, '');
    expect(outside).not.toMatch(/`|(?<!\\)\*\*z|(?<!\\)!\[|@here|<\/b>/);
    const pipes = page.split('\n').flatMap((line) => (line.startsWith('|') ? line.match(/(?<!\\)\|/g) : []));
    const columns = page.match(/^\| ---.*$/m)?.[0].match(/\|/g)?.length ?? 1;
    expect(pipes.length % columns).toBe(0);
  });
});

test.each([40, 80, 120])('at %d columns only what cannot be broken is wider', (width) => {
  const all = [
    ...[
      drawBlocks([...blocks, ...ipv6], warnings),
      drawCaps(caps, warnings),
      drawJournal(entries, false, warnings),
    ],
    ...[...entries.map((one) => drawEntry(one)), drawSwitch('engaged')],
  ];
  const wide = all.flatMap((draw) =>
    draw('human', width)
      .split('\n')
      .filter((line) => line.length > width && !/^ *\S+$|^Undo: /.test(line)),
  );
  expect(wide).toEqual([]);
});

test('colours take nothing away', () => {
  const escapes = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g');
  for (const draw of [
    drawBlocks(blocks, warnings),
    drawCaps(caps),
    drawJournal(entries, false),
    drawEntry(killed),
  ]) {
    for (const width of [40, 80, 130]) {
      const painted = draw('human', width, true);
      expect(painted).toMatch(escapes);
      expect(painted.replace(escapes, '').replace(/ +$/gm, '')).toBe(draw('human', width));
    }
  }
});
