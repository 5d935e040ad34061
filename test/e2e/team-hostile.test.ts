import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { freshRedis } from '../support/fresh-redis.ts';
import { makeOperator, type Operator } from '../support/operator.ts';

const STREAM = 'ratelimit:journal';
const AT = '2026-05-29T03:12:04.123Z';
const WORDS =
  'x\n\r\t\u001b[2J\u001b]0;owned\u0007\u202e\u009b31m\u2028\u0000 | `rm` <b> [a](//b) @all\ud800';

const redis = freshRedis();
let ada: Operator;
beforeEach(async () => {
  ada = await makeOperator([]);
  const folder = join(ada.home, 'config', 'ratelimit');
  await mkdir(folder, { recursive: true });
  const settings = `{ redis: "${redis.url}", prometheus: "http://127.0.0.1:1", journal-stream: ${STREAM} }`;
  await writeFile(join(folder, 'config.yaml'), `current-context: prod\ncontexts:\n  prod: ${settings}\n`);
});

const frame = { schema: 'ratelimit/journal-event/v1', seq: 1, prev: '0'.repeat(64), at: AT };
const KEY = 'acp:ip_block:203.0.113.7';
const change = (more: object = {}, after: object = {}) => ({
  ...{ system: 'redis', target: KEY, before: null, status: 'planned', message: null, verified: null },
  after: { value: 'theirs', ttlSeconds: 3_600, expiresAt: '2999-05-29T03:12:04.123Z', ...after },
  ...more,
});
const intent = (id: string, more: object = {}) => ({
  ...{ ...frame, event: 'intent', id, remedy: 'block-ip', operator: 'eve', reason: 'evil', context: null },
  ...{ runbook: 'aegis', systems: { redis: redis.url, api: null }, systemAt: AT, undoes: null },
  ...{ changes: [change()], ...more },
});
const publish = (events: readonly (object | string)[]) =>
  redis.load(
    events.map((event) => [
      'XADD',
      STREAM,
      '*',
      'event',
      typeof event === 'string' ? event : JSON.stringify(event),
    ]),
  );

/** What is wrong with an event that is none. */
const GARBAGE: Record<string, () => object | string> = {
  'no JSON': () => 'rm -rf ~',
  'half of JSON': () => '{"schema":"ratelimit/journal-event/v1","seq":1',
  nothing: () => '',
  null: () => 'null',
  'a list': () => [intent('A')],
  'another schema': () => intent('A', { schema: 'ratelimit/journal-event/v2' }),
  'another event': () => intent('A', { event: 'rumour' }),
  'an id that is a command': () => intent('$(reboot)'),
  'an id with a control character': () => intent('A\u001b[2J'),
  'no operator': () => intent('A', { operator: undefined }),
  'a number for a reason': () => intent('A', { reason: 7 }),
  'no list of changes': () => intent('A', { changes: 'all' }),
  'a change of another system': () => intent('A', { changes: [change({ system: 'shell' })] }),
  'a number for a value': () => intent('A', { changes: [change({}, { value: 7 })] }),
  'a time to live below zero': () => intent('A', { changes: [change({}, { ttlSeconds: -1 })] }),
  'a time that is none': () => intent('A', { changes: [change({}, { expiresAt: 'tomorrow' })] }),
  'a month too many': () => intent('A', { at: '2026-13-01T00:00:00Z' }),
  'a number below one': () => intent('A', { seq: 0 }),
  'a hash that is none': () => intent('A', { prev: 'x' }),
};

test('what is no event is counted, and the rest is shown', async () => {
  const { document } = await ada.remedy(['block-ip', '203.0.113.42', '--reason', 'testing']);
  await publish(Object.values(GARBAGE).map((make) => make()));
  await redis.cli('XADD', STREAM, '*', 'other', 'field', 'and', 'more');
  await publish([intent('REAL')]);
  const { entries, intact, warnings } = await ada.journal();
  expect(entries.map(({ id }) => id).sort()).toEqual([document.id, 'REAL'].sort());
  expect(intact).toBe(true);
  expect(warnings).toEqual([
    expect.stringMatching(new RegExp(`^${Object.keys(GARBAGE).length} events .*${STREAM}`)),
  ]);
  expect((await ada.run(['journal'])).stdout).toContain('cannot be read');
});

test.each(Object.entries(GARBAGE))('%s is no event', async (_, make) => {
  await publish([make()]);
  expect(await ada.journal()).toMatchObject({
    entries: [],
    intact: true,
    warnings: [expect.stringMatching(/^1 event/)],
  });
});

