import { cp, readFile, stat, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openJournal } from '../../src/journal/log.ts';
import { makeOperator, type Operator } from '../support/operator.ts';
import { stopEverything, temporaryFolder } from '../support/processes.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { errorDocument } from './systems.ts';

const IP = '203.0.113.42';
const ID = /^[0-9A-HJKMNP-TV-Z]{26}$/;

let redis: TestRedis;
let reach: string[] = [];
/** Has done one of each: a watched block, a raise, an unblocking, an undo, in this order. */
let ada: Operator;
const ids: string[] = [];
beforeAll(async () => {
  redis = await startRedis();
  reach = ['--redis-url', redis.url];
  ada = await makeOperator(reach);
  await redis.load([
    ['SET', `acp:auth_fail:${IP}`, '12', 'EX', '300'],
    ['SET', 'acp:agent_cost_cap:agent-7', '100.00'],
  ]);
  const done = async (...args: string[]) => {
    const { code, document } = await ada.remedy(args);
    expect(code, args.join(' ')).toBe(0);
    ids.push(document.id ?? '');
  };
  await done('block-ip', IP, '--reason', 'credential_stuffing', '--verify', '300ms');
  await done('raise-cap', 'agent-7', '--to', '150.00', '--reason', 'launch day', '--operator', 'Ada L.');
  await done('unblock-ip', IP, '--clear-counter', '--reason', 'a customer');
  await done('undo', ids[1] ?? '', '--reason', 'wrong agent');
});
afterAll(stopEverything);

describe('the file', () => {
  test('holds every event, in order, each chained to the one before', async () => {
    const events = await ada.events();
    expect(ids.every((id) => ID.test(id))).toBe(true);
    const [block, raise, unblock, undo] = ids;
    expect(events.map(({ event, id }) => [event, id])).toEqual([
      ...[
        ['intent', block],
        ['outcome', block],
        ['verified', block],
      ],
      ...[
        ['intent', raise],
        ['outcome', raise],
      ],
      ...[
        ['intent', unblock],
        ['outcome', unblock],
      ],
      ...[
        ['intent', undo],
        ['outcome', undo],
        ['undone', raise],
      ],
    ]);
    expect(events[0]).toMatchObject({
      ...{ schema: 'ratelimit/journal-event/v1', remedy: 'block-ip', reason: 'credential_stuffing' },
      ...{ context: null, runbook: 'aegis', systems: { redis: redis.url, api: null }, undoes: null },
      changes: [{ system: 'redis', target: `acp:ip_block:${IP}`, before: null, status: 'planned' }],
    });
    expect(events[2]).toMatchObject({
      event: 'verified',
      verified: 'stored',
      text: expect.stringMatching(/\w/),
    });
    expect(events[7]).toMatchObject({ undoes: raise });
    expect(events[9]).toMatchObject({ by: undo });
    const times = events.map(({ at }) => at);
    expect(times).toEqual(times.toSorted());
    const head = JSON.parse(await readFile(join(ada.folder, 'journal.head'), 'utf8'));
    expect(head.seq).toBe(events.length);
  });

  test('is its owner’s alone', async () => {
    const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
    expect(await mode(ada.folder)).toBe('700');
    for (const name of ['journal.jsonl', 'journal.head'])
      expect(await mode(join(ada.folder, name)), name).toBe('600');
  });
});

