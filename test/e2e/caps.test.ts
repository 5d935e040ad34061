import { beforeEach, describe, expect, test } from 'vitest';
import type { Cap } from '../../src/remedies/caps.ts';
import { freshRedis } from '../support/fresh-redis.ts';
import { temporaryFolder } from '../support/processes.ts';
import { runProgram } from '../support/program.ts';
import { homeWith, keysIn, remedy } from './block-ip-support.ts';
import { errorDocument, expectError } from './systems.ts';

const CAP = 'acp:agent_cost_cap:agent-7';
const KEYS = [
  ...['agent', 'capUsd', 'changedAt', 'journalId', 'operator'],
  ...['period', 'problem', 'ratio', 'source', 'spendUsd'],
];

const redis = freshRedis({
  acl: [
    'blind on >secret ~* &* -@all +@connection',
    'reader on >secret ~* &* -@all +@read +time +@connection',
  ],
});
let home = '';
let date = '';
beforeEach(async () => {
  home = await temporaryFolder('home');
  const ms = Number((await redis.cli('TIME')).split('\n')[0]) * 1_000;
  date = new Date(ms).toISOString().slice(0, 10).replaceAll('-', '');
});

const at = () => ({ home, env: { RATELIMIT_REDIS_URL: redis.url } });
const as = (user: string) => redis.url.replace('//', `//${user}:secret@`);
const has = (agent: string, cap: string | null, spent: string | null = null) =>
  redis.load([
    ...(cap === null ? [] : [['SET', `acp:agent_cost_cap:${agent}`, cap]]),
    ...(spent === null ? [] : [['SET', `acp:agent_cost_today:${agent}:${date}`, spent]]),
  ]);

/** The document, which is all that may be written. */
async function caps(...words: string[]): Promise<{ caps: Cap[]; warnings: string[] }> {
  const { code, stdout, stderr } = await runProgram(['caps', '-o', 'json', ...words], at());
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const document = JSON.parse(stdout);
  expect(Object.keys(document).sort()).toEqual(['caps', 'schema', 'warnings']);
  expect(document.schema).toBe('ratelimit/caps/v1');
  for (const cap of document.caps) {
    expect(Object.keys(cap).sort()).toEqual(KEYS);
    expect(cap.period).toBe('day');
    expect(cap.source).toBe('acp:agent_cost_today:*:* / acp:agent_cost_cap:*');
  }
  return document;
}

