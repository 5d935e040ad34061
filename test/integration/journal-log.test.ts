import {
  appendFile,
  chmod,
  mkdir,
  readdir,
  readFile,
  rm,
  rmdir,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { hashOf } from '../../src/journal/lines.ts';
import { type Journal, openJournal } from '../../src/journal/log.ts';
import { JournalError } from '../../src/journal/trouble.ts';
import type { NewEvent } from '../../src/journal/types.ts';
import { stopEverything, temporaryFolder } from '../support/processes.ts';

const AT = '2026-05-29T03:12:04.123Z';
const journalIn = (folder: string): Journal =>
  openJournal({
    ...{ folder, pid: process.pid, probe: (pid: number) => process.kill(pid, 0) },
    clock: { now: () => Date.parse(AT), iso: (milliseconds) => new Date(milliseconds).toISOString() },
  });
const undone = (id: string): NewEvent => ({ event: 'undone', id, by: 'x' });
const big = (id: string): NewEvent => ({ event: 'verified', id, verified: 'stored', text: 'é'.repeat(5e5) });

let folder: string;
let file: string;
let journal: Journal;
beforeEach(async () => {
  folder = join(await temporaryFolder('journal'), 'state', 'ratelimit');
  file = join(folder, 'journal.jsonl');
  journal = journalIn(folder);
});
afterAll(stopEverything);

const linesOf = async () => (await readFile(file, 'utf8')).split('\n').slice(0, -1);
const rewrite = async (change: (lines: string[]) => string[]) =>
  writeFile(
    file,
    change(await linesOf())
      .map((line) => `${line}\n`)
      .join(''),
  );
const fill = async (count: number) => {
  for (let index = 1; index <= count; index += 1) await journal.append(undone(`id-${index}`));
};
const ids = async () => (await journal.read()).events.map(({ id }) => id);
const problems = async () => (await journal.read()).problems;
const edited = (line = '') => line.replace('"by":"x"', '"by":"y"');
const failure = async (promise: Promise<unknown>): Promise<JournalError> => {
  const error = await promise.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(JournalError);
  expect(error).toMatchObject({
    code: 'journal',
    exitCode: 6,
    hint: expect.stringContaining('XDG_STATE_HOME'),
  });
  return error as JournalError;
};

describe('appending', () => {
  test('writes one line each, chained by number and hash', async () => {
    const first = await journal.append(undone('a'));
    expect(first).toEqual({
      ...{ schema: 'ratelimit/journal-event/v1', seq: 1, prev: '0'.repeat(64), at: AT },
      ...{ event: 'undone', id: 'a', by: 'x' },
    });
    const second = await journal.append(big('b'));
    const third = await journal.append(undone('c'));
    const lines = await linesOf();
    expect(lines.map((line) => JSON.parse(line))).toEqual([first, second, third]);
    expect(second).toMatchObject({ seq: 2, prev: hashOf(Buffer.from(lines[0] ?? '')) });
    expect(third).toMatchObject({ seq: 3, prev: hashOf(Buffer.from(lines[1] ?? '')) });
    expect(await journal.read()).toEqual({ events: [first, second, third], problems: [], missing: false });
    expect(lines[0]).toMatch(/^\{"schema":"ratelimit\/journal-event\/v1","seq":1,"prev":"0{64}","at":"/);
  });

  test('makes folders that only their owner may enter and files that only he may read', async () => {
    await journal.append(undone('a'));
    for (const path of [folder, join(folder, '..')]) expect((await stat(path)).mode & 0o777).toBe(0o700);
    expect((await readdir(folder)).sort()).toEqual(['journal.head', 'journal.jsonl']);
    for (const name of await readdir(folder))
      expect((await stat(join(folder, name))).mode & 0o777, name).toBe(0o600);
  });

  test('keeps the order of the calls', async () => {
    const all = Array.from({ length: 20 }, (_, index) => `id-${index}`);
    await Promise.all(all.map((id) => journal.append(undone(id))));
    expect(await ids()).toEqual(all);
    expect(await problems()).toEqual([]);
  });

  test('reads no more of a long journal than its last line', async () => {
    await fill(1);
    const [line = ''] = await linesOf();
    await rm(join(folder, 'journal.head'));
    // A terabyte of nothing, then the line.
    await truncate(file, 2 ** 40);
    await appendFile(file, `\n${line.replace('"seq":1', '"seq":7')}\n`);
    expect(await journal.append(undone('next'))).toMatchObject({ seq: 8 });
    await rm(file);
  });

  test('goes on where another object or process has stopped', async () => {
    await fill(2);
    await journalIn(folder).append(undone('other'));
    expect(await journal.append(undone('own'))).toMatchObject({ seq: 4 });
    expect(await problems()).toEqual([]);
  });

  test('numbers an event anew that was read from a journal', async () => {
    const first = await journal.append(undone('a'));
    expect(await journal.append(first)).toMatchObject({ seq: 2 });
    expect(await problems()).toEqual([]);
  });

  test('works without the head, and with a broken or an older one', async () => {
    const head = join(folder, 'journal.head');
    await fill(1);
    const old = await readFile(head);
    await fill(1);
    for (const content of [old, '', '{"seq":9}', '{"seq":-1,"hash":"x"}', '\0\0\0']) {
      await writeFile(head, content);
      await fill(1);
      expect(await problems()).toEqual([]);
    }
    await mkdir(`${head}.tmp`);
    await fill(2);
    expect(await problems()).toEqual([]);
    expect(await journal.append(undone('a'))).toMatchObject({ seq: 10 });
  });
});

describe('a line that was never finished', () => {
  test.each([
    ['after other lines', 2],
    ['alone', 0],
  ])('is not read, and removed by the next append: %s', async (_, count) => {
    await fill(count);
    await mkdir(folder, { recursive: true });
    await appendFile(file, `{"schema":"${'x'.repeat(200_000)}`);
    expect(await problems()).toEqual([]);
    expect(await journal.append(undone('next'))).toMatchObject({ seq: count + 1 });
    expect(await linesOf()).toHaveLength(count + 1);
    expect(await problems()).toEqual([]);
  });

  test('is kept when only its line break was lost after it had been written', async () => {
    await fill(2);
    const { size } = await stat(file);
    await truncate(file, size - 1);
    expect(await journal.read()).toMatchObject({ events: [{ seq: 1 }, { seq: 2 }], problems: [] });
    await fill(1);
    expect(await journal.read()).toMatchObject({
      events: [{ seq: 1 }, { seq: 2 }, { seq: 3 }],
      problems: [],
    });
  });
});

describe('reading', () => {
  test('a journal that does not exist finds nothing and makes nothing', async () => {
    expect(await journal.read()).toEqual({ events: [], problems: [], missing: true });
    await expect(stat(folder)).rejects.toThrow('ENOENT');
  });

  test.each<[string, (lines: string[]) => string[], string]>([
    [
      'the first line edited',
      ([a, ...rest]) => [edited(a), ...rest],
      'line 1 was changed after it was written',
    ],
    ['a line edited', ([a = '', b, c = '']) => [a, edited(b), c], 'line 2 was changed after it was written'],
    [
      'the last line edited',
      ([a = '', b = '', c]) => [a, b, edited(c)],
      'line 3 was changed after it was written',
    ],
    ['a line removed', ([a = '', , c = '']) => [a, c], 'event 2 is missing before line 2'],
    ['the first line removed', ([, ...rest]) => rest, 'event 1 is missing before line 1'],
    ['the last line removed', ([a = '', b = '']) => [a, b], 'event 3 is missing after line 2'],
    ['all lines removed', () => [], 'events 1 to 3 are missing: there is no line'],
    ['a line unreadable', ([a = '', b = '', c = '']) => [a, b.slice(1), c], 'line 2: it is not JSON'],
    ['the last line unreadable', ([a = '', b = '', c = '']) => [a, b, c.slice(1)], 'line 3: it is not JSON'],
    [
      'a line of another schema',
      ([a = '', b = '', c = '']) => [a, b.replace('event/v1', 'event/v2'), c],
      'line 2: schema: expected ratelimit/journal-event/v1',
    ],
    [
      'a line with a wrong value',
      ([a = '', b = '', c = '']) => [a, b.replace('"by":"x"', '"by":7'), c],
      'line 2: by: expected an id of 1 to 128 letters, digits, _ and -',
    ],
  ])('finds %s, whatever is appended later', async (_, change, problem) => {
    await fill(3);
    await rewrite(change);
    expect(await problems()).toEqual([problem]);
    const before = await linesOf();
    await fill(2);
    expect((await linesOf()).slice(0, before.length)).toEqual(before);
    const after = await problems();
    expect(after).toHaveLength(1);
    // What was missing at the end is missing before the next line now.
    expect(after[0]).toBe(
      problem
        .replace(/ after line (\d)/, (_, line) => ` before line ${Number(line) + 1}`)
        .replace(/: there.*/, ' before line 1'),
    );
    expect((await journal.read()).events.slice(-2)).toMatchObject([{ seq: 4 }, { seq: 5 }]);
  });

  test('answers all events that it can, in whatever state the rest is', async () => {
    await fill(4);
    await rewrite(([a = '', b, c = '', d = '']) => [a, edited(b), 'gone', d, c]);
    const { events, problems } = await journal.read();
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 4, 3]);
    expect(problems).toEqual(['line 3: it is not JSON', 'line 5: event 3 does not belong here']);
  });

  test('counts the lines when the last one says nothing and there is no head', async () => {
    await fill(3);
    await rewrite(([a = '', b = '']) => [a, b, 'gone']);
    await writeFile(join(folder, 'journal.head'), '');
    expect(await journal.append(undone('a'))).toMatchObject({ seq: 4, prev: hashOf(Buffer.from('gone')) });
    expect(await problems()).toEqual(['line 3: it is not JSON']);
  });

  test('says so when the file cannot be read', async () => {
    await mkdir(file, { recursive: true });
    expect(await journal.read()).toEqual({
      events: [],
      problems: [`cannot read the journal ${JSON.stringify(file)} after line 0: it is a folder, not a file`],
      missing: false,
    });
  });
});

describe('an append that is not possible is refused', () => {
  test('the disk is full', async () => {
    await mkdir(folder, { recursive: true });
    await symlink('/dev/full', file);
    const { message } = await failure(journal.append(undone('a')));
    expect(message).toBe(`cannot write the journal ${JSON.stringify(file)}: no space is left`);
    expect(await readdir(folder)).toEqual(['journal.jsonl']);
    await failure(journal.append(undone('a')));
  });

  test('what is written is not kept', async () => {
    await mkdir(folder, { recursive: true });
    await symlink('/dev/null', file);
    await failure(journal.append(undone('a')));
  });

  test('the folder is a file', async () => {
    await mkdir(join(folder, '..'), { recursive: true });
    await writeFile(folder, '');
    const { message } = await failure(journal.append(undone('a')));
    expect(message).toBe(
      `cannot write the journal ${JSON.stringify(file)}: a part of its path is not a folder`,
    );
    expect(await journal.read()).toMatchObject({
      events: [],
      problems: [expect.stringContaining('not a folder')],
    });
  });

  test.each(['/proc/ratelimit/state', '/sys/ratelimit'])('the folder cannot be made: %s', async (below) => {
    const { message } = await failure(journalIn(below).append(undone('a')));
    expect(message).toMatch(/^cannot write the journal "\/(?:proc|sys)\/.*journal\.jsonl": \w[\w ]+$/);
  });

  test('the journal is a folder', async () => {
    await mkdir(file, { recursive: true });
    const { message } = await failure(journal.append(undone('a')));
    expect(message).toContain('it is a folder, not a file');
  });

  test.skipIf(process.getuid?.() === 0)('the folder is read-only', async () => {
    await mkdir(folder, { recursive: true });
    await chmod(folder, 0o500);
    const { message } = await failure(journal.append(undone('a')));
    expect(message).toContain('permission denied');
  });

  test('and the next one is not, once it is possible', async () => {
    await mkdir(file, { recursive: true });
    const first = journal.append(undone('a'));
    await failure(first);
    await rmdir(file);
    expect(await journal.append(undone('b'))).toMatchObject({ seq: 1 });
  });
});
