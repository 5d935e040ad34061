import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { measure } from '../../src/output/measure.ts';
import { makePaint } from '../../src/output/paint.ts';
import { watchFrame } from '../../src/output/watch-frame.ts';
import { watchJson } from '../../src/output/watch-json.ts';
import { watchLines } from '../../src/output/watch-lines.ts';
import type { Moment, Size, Watching } from '../../src/output/watch-view.ts';
import { rhythmOf } from '../../src/watch/rhythm.ts';
import { anyReadings } from '../support/arbitrary-evidence.ts';
import { clock } from '../support/collecting.ts';
import { blocks, counters, crowd, rejects, unknown } from '../support/evidence.ts';
import { attack, LAST, markAt, moment, watching } from '../support/watching.ts';

const frame = (view: Watching | null, size: Size, at: Moment = moment, color = false) =>
  watchFrame(view, at, size, makePaint(color), clock);
const screen = (view: Watching | null, columns: number, rows: number, at: Moment = moment) =>
  `\n${frame(view, { columns, rows }, at).join('\n')}`;

describe('the screen of an attack', () => {
  test('at 80x24', () => {
    expect(screen(attack, 80, 24)).toMatchInlineSnapshot(`
      "
      ratelimit watch, context prod                                       03:12:06 UTC
      P2 single-ip-credential-stuffing (confidence high)   for 47s, since 03:11:19 UTC
      203.0.113.42 made 4,812 of 4,818 authentication failures in 5m (99.9%)

      Authentication failures by IP: 4,818    =                         ▂▂▂▂▂▃▄▅▆▇████
        203.0.113.42 blocked            4,812 =                         ▁▁▁▁▂▃▄▅▆▇████
        192.0.2.7                           4 =                         ▇▇▇▇▇▇▇▇▇▇████
        192.0.2.9                           2 =                         ██████████████
      429s by tenant: 0.92/s from 2           =                         ▂▂▂▂▂▂▂▂▂▂▂▂██
        acme                              0.9 =                         ▁▁▁▁▁▁▁▁▁▁▁▁██
        globex                           0.02 =                         ██████████████
      Agents' spend against their cap: $96.00 ▲ +$1.00                  ██████████████
        agent-7             $95.00 of $100.00 ▲ +$1.00                  ██████████████
      ◆ 14s ago: block-ip by kim: applied, enforced                     ───────────◆──
      IP blocks in force: 2, 198.51.100.9 9:58, 203.0.113.42 23:59:43


      03:11:59 + tenant acme is new among 429s by tenant: 0.9 rejects/s
      03:11:59 + IP 203.0.113.42 is new among IP blocks in force
      03:11:59 + IP 198.51.100.9 is new among IP blocks in force
      ? prometheus 127.0.0.1:9090: connection refused; unknown: blocked-spend
      Next: Where the address is what the client claims, look into the load balancer's
      access log for the address that really connects.
      q quit  space pause  r look now           next look in 3s, seen 2s ago, every 5s"
    `);
  });
  test('at 120x40', () => {
    expect(screen(attack, 120, 40)).toMatchInlineSnapshot(`
      "
      ratelimit watch, context prod                                                                               03:12:06 UTC
      P2 single-ip-credential-stuffing (confidence high)                                           for 47s, since 03:11:19 UTC
      203.0.113.42 made 4,812 of 4,818 authentication failures in 5m (99.9%)

      Authentication failures by IP: 4,818 from 3       =                                                       ▂▂▂▂▂▃▄▅▆▇████
        203.0.113.42 blocked                      4,812 =                                                       ▁▁▁▁▂▃▄▅▆▇████
        192.0.2.7                                     4 =                                                       ▇▇▇▇▇▇▇▇▇▇████
        192.0.2.9                                     2 =                                                       ██████████████
      429s by tenant: 0.92/s from 2                     =                                                       ▂▂▂▂▂▂▂▂▂▂▂▂██
        acme                                        0.9 =                                                       ▁▁▁▁▁▁▁▁▁▁▁▁██
        globex                                     0.02 =                                                       ██████████████
      Agents' spend against their cap: $96.00 from 2    ▲ +$1.00                                                ██████████████
        agent-7                       $95.00 of $100.00 ▲ +$1.00                                                ██████████████
      ◆ 14s ago: block-ip by kim: applied, enforced                                                             ───────────◆──
      IP blocks in force: 2, 198.51.100.9 9:58, 203.0.113.42 23:59:43











      03:11:59 + tenant acme is new among 429s by tenant: 0.9 rejects/s
      03:11:59 + IP 203.0.113.42 is new among IP blocks in force
      03:11:59 + IP 198.51.100.9 is new among IP blocks in force
      03:11:19 ! inconclusive is now single-ip-credential-stuffing: 203.0.113.42
      03:11:19 + IP 203.0.113.42 is new among authentication failures by IP: 600 failures





      ? prometheus 127.0.0.1:9090: connection refused; unknown: blocked-spend
      Next: Where the address is what the client claims, look into the load balancer's access log for the address that really
      connects.
      q quit  space pause  r look now                                                   next look in 3s, seen 2s ago, every 5s"
    `);
  });
  test('at 40x10', () => {
    expect(screen(attack, 40, 10)).toMatchInlineSnapshot(`
      "
      P2 single-ip-credential-stuffing
      high, for 47s, since 03:11:19 UTC
      203.0.113.42 made 4,812 of 4,818 authen…
      Authentication failures by IP = ▄▅▆▇████
        203.0.113.42 blocked  4,812 = ▄▅▆▇████
      ◆ 14s ago: block-ip by kim: ap… ─────◆──
      ? prometheus 127.0.0.1:9090: …
      Next: Where the address is what the
      client claims, look into the load balan…
      q quit      next look in 3s, seen 2s ago"
    `);
  });
});