describe('spend, cap and ratio', () => {
  test('of all agents, those closest to their cap first', async () => {
    await has('low', '100.00', '10.00');
    await has('over', '100.00', '112.50');
    await has('free', null, '3.25');
    await has('half', '1e2', '50');
    const { caps: all } = await caps();
    expect(all.map(({ agent, spendUsd, capUsd, ratio }) => [agent, spendUsd, capUsd, ratio])).toEqual([
      ['over', 112.5, 100, 1.125],
      ['half', 50, 100, 0.5],
      ['low', 10, 100, 0.1],
      ['free', 3.25, null, null],
    ]);
    for (const cap of all) expect(cap).toMatchObject({ operator: null, changedAt: null, journalId: null });
  });

  test('for people', async () => {
    await has('over', '1000.00', '1125.00');
    await has('free', null, '3.25');
    await has('bad', 'abc', '1.00');
    const { stdout } = await runProgram(['caps'], at());
    const [title, head, ...rows] = stdout.split('\n').map((line) => line.trim().split(/ {2,}/));
    expect(title?.[0]).toMatch(/^3 agents, today's spend/);
    expect(head).toEqual(['agent', 'spent', 'cap', 'used', 'changed']);
    expect(rows.slice(0, 3)).toEqual([
      ['over', '$1,125.00', '$1,000.00', '113%'],
      ['bad', '$1.00', 'no cap (invalid)'],
      ['free', '$3.25', 'no cap'],
    ]);
  });

  test('as Markdown', async () => {
    await has('over', '100.00', '112.50');
    const { stdout } = await runProgram(['caps', 'over', '-o', 'markdown'], at());
    expect(stdout).toMatch(/^\| `over` \| \\\$112\.50 \| \\\$100\.00 \| 113% \|/m);
  });

  test('of more agents than are listed: how many are not', async () => {
    await redis.load(
      Array.from({ length: 230 }, (_, n) => [
        ...['MSET', `acp:agent_cost_cap:a${n}`, '1000', `acp:agent_cost_today:a${n}:${date}`, String(n)],
      ]),
    );
    const { caps: listed, warnings } = await caps();
    expect([listed.length, listed[0]?.agent, listed.at(-1)?.agent]).toEqual([200, 'a229', 'a30']);
    expect(warnings).toEqual(['30 more agents are not listed: those closest to their cap are']);
  });

  test('of nobody', async () => {
    expect(await caps()).toMatchObject({ caps: [] });
    expect((await runProgram(['caps'], at())).stdout).toMatch(/^no caps and nothing spent/);
  });
});

describe('the list and the one say the same', () => {
  test.each([
    ['100.00', 100, null],
    ['100', 100, null],
    ['1e2', 100, null],
    ['+100.5', 100.5, null],
    ['0.001', 0.001, null],
    [null, null, 'none'],
    ...['abc', '0', '0.00', '-5', 'nan', 'inf', '', '$100', '100,00', '1_000', '0x10', '1e400'].map(
      (cap): [string, null, string] => [cap, null, 'invalid'],
    ),
  ])('of a cap of %j', async (cap, capUsd, problem) => {
    await has('agent-7', cap, '5.50');
    const expected = { agent: 'agent-7', capUsd, spendUsd: 5.5, problem };
    const { caps: one } = await caps('agent-7');
    const { caps: list, warnings } = await caps();
    expect(one).toMatchObject([expected]);
    expect(list).toEqual(one);
    if (capUsd === null) expect(one[0]?.ratio).toBeNull();
    else expect(one[0]?.ratio).toBeCloseTo(5.5 / capUsd, 6);
    const said = warnings.join();
    if (problem === 'none') expect(said).toBe('1 of 1 agents have spent and have no cap');
    else if (problem === 'invalid') expect(said).toContain(`agent-7 = ${JSON.stringify(cap)}`);
    else expect(said).toBe('');
  });

  test('of one that expires, and so is none soon', async () => {
    await has('agent-7', '100.00', '5.50');
    await redis.cli('EXPIRE', CAP, '1000');
    const { caps: one } = await caps('agent-7');
    expect(one).toMatchObject([{ capUsd: 100, ratio: 0.055, problem: 'expires' }]);
    expect((await caps()).caps).toEqual(one);
  });
});

describe('who last changed it', () => {
  const raise = (words: string[], options: Parameters<typeof remedy>[1] = at()) =>
    remedy(['raise-cap', 'agent-7', '--reason', 'launch', '--yes', ...words], options);
  const by = async (...words: string[]) =>
    (await caps(...words)).caps.map(({ operator, journalId }) => [operator, journalId]);

  test('as the journal has it: of a raise, of a later one, of an undo; not of what was only tried', async () => {
    await has('agent-7', '100.00', '5.00');
    const first = await raise(['--to', '150', '--operator', 'alice']);
    expect(await by('agent-7')).toEqual([['alice', first.document.id]]);
    expect(await by()).toEqual([['alice', first.document.id]]);
    const second = await raise(['--to', '160', '--operator', 'bob\u202e']);
    await raise(['--to', '170', '--operator', 'carol', '--redis-url', as('reader')]);
    await raise(['--to', '10', '--operator', 'dave']);
    await raise(['--to', '170', '--operator', 'erin', '--dry-run']);
    const { stdout } = await runProgram(['caps', 'agent-7'], at());
    expect(stdout).toMatch(/\$160\.00 +3\.1% +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC \(.+\) by bob\\u\{202e\}/);
    expect((await caps('agent-7')).caps[0]).toMatchObject({
      ...{ capUsd: 160, operator: 'bob\u202e', journalId: second.document.id },
      changedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
    const words = ['undo', second.document.id ?? '', '--reason', 'wrong', '--yes', '--operator', 'frank'];
    const undone = await remedy(words, at());
    expect(undone.code).toBe(0);
    expect(await by('agent-7')).toEqual([['frank', undone.document.id]]);
  });

  test("as the team's stream has it, when it was somebody else's machine", async () => {
    const config = `contexts:\n  a: { redis: "${redis.url}", journal-stream: ratelimit:journal }\n`;
    const away = { home: await homeWith(`current-context: a\n${config}`) };
    await has('agent-7', '100.00', '5.00');
    const { document } = await raise(['--to', '150', '--operator', 'alice'], away);
    expect(await by('agent-7')).toEqual([[null, null]]);
    home = await homeWith(`current-context: a\n${config}`);
    expect(await by('agent-7')).toEqual([['alice', document.id]]);
  });
});

describe('undo of a raise', () => {
  const run = (...words: string[]) => remedy([...words, '--reason', 'x', '--yes'], at());
  const held = async () => [await redis.cli('GET', CAP), Number(await redis.cli('TTL', CAP))];

  test.each([
    [
      ['SET', CAP, '100.5'],
      ['100.5', -1],
    ],
    // No cap is written that the gateway cannot use, nor one that ends.
    [
      ['SET', CAP, 'abc'],
      ['', -2],
    ],
    [
      ['SET', CAP, '100', 'EX', '1000'],
      ['100', -1],
    ],
    [
      ['DEL', CAP],
      ['', -2],
    ],
  ])('restores what was there: %j', async (before, expected) => {
    await redis.cli(...before);
    const { document } = await run('raise-cap', 'agent-7', '--to', '150');
    expect((await run('undo', document.id ?? '')).code).toBe(0);
    expect(await held()).toEqual(expected);
    expect((await run('undo', document.id ?? '')).code).toBe(7);
  });

  test('is 8 when somebody changed it since, and shows both', async () => {
    const { document } = await run('raise-cap', 'agent-7', '--to', '150');
    await redis.cli('SET', CAP, '160.00');
    const undone = await run('undo', document.id ?? '');
    expect([undone.code, undone.document.status, await held()]).toEqual([8, 'conflict', ['160.00', -1]]);
    expect(undone.document.changes).toMatchObject([
      { before: { value: '150.00' }, after: { value: '160.00' } },
    ]);
  });
});

describe('names', () => {
  const HOSTILE = [
    ...[
      '\u001b[2J\u001b]0;owned\u0007',
      '\u009b31m',
      'a\nno caps',
      '\u202egnp.exe',
      '__proto__',
      'a|b`c<script>',
    ],
    ...['{agent}', '{yyyymmdd}', ' ', '$(reboot)', '--help', 'a:b:c', '*'],
  ];

  test('of any kind are given exactly in JSON, and are shown harmlessly', async () => {
    for (const name of HOSTILE) await has(name, '100.00', '5.00');
    await redis.load([['SET', Buffer.from('acp:agent_cost_cap:\xff\xfe', 'latin1'), '7']]);
    const { caps: listed } = await caps();
    const sorted = (ids: unknown[]) => ids.map((id) => JSON.stringify(id)).sort();
    expect(sorted(listed.map(({ agent }) => agent))).toEqual(sorted([...HOSTILE, { hex: 'fffe' }]));
    for (const cap of listed.filter(({ agent }) => typeof agent === 'string')) {
      expect(cap).toMatchObject({ capUsd: 100, spendUsd: 5, problem: null });
    }
    for (const format of ['human', 'json', 'markdown']) {
      const { code, stdout, stderr } = await runProgram(['caps', '-o', format], at());
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout.match(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)?.[0]).toBeUndefined();
      expect(stdout).not.toMatch(format === 'markdown' ? /^no caps|<script/m : /^no caps/m);
    }
  });

  test.each(['..', 'a b', 'x'.repeat(129), 'a:b', 'a/b', '', '*', '{agent}', 'ü', 'a\nb', 'a\u001b[2J'])(
    '%j is no id: neither shown nor raised, 2',
    async (agent) => {
      for (const words of [['caps'], ['raise-cap', '--to', '100', '--reason', 'x', '--yes']]) {
        const result = await runProgram([...words, '-o', 'json', '--', agent], at());
        expect(errorDocument(result).message).toMatch(/^expected the id of an agent: 1 to 128 letters/);
        expect([result.code, errorDocument(result).exitCode]).toEqual([2, 2]);
      }
      expect(await keysIn(redis)).toEqual([]);
    },
  );

  test.each(['x'.repeat(128), '__proto__', 'constructor', '0', 'A-b_9'])('%s is one', async (agent) => {
    const raise = ['raise-cap', agent, '--to', '5', '--reason', 'x', '--yes'];
    expect((await remedy(raise, at())).code).toBe(0);
    expect(await redis.cli('GET', `acp:agent_cost_cap:${agent}`)).toBe('5.00');
    expect((await caps(agent)).caps).toMatchObject([{ agent, capUsd: 5 }]);
  });
});

describe('when there is nothing to show', () => {
  test('an agent without cap and spend is 7', async () => {
    await has('agent-7', '100.00', '5.00');
    const result = await runProgram(['caps', 'agent-8', '-o', 'json'], at());
    expect(errorDocument(result)).toMatchObject({ code: 'not-found', exitCode: 7 });
    const human = await runProgram(['caps', 'agent-8'], at());
    expectError(human);
    expect([result.code, human.code]).toEqual([7, 7]);
  });

  test.each([[[]], [['agent-7']]])(
    'a Redis that is down is 1, one that refuses is 4: caps %j',
    async (words) => {
      const REASONS: [string, number, RegExp][] = [
        ['redis://127.0.0.1:1', 1, /^redis:\/\/127\.0\.0\.1:1: connection refused$/],
        [as('blind'), 4, /NOPERM/],
        [as('nobody'), 4, /WRONGPASS|password/],
      ];
      for (const [url, exitCode, message] of REASONS) {
        const args = ['caps', ...words, '--redis-url', url];
        const result = await runProgram([...args, '-o', 'json'], { home });
        expect(errorDocument(result)).toMatchObject({ exitCode, message: expect.stringMatching(message) });
        const human = await runProgram(args, { home });
        expectError(human);
        expect([result.code, human.code]).toEqual([exitCode, exitCode]);
        expect(result.stdout + human.stderr).not.toContain('secret');
      }
    },
  );
});
