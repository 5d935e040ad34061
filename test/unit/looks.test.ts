import { mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { chosen } from '../../src/looks/choose.ts';
import { BOUNDS, keepLook, looksIn } from '../../src/looks/folder.ts';
import { fileNameOf, readName, systemKey } from '../../src/looks/names.ts';
import type { Clock } from '../../src/signals/asked.ts';
import { stopEverything, temporaryFolder } from '../support/processes.ts';

const NOW = Date.parse('2026-05-29T12:00:00.000Z');
const clock: Clock = {
  now: () => NOW,
  iso: (ms) => new Date(ms).toISOString(),
  ms: (iso) => Date.parse(iso),
  steady: () => 0,
};
const PROD = { context: 'prod', redis: 'redis://10.0.0.5:6379', runbook: 'aegis', prometheus: null };
const at = (minutes: number): string => new Date(NOW - minutes * 60_000).toISOString();

afterAll(stopEverything);

describe('names', () => {
  test('say when, of what and what', () => {
    const name = fileNameOf('2026-05-29T03:12:04.000Z', 'tenant-over-rps-cap', PROD);
    expect(name).toBe(`2026-05-29T031204.000Z_prod_tenant-over-rps-cap_${systemKey(PROD)}.json`);
    expect(readName(name, clock)).toEqual({
      ...{ file: name, atMs: Date.parse('2026-05-29T03:12:04Z'), category: 'tenant-over-rps-cap' },
      system: systemKey(PROD),
    });
  });

  test.each(['../../etc/passwd', 'a/b\\c:d', 'ü_\u202e\n', '', 'x'.repeat(500)])(
    'are plain, whatever the context is called: %j',
    (context) => {
      const seen = { ...PROD, context };
      const name = fileNameOf(at(0), 'quiet', seen);
      expect(name).toMatch(/^[\w.-]{1,200}$/);
      expect(readName(name, clock)?.system).toBe(systemKey(seen));
    },
  );

  test('differ by all that a report must not mix up', () => {
    const others = [
      { context: null },
      { context: 'prod2' },
      { redis: 'redis://10.0.0.6:6379' },
      { runbook: 'edge' },
      { prometheus: 'http://10.0.0.7:9090' },
    ];
    const keys = [PROD, ...others.map((other) => ({ ...PROD, ...other }))].map(systemKey);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test.each([
    'journal.jsonl',
    '.look-x.tmp',
    '2026-99-99T999999.000Z_prod_quiet_0123456789ab.json',
    'a.json',
  ])('of others are none of ours: %s', (name) => expect(readName(name, clock)).toBeNull());
});

describe('the folder', () => {
  let state = '';
  let folder = '';
  beforeEach(async () => {
    state = await temporaryFolder('looks');
    folder = join(state, 'ratelimit', 'looks');
  });
  const keep = (minutes: number, category: string, more: { seen?: typeof PROD; text?: string } = {}) =>
    keepLook(
      folder,
      { seen: more.seen ?? PROD, at: at(minutes), category, text: async () => more.text ?? '{}' },
      clock,
      { ...BOUNDS, files: 3, bytes: 1_000 },
    );
  const categories = async () => (await looksIn(folder, clock)).map(({ category }) => category);

  test('is for its owner alone, and so is each file', async () => {
    await keep(5, 'platform-overload', { text: '{"whole":true}' });
    const [name = '', ...more] = await readdir(folder);
    expect(more).toEqual([]);
    expect(await readFile(join(folder, name), 'utf8')).toBe('{"whole":true}');
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
  });

  test('has the first quiet after something of the same systems, and no other', async () => {
    await keep(9, 'quiet');
    await expect(readdir(state)).resolves.toEqual([]);
    await keep(8, 'inconclusive');
    await keep(7, 'quiet', { seen: { ...PROD, context: 'other' } });
    await keep(6, 'quiet');
    await keep(5, 'quiet');
    expect(await categories()).toEqual(['inconclusive', 'quiet']);
  });

  test('never loses one to another of the same name', async () => {
    await keep(5, 'platform-overload', { text: 'first' });
    await keep(5, 'platform-overload', { text: 'second' });
    const [name = ''] = await readdir(folder);
    expect(await readFile(join(folder, name), 'utf8')).toBe('first');
  });

  test('stays small: the oldest go, what is no look stays', async () => {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'notes.txt'), 'mine');
    await keep(31 * 24 * 60, 'platform-overload');
    expect(await categories()).toEqual([]);
    for (const minutes of [50, 40, 30, 20]) await keep(minutes, `c${minutes}`);
    expect(await categories()).toEqual(['c40', 'c30', 'c20']);
    await keep(10, 'c10', { text: 'x'.repeat(999) });
    expect(await categories()).toEqual(['c10']);
    expect(await readdir(folder)).toContain('notes.txt');
  });

  test('loses what a killed process left half-written, once nobody can be writing it', async () => {
    await mkdir(folder, { recursive: true });
    const [old, fresh] = ['1', '2'].map((digit) =>
      join(folder, `.look-${digit.repeat(8)}-0000-0000-0000-000000000000.tmp`),
    );
    for (const file of [old, fresh]) await writeFile(file ?? '', '{"half');
    await utimes(old ?? '', NOW / 1_000 - 7_200, NOW / 1_000 - 7_200);
    await utimes(fresh ?? '', NOW / 1_000, NOW / 1_000);
    await keep(5, 'platform-overload');
    expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([
      fresh?.split('/').at(-1),
    ]);
    expect(await categories()).toEqual(['platform-overload']);
  });

  test('follows no link: neither one in its place nor one in it', async () => {
    const elsewhere = await temporaryFolder('elsewhere');
    await mkdir(join(state, 'ratelimit'));
    await symlink(elsewhere, folder);
    await expect(keep(5, 'platform-overload')).rejects.toThrow('the folder is a link');
    await expect(looksIn(folder, clock)).rejects.toThrow('the folder is a link');
    await rm(folder);
    await mkdir(folder);
    await writeFile(join(elsewhere, 'target'), 'x');
    await symlink(join(elsewhere, 'target'), join(folder, fileNameOf(at(1), 'quiet', PROD)));
    expect(await categories()).toEqual([]);
    expect(await readdir(elsewhere)).toEqual(['target']);
  });

  test('says what is wrong with it, and never hangs', async () => {
    await writeFile(join(state, 'ratelimit'), 'a file');
    await expect(keep(5, 'platform-overload')).rejects.toThrow();
    await expect(
      keepLook('/proc/1/state/looks', { seen: PROD, at: at(5), category: 'x', text: async () => '' }, clock),
    ).rejects.toThrow();
  });
});

describe('what a report reads where there is no room for all', () => {
  const looks = (kinds: string) =>
    [...kinds].map((category, index) => ({
      ...{ file: `${index}`, atMs: index, category, system: 's', bytes: 10 },
    }));
  const read = (kinds: string, files: number, bytes = 10_000) =>
    chosen(looks(kinds), { files, bytes }).map(({ atMs }) => atMs);

  test('all of them, where there is', () => expect(read('aab', 50)).toEqual([0, 1, 2]));
  test('none of none', () => expect(read('', 50)).toEqual([]));
  test('the first, the last, and where the verdict changed', () => {
    expect(read('aaaaabbbbbbbbbbbbbqqqqqq', 4)).toEqual([0, 5, 18, 23]);
  });
  test('the others evenly', () => {
    expect(read('a'.repeat(101), 5)).toEqual([0, 26, 51, 76, 100]);
  });
  test('as much as fits', () => expect(read('aaaaaaaa', 50, 35)).toEqual([0, 4, 7]));
});
