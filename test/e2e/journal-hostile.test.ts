import { afterAll, beforeAll, expect, test } from 'vitest';
import { openJournal } from '../../src/journal/log.ts';
import { makeOperator, type Operator } from '../support/operator.ts';
import { stopEverything } from '../support/processes.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

const WORDS = 'x\n{"seq":1}\r\u001b[2J\u001b]0;owned\u0007\u202e\u009b31m\u2028 | `rm` <b> [a](//b) @all';
const ID = '01J9ZK3V5T8Q0F6W2N4R7C1XYZ';

let redis: TestRedis;
let reach: string[] = [];
/** Has in the journal what an older version, or somebody's script, may have recorded. */
let mallory: Operator;
beforeAll(async () => {
  redis = await startRedis();
  reach = ['--redis-url', redis.url];
  mallory = await makeOperator(reach);
  const clock = { now: () => Date.now(), iso: (ms: number) => new Date(ms).toISOString() };
  const journal = openJournal({ folder: mallory.folder, clock, pid: process.pid, probe: () => {} });
  const after = { value: WORDS, ttlSeconds: 900, expiresAt: clock.iso(Date.now() + 900_000) };
  const common = { system: 'redis', target: 'acp:ip_block:203.0.113.66', before: null, after } as const;
  const change = { ...common, status: 'applied', message: WORDS, verified: 'stored' } as const;
  await journal.append({
    ...{ event: 'intent', id: ID, remedy: 'block-ip', operator: WORDS, reason: WORDS, context: null },
    ...{ runbook: 'aegis', systems: { redis: redis.url, api: null }, systemAt: null, undoes: null },
    changes: [{ ...change, status: 'planned' }],
  });
  await journal.append({ event: 'outcome', id: ID, status: 'applied', changes: [change] });
  await journal.append({ event: 'verified', id: ID, verified: 'stored', text: WORDS });
  await redis.cli('SET', change.target, WORDS, 'PXAT', String(Date.parse(after.expiresAt)));
});
afterAll(stopEverything);

test.each([
  ['--reason', WORDS],
  ['--reason', ''],
  ['--reason', '   '],
  ['--reason', 'x'.repeat(10_000)],
  ['--operator', WORDS],
  ['--operator', ' '],
])(
  'words that would act on a terminal, and none, are refused before anything is done: %s %j',
  async (flag, text) => {
    const eve = await makeOperator(reach);
    const words = ['block-ip', '203.0.113.67', '--yes', ...(flag === '--reason' ? [] : ['--reason', 'x'])];
    const { code, stdout, stderr } = await eve.run([...words, flag, text]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(flag);
    expect(await eve.journal()).toMatchObject({ entries: [] });
    expect(await redis.cli('EXISTS', 'acp:ip_block:203.0.113.67')).toBe('0');
  },
);

test('recorded all the same, they neither break a line nor get lost', async () => {
  expect(await mallory.events()).toMatchObject([{ reason: WORDS }, { event: 'outcome' }, { text: WORDS }]);
  const { entries, intact } = await mallory.journal();
  expect({ intact, entries }).toMatchObject({
    intact: true,
    entries: [{ id: ID, reason: WORDS, operator: WORDS }],
  });
});

test.each([['journal'], ['journal', 'show'], ['blocks'], ['undo', '--dry-run', '--reason', 'testing']])(
  'recorded all the same, they do not get to the terminal: %s',
  async (...args) => {
    const [command = '', ...more] = args;
    const words = command === 'undo' || more[0] === 'show' ? [...args, ID] : args;
    for (const format of ['human', 'markdown', 'json']) {
      const { stdout, stderr, code } = await mallory.run([...words, '-o', format]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
      expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u202e]/);
      if (format !== 'json') expect(stdout).not.toMatch(/^\{"seq":1\}/m);
      // In a code span all of it is literal.
      const prose = stdout.replaceAll('\\`', '').replaceAll(/`[^`]*`/g, '');
      if (format === 'markdown') expect(prose).not.toMatch(/(?<!\\)[<>[\]]|@all/);
    }
  },
);
