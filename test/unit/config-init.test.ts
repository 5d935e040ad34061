import * as fs from 'node:fs/promises';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { writeExampleConfig } from '../../src/config/init.ts';
import { parseConfigFile } from '../../src/config/read.ts';
import { exampleConfig } from '../../src/config/template.ts';
import { ConfigError } from '../../src/errors.ts';

vi.mock('node:fs/promises', async (original) => {
  const actual = await original<typeof fs>();
  return { ...actual, open: vi.fn(actual.open) };
});

const parse = (text: string) => parseConfigFile('/c.yaml', new TextEncoder().encode(text)).content;

/** Every setting that a context may have, as a mistake is answered. */
const settings = ((): string[] => {
  try {
    parse('contexts: { c: { no-such-setting: 1 } }');
  } catch (error) {
    const { message } = error as ConfigError;
    return /Valid: (.*)/.exec(message)?.[1]?.split(', ') ?? [];
  }
  throw new Error('expected a mistake');
})();

describe('exampleConfig', () => {
  test('is valid as it is', () => {
    expect(parse(exampleConfig())).toEqual({
      'current-context': 'local',
      contexts: {
        local: {
          runbook: 'aegis',
          redis: { url: 'redis://127.0.0.1:6379' },
          prometheus: { isList: false, entries: [{ url: 'http://127.0.0.1:9090' }] },
          'journal-stream': 'ratelimit:journal',
        },
      },
    });
  });

  test('is valid with every setting in use', () => {
    const { contexts } = parse(exampleConfig().replace(/^#(?=\s*\S)(?! \S)/gm, ''));
    expect(Object.keys(contexts ?? {})).toEqual([
      ...['local', 'prod', 'with-reader', 'with-sentinels', 'with-cluster'],
    ]);
    expect(contexts?.local).toMatchObject({
      production: true,
      timeout: '5s',
      thresholds: { 'heavy-ip-failures': 30 },
      queries: { 'deploy-events': expect.stringContaining('max by (service)') },
      'never-block': ['192.0.2.10', '198.51.100.0/24', '2001:db8:42::/48'],
      'max-block-ttl': { text: '7d', seconds: 604_800 },
      'cap-ceiling': '500.00',
    });
    expect(contexts?.prod).toMatchObject({
      'never-block': ['192.0.2.10', '198.51.100.0/24'],
      'max-block-ttl': { text: '24h', seconds: 86_400 },
      'cap-ceiling': '500.00',
      'journal-stream': 'ratelimit:journal',
    });
    expect(contexts?.prod?.redis?.['password-file']).toBe('secrets/redis-password');
    expect(contexts?.prod?.prometheus?.entries[0]?.headers).toEqual({ 'X-Scope-OrgID': 'team' });
    expect(contexts?.prod?.api?.['token-file']).toBe('secrets/api-token');
  });

  test('leaves out no setting, and no query that the runbook asks for', async () => {
    const { contexts } = parse(exampleConfig().replace(/^#(?=\s*\S)(?! \S)/gm, ''));
    const used = new Set(Object.values(contexts ?? {}).flatMap((context) => Object.keys(context)));
    expect([...used].sort()).toEqual([...settings].sort());
    const yaml = await readFile(new URL('../../src/runbooks/aegis.yaml', import.meta.url), 'utf8');
    const asked = yaml.match(/(?<=^ +setting: ).*/gm);
    expect(Object.keys(contexts?.local?.queries ?? {}).sort()).toEqual(asked?.sort());
  });

  test('says where the least that a Redis user needs is told, and tells none of its own', () => {
    expect(exampleConfig()).toContain('ratelimit doctor --acl');
    expect(exampleConfig()).not.toContain('ACL SETUSER');
  });
});

describe('writeExampleConfig', () => {
  let home: string;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'config-init-'));
  });
  afterEach(async () => {
    await rm(home, { recursive: true });
  });

  async function failure(path: string): Promise<string> {
    const error = await writeExampleConfig(path).catch((thrown: unknown) => thrown);
    if (!(error instanceof ConfigError)) throw new Error('expected a ConfigError', { cause: error });
    return error.message;
  }

  const modeOf = async (path: string) => (await stat(path)).mode & 0o777;

  test('writes the file and the folders above it for their owner alone', async () => {
    const path = join(home, 'a', 'ratelimit', 'config.yaml');
    await writeExampleConfig(path);
    expect(await readFile(path, 'utf8')).toBe(exampleConfig());
    expect(await modeOf(path)).toBe(0o600);
    expect(await modeOf(join(home, 'a'))).toBe(0o700);
    expect(await modeOf(join(home, 'a', 'ratelimit'))).toBe(0o700);
  });

  test('leaves what is there: a file, a folder, a symbolic link to nowhere', async () => {
    const file = join(home, 'file');
    await writeFile(file, 'mine');
    expect(await failure(file)).toBe(`${file} exists already and was left as it is`);
    expect(await readFile(file, 'utf8')).toBe('mine');
    const folder = join(home, 'folder');
    await mkdir(folder);
    expect(await failure(folder)).toBe(`${folder} exists already and was left as it is`);
    const link = join(home, 'link');
    await symlink(join(home, 'target'), link);
    expect(await failure(link)).toBe(`${link} exists already and was left as it is`);
    expect((await readdir(home)).sort()).toEqual(['file', 'folder', 'link']);
  });

  test('a file where a folder should be', async () => {
    await writeFile(join(home, 'file'), '');
    for (const path of [join(home, 'file', 'c.yaml'), join(home, 'file', 'a', 'c.yaml')]) {
      expect(await failure(path)).toMatch(
        /^cannot create the folder .*: a part of its path is not a folder$/,
      );
    }
  });

  test('a disk that is full: nothing half-written stays', async () => {
    const path = join(home, 'config.yaml');
    const actual = await vi.importActual<typeof fs>('node:fs/promises');
    vi.mocked(fs.open).mockImplementationOnce(async (...args) => {
      const handle = await actual.open(...args);
      handle.writeFile = async () => {
        await handle.write('# half');
        throw Object.assign(new Error('full'), { code: 'ENOSPC' });
      };
      return handle;
    });
    expect(await failure(path)).toBe(`cannot write ${path}: no space is left`);
    expect(await readdir(home)).toEqual([]);
  });
});
