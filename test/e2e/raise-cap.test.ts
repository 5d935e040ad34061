import { stripVTControlCharacters } from 'node:util';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freshRedis } from '../support/fresh-redis.ts';
import { type Gateway, startGateway } from '../support/gateway.ts';
import { temporaryFolder } from '../support/processes.ts';
import { runInTerminal, runProgram } from '../support/program.ts';
import { homeWith, journaled, keysIn, paste, remedy, ttlOf } from './block-ip-support.ts';
import { errorDocument, expectError } from './systems.ts';

const CAP = 'acp:agent_cost_cap:agent-7';
const SURE = ['--reason', 'launch day', '--yes'];

const redis = freshRedis({ acl: ['reader on >secret ~* &* -@all +@read +@connection +info +time'] });
let gateway: Gateway;
let home = '';
let env: Record<string, string> = {};
beforeAll(async () => {
  gateway = await startGateway({ redis });
  env = { RATELIMIT_REDIS_URL: redis.url };
});
beforeEach(async () => {
  home = await temporaryFolder('home');
});

const has = (cap: string, ...expiry: string[]) => redis.cli('SET', CAP, cap, ...expiry);
const held = () => redis.cli('GET', CAP);
const raise = (...words: string[]) => remedy(['raise-cap', 'agent-7', ...words, ...SURE], { home, env });
const undo = (id: string | null) => remedy(['undo', id ?? '', ...SURE], { home, env });

/** What was spent today, and in case midnight comes in between, tomorrow. */
async function spent(usd: string): Promise<void> {
  const ms = Number((await redis.cli('TIME')).split('\n')[0]) * 1_000;
  for (const day of [ms, ms + 86_400_000]) {
    const date = new Date(day).toISOString().slice(0, 10).replaceAll('-', '');
    await redis.cli('SET', `acp:agent_cost_today:agent-7:${date}`, usd);
  }
}

/** What a cap must be for the gateway, and nothing else is ever stored. */
async function expectCap(usd: string): Promise<void> {
  expect(usd).toMatch(/^(?!0\.00$)\d+\.\d\d$/);
  expect([await held(), await ttlOf(redis, CAP)]).toEqual([usd, -1]);
}

describe('what is written', () => {
  test.each([
    ['100', '100.00'],
    ['100.5', '100.50'],
    ['0.01', '0.01'],
    ['999999999.99', '999999999.99'],
  ])('--to %s is stored as %s, without an end', async (to, stored) => {
    const { code, document } = await raise('--to', to);
    expect(document).toMatchObject({
      ...{ status: 'applied', verified: 'stored', expiresAt: null, reason: 'launch day', message: null },
      undo: `ratelimit undo ${document.id} --redis-url ${redis.url}`,
    });
    const after = { value: stored, ttlSeconds: null, expiresAt: null };
    expect(document.changes).toEqual([
      ...[{ system: 'redis', target: CAP, before: null, after, status: 'applied' }].map((change) => ({
        ...change,
        ...{ message: null, verified: 'stored' },
      })),
    ]);
    expect(code).toBe(0);
    await expectCap(stored);
    expect(await keysIn(redis)).toEqual([CAP]);
    expect(journaled(home)).toEqual(['intent', 'outcome applied', 'verified stored']);
  });

  // Floats would make 0.30000000000000004 of the first, 1.00 of the third, and lose the cents of the last.
  test.each([
    ['0.1', '0.2', '0.30'],
    ['33.33', '10%', '36.66'],
    ['1.00', '0.5%', '1.01'],
    ['1.005', '100%', '2.01'],
    ['1e2', '50', '150.00'],
    ['100', '12.5%', '112.50'],
    [' 100.0 ', '0.01', '100.01'],
    ['+100', '1000%', '1100.00'],
    ['9007199254740993.01', '0.01', '9007199254740993.02'],
  ])('a cap of %j raised by %s is %s', async (cap, by, raised) => {
    await has(cap);
    const { code, document } = await raise('--by', by, '--force-ceiling');
    expect(document.changes).toMatchObject([{ before: { value: cap }, after: { value: raised } }]);
    expect(code).toBe(0);
    await expectCap(raised);
  });

  test.each(['100.00', '120.00'])('%s in place of a cap that expires does not expire', async (to) => {
    await has('100.00', 'EX', '1000');
    const { code, document } = await raise('--to', to);
    expect({ code, status: document.status }).toEqual({ code: 0, status: 'applied' });
    expect(document.changes[0]?.before?.ttlSeconds).toBeGreaterThan(900);
    expect(document.warnings.join()).toContain('the present cap expires');
    await expectCap(to);
  });

  test('what is so already is left alone, and not journaled', async () => {
    await has('100.00');
    const { code, document } = await raise('--to', '100');
    expect(document).toMatchObject({ id: null, status: 'unchanged', undo: null, expiresAt: null });
    expect(document.changes).toMatchObject([{ target: CAP, status: 'unchanged' }]);
    expect(code).toBe(0);
    await expectCap('100.00');
    expect(journaled(home)).toEqual([]);
  });
});

