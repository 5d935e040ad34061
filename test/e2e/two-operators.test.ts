import { mkdir } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { execa } from 'execa';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freshRedis } from '../support/fresh-redis.ts';
import { makeOperator, type Operator, type RemedyDocument, remedyOf } from '../support/operator.ts';
import { onStop, searchPath, until } from '../support/processes.ts';

const BIN = fileURLToPath(new URL('../../bin/ratelimit.js', import.meta.url));
const CAP = 'acp:agent_cost_cap:agent-7';
const IP = '203.0.113.42';
const BLOCK = `acp:ip_block:${IP}`;

const redis = freshRedis();
let reach: string[] = [];
beforeAll(async () => {
  reach = ['--redis-url', redis.url];
});
beforeEach(async () => {
  await redis.load([
    ['SET', CAP, '100.00'],
    ['SET', BLOCK, 'earlier', 'EX', '600'],
  ]);
});
afterEach(() => redis.cli('CLIENT', 'UNPAUSE'));

/** Their folders are there already, as after a first remedy. */
const operators = (count: number): Promise<Operator[]> =>
  Promise.all(
    Array.from({ length: count }, async () => {
      const one = await makeOperator(reach);
      await mkdir(one.folder, { recursive: true, mode: 0o700 });
      return one;
    }),
  );
const raiseTo = (usd: string) => [
  'raise-cap',
  'agent-7',
  '--to',
  usd,
  '--force-lower',
  '--reason',
  `to ${usd}`,
];
const eventsOf = async (all: readonly Operator[]) => {
  const homes = new Map(all.map((one) => [one.home, one]));
  return (await Promise.all([...homes.values()].map((one) => one.events()))).flat();
};

/**
 * Starts one remedy each and lets none write before all have looked, and have their intent in a journal.
 * @param known how many events there were before
 */
async function atOnce(all: readonly Operator[], remedies: readonly (readonly string[])[], known = 0) {
  // Reads go on; what writes waits.
  await redis.cli('CLIENT', 'PAUSE', '60000', 'WRITE');
  const started = await Promise.all(all.map((one, index) => one.start(remedies[index] ?? [])));
  await until(
    async () => (await redis.cli('INFO', 'clients')).includes(`blocked_clients:${all.length}\r`),
    'all wait to write',
  );
  expect((await eventsOf(all)).slice(known).map(({ event }) => event)).toEqual(all.map(() => 'intent'));
  await redis.cli('CLIENT', 'UNPAUSE');
  return ended(started);
}
async function ended(started: readonly Awaited<ReturnType<Operator['start']>>[]) {
  const results = await Promise.all(started.map((one) => one.ended));
  return results.map(({ code, stdout, stderr }) => {
    expect(stderr).toBe('');
    return { code, document: remedyOf(stdout) };
  });
}

const EACH = ['one', 'two'];
describe.each<[string, string[][], string, string, string[]]>([
  ['raise the same cap', [raiseTo('150.00'), raiseTo('200.00')], CAP, '100.00', ['150.00', '200.00']],
  ['extend the same block', EACH.map((why) => ['block-ip', IP, '--reason', why]), BLOCK, 'earlier', EACH],
  ['lift the same block', EACH.map((why) => ['unblock-ip', IP, '--reason', why]), BLOCK, 'earlier', []],
])('two operators %s, both having looked', (_, remedies, key, before, values) => {
  test.each([
    ['each with a journal of their own', 2],
    ['with one journal', 1],
  ])('%s: one applies, the other has exit 8 and is shown both', async (_, count) => {
    const [ada, bob = ada] = await operators(count);
    if (ada === undefined || bob === undefined) throw new Error('nobody');
    const results = await atOnce([ada, bob], remedies);
    expect(results.map(({ code }) => code).sort()).toEqual([0, 8]);
    const winner = results.findIndex(({ code }) => code === 0);
    const loser = 1 - winner;
    const value = values[winner] ?? null;
    expect((await redis.cli('GET', key)) || null).toBe(value);
    expect(results[winner]?.document).toMatchObject({ status: 'applied', message: null });
    const { document } = results[loser] ?? {};
    expect(document).toMatchObject({ status: 'conflict', undo: null, verified: null });
    expect(document?.message).toContain('nothing was written');
    const [change] = document?.changes ?? [];
    expect(change).toMatchObject({ target: key, status: 'conflict', before: { value: before } });
    expect(change?.after?.value ?? null).toBe(value);

    const events = await eventsOf([ada, bob]);
    const outcomes = events.flatMap((event) => (event.event === 'outcome' ? [[event.id, event.status]] : []));
    expect(Object.fromEntries(outcomes)).toEqual({
      [results[winner]?.document.id ?? '']: 'applied',
      [document?.id ?? '']: 'conflict',
    });
    // Nothing was done, so nothing is undone.
    const undo = ['undo', document?.id ?? '', '--reason', 'testing'];
    expect(await [ada, bob][loser]?.remedy(undo)).toMatchObject({
      code: 7,
      document: { status: 'unchanged', message: expect.stringContaining('changed nothing (conflict)') },
    });
    expect((await redis.cli('GET', key)) || null).toBe(value);
  });
});

test('two operators undo the same remedy, both having looked: it is undone once', async () => {
  const [ada] = await operators(1);
  if (ada === undefined) throw new Error('nobody');
  const { document } = await ada.remedy(raiseTo('150.00'));
  const words = ['undo', document.id ?? '', '--reason', 'testing'];
  const known = (await ada.events()).length;
  const results = await atOnce([ada, ada], [words, words], known);
  expect(results.map(({ code }) => code).sort()).toEqual([0, 8]);
  expect(await redis.cli('GET', CAP)).toBe('100.00');
  const undone = results.find(({ code }) => code === 0)?.document.id;
  expect((await ada.journal()).entries[0]).toMatchObject({ id: document.id, undoneBy: undone });
  expect((await ada.remedy(words)).code).toBe(7);
});

