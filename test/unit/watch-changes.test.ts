import { describe, expect, test } from 'vitest';
import type { Reading } from '../../src/evidence/types.ts';
import type { Entry } from '../../src/journal/types.ts';
import { sparkline } from '../../src/output/sparkline.ts';
import { changesBetween } from '../../src/watch/changes.ts';
import { advance, type History, isTurned, LOOKS } from '../../src/watch/history.ts';
import { lookAfter, marksOf } from '../../src/watch/marks.ts';
import { rhythmOf } from '../../src/watch/rhythm.ts';
import { pointsOf, totalPoints } from '../../src/watch/series.ts';
import { clock } from '../support/collecting.ts';
import { agents, blocks, counters, crowd, rejects, unknown } from '../support/evidence.ts';
import { LAST, lookAt, markAt, watched } from '../support/watching.ts';

type Readings = Readonly<Record<string, Reading>>;

/** What changes from one look to the next, each in a few words. */
const changed = (before: Readings, after: Readings, top = 10): string[] =>
  changesBetween(lookAt(before), lookAt(after), watched, top).map(({ code, category, id, before, after }) =>
    [code, id ?? category ?? '', before ?? '-', after ?? '-'].join(' '),
  );
const failing = (failures: Record<string, number>) => ({ 'auth-failures-by-ip': counters(failures) });

describe('what changed', () => {
  test('nothing, when nothing did', () => {
    expect(changed({}, {})).toEqual([]);
    expect(changed(failing({ '203.0.113.42': 4812 }), failing({ '203.0.113.42': 4812 }))).toEqual([]);
  });

  test('a verdict, with the finding that it comes from', () => {
    expect(changed({}, failing({ '203.0.113.42': 4812, '203.0.113.7': 2 }))).toEqual([
      'category single-ip-credential-stuffing quiet single-ip-credential-stuffing',
      'finding-began single-ip-credential-stuffing - -',
      'appeared 203.0.113.42 0 4812',
    ]);
    expect(changed(failing({ '203.0.113.42': 4812, '203.0.113.7': 2 }), {})).toEqual([
      'category quiet single-ip-credential-stuffing quiet',
      'finding-ended single-ip-credential-stuffing - -',
      'gone 203.0.113.42 4812 0',
    ]);
  });

  test('how sure the same verdict is', () => {
    const [before, after] = [lookAt({}), { ...lookAt({}), confidence: 'low' as const }];
    expect(changesBetween(before, after, watched, 10)).toMatchObject([
      { code: 'confidence', category: 'quiet', before: 'high', after: 'low' },
    ]);
  });

  test('a second finding, without another verdict', () => {
    const attack = failing({ '203.0.113.42': 4812 });
    const both = {
      ...attack,
      'agent-spend': agents({ summarizer: [100.4, '100.00'] }),
      'rejects-by-tenant': rejects({ acme: { '/execute': 9 } }),
    };
    expect(changed({ ...attack, 'agent-spend': agents({ summarizer: [12.5, '100.00'] }) }, both)).toEqual([
      'finding-began agent-over-cost-cap - -',
      'rose acme 0.03 9',
      'rose summarizer 12.5 100.4',
    ]);
  });

  test('amounts by a tenth, and not less', () => {
    const from = (before: number, after: number) =>
      changed(failing({ '203.0.113.42': before }), failing({ '203.0.113.42': after })).filter((text) =>
        /rose|fell/.test(text),
      );
    expect(from(1_000, 1_099)).toEqual([]);
    expect(from(1_000, 1_100)).toEqual(['rose 203.0.113.42 1000 1100']);
    expect(from(1_000, 900)).toEqual(['fell 203.0.113.42 1000 900']);
  });

  test('no noise: what is below the floor of the runbook, or a twentieth of all', () => {
    expect(changed(failing({ '203.0.113.7': 2 }), failing({ '203.0.113.7': 2, '203.0.113.8': 2 }))).toEqual(
      [],
    );
    const attack = { '203.0.113.42': 4812 };
    expect(changed(failing(attack), failing({ ...attack, '203.0.113.8': 200 }))).toEqual([]);
    expect(changed(failing(attack), failing({ ...attack, '203.0.113.8': 300 }))).toEqual([
      'appeared 203.0.113.8 0 300',
    ]);
  });

  test('where others may have been all along, what is new had an unknown amount, and nobody is said to be gone', () => {
    const many = crowd(300, (index) => 900 - index);
    const before = failing(many);
    const after = failing({ ...many, '203.0.113.42': 90_000 });
    expect(changed(before, after)).toContain('appeared 203.0.113.42 - 90000');
    expect(changed(after, before).filter((text) => text.startsWith('gone'))).toEqual([]);
  });

  test('a small agent that comes near its cap counts beside large ones', () => {
    const spending = (spent: number) => ({
      'agent-spend': agents({ large: [4_500, '5000.00'], small: [spent, '5.00'] }),
    });
    expect(changed(spending(1), spending(4.6))).toContain('rose small 1 4.6');
  });

  test('blocks come and go, and do not fall', () => {
    const none = {};
    const some = (left: number) => ({ blocks: blocks({ '203.0.113.42': [left, 'x'] }) });
    expect(changed(none, some(86_400))).toEqual(['appeared 203.0.113.42 0 86400']);
    expect(changed(some(86_400), some(600))).toEqual([]);
    expect(changed(some(600), none)).toEqual(['gone 203.0.113.42 600 0']);
  });

  test('what cannot be read any more is no entity that is gone', () => {
    const down = { 'auth-failures-by-ip': unknown('unreachable', 'connection refused') };
    const before = failing({ '203.0.113.42': 4812 });
    expect(changed(before, down).filter((text) => /gone|unreadable/.test(text))).toEqual([
      'unreadable  measured unknown',
    ]);
    expect(changed(down, before).filter((text) => /appeared|^readable/.test(text))).toEqual([
      'readable  unknown measured',
    ]);
  });
});