describe('amounts that are no such thing are 2, and nothing is touched', () => {
  const USD = 'expected a USD amount such as 100.00';
  const PERCENT = 'expected a percentage such as 20%';

  test.each([
    ['--to', '$100', USD, 'write it without a currency sign'],
    ['--to', '100,00', USD, 'write it without commas'],
    ['--to', '1e400', USD, 'without an exponent'],
    ['--to', '0', USD, 'it must be more than zero'],
    ['--to', '0.00', USD, 'it must be more than zero'],
    ['--to', '-5', USD, 'it must be more than zero, without a sign'],
    ['--to', 'nan', USD, 'it must be a finite number'],
    ['--to', 'Infinity', USD, 'it must be a finite number'],
    ['--to', '100.001', USD, 'write at most two decimals'],
    ['--to', '1000000000', USD, 'it must be less than 1000000000'],
    ['--to', '20%', USD, 'write an amount, not a percentage'],
    ['--by', '-5', USD, 'without a sign'],
    ['--by', '0.001', USD, 'write at most two decimals'],
    ['--by', '0%', PERCENT, 'it must be more than zero'],
    ['--by', '1001%', PERCENT, 'it must be at most 1000%'],
    ['--by', 'nan%', PERCENT, 'it must be a finite number'],
  ])('%s %j', async (flag, text, expected, reason) => {
    await has('100.00');
    const words = ['raise-cap', 'agent-7', flag, text, ...SURE];
    const result = await runProgram([...words, '-o', 'json'], { home, env });
    const document = errorDocument(result);
    expect(document).toMatchObject({ code: 'usage', exitCode: 2 });
    expect(document.message).toContain(`${flag}: ${expected}, got ${JSON.stringify(text)}: `);
    expect(document.message).toContain(reason);
    expect(result.code).toBe(2);
    await expectCap('100.00');
    expect(journaled(home)).toEqual([]);
  });

  test.each([
    [['--to', '100', '--by', '10'], 'both'],
    [[], 'neither'],
  ])('%j: %s', async (words, what) => {
    const result = await runProgram(['raise-cap', 'agent-7', ...words, ...SURE], { home, env });
    expectError(result);
    expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining(`--to and --by, got ${what}`) });
    expect(await keysIn(redis)).toEqual([]);
  });
});

describe('guards', () => {
  const refused = async (...words: string[]) => {
    const before = [await held(), await ttlOf(redis, CAP)];
    const { code, document } = await raise(...words);
    expect(document).toMatchObject({ id: null, status: 'refused', changes: [], undo: null, verified: null });
    expect([await held(), await ttlOf(redis, CAP)]).toEqual(before);
    expect(code).toBe(6);
    return document.refusals.map(({ guard, override }) => `${guard} ${override}`);
  };
  const done = async (usd: string, ...words: string[]) => {
    expect((await raise(...words)).code).toBe(0);
    await expectCap(usd);
  };

  test('a lower cap takes --force-lower', async () => {
    await has('100.00');
    expect(await refused('--to', '99.99', '--force-ceiling')).toEqual(['lower --force-lower']);
    await done('99.99', '--to', '99.99', '--force-lower');
  });

  test('more than ten times the present cap takes --force-ceiling', async () => {
    await has('100.00');
    expect(await refused('--to', '1000.01', '--force-lower')).toEqual(['ceiling --force-ceiling']);
    expect(await refused('--by', '1000%')).toEqual(['ceiling --force-ceiling']);
    await done('1000.00', '--to', '1000');
    await done('10000.01', '--to', '10000.01', '--force-ceiling');
  });

  test('the ceiling of the context stands in its place, and each guard needs its own flag', async () => {
    home = await homeWith('current-context: a\ncontexts:\n  a:\n    cap-ceiling: 500\n');
    expect(await refused('--to', '500.01')).toEqual(['ceiling --force-ceiling']);
    await has('10.00');
    await done('500.00', '--to', '500');
    await has('1000.00');
    expect(await refused('--to', '600')).toEqual(['lower --force-lower', 'ceiling --force-ceiling']);
    expect(await refused('--to', '600', '--force-lower')).toEqual(['ceiling --force-ceiling']);
    expect(await refused('--to', '600', '--force-ceiling')).toEqual(['lower --force-lower']);
    await done('600.00', '--to', '600', '--force-ceiling', '--force-lower');
  });

  test.each([null, 'abc', '0', '0.00', 'nan', 'inf', '-5', '', '1_000', '1e400'])(
    'there is nothing to add to when the cap is %j, and --to warns that it introduces one',
    async (cap) => {
      if (cap !== null) await has(cap);
      expect(await refused('--by', '10')).toEqual(['no-cap --to']);
      expect(await refused('--by', '10%', '--force-ceiling')).toEqual(['no-cap --to']);
      const { code, document } = await raise('--to', '100');
      const what = cap === null ? 'none' : `${JSON.stringify(cap)}, which means none`;
      expect(document.warnings).toEqual([
        `no-cap: the agent's cap is ${what} now; this introduces one of $100.00`,
      ]);
      expect(code).toBe(0);
      await expectCap('100.00');
    },
  );

  test('a raise that comes to less than a cent is refused: it would be none', async () => {
    await has('0.001');
    expect(await refused('--by', '10%')).toEqual(['amount --to']);
  });

  test('nobody to ask: --yes is named, with the command to paste, and so is a reason', async () => {
    await has('100.00');
    const words = ['raise-cap', 'agent-7', '--to', '150', '--redis-url', redis.url];
    const [both, asked, reason] = await Promise.all([
      remedy(words, { home }),
      remedy([...words, '--reason', "launch; it's $(fine)"], { home }),
      remedy([...words, '--yes'], { home }),
    ]);
    expect([both.code, asked.code, reason.code]).toEqual([6, 6, 6]);
    expect(both.document.refusals.map(({ override }) => override)).toEqual(['--yes', '--reason']);
    expect(reason.document.refusals.map(({ override }) => override)).toEqual(['--reason']);
    await expectCap('100.00');
    expect(journaled(home)).toEqual([]);
    expect(await paste(asked.document.command ?? '', home)).toMatchObject({ code: 0 });
    await expectCap('150.00');
  });
});

