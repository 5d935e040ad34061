import { mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { earlierLooks, earlierOf } from '../../src/commands/earlier.ts';
import { seenBy } from '../../src/commands/keep-look.ts';
import { type Earlier, MOST_LOOKS } from '../../src/evidence/earlier.ts';
import { keepLook } from '../../src/looks/folder.ts';
import { judge } from '../../src/verdict/judge.ts';
import { clock, configOf } from '../support/collecting.ts';
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
  unread: null,
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
  ])('%s', (_, earlier, expected) => {
    expect(outcome(earlier)).toEqual(expected);
  });

  test('what could not be read is not never, and makes it less sure', () => {
    expect(outcome({ looks: [], unread: 'EACCES' })).toEqual([null, null, 'low']);
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

describe('the folder of looks', () => {
  test('tells what was found of the same system before, and nothing of others', async () => {
    const stateFolder = await temporaryFolder('looks');
    const config = { ...(await configOf({})), runbook: runbook.name };
    const [now, seen] = [clock.now(), seenBy(config)];
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
    expect(await earlierLooks({ config }, { stateFolder, clock }, now)).toEqual({ looks: [], unread: null });
    await keep(120);
    await keep(240);
    await keep(60, { ...seen, context: 'other' });
    const { looks, unread } = await earlierLooks({ config }, { stateFolder, clock }, now);
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
      (await earlierLooks({ config: { ...config, keepLooks } }, { stateFolder: state, clock }, clock.now()))
        .unread;
    await mkdir(join(other, 'elsewhere'));
    await symlink(join(other, 'elsewhere'), join(stateFolder, 'looks'));
    expect(await unread()).toMatch(/link/);
    await rm(join(stateFolder, 'looks'));
    expect(await unread(stateFolder, false)).toMatch(/keep-looks/);
    expect(await unread('.local/state')).toMatch(/no home/);
  });
});