/** What an event may say and still be one. */
const HOSTILE: Record<string, () => object[]> = {
  'words that act on a terminal': () => [
    intent('WORDS', { remedy: WORDS, operator: WORDS, reason: WORDS, context: WORDS, runbook: WORDS }),
    {
      ...frame,
      event: 'outcome',
      id: 'WORDS',
      status: 'failed',
      changes: [change({ target: WORDS, status: 'failed', message: WORDS }, { value: WORDS })],
    },
    { ...frame, event: 'verified', id: 'WORDS', verified: 'unknown', text: WORDS },
  ],
  'systems that act on a terminal': () => [intent('SYSTEMS', { systems: { redis: WORDS, api: WORDS } })],
  'a megabyte of text': () => [intent('HUGE', { reason: 'y'.repeat(1e6), operator: 'z'.repeat(1e6) })],
  'thousands of changes': () => [
    intent('MANY', {
      changes: Array.from({ length: 5_000 }, (_, index) => change({ target: `key-${index}` })),
    }),
  ],
  'no changes': () => [intent('NONE', { changes: [] })],
  'a key without a name': () => [intent('NAMELESS', { changes: [change({ target: '' })] })],
  'a value of bytes': () => [intent('BYTES', { changes: [change({}, { value: { hex: '00ff1b' } })] })],
  'a time to live beyond all': () => [intent('TTL', { changes: [change({}, { ttlSeconds: 1e308 })] })],
  'the year 0': () => [
    intent('YEAR0', {
      at: '0000-01-01T00:00:00Z',
      changes: [change({}, { expiresAt: '0000-01-01T00:00:00Z' })],
    }),
  ],
  'the year 9999': () => [
    intent('YEAR9999', {
      at: '9999-12-31T23:59:59.999Z',
      changes: [change({}, { expiresAt: '9999-12-31T23:59:59.999Z' })],
    }),
  ],
  'a day that is none': () => [
    intent('DAY', { changes: [change({}, { expiresAt: '2026-02-31T00:00:00.123456789Z' })] }),
  ],
  'the largest number': () => [intent('SEQ', { seq: Number.MAX_SAFE_INTEGER })],
  'an undoing of itself': () => [
    intent('ITSELF', { undoes: 'ITSELF' }),
    { ...frame, event: 'undone', id: 'ITSELF', by: 'ITSELF' },
  ],
  'undoings in a circle': () => [
    intent('CIRCLE', { undoes: 'RELCIC' }),
    intent('RELCIC', { undoes: 'CIRCLE' }),
  ],
  'an outcome, but no intent': () => [
    intent('LONE'),
    { ...frame, event: 'outcome', id: 'NOBODY', status: 'applied', changes: [] },
  ],
};

/** Runs it in all formats; nothing that acts on a terminal may come out. */
async function inAllFormats(codes: readonly number[], ...words: string[]): Promise<void> {
  const formats = ['human', 'markdown', 'json'];
  const results = await Promise.all(formats.map((format) => ada.run([...words, '-o', format])));
  for (const { code, stdout, stderr } of results) {
    expect(codes, `${words.join(' ')}: ${stderr}`).toContain(code);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u202e]/);
    expect(stdout + stderr).not.toMatch(/unexpected:|^\s+at \S|node:internal/m);
  }
}

test('hostile events, all at once, neither break a list nor get to the terminal', async () => {
  const events = Object.values(HOSTILE).flatMap((make) => make());
  await publish(events);
  const ids = new Set(events.flatMap((event) => ('remedy' in event && 'id' in event ? [event.id] : [])));
  const { entries, warnings } = await ada.journal();
  expect(warnings).toEqual([]);
  expect(new Set(entries.map(({ id }) => id))).toEqual(ids);
  for (const command of ['journal', 'blocks', 'caps']) await inAllFormats([0], command);
});

test.each(Object.entries(HOSTILE))('an event with %s is shown, and not undone blindly', async (_, make) => {
  const events = make();
  await publish(events);
  await redis.cli('SET', KEY, 'theirs', 'EX', '600');
  const { id } = events[0] as { id: string };
  await inAllFormats([0], 'journal', 'show', id);
  await inAllFormats([6, 7, 8], 'undo', id, '--yes', '--reason', 'testing');
  expect(await redis.cli('GET', KEY)).toBe('theirs');
});

test('what others say of an own entry counts for nothing, unless it is that they took it back', async () => {
  const { document } = await ada.remedy(['block-ip', '203.0.113.42', '--reason', 'testing']);
  const id = document.id ?? '';
  await publish([
    intent(id, { operator: 'eve', reason: 'not mine' }),
    { ...frame, event: 'outcome', id, status: 'failed', changes: [] },
    { ...frame, event: 'verified', id, verified: 'enforced', text: 'it works' },
  ]);
  const { entries } = await ada.journal();
  expect(entries).toMatchObject([{ id, reason: 'testing', status: 'applied', verified: null, team: false }]);
  expect(entries[0]?.changes).toHaveLength(1);
  await publish([{ ...frame, event: 'undone', id, by: 'SOMEBODY' }]);
  expect((await ada.journal()).entries).toMatchObject([{ id, undoneBy: 'SOMEBODY' }]);
});