describe('the list', () => {
  test('as JSON: newest last, with all that is known', async () => {
    const { entries, intact, warnings } = await ada.journal();
    expect({ intact, warnings }).toEqual({ intact: true, warnings: [] });
    expect(entries.map(({ id, remedy, status, undoneBy }) => [id, remedy, status, undoneBy])).toEqual([
      [ids[0], 'block-ip', 'applied', null],
      [ids[1], 'raise-cap', 'applied', ids[3]],
      [ids[2], 'unblock-ip', 'applied', null],
      [ids[3], 'undo', 'applied', null],
    ]);
    for (const entry of entries) expect(entry).toMatchObject({ resolved: true, now: null, team: false });
    expect(entries.map(({ operator }) => operator)).toEqual([
      userInfo().username,
      'Ada L.',
      userInfo().username,
      userInfo().username,
    ]);
    expect(entries[3]?.undoes).toBe(ids[1]);
  });

  test('for people, a line each on a wide screen, and the same on a narrow one', async () => {
    const { code, stdout, stderr } = await ada.run(['journal'], { env: { COLUMNS: '200' } });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const places = ids.map((id) => stdout.indexOf(id));
    expect(places.every((place) => place >= 0)).toBe(true);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(stdout).toContain(`block-ip acp:ip_block:${IP}`);
    expect(stdout).toMatch(/applied, undone/);
    expect(stdout).toContain('by Ada L.');
    expect(stdout).toMatch(/ UTC \([\dms]+ ago\)/);
  });

  test('as Markdown, a row each', async () => {
    const { code, stdout } = await ada.run(['journal', '-o', 'markdown']);
    expect(code).toBe(0);
    const rows = stdout.split('\n').filter((line) => line.startsWith('| `'));
    expect(rows.map((row) => row.split('`')[1])).toEqual(ids);
  });

  test('--since leaves out what was done before', async () => {
    const eve = await makeOperator(reach);
    const anHourAgo = { now: () => Date.now() - 3_600_000, iso: (ms: number) => new Date(ms).toISOString() };
    const journal = openJournal({ folder: eve.folder, clock: anHourAgo, pid: process.pid, probe: () => {} });
    for (const event of await ada.events()) if (event.id === ids[0]) await journal.append(event);
    const { document } = await eve.remedy(['block-ip', IP, '--reason', 'again']);
    const since = async (...words: string[]) => (await eve.journal(words)).entries.map(({ id }) => id);
    expect(await since()).toEqual([ids[0], document.id]);
    expect(await since('--since', '2h')).toEqual([ids[0], document.id]);
    expect(await since('--since', '30m')).toEqual([document.id]);
    expect((await eve.run(['journal', '--since', 'yesterday'])).code).toBe(2);
  });

  test('is empty for who has done nothing, and makes nothing', async () => {
    const bob = await makeOperator(reach);
    expect(await bob.journal()).toMatchObject({ entries: [], intact: true, warnings: [] });
    expect((await bob.run(['journal'])).stdout).toBe('no entries\n');
    await expect(stat(join(bob.home, 'state'))).rejects.toThrow('ENOENT');
  });

  test('needs no Redis', async () => {
    const away = await makeOperator(['--redis-url', 'redis://127.0.0.1:1'], ada.home);
    expect((await away.journal()).entries).toHaveLength(4);
  });
});

