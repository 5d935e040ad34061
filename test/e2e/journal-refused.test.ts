import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freshRedis } from '../support/fresh-redis.ts';
import { makeOperator, type Operator, type RemedyDocument } from '../support/operator.ts';
import { temporaryFolder } from '../support/processes.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/ratelimit.js', import.meta.url));
const REMEDIES = [
  ['block-ip', '203.0.113.42', '203.0.113.43'],
  ['unblock-ip', '203.0.113.99', '--clear-counter'],
  ['raise-cap', 'agent-7', '--to', '150.00'],
];

const redis = freshRedis();
let reach: string[] = [];
beforeAll(async () => {
  reach = ['--redis-url', redis.url];
});
let ada: Operator;
beforeEach(async () => {
  await redis.load([
    ['SET', 'acp:ip_block:203.0.113.99', 'there', 'PXAT', '4102444800000'],
    ['SET', 'acp:auth_fail:203.0.113.99', '5', 'PXAT', '4102444800000'],
    ['SET', 'acp:agent_cost_cap:agent-7', '100.00'],
  ]);
  ada = await makeOperator(reach);
});

/** All that Redis holds. */
const contents = async (): Promise<Record<string, string>> => {
  const keys = (await redis.cli('KEYS', '*')).split('\n').sort();
  const pairs = keys.map(async (key) => [
    key,
    `${await redis.cli('GET', key)} ${await redis.cli('PEXPIRETIME', key)}`,
  ]);
  return Object.fromEntries(await Promise.all(pairs));
};

/** What is wrong with the journal, in an operator's home, and what the system says to it. */
const OBSTACLES: Record<
  string,
  { env?: Record<string, string>; make?: () => Promise<unknown>; why: RegExp }
> = {
  'the state folder is below /proc': {
    env: { XDG_STATE_HOME: '/proc/1/state' },
    why: /\/proc\/1\/state\/ratelimit\/journal\.jsonl/,
  },
  'the state folder is below /sys': {
    env: { XDG_STATE_HOME: '/sys/state' },
    why: /\/sys\/state\/ratelimit\/journal\.jsonl/,
  },
  'the disk is full': {
    make: async () => {
      await mkdir(ada.folder, { recursive: true });
      await symlink('/dev/full', ada.file);
    },
    why: /no space is left/,
  },
  'the folder is a file': {
    make: async () => {
      await mkdir(join(ada.folder, '..'), { recursive: true });
      await writeFile(ada.folder, '');
    },
    why: /not a folder/,
  },
  'the journal is a folder': {
    make: () => mkdir(ada.file, { recursive: true }),
    why: /a folder, not a file/,
  },
};