test('a finding that cannot be seen any more has not ended', () => {
  const attack = failing({ '203.0.113.42': 4812 });
  const dark = { 'auth-failures-by-ip': unknown('unreachable', 'connection refused') };
  const tenant = { 'rejects-by-tenant': rejects({ acme: { '/agents': 9, '/execute': 4 } }) };
  const findings = (after: Readings) =>
    changed({ ...attack, ...tenant }, after).filter((text) => /category|finding/.test(text));
  expect(findings({ ...dark, ...tenant })).toEqual([
    'category tenant-over-rps-cap single-ip-credential-stuffing tenant-over-rps-cap',
    'finding-unseen single-ip-credential-stuffing - -',
  ]);
  expect(findings(tenant)).toEqual([
    'category tenant-over-rps-cap single-ip-credential-stuffing tenant-over-rps-cap',
    'finding-ended single-ip-credential-stuffing - -',
  ]);
});

describe('the history', () => {
  const historyOf = (looks: readonly Readings[]): History => {
    let history: History | null = null;
    for (const [index, readings] of looks.entries()) {
      history = advance(history, lookAt(readings, LAST + index * 1_000), watched, 10);
    }
    if (history === null) throw new Error('no look');
    return history;
  };
  const attack = failing({ '203.0.113.42': 4812 });

  test('knows since when, and what was before', () => {
    expect(historyOf([attack]).since).toEqual({ atMs: LAST, before: null });
    expect(historyOf([{}, attack, attack]).since).toEqual({ atMs: LAST + 1_000, before: 'quiet' });
    expect(
      [historyOf([{}, attack]), historyOf([{}, attack, attack]), historyOf([attack])].map(isTurned),
    ).toEqual([true, false, false]);
  });

  test('tells a turn once in its log', () => {
    const { log, changes } = historyOf([{}, attack]);
    expect(changes.map(({ code }) => code)).toEqual(['category', 'finding-began', 'appeared']);
    expect(log.map(({ change }) => change.code)).toEqual(['category', 'appeared']);
    expect(log[0]?.change.subjects).toEqual([{ kind: 'ip', id: '203.0.113.42' }]);
  });

  test('stays small however long it goes on', () => {
    const many = Array.from({ length: 150 }, (_, index) =>
      index % 2 === 0 ? {} : failing(crowd(60, 900 - index)),
    );
    const { looks, log, count } = historyOf(many);
    expect([looks.length, log.length, count]).toEqual([LOOKS, 100, 150]);
    const kept = looks.flatMap(({ measures }) => [...measures.values()].map(({ seen }) => seen.size));
    expect(Math.max(...kept)).toBe(50);
  });

  test('gives the points of an entity: nothing before it came, and gaps where it is not known', () => {
    const down = { 'auth-failures-by-ip': unknown('unreachable', 'connection refused') };
    const { looks } = historyOf([
      {},
      attack,
      down,
      failing({ '203.0.113.42': 9_000, ...crowd(300, 90) }),
      failing(crowd(300, 90)),
    ]);
    const key = '\n\n203.0.113.42';
    expect(pointsOf(looks, 'auth-failures-by-ip', key).map(([, value]) => value)).toEqual([
      0,
      4812,
      null,
      9_000,
      null,
    ]);
    expect(totalPoints(looks, 'auth-failures-by-ip').map(([, value]) => value)).toEqual([
      3,
      4812,
      null,
      36_000,
      27_000,
    ]);
  });
});