describe('journal show', () => {
  test('tells all about one entry, by its id in any case', async () => {
    const id = ids[1] ?? '';
    const { stdout, code } = await ada.run(['journal', 'show', id.toLowerCase()]);
    expect(code).toBe(0);
    for (const text of [
      id,
      'raise-cap',
      'Ada L.',
      'launch day',
      redis.url,
      '100.00',
      '150.00',
      ids[3] ?? '',
    ]) {
      expect(stdout).toContain(text);
    }
    const [entry, ...others] = (await ada.journal(['show', id])).entries;
    expect(others).toEqual([]);
    expect(entry?.changes).toMatchObject([
      {
        target: 'acp:agent_cost_cap:agent-7',
        before: { value: '100.00', ttlSeconds: null, expiresAt: null },
        after: { value: '150.00', ttlSeconds: null, expiresAt: null },
        ...{ status: 'applied', verified: 'stored' },
      },
    ]);
    const markdown = await ada.run(['journal', 'show', id, '-o', 'markdown']);
    expect(markdown.stdout).toMatch(/^## raise-cap: applied, undone$/m);
  });

  test('names the way back while there is one', async () => {
    expect((await ada.run(['journal', 'show', ids[0] ?? ''])).stdout).toContain(`ratelimit undo ${ids[0]}`);
    expect((await ada.run(['journal', 'show', ids[1] ?? ''])).stdout).not.toContain('ratelimit undo');
  });

  test('7: an id that is not there', async () => {
    const result = await ada.run(['journal', 'show', '01J9ZK3V5T8Q0F6W2N4R7C1XYZ', '-o', 'json']);
    expect(result.code).toBe(7);
    expect(errorDocument(result)).toMatchObject({ code: 'not-found', exitCode: 7 });
  });
});

describe('journal note', () => {
  // Notes of somebody else's, so that the lists above stay as they are.
  let bob: Operator;
  beforeAll(async () => {
    bob = await makeOperator([
      '--redis-url',
      'redis://127.0.0.1:1',
      '--prometheus-url',
      'http://127.0.0.1:1',
    ]);
  });
  const note = (...args: string[]) => bob.run(['journal', 'note', ...args]);

  test('takes down what was done by hand, with its place in the runbook, and reaches no system', async () => {
    const step = ['--step', 'contact-the-caller', '--category', 'caller-starving-others'];
    const { code, stdout, stderr } = await note(
      ...['rang', 'acme', '-o', 'json', '--runbook', 'tps-limits', '--at', '10m', '--operator', 'Bob B.'],
      ...step,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { entries, intact, warnings } = JSON.parse(stdout);
    expect({ intact, warnings, count: entries.length }).toEqual({ intact: true, warnings: [], count: 1 });
    expect(entries[0]).toMatchObject({
      ...{ remedy: 'note', status: 'applied', resolved: true, verified: null, undoneBy: null, now: null },
      ...{ operator: 'Bob B.', reason: 'rang acme', runbook: 'tps-limits', changes: [] },
      note: { category: 'caller-starving-others', step: 'contact-the-caller' },
    });
    const agoMs = Date.parse(entries[0].at) - Date.parse(entries[0].note.happenedAt);
    expect(Math.round(agoMs / 60_000)).toBe(10);
    // One line of the journal, and the same when it is read again.
    expect((await bob.events()).map(({ event }) => event)).toEqual(['intent']);
    expect((await bob.journal()).entries).toEqual(entries);
    expect((await bob.journal(['--since', '9m'])).entries).toEqual([]);
    const shown = await bob.run(['journal', 'show', entries[0].id]);
    for (const text of ['rang acme', 'contact-the-caller', 'caller-starving-others', 'happened', '10m'])
      expect(shown.stdout).toContain(text);
  });

  test('is nothing to undo: 7, whoever is asked', async () => {
    const [entry] = (await bob.journal()).entries;
    const result = await bob.run(['undo', entry?.id ?? '', '-o', 'json']);
    expect(result.code).toBe(7);
    expect(errorDocument(result).message).toMatch(
      /is a note: it changed no system, so there is nothing to undo/,
    );
    expect((await bob.events()).length).toBe(1);
  });

  test.each([
    [['x', '--step', 'contact-the-caler', '--runbook', 'tps-limits'], /did you mean "contact-the-caller"\?/],
    [['x', '--at', '2099-01-01T00:00Z'], /that is still to come/],
    [['two\nlines'], /the note: it must not hold control characters/],
    [[], /missing required argument 'text'/],
  ])('2: %j, and nothing is recorded', async (args, message) => {
    const result = await note(...args, '-o', 'json');
    expect(result.code).toBe(2);
    expect(errorDocument(result).message).toMatch(message);
    expect((await bob.events()).length).toBe(1);
  });
});

describe('hands in the file', () => {
  /** Somebody with Ada's journal, changed. */
  async function tampered(change: (lines: string[]) => string[]): Promise<Operator> {
    const home = await temporaryFolder('tampered');
    await cp(join(ada.home, 'state'), join(home, 'state'), { recursive: true });
    const eve = await makeOperator(reach, home);
    const lines = (await readFile(eve.file, 'utf8')).split('\n').slice(0, -1);
    await writeFile(
      eve.file,
      change(lines)
        .map((line) => `${line}\n`)
        .join(''),
    );
    return eve;
  }
  const edited = (line = '') => line.replace('credential_stuffing', 'a personal grudge');

  test.each<[string, (lines: string[]) => string[], string, number]>([
    ['a line edited', ([a, ...rest]) => [edited(a), ...rest], 'line 1 was changed after it was written', 4],
    [
      'the last line edited',
      (lines) => [...lines.slice(0, -1), lines.at(-1)?.replace(/"at":"2/, '"at":"1') ?? ''],
      'line 10 was changed after it was written',
      4,
    ],
    [
      'a line removed',
      ([a = '', b = '', , ...rest]) => [a, b, ...rest],
      'event 3 is missing before line 3',
      4,
    ],
    ['the last lines removed', (lines) => lines.slice(0, 7), 'events 8 to 10 are missing after line 7', 3],
    [
      'two lines swapped',
      ([a = '', b = '', ...rest]) => [b, a, ...rest],
      'event 1 is missing before line 1',
      4,
    ],
    [
      'a line that is no event',
      (lines) => [...lines.slice(0, 4), 'rm -rf /', ...lines.slice(5)],
      'line 5: it is not JSON',
      4,
    ],
  ])('%s: it is named, and the journal is not intact', async (_, change, problem, count) => {
    const eve = await tampered(change);
    const { entries, intact, warnings } = await eve.journal();
    expect({ intact, entries: entries.length }).toEqual({ intact: false, entries: count });
    expect(warnings).toContain(`journal: ${problem}`);
    for (const format of ['human', 'markdown']) {
      const { code, stdout } = await eve.run(['journal', '-o', format]);
      expect(code).toBe(0);
      expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
        'shows signs of having been changed: do not rely on it',
      );
    }
    expect((await eve.run(['journal'])).stdout.replaceAll(/\s+/g, ' ')).toContain(problem);
  });
});