test('a quiet screen', () => {
  const slow = { rhythm: rhythmOf(5_000, 4_000), warnings: ['journal: line 3 is not JSON'] };
  const quiet = watching([{}, {}], slow);
  expect(
    screen(quiet, 80, 24, { ...moment, phase: { kind: 'looking', forMs: 3_400 } }),
  ).toMatchInlineSnapshot(`
    "
    ratelimit watch, context prod                                       03:12:06 UTC
    quiet (confidence high)                  at least 7s, watched since 03:11:59 UTC
    nothing abnormal: 3 failures, 0.03 rejects/s

    Authentication failures by IP: 3 from 2 =                                     ██
      203.0.113.7                         2 =                                     ██
      203.0.113.8                         1 =                                     ██
    429s by tenant: 0.03/s from 1           =                                     ██
      acme                             0.03 =                                     ██
    No remedy in the last hour                                                    ──








    Nothing new since the watch began


    ! journal: line 3 is not JSON
    Next: nothing to do
    q quit  space pause  r look now      looking for 3s, every 12s (a look takes 4s)"
  `);
});

test('before anything is known, and in a window for ants', () => {
  const looking: Moment = { ...moment, phase: { kind: 'looking', forMs: 400 } };
  expect(screen(null, 40, 4, looking)).toMatchInlineSnapshot(`
    "
    looking for the first time

    q quit                           looking
    "
  `);
  expect(screen(attack, 24, 4)).toMatchInlineSnapshot(`
    "
    single-ip-credential-st…
    window too small
    q quit
    "
  `);
});

test('times go on between looks', () => {
  const later = { ...moment, nowMs: LAST + 10 * 60_000, phase: { kind: 'paused' } as const };
  const text = screen(attack, 100, 24, later);
  expect(text).toContain('198.51.100.9 has ended, 203.0.113.42 23:49:45');
  expect(text).toContain('for 10m45s, since 03:11:19 UTC');
  expect(text).toContain('10m12s ago: block-ip by kim');
  expect(text).toContain('PAUSED, seen 10m ago, every 5s');
});

test('what could not be read is named with its reason, once for all that share it', () => {
  const down = unknown('unreachable', 'redis://127.0.0.1:6379: connection refused');
  const names = ['auth-failures-by-ip', 'agent-spend', 'blocks', 'kill-switches', 'quarantines'];
  const view = watching([{}, Object.fromEntries(names.map((name) => [name, down]))]);
  const text = screen(view, 120, 30);
  expect(text).toContain(
    '? redis://127.0.0.1:6379: connection refused; unknown: auth-failures-by-ip, agent-spend, blocks and 2 more',
  );
  expect(text).toContain('auth-failures-by-ip cannot be read any more');
  expect(text).toContain('Next: not known; ratelimit triage shows what was seen');
  // What it had is not drawn on as if it were known.
  expect(text).not.toContain('203.0.113.7');
});