/** The program in a terminal of its own, with somebody at the keys. */
async function atTerminal({ home }: Operator, args: readonly string[]) {
  const words = [process.execPath, BIN, ...args, ...reach].map((word) => `'${word}'`);
  const line = `stty cols 100 rows 30; exec ${words.join(' ')}`;
  const [file, ...flags] = ['script', '-qec', line, '/dev/null'] as const;
  const child = execa(file, flags, {
    env: {
      PATH: [dirname(process.execPath), searchPath].join(delimiter),
      ...{ HOME: home, XDG_CONFIG_HOME: join(home, 'config'), XDG_STATE_HOME: join(home, 'state') },
      TERM: 'xterm-256color',
    },
    ...{ extendEnv: false, reject: false, stdin: 'pipe' },
  });
  onStop(async () => {
    child.kill();
    await child;
  });
  let seen = '';
  child.stdout.on('data', (chunk: Buffer) => {
    seen = stripVTControlCharacters(seen + chunk.toString());
  });
  return {
    shows: (text: string) => until(async () => seen.includes(text), `${text} is shown`),
    /** Types it, waits for the end, and answers what was shown from then on. */
    async type(keys: string) {
      const before = seen.length;
      child.stdin.write(keys);
      const { exitCode } = await child;
      return { code: exitCode, shown: seen.slice(before).replaceAll(/\s+/g, ' ') };
    },
  };
}

test('two operators read the preview at the same time: who says yes later is shown what the other did', async () => {
  const [ada, bob] = await operators(2);
  if (ada === undefined || bob === undefined) throw new Error('nobody');
  const terminals = [
    await atTerminal(ada, raiseTo('150.00')),
    await atTerminal(bob, raiseTo('200.00')),
  ] as const;
  for (const terminal of terminals) await terminal.shows('(y/N)');
  expect(await redis.cli('GET', CAP)).toBe('100.00');
  const [first, second] = [await terminals[1].type('y'), await terminals[0].type('y')];
  expect(first.code, first.shown).toBe(0);
  expect(second.code, second.shown).toBe(8);
  expect(second.shown).toContain('conflict');
  expect(second.shown).toMatch(/seen 100\.00.* now 200\.00/);
  expect(await redis.cli('GET', CAP)).toBe('200.00');
  // It was seen before anything was intended.
  expect((await ada.events()).map(({ event }) => event)).toEqual([]);
  expect((await bob.events()).map(({ event }) => event)).toEqual(['intent', 'outcome', 'verified']);
});

describe('eight at once', () => {
  const VALUES = Array.from({ length: 8 }, (_, index) => `${111 + index}.00`);

  /** The values in the order in which they were written, each upon the one before; throws where that is not one line. */
  function history(applied: readonly RemedyDocument[]): (string | null)[] {
    const next = new Map(
      applied.map(({ changes: [change] }) => [change?.before?.value, change?.after?.value]),
    );
    expect(next.size).toBe(applied.length);
    const line = ['100.00'];
    for (let value = next.get('100.00'); value !== undefined; value = next.get(line.at(-1)))
      line.push(`${value}`);
    return line;
  }

  test('that have all looked: one applies, seven have conflicts with it', async () => {
    const results = await atOnce(await operators(8), VALUES.map(raiseTo));
    expect(results.map(({ code }) => code).sort()).toEqual([0, ...Array(7).fill(8)]);
    const winner = results.find(({ code }) => code === 0)?.document.changes[0]?.after?.value;
    expect(await redis.cli('GET', CAP)).toBe(winner);
    for (const { code, document } of results) {
      if (code === 8)
        expect(document.changes).toMatchObject([{ before: { value: '100.00' }, after: { value: winner } }]);
    }
  });

  test.each([
    ['with journals of their own', 8],
    ['with one journal', 1],
  ])(
    'as fast as they can, %s: what was applied is one line of history, and its end is what is there',
    async (_, count) => {
      const own = await operators(count);
      for (let round = 0; round < 3; round += 1) {
        await redis.cli('SET', CAP, '100.00');
        const known = new Set((await eventsOf(own)).map(({ id }) => id));
        const all = VALUES.map((_, index) => own[index % own.length] as Operator);
        const results = await ended(
          await Promise.all(all.map((one, index) => one.start(raiseTo(VALUES[index] ?? '')))),
        );
        expect(results.filter(({ code }) => code !== 0 && code !== 8)).toEqual([]);
        const applied = results.filter(({ code }) => code === 0).map(({ document }) => document);
        const line = history(applied);
        expect(line).toHaveLength(applied.length + 1);
        expect(await redis.cli('GET', CAP)).toBe(line.at(-1));

        const events = (await eventsOf(own)).filter(({ id }) => !known.has(id));
        const intents = events.filter(({ event }) => event === 'intent').map(({ id }) => id);
        const outcomes = events.flatMap((event) =>
          event.event === 'outcome' ? [`${event.id} ${event.status}`] : [],
        );
        expect(intents.sort()).toEqual(results.map(({ document }) => document.id).sort());
        expect(outcomes.sort()).toEqual(
          results.map(({ document }) => `${document.id} ${document.status}`).sort(),
        );
        // Who was too late was shown a value of that history.
        for (const { code, document } of results) {
          if (code === 8) expect(line).toContain(document.changes[0]?.after?.value);
        }
      }
    },
  );
});