test('a sparkline: against its largest, nothing apart from little, gaps as dots, the newest at the right', () => {
  const line = (values: (number | null)[], columns: number) =>
    sparkline(
      values.map((value) => [0, value]),
      columns,
    );
  expect(line([0, 1, 350, 700, null, 0], 8)).toBe('  ▁▂▅█·▁');
  expect(line([9, 9, 1, 2, 3], 3)).toBe('▄▆█');
  expect(line([0, 0], 2)).toBe('▁▁');
  expect(line([], 4)).toBe('    ');
});

test('the interval stretches so that looks take up a third of the time at the most', () => {
  expect(rhythmOf(5_000, 200)).toMatchObject({ everyMs: 5_000, restMs: 4_800, leastRestMs: 400 });
  expect(rhythmOf(5_000, 4_000)).toMatchObject({ everyMs: 12_000, restMs: 8_000, leastRestMs: 8_000 });
  expect(rhythmOf(1_000, 0)).toMatchObject({ everyMs: 1_000, restMs: 1_000, leastRestMs: 0 });
});

describe('marks', () => {
  const entry = (more: Partial<Entry>): Entry => ({
    ...{ id: '01J', remedy: 'block-ip', operator: 'kim', reason: 'x', context: null, runbook: 'aegis' },
    ...{
      systems: { redis: null, api: null },
      systemAt: null,
      changes: [],
      undoes: null,
      at: '2026-05-29T03:11:00Z',
      seq: 1,
    },
    ...{ status: 'applied', resolved: true, verified: null, verification: null, undoneBy: null },
    ...more,
  });

  test('are what was done in the last hour', () => {
    const all = [
      entry({ at: '2026-05-29T02:00:00Z' }),
      entry({ verified: 'enforced', undoneBy: '01K' }),
      entry({ remedy: 'block-ip', undoes: '01J', status: 'partial' }),
      entry({ status: 'conflict' }),
      entry({ status: 'failed' }),
      entry({ at: 'yesterday' }),
    ];
    expect(marksOf(all, LAST, clock).map(({ kind, label }) => `${kind}: ${label}`)).toEqual([
      'remedy: block-ip by kim: applied, enforced, undone',
      'undo: block-ip by kim: partial',
    ]);
  });

  test('of what was done by hand say what, at the time that it was', () => {
    const note = { category: null, step: null, happenedAt: '2026-05-29T03:05:00Z' };
    const all = [entry({}), entry({ remedy: 'note', reason: 'called acme', note })];
    expect(marksOf(all, LAST, clock).map(({ kind, label }) => `${kind}: ${label}`)).toEqual([
      'note: kim noted: called acme',
      'remedy: block-ip by kim: applied',
    ]);
    const before = { ...note, happenedAt: '2026-05-29T02:00:00Z' };
    expect(marksOf([entry({ remedy: 'note', note: before })], LAST, clock)).toEqual([]);
  });

  test('stand at the first look that can see what they did', () => {
    const looks = [0, 5, 10].map((seconds) => lookAt({}, LAST + seconds * 1_000));
    expect([1, -1, -5, -7, -11].map((seconds) => lookAfter(markAt(seconds, 'x'), looks))).toEqual([
      null,
      1,
      1,
      2,
      null,
    ]);
  });
});
