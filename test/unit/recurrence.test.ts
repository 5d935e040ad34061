import { appendFile, mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { captureText } from '../../src/commands/capture-text.ts';
import { earlierLooks, earlierOf } from '../../src/commands/earlier.ts';
import { earlierRemedies } from '../../src/commands/earlier-remedies.ts';
import { seenBy } from '../../src/commands/keep-look.ts';
import { systemsOf } from '../../src/commands/parts.ts';
import { parseCapture } from '../../src/evidence/capture.ts';
import { type Earlier, MOST_LOOKS } from '../../src/evidence/earlier.ts';
import { openJournal } from '../../src/journal/log.ts';
import type { Change, NewEvent } from '../../src/journal/types.ts';
import { keepLook } from '../../src/looks/folder.ts';
import { judge } from '../../src/verdict/judge.ts';
import { clock, configOf, httpTarget } from '../support/collecting.ts';
import { builtIn } from '../support/evidence.ts';
import { labelledOf } from '../support/labelled.ts';
import { play } from '../support/played.ts';
import { stopEverything, temporaryFolder } from '../support/processes.ts';

// What earlier looks found, as evidence that the same comes back.

afterAll(stopEverything);

const runbook = builtIn('get-into-teaching');
const campaign = { 'expected-signups': { answer: 'campaign', by: 'sam' } };
const incident = labelledOf('get-into-teaching').get('get-into-teaching/surge-campaign-known');
if (incident === undefined) throw new Error('there is no such incident');
const { evidence } = await play(incident);

const MINUTE = 60;
const looked = (...ago: readonly (number | readonly [minutes: number, category: string])[]): Earlier => ({
  looks: ago.map((one) => {
    const [minutes, category] = typeof one === 'number' ? [one, 'automated-signups'] : one;
    return { at: '2026-05-29T03:12:04Z', secondsAgo: minutes * MINUTE, category };
  }),
  ...{ unread: null, remedies: [], journalUnread: null },
});
/** The same with remedies, minutes ago, each the answer to one of these. */
const done = (
  earlier: Earlier,
  ...ago: readonly (number | readonly [minutes: number, ...categories: string[]])[]
): Earlier => ({
  ...earlier,
  remedies: ago.map((one) => {
    const [minutes, ...categories] = typeof one === 'number' ? [one, 'automated-signups'] : one;
    return { at: '2026-05-29T03:12:04Z', secondsAgo: minutes * MINUTE, categories };
  }),
});

/** How the condition came out of which the surge's doubt is made, and how sure the answer then is. */
function outcome(earlier: Earlier | null) {
  const [finding] = judge({ ...evidence, earlier }, runbook, campaign).findings;
  const all = [...(finding?.caveats ?? []), ...(finding?.checks ?? [])].flatMap(({ because }) => because);
  const told = all.find(({ code }) => code === 'recurred');
  return [told?.met, told?.measured, finding?.confidence];
}

describe('the same at other times within a day', () => {
  test.each([
    ['never', looked(), [false, 0, 'medium']],
    ['looks at what goes on now are no other time', looked(1, 5, 20), [false, 0, 'medium']],
    ['once', looked(1, 5, 120, 121), [false, 1, 'medium']],
    ['twice, half an hour apart', looked(120, 240), [true, 2, 'low']],
    ['twice, however often somebody looked', looked(3, 120, 121, 122, 240, 241), [true, 2, 'low']],
    ['many looks at one long time are one', looked(100, 120, 140, 160, 180, 200), [false, 1, 'medium']],
    ['a quiet look between them ends a time', looked([40, 'quiet'], 45, [50, 'quiet'], 55), [true, 2, 'low']],
    [
      'other categories are other things',
      looked([120, 'inconclusive'], [240, 'quiet']),
      [false, 0, 'medium'],
    ],
    ['longer ago than a day does not count', looked(120, 1_500, 1_600), [false, 1, 'medium']],
    ['in whatever order they come', looked(240, 120), [true, 2, 'low']],
    ['by remedies alone', done(looked(), 120, 240), [true, 2, 'low']],
    ['a look and a remedy of one time are one', done(looked(120), 115), [false, 1, 'medium']],
    ['whichever of them was first', done(looked(115), 120), [false, 1, 'medium']],
    ['a remedy of another time is another one', done(looked(240), 120), [true, 2, 'low']],
    ['many remedies of one time are one', done(looked(), 120, 121, 122, 123), [false, 1, 'medium']],
    ['a remedy of what goes on now is no other time', done(looked(2), 1, 25), [false, 0, 'medium']],
    [
      'one that came when it was just over belongs to it',
      done(looked(130, [125, 'quiet']), 120),
      [false, 1, 'medium'],
    ],
    [
      'one against something else is nothing',
      done(looked(), [120, 'other'], [240, 'other']),
      [false, 0, 'medium'],
    ],
    [
      'nor is one that may have been',
      done(looked(), [120, 'automated-signups', 'other'], [240, 'automated-signups', 'other']),
      [false, 0, 'medium'],
    ],
    ['longer ago than a day, remedies do not count either', done(looked(120), 1_500), [false, 1, 'medium']],
  ])('%s', (_, earlier, expected) => {
    expect(outcome(earlier)).toEqual(expected);
  });

  test('what could not be read is not never, and makes it less sure', () => {
    expect(outcome({ ...looked(), unread: 'EACCES' })).toEqual([null, null, 'low']);
    expect(outcome({ ...looked(), journalUnread: 'line 3' })).toEqual([null, null, 'low']);
    // What was read is enough.
    expect(outcome({ ...looked(120, 240), unread: 'EACCES' })).toEqual([true, 2, 'low']);
  });

  test('a capture from before anybody asked does not say never either', () => {
    expect(outcome(null).slice(0, 2)).toEqual([null, null]);
  });
});

test('evidence holds the latest ones, by category, before the look itself', () => {
  const kept = Array.from({ length: MOST_LOOKS + 5 }, (_, index) => ({
    atMs: index * 1_000,
    category: 'quiet',
  }));
  const { looks } = earlierOf(
    [...kept, { atMs: 1e9, category: 'quiet' }, { atMs: 1, category: 'No ID' }],
    1e9,
    clock,
  );
  expect(looks).toHaveLength(MOST_LOOKS);
  expect(looks.at(-1)).toEqual({ at: clock.iso(204_000), secondsAgo: 1e6 - 204, category: 'quiet' });
});

describe('the journal', () => {
  const change = (status: Change['status']): Change => ({
    ...{ system: 'redis', target: 'git:block:203.0.113.9', before: null, after: null },
    ...{ status, message: null, verified: null },
  });

  /** A journal with these remedies, minutes ago, and what it tells of earlier times. */
  async function journalWith(
    entries: readonly {
      ago: number;
      intent: Partial<Extract<NewEvent, { event: 'intent' }>>;
      status?: 'applied' | 'failed';
    }[],
    about = runbook,
    spoil?: (file: string) => Promise<void>,
  ) {
    const [folder, now] = [await temporaryFolder('journal'), clock.now()];
    let at = now;
    const journal = openJournal({
      ...{ folder, pid: process.pid, probe: () => {} },
      clock: { now: () => at, iso: clock.iso },
    });
    const config = { ...(await configOf({})), runbook: about.name, context: 'prod' };
    const redis = systemsOf(config).redis;
    for (const [index, { ago, intent, status = 'applied' }] of entries.entries()) {
      at = now - ago * 60_000;
      const id = `entry-${index}`;
      await journal.append({
        ...{ event: 'intent', id, remedy: 'block-ip', operator: 'ada', reason: 'false sign-ups' },
        ...{ context: 'prod', runbook: about.name, systems: { redis, api: null }, systemAt: null },
        ...{ changes: [change('planned')], undoes: null },
        ...intent,
      });
      await journal.append({ event: 'outcome', id, status, changes: [change('applied')] });
    }
    await spoil?.(journal.file);
    const context = {
      clock,
      journal: async () => journal,
      keyspace: async () => Promise.reject(new Error('no stream is configured, so nobody connects')),
    };
    const told = await earlierRemedies({ config, runbook: about }, context, now);
    return { ...told, remedies: told.remedies.map((one) => [one.secondsAgo, ...one.categories]) };
  }

  test('tells of remedies whose reason names a category, whichever runbook they came from', async () => {
    const reason = 'automated-signups';
    const told = await journalWith([
      { ago: 240, intent: { reason, runbook: 'aegis' } },
      { ago: 120, intent: { reason } },
      // Not of this context, not of this Redis, not applied, not against this, taking back, and no response of this runbook.
      { ago: 100, intent: { reason, context: 'staging' } },
      { ago: 90, intent: { reason, systems: { redis: 'redis://elsewhere:6379', api: null } } },
      { ago: 80, intent: { reason }, status: 'failed' },
      { ago: 70, intent: { reason: 'credential_stuffing' } },
      { ago: 60, intent: { reason, undoes: 'entry-9' } },
    ]);
    expect(told).toEqual({
      remedies: [
        [14_400, reason],
        [7_200, reason],
      ],
      journalUnread: null,
    });
  });

  test('tells of remedies that the runbook itself proposes, and for what', async () => {
    const aegis = builtIn('aegis');
    const { remedies } = await journalWith(
      [
        { ago: 50, intent: { remedy: 'raise-cap' } },
        { ago: 40, intent: { remedy: 'other' } },
      ],
      aegis,
    );
    const proposing = aegis.categories.filter(({ respond }) =>
      respond.some(({ command }) => command?.[1] === 'raise-cap'),
    );
    expect(remedies).toEqual([[3_000, ...proposing.map(({ id }) => id)]]);
  });

  test('tells of what was done by hand for a category that its note names, when it was', async () => {
    const noted = (
      category: string | null,
      step: string | null = null,
      happenedAt: string | null = null,
    ) => ({
      ...{ remedy: 'note', reason: 'automated-signups', changes: [] },
      note: { category, step, happenedAt },
    });
    const [ago, here] = [clock.iso(clock.now() - 300 * 60_000), runbook.name];
    const { remedies } = await journalWith([
      { ago: 240, intent: noted('automated-signups', 'tell-crm', ago) },
      { ago: 120, intent: { ...noted('endpoint-signup-surge'), runbook: 'aegis' } },
      // Without a category, whatever its text says; of a category that is none; of another context.
      { ago: 100, intent: noted(null) },
      { ago: 90, intent: noted(null, 'look') },
      { ago: 80, intent: noted('platform-overload') },
      { ago: 70, intent: { ...noted('automated-signups'), context: 'staging', runbook: here } },
    ]);
    // The clock went on between the two looks at it.
    expect(remedies.map(([ago, ...of]) => [Math.round(Number(ago)), ...of])).toEqual([
      [18_000, 'automated-signups'],
      [7_200, 'endpoint-signup-surge'],
    ]);
  });

  test('of a remedy that was taken back nothing is told', async () => {
    const reason = 'automated-signups';
    const undo = { reason, undoes: 'entry-0' };
    expect(
      (
        await journalWith([
          { ago: 240, intent: { reason } },
          { ago: 230, intent: undo },
        ])
      ).remedies,
    ).toEqual([]);
  });

  test('that is broken is said, with what is whole in it; one that is not there holds nothing', async () => {
    const reason = 'automated-signups';
    const broken = await journalWith([{ ago: 240, intent: { reason } }], runbook, (file) =>
      appendFile(file, '{"seq":\n'),
    );
    expect(broken.remedies).toEqual([[14_400, reason]]);
    expect(broken.journalUnread).toMatch(/^journal: line 3: it is not JSON/);
    expect(await journalWith([])).toEqual({ remedies: [], journalUnread: null });
    const folder = await journalWith(
      [],
      runbook,
      async (file) => void (await mkdir(file, { recursive: true })),
    );
    expect(folder.journalUnread).toMatch(/^journal: cannot read the journal/);
  });

  test("that is the team's, and cannot be reached, is said", async () => {
    const config = { ...(await configOf({})), journalStream: 'team:journal' };
    const [folder, keyspace] = [
      await temporaryFolder('journal'),
      async () => Promise.reject(new Error('no Redis')),
    ];
    const journal = async () => openJournal({ folder, clock, pid: process.pid, probe: () => {} });
    expect(await earlierRemedies({ config, runbook }, { clock, journal, keyspace }, clock.now())).toEqual({
      ...{ remedies: [], journalUnread: 'journal: no Redis' },
    });
  });

  test('stands in a capture, which is judged the same', async () => {
    const earlier = done(looked(), 120, 240);
    const found = {
      evidence: { ...evidence, earlier },
      runbook,
      context: null,
      alert: null,
      answers: campaign,
    };
    const config = { ...(await configOf({})), runbook: runbook.name };
    const text = await captureText({ ...found, totalMs: 1, history: null }, config, false, '0.0.0');
    const read = parseCapture(text, 'look.json', clock).evidence.earlier;
    expect(read).toEqual(earlier);
    expect(outcome(read)).toEqual(outcome(earlier));
    // As captures were before anybody asked the journal.
    const { remedies: _, journalUnread: __, ...before } = earlier;
    const { reads: ___, ...without } = { ...evidence, reach: ['--context', 'prod'] };
    const old = JSON.stringify({ ...JSON.parse(text), evidence: { ...without, earlier: before } });
    const parsed = parseCapture(old, 'old.json', clock).evidence;
    expect(parsed.earlier).toEqual(looked());
    // And from before a proposed command read more than Redis.
    expect(parsed.reads).toEqual(['--context', 'prod']);
  });
});

describe('the folder of looks', () => {
  test('tells what was found of the same system before, and nothing of others', async () => {
    const stateFolder = await temporaryFolder('looks');
    const config = { ...(await configOf({})), runbook: runbook.name };
    const [now, seen] = [clock.now(), seenBy(config, runbook)];
    const elsewhere = { ...config, prometheus: [httpTarget('http://staging:9090')] as const };
    const keep = (minutesAgo: number, of = seen) =>
      keepLook(
        join(stateFolder, 'looks'),
        {
          seen: of,
          at: clock.iso(now - minutesAgo * 60_000),
          category: 'automated-signups',
          text: async () => '{}',
        },
        clock,
      );
    expect(await earlierLooks({ config, runbook }, { stateFolder, clock }, now)).toEqual({
      looks: [],
      unread: null,
    });
    await keep(120);
    await keep(240);
    await keep(60, { ...seen, context: 'other' });
    // It reads no Redis, so that alone makes no difference.
    await keep(30, seenBy(elsewhere, runbook));
    const { looks, unread } = await earlierLooks({ config, runbook }, { stateFolder, clock }, now);
    expect([looks.map(({ secondsAgo, category }) => [secondsAgo, category]), unread]).toEqual([
      [
        [14_400, 'automated-signups'],
        [7_200, 'automated-signups'],
      ],
      null,
    ]);
  });

  test('that is a link, is not kept or has no home is said', async () => {
    const [stateFolder, other] = [await temporaryFolder('looks'), await temporaryFolder('other')];
    const config = { ...(await configOf({})), runbook: runbook.name };
    const unread = async (state = stateFolder, keepLooks = true) =>
      (
        await earlierLooks(
          { config: { ...config, keepLooks }, runbook },
          { stateFolder: state, clock },
          clock.now(),
        )
      ).unread;
    await mkdir(join(other, 'elsewhere'));
    await symlink(join(other, 'elsewhere'), join(stateFolder, 'looks'));
    expect(await unread()).toMatch(/link/);
    await rm(join(stateFolder, 'looks'));
    expect(await unread(stateFolder, false)).toMatch(/keep-looks/);
    expect(await unread('.local/state')).toMatch(/no home/);
  });
});