describe.each(Object.entries(OBSTACLES))('a journal that cannot be written refuses: %s', (_, obstacle) => {
  const { env = {}, make = async () => {}, why } = obstacle;

  test.each(REMEDIES)('%s %s', async (...words) => {
    await make();
    const before = await contents();
    const { code, document } = await ada.remedy([...words, '--reason', 'testing'], { env });
    expect(code).toBe(6);
    expect(document).toMatchObject({ status: 'refused', id: null, undo: null, changes: [], verified: null });
    expect(document.refusals).toMatchObject([
      { guard: 'journal', override: null, message: document.message },
    ]);
    expect(document.message).toMatch(why);
    expect(document.message).toContain('nothing was changed');
    expect(await contents()).toEqual(before);
  });

  test('for people it is a sentence and what to do', async () => {
    await make();
    const words = ['block-ip', '203.0.113.42', '--yes', '--reason', 'testing', '--verify', '0'];
    const { code, stdout, stderr } = await ada.run(words, { env });
    expect({ code, stdout }).toEqual({ code: 6, stdout: '' });
    const said = stderr.replaceAll(/\s+/g, ' ');
    expect(said).toMatch(/^ratelimit: refused: cannot write the journal "/);
    expect(said).toMatch(why);
    expect(said).toContain('XDG_STATE_HOME');
    expect(stderr).not.toMatch(/^\s+at |node:internal/m);
  });

  test('a dry run and lists need none', async () => {
    await make();
    const words = ['block-ip', '203.0.113.42', '--dry-run', '--reason', 'testing'];
    expect((await ada.run(words, { env })).code).toBe(0);
    expect((await ada.run(['blocks'], { env })).code).toBe(0);
  });
});

test('what was done by hand cannot be taken down where the disk is full', async () => {
  await OBSTACLES['the disk is full']?.make?.();
  const { code, stdout, stderr } = await ada.run(['journal', 'note', 'called acme']);
  expect({ code, stdout }).toEqual({ code: 6, stdout: '' });
  expect(stderr.replaceAll(/\s+/g, ' ')).toMatch(/^ratelimit: cannot write the journal .*no space is left/);
});

describe('a journal that fails only after the write', () => {
  /** Runs a remedy while no file may grow beyond so many blocks of 512 bytes: as on a disk that fills up. */
  async function limited(blocks: number, words: readonly string[], inHome?: string) {
    const reason = words.includes('--reason') ? [] : ['--reason', 'testing'];
    const args = [...words, ...reason, '--yes', '-o', 'json', ...reach];
    const home = inHome ?? (await temporaryFolder('limited'));
    const { exitCode, stdout, stderr } = await execa(
      ...([
        'sh',
        ['-c', `ulimit -f ${blocks}; exec "$@"`, 'sh', process.execPath, PROGRAM, ...args],
      ] as const),
      {
        reject: false,
        env: { HOME: home, XDG_STATE_HOME: join(home, 'state'), XDG_CONFIG_HOME: join(home, 'config') },
      },
    );
    expect(stderr).toBe('');
    return {
      code: exitCode,
      document: JSON.parse(stdout) as RemedyDocument,
      operator: await makeOperator(reach, home),
    };
  }

  test.each([
    ['block-ip', ['block-ip', '203.0.113.42', '--verify', '0'], 'acp:ip_block:203.0.113.42', 'testing'],
    [
      'raise-cap',
      ['raise-cap', 'agent-7', '--to', '150.00', '--verify', '0'],
      'acp:agent_cost_cap:agent-7',
      '150.00',
    ],
  ])(
    '%s: it is said to be applied, with a warning, exit 1; it can be undone',
    async (_, words, key, value) => {
      const before = await contents();
      const { code, document, operator } = await limited(2, words);
      expect(await redis.cli('GET', key)).toBe(value);
      expect({ code, status: document.status }).toEqual({ code: 1, status: 'applied' });
      expect(document.warnings.join('\n')).toMatch(
        /what is said here \(outcome\) could not be recorded in the journal: cannot write the journal ".*EFBIG/,
      );
      expect(document.undo).toContain(`ratelimit undo ${document.id}`);
      // The half of the line that the disk took is not there any more.
      expect(await operator.events()).toMatchObject([{ event: 'intent', id: document.id }]);
      expect(await readdir(operator.folder)).toEqual(['journal.head', 'journal.jsonl']);

      const { entries, intact } = await operator.journal();
      expect(intact).toBe(true);
      expect(entries).toMatchObject([
        { status: 'unknown', resolved: false, now: expect.stringContaining('is there') },
      ]);
      const undone = await operator.remedy(['undo', document.id ?? '', '--reason', 'room again']);
      expect(undone.code).toBe(0);
      expect(await contents()).toEqual(before);
      expect((await operator.journal()).entries[0]?.undoneBy).toBe(undone.document.id);
    },
  );

  test('no room for the intent: refused', async () => {
    const before = await contents();
    const { code, document, operator } = await limited(1, ['block-ip', '203.0.113.42', '--verify', '0']);
    expect({ code, status: document.status }).toEqual({ code: 6, status: 'refused' });
    expect(await contents()).toEqual(before);
    expect(await operator.events()).toEqual([]);
  });

  test('an undo of which only the mark is lost is known by its own entry', async () => {
    const home = await temporaryFolder('limited');
    const operator = await makeOperator(reach, home);
    // Words that stand in the journal once each, and may be up to 200 long.
    const round = async (extra: number) => {
      const [who = '', by = '', why = ''] = [0, 1, 2].map((part) =>
        'x'.repeat(1 + Math.floor((extra + part) / 3)),
      );
      const { document } = await operator.remedy([
        'block-ip',
        '203.0.113.42',
        '--operator',
        who,
        '--reason',
        'testing',
      ]);
      const id = document.id ?? '';
      return { id, undo: ['undo', id, '--operator', by, '--reason', why] };
    };
    await operator.remedy((await round(0)).undo);
    // A second round is as long as the first, so longer words can make its outcome end where the room does.
    const text = await readFile(operator.file, 'utf8');
    const mark = Buffer.byteLength(text.split('\n').at(-2) ?? '') + 1;
    const outcomeEnds = 2 * Buffer.byteLength(text) - mark;
    const extra = (512 - (outcomeEnds % 512)) % 512;
    const second = await round(extra);
    const { document } = await limited((outcomeEnds + extra) / 512, second.undo, home);
    expect(document.status).toBe('applied');
    expect(document.warnings.join()).toContain('could not be recorded');
    const events = (await operator.events()).slice(-4);
    expect(events.map(({ event }) => event)).toEqual(['intent', 'outcome', 'intent', 'outcome']);
    const entry = (await operator.journal()).entries.find(({ id }) => id === second.id);
    expect(entry?.undoneBy).toBe(document.id);
    expect((await operator.remedy(second.undo)).code).toBe(7);
  });
});
