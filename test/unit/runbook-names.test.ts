import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findRunbook, loadRunbook } from '../../src/runbooks/load.ts';
import type { RunbookPlaces } from '../../src/runbooks/places.ts';
import { AEGIS_YAML, aegis } from '../support/evidence.ts';

let folder = '';
let places: RunbookPlaces;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runbooks-'));
  await mkdir(join(folder, 'built-in'));
  await mkdir(join(folder, 'own'));
  await writeFile(join(folder, 'built-in', 'aegis.json'), JSON.stringify(aegis));
  places = { builtIn: pathToFileURL(join(folder, 'built-in/')), own: join(folder, 'own') };
});
afterEach(() => rm(folder, { recursive: true }));

const called = (name: string) => AEGIS_YAML.replace(/^name: aegis$/m, `name: ${name}`);
const own = (file: string, yaml: string) => writeFile(join(places.own, file), yaml);
const refused = (message: string | RegExp) =>
  expect.objectContaining({ name: 'ConfigError', exitCode: 2, message: expect.stringMatching(message) });

describe('a name', () => {
  test('is a built-in runbook', async () => {
    expect(await findRunbook('aegis', places)).toEqual({ origin: 'built-in', name: 'aegis', path: null });
    expect(await loadRunbook('aegis', places)).toEqual(aegis);
  });

  test.each(['yaml', 'yml'])('is one of the user, .%s', async (end) => {
    await own(`mine.${end}`, called('mine'));
    const path = join(places.own, `mine.${end}`);
    expect(await findRunbook('mine', places)).toEqual({ origin: 'own', name: 'mine', path });
    expect((await loadRunbook('mine', places)).name).toBe('mine');
  });

  test('needs no folder of the user', async () => {
    await rm(places.own, { recursive: true });
    expect((await loadRunbook('aegis', places)).name).toBe('aegis');
  });

  test('that a built-in and a file of the user have is refused: neither shadows the other', async () => {
    await own('aegis.yaml', AEGIS_YAML);
    const path = join(places.own, 'aegis.yaml');
    await expect(loadRunbook('aegis', places)).rejects.toEqual(
      refused(`aegis is the name of 2 runbooks: the built-in one and ${path}`),
    );
    await expect(loadRunbook('aegis', places)).rejects.toMatchObject({
      hint: `Say which by its path: --runbook ${path}. For the built-in one, rename that file.`,
    });
    expect((await loadRunbook(path, places)).name).toBe('aegis');
  });

  test('that two files of the user have is refused', async () => {
    await own('mine.yaml', called('mine'));
    await own('mine.yml', called('mine'));
    await expect(loadRunbook('mine', places)).rejects.toEqual(
      refused(/2 runbooks: .*mine\.yaml and .*mine\.yml$/),
    );
  });

  test('must be what the file calls itself, or a verdict would go by another name', async () => {
    await own('mine.yaml', AEGIS_YAML);
    await expect(loadRunbook('mine', places)).rejects.toEqual(
      refused(/mine\.yaml:4: name: expected mine, as the file is called, got aegis/),
    );
  });

  test('that nothing has is refused with the nearest', async () => {
    await own('mine.yaml', called('mine'));
    await expect(loadRunbook('mien', places)).rejects.toEqual(
      refused('there is no runbook "mien"; did you mean "mine"'),
    );
    await expect(loadRunbook('mien', places)).rejects.toMatchObject({
      hint: expect.stringContaining('Runbooks: aegis, mine.'),
    });
  });

  test.each(['..', '.', '', 'AEGIS', 'aegis\0', '%2e%2e', 'a b', '-x', `${'a'.repeat(300)}`])(
    'that could lead elsewhere is no name: %j',
    async (name) => {
      await expect(loadRunbook(name, places)).rejects.toEqual(
        refused(/there is no runbook|cannot be looked at/),
      );
    },
  );
});

describe('a path', () => {
  test.each(['./mine.yaml', 'mine.yml', 'sub/mine', '../aegis'])(
    '%s is a file, never a name',
    async (path) => {
      expect(await findRunbook(path, places)).toEqual({ origin: 'path', name: path, path });
    },
  );

  test('may call itself anything', async () => {
    await own('mine.yaml', AEGIS_YAML);
    expect((await loadRunbook(join(places.own, 'mine.yaml'), places)).name).toBe('aegis');
  });

  test('that cannot be read is said with the reason', async () => {
    const path = join(folder, 'none.yaml');
    await expect(loadRunbook(path, places)).rejects.toEqual(
      refused(`runbook ${path} cannot be read: no such file`),
    );
    await expect(loadRunbook(`${folder}/own`, places)).rejects.toEqual(refused('it is a folder, not a file'));
  });

  test('without an end is not read to its end', async () => {
    await symlink('/dev/zero', join(folder, 'endless.yaml'));
    await expect(loadRunbook(join(folder, 'endless.yaml'), places)).rejects.toEqual(
      refused('it is over 1 MB'),
    );
  });
});