describe('the effect', () => {
  test('a 429 of agent_cost becomes a 200, and undo brings it back', async () => {
    await has('2.00');
    const call = () => gateway.execute('agent-7');
    const blocked = { status: 429, body: expect.objectContaining({ limit_type: 'agent_cost' }) };
    for (const expected of [200, 200]) expect((await call()).status).toBe(expected);
    expect(await call()).toEqual(blocked);
    const { code, document } = await raise('--by', '50%');
    expect(document).toMatchObject({ verified: 'stored' });
    expect(document.verification).toBe('the cap is there, with $1.00 left today');
    expect(code).toBe(0);
    expect((await call()).status).toBe(200);
    expect(await call()).toEqual(blocked);
    expect((await undo(document.id)).code).toBe(0);
    await expectCap('2.00');
    expect(await call()).toEqual(blocked);
  });

  test.each(['150', '149.99', '120'])('a cap of %s does nothing when 150 are spent', async (to) => {
    await has('100.00');
    await spent('150.00');
    const { code, document } = await raise('--to', to);
    expect(document).toMatchObject({ status: 'applied', verified: 'not-enforced' });
    expect(document.verification).toMatch(/\$150\.00 are spent already: the agent stays blocked/);
    expect(document.warnings.join()).toMatch(/^still-blocked: \$150\.00 are spent already today/);
    expect(code).toBe(1);
    expect(await gateway.execute('agent-7')).toMatchObject({ status: 429 });
    expect(journaled(home)).toContain('verified not-enforced');
  });

  test('one of 150.01 does', async () => {
    await has('100.00');
    await spent('150.00');
    const { code, document } = await raise('--to', '150.01');
    expect(document).toMatchObject({ verified: 'stored', warnings: [] });
    expect({ code, why: document.verification }).toEqual({
      ...{ code: 0, why: 'the cap is there, with $0.01 left today' },
    });
    expect(await gateway.execute('agent-7')).toMatchObject({ status: 200 });
  });
});

describe('on a terminal', () => {
  const ask = async (...types: string[]) => {
    const args = ['raise-cap', 'agent-7', '--to', '150', '--color', 'never'];
    const answers = types.map((type) => ({ after: type.endsWith('\r') ? 'Reason' : '(y/N)', type }));
    const { code, output } = await runInTerminal(args, { home, env, answers });
    return { code, shown: stripVTControlCharacters(output).replaceAll(/\s+/g, ' ') };
  };

  test('what was spent, the cap and the ratio are shown with the change, and only a yes does it', async () => {
    await has('100.00');
    await spent('112.50');
    const no = await ask('launch\r', 'n');
    expect(no.shown).toMatch(
      /spent today \$112\.50 cap so far \$100\.00 used 113% .* now 100\.00, no expiry then 150\.00/,
    );
    expect([no.code, await held(), journaled(home)]).toEqual([6, '100.00', []]);
    const yes = await ask('launch\r', 'y');
    expect([yes.code, await held()]).toEqual([0, '150.00']);
    expect(yes.shown).toMatch(/Recorded as \w{26} by .*: launch/);
  });
});