test('a command is whole or not there', () => {
  const long = {
    next: {
      category: 'single-ip-credential-stuffing',
      argv: ['ratelimit', 'block-ip', '203.0.113.42', '--config', `/etc/${'x'.repeat(90)}/config.yaml`],
    },
  };
  const view = watching([{ 'auth-failures-by-ip': counters({ '203.0.113.42': 4_812 }) }], long);
  expect(screen(view, 80, 24)).toContain('Next: no room here, ratelimit triage shows it');
  expect(screen(view, 130, 24)).toMatch(
    /Next: ratelimit block-ip 203.0.113.42 --config \\\n {6}\/etc\/x+\/config.yaml/,
  );
});

describe('whatever the systems hold', () => {
  const sizes = [
    { columns: 80, rows: 24 },
    { columns: 120, rows: 40 },
    { columns: 40, rows: 10 },
    { columns: 13, rows: 3 },
  ];

  test('the frame is exactly as large as the window', () => {
    fc.assert(
      fc.property(anyReadings, anyReadings, fc.constantFrom(...sizes), (before, after, size) => {
        const lines = frame(watching([before, after]), size, moment, true);
        expect(lines).toHaveLength(size.rows);
        const wide = lines.map(stripVTControlCharacters).filter((line) => measure(line) > size.columns);
        expect(wide).toEqual([]);
        expect(lines.join('')).not.toMatch(/undefined|NaN|Infinity|\[object/);
      }),
      { numRuns: 40 },
    );
  });

  test('nothing of it reaches the terminal, the log or the stream', () => {
    const evil = '\u001b]0;owned\u0007\u001b[2J\r\n\u202e"x"';
    const view = watching(
      [
        { 'auth-failures-by-ip': counters({ '203.0.113.7': 1 }) },
        {
          'auth-failures-by-ip': counters([
            [evil, 900],
            [{ hex: 'ff00' }, 800],
          ]),
          'rejects-by-tenant': rejects([[evil, { [evil]: 9 }]]),
          blocks: blocks([[evil, [60, evil]]]),
          'blocked-spend': unknown('malformed', evil),
        },
      ],
      { marks: [markAt(3, `block-ip by ${evil}: applied`)], warnings: [evil] },
    );
    const all = [
      frame(view, { columns: 120, rows: 40 }).join('\n'),
      watchLines(view, clock),
      watchJson(view, clock),
    ];
    for (const text of all) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
      expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    }
    expect(watchJson(view, clock).trimEnd().split('\n')).toHaveLength(1);
    expect(
      watchLines(view, clock)
        .split('\n')
        .every((line) => !line.startsWith('owned')),
    ).toBe(true);
  });
});

test('a look as lines of a log', () => {
  expect(`\n${watchLines(attack, clock)}`).toMatchInlineSnapshot(`
    "
    2026-05-29 03:12:04 UTC P2 single-ip-credential-stuffing (confidence high), for 45s, since 03:11:19 UTC: 203.0.113.42 made 4,812 of 4,818 authentication failures in 5m (99.9%)
    "
  `);
  const crowded = watching([{}, { 'auth-failures-by-ip': counters(crowd(12, 50)) }]);
  expect(`\n${watchLines(crowded, clock)}`).toMatchInlineSnapshot(`
    "
    2026-05-29 03:12:04 UTC P2 distributed-credential-stuffing (confidence high), for 0s, since 03:12:04 UTC: coordinated attack, 12 IPs share 600 authentication failures in 5m
      ! quiet is now distributed-credential-stuffing
      + IP 192.0.2.1 is new among authentication failures by IP: 50 failures
      + IP 192.0.2.10 is new among authentication failures by IP: 50 failures
      + IP 192.0.2.11 is new among authentication failures by IP: 50 failures
      + IP 192.0.2.12 is new among authentication failures by IP: 50 failures
      + IP 192.0.2.2 is new among authentication failures by IP: 50 failures
      + IP 192.0.2.3 is new among authentication failures by IP: 50 failures
      + IP 192.0.2.4 is new among authentication failures by IP: 50 failures
      and 3 more changes
    "
  `);
});
