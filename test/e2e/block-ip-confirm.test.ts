import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { execa, execaSync } from 'execa';
import { beforeAll, describe, expect, test } from 'vitest';
import { freshRedis } from '../support/fresh-redis.ts';
import { searchPath, temporaryFolder } from '../support/processes.ts';
import { runInTerminal, runProgram } from '../support/program.ts';
import {
  callsOf,
  homeWith,
  IP,
  journaled,
  journalOf,
  KEY,
  keysIn,
  PROGRAM,
  paste,
  remedy,
} from './block-ip-support.ts';
import { errorDocument } from './systems.ts';

const redis = freshRedis();

const words = (...more: string[]) => ['block-ip', IP, '--redis-url', redis.url, '--verify', '0', ...more];

async function expectNothingDone(home: string) {
  expect(await redis.cli('DBSIZE')).toBe('0');
  expect(journaled(home)).toEqual([]);
}

describe('nobody to ask', () => {
  test.each([
    ['plain', 'credential_stuffing'],
    ['what a shell would act on', `it's $HOME \`id\` "$(id)" \\ ; rm -rf * & #!`],
    ['a leading dash and a line that is no ASCII', '-- ünïcode 封禁'],
  ])('without --yes: 6 before anything is looked at, and the command to paste (%s)', async (_, reason) => {
    const home = await temporaryFolder('home');
    await redis.cli('CONFIG', 'RESETSTAT');
    const { code, document } = await remedy(words(`--reason=${reason}`), { home });
    expect(code).toBe(6);
    expect(document).toMatchObject({ id: null, status: 'refused', changes: [], expiresAt: null });
    expect(document.refusals).toMatchObject([{ guard: 'confirmation', override: '--yes' }]);
    expect(document.message).toMatch(/--yes was not given; nothing was changed$/);
    expect(document.command).toMatch(/^ratelimit block-ip 203\.0\.113\.42 .* --yes$/);
    await expectNothingDone(home);
    expect(await callsOf(redis, 'eval')).toBe(0);

    const pasted = await paste(document.command ?? '', home);
    expect(pasted).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(pasted.stdout)).toMatchObject({ status: 'applied', reason });
    expect(await redis.cli('GET', KEY)).toBe(reason);
  });

  test('for people: on stderr, with the command on a line of its own', async () => {
    const home = await temporaryFolder('home');
    const { code, stdout, stderr } = await runProgram(words('--reason', 'two words'), { home });
    expect({ code, stdout }).toEqual({ code: 6, stdout: '' });
    const [, command = ''] = /\nRun: (.*)\n$/.exec(stderr) ?? [];
    expect(command).toBe(`ratelimit ${words('--reason').join(' ')} 'two words' --yes`);
    expect((await paste(command, home)).code).toBe(0);
    expect(await redis.cli('GET', KEY)).toBe('two words');
  });

  test('a password of the command line is not repeated', async () => {
    for (const given of [
      ['--redis-url', 'redis://u:s3cret@127.0.0.1:1'],
      ['--redis-url=redis://u:s3cret@127.0.0.1:1'],
    ]) {
      const { code, document, stdout } = await remedy(['block-ip', IP, '--reason', 'x', ...given]);
      expect({ code, status: document.status }).toEqual({ code: 6, status: 'refused' });
      expect(stdout).not.toContain('s3cret');
    }
  });

  test('without a reason: 6, naming the flag', async () => {
    const home = await temporaryFolder('home');
    const { code, document } = await remedy(words('--yes'), { home });
    expect(code).toBe(6);
    expect(document.refusals).toMatchObject([{ guard: 'reason', override: '--reason' }]);
    expect(document.message).toContain('--reason <text>');
    await expectNothingDone(home);
  });

  test('--no-input on a terminal is the same', async () => {
    const home = await temporaryFolder('home');
    const { code, output } = await runInTerminal(words('--reason', 'x', '--no-input'), { home });
    expect(code).toBe(6);
    expect(output).toContain('--yes was not given');
    await expectNothingDone(home);
  });
});

describe('a production context', () => {
  let home = '';
  beforeAll(async () => {
    const context = `{ production: true, redis: "${redis.url}" }`;
    home = await homeWith(
      `current-context: prod\ncontexts: { prod: ${context}, test: { redis: "${redis.url}" } }\n`,
    );
  });
  const order = ['block-ip', IP, '--reason', 'x', '--verify', '0'];

  test.each([
    ['the current one', {}],
    ['of RATELIMIT_CONTEXT', { RATELIMIT_CONTEXT: 'prod' }],
  ])('%s is not meant by --yes alone: 6, and the command that says so works', async (_, env) => {
    const before = journaled(home).length;
    const { code, document } = await remedy([...order, '--yes'], {
      home,
      env: env as Record<string, string>,
    });
    expect(code).toBe(6);
    expect(document.refusals).toMatchObject([{ guard: 'production', override: '--context prod' }]);
    expect(document.message).toMatch(/context prod is a production one/);
    expect(await redis.cli('DBSIZE')).toBe('0');
    expect(journaled(home)).toHaveLength(before);

    expect(document.command).toMatch(/ --context prod$/);
    expect((await paste(document.command ?? '', home)).code).toBe(0);
    expect(await keysIn(redis)).toEqual([KEY]);
    expect(journalOf(home).at(-2)).toMatchObject({ event: 'intent', context: 'prod' });
  });

  test('named on the command line it is, wherever the flag stands', async () => {
    for (const all of [
      ['--context', 'prod', ...order, '--yes'],
      [...order, '--yes', '--context=prod'],
    ]) {
      await redis.flush();
      expect((await remedy(all, { home })).code).toBe(0);
      expect(await keysIn(redis)).toEqual([KEY]);
    }
  });

  test('is not asked for by a dry run, nor by another context', async () => {
    expect((await remedy([...order, '--yes', '--dry-run'], { home })).code).toBe(0);
    expect(await redis.cli('DBSIZE')).toBe('0');
    expect((await remedy([...order, '--yes', '--context', 'test'], { home })).code).toBe(0);
  });

  test('on a terminal its name must be typed', async () => {
    const ask = 'Type prod (the context) to go on:';
    const no = await runInTerminal(order, { home, answers: [{ after: ask, type: 'test\r' }] });
    expect(no.code).toBe(6);
    expect(await redis.cli('DBSIZE')).toBe('0');
    const yes = await runInTerminal(order, { home, answers: [{ after: ask, type: 'prod\r' }] });
    expect(yes.code).toBe(0);
    expect(stripVTControlCharacters(yes.output)).toMatch(/\(context prod, PRODUCTION\)/);
    expect(await keysIn(redis)).toEqual([KEY]);
  });
});

/** Of util-linux: what runs in it has a terminal, and what it is given on stdin is typed there. */
const TERMINAL = 'script';

describe('on a terminal', () => {
  const QUESTION = 'block-ip 203.0.113.42? (y/N)';
  const inTerminal = async (answers: { after: string; type: string }[], ...more: string[]) => {
    const home = await temporaryFolder('home');
    const { code, output } = await runInTerminal(words(...more), { home, answers });
    return { code, text: stripVTControlCharacters(output), home };
  };

  test('the exact change is shown before anything is asked: old, new, the end in UTC and relative', async () => {
    await redis.cli('SET', KEY, 'earlier', 'EX', '600');
    const { code, text } = await inTerminal(
      [{ after: QUESTION, type: 'y' }],
      '--reason',
      'abuse',
      '--ttl',
      '1h',
    );
    expect(code).toBe(0);
    const [preview = ''] = text.split(QUESTION);
    expect(preview).toContain(`block-ip ${IP} on ${redis.url}`);
    const UTC = String.raw`until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC`;
    expect(preview).toMatch(new RegExp(`now +earlier, ${UTC} \\(in (?:10m|9m\\d\\ds)\\)`));
    expect(preview).toMatch(new RegExp(`then +abuse, ${UTC} \\(in 1h\\)`));
    expect(preview).toContain(KEY);
    expect(await redis.cli('GET', KEY)).toBe('abuse');
  });

  test('a reason is asked for, and is what is written', async () => {
    const { code, home } = await inTerminal([
      { after: 'Reason', type: 'INC-42, spraying\r' },
      { after: QUESTION, type: 'y' },
    ]);
    expect(code).toBe(0);
    expect(await redis.cli('GET', KEY)).toBe('INC-42, spraying');
    expect(journalOf(home)[0]).toMatchObject({ event: 'intent', reason: 'INC-42, spraying' });
  });

  test.each([
    ['n', 6],
    ['\r', 6],
    ['\x1b', 6],
    ['\x03', 130],
    ['\x04', 130],
  ])('%j at the question: nothing is written, %i', async (key, expected) => {
    const { code, home } = await inTerminal([{ after: QUESTION, type: key }], '--reason', 'abuse');
    expect(code).toBe(expected);
    await expectNothingDone(home);
  });

  test('Ctrl-C at the reason: 130, nothing is written', async () => {
    const { code, home } = await inTerminal([{ after: 'Reason', type: '\x03' }]);
    expect(code).toBe(130);
    await expectNothingDone(home);
  });

  test('what changes while the operator thinks is noticed: 8, and both are shown', async () => {
    const answer = {
      after: QUESTION,
      /** Read when the question is there: somebody else is faster. */
      get type() {
        const lines = `AUTH test-harness test-harness\r\nSET ${KEY} theirs EX 60\r\nQUIT\r\n`;
        const talk = `require('net').connect(${redis.port}, '127.0.0.1').end(${JSON.stringify(lines)}).resume()`;
        execaSync(process.execPath, ['-e', talk]);
        return 'y';
      },
    };
    const { code, text, home } = await inTerminal([answer], '--reason', 'abuse');
    expect(code).toBe(8);
    const after = text.slice(text.indexOf(QUESTION));
    expect(after).toMatch(/seen +nothing/);
    expect(after).toMatch(/now +theirs, until/);
    expect(await redis.cli('GET', KEY)).toBe('theirs');
    expect(journaled(home)).toEqual([]);
  });

  test('whoever types the addresses cannot be asked as well: --stdin needs --yes', async () => {
    const home = await temporaryFolder('home');
    const line = (yes: string) =>
      `${process.execPath} ${PROGRAM} block-ip --stdin --reason x --verify 0 --redis-url ${redis.url} ${yes}`;
    const typed = (yes: string) =>
      execa(TERMINAL, ['-qec', line(yes), '/dev/null'], {
        ...{ cwd: home, input: `${IP}\n`, reject: false, extendEnv: false },
        env: { PATH: searchPath, HOME: home, XDG_CONFIG_HOME: home, XDG_STATE_HOME: join(home, 'state') },
      });
    const { exitCode, stdout } = await typed('');
    expect({ exitCode, asked: stdout.includes('(y/N)') }).toEqual({ exitCode: 6, asked: false });
    expect(stdout).toMatch(/--yes\s+was not given/);
    await expectNothingDone(home);
    expect((await typed('--yes')).exitCode).toBe(0);
    expect(await keysIn(redis)).toEqual([KEY]);
  });

  test('--yes with a reason asks nothing', async () => {
    const { code, text } = await inTerminal([], '--reason', 'abuse', '--yes');
    expect(code).toBe(0);
    expect(text).not.toContain('?');
  });
});

test('usage errors are error documents, whatever else is wrong', async () => {
  const result = await runProgram(words('--reason', 'x', '-o', 'json', '--force-privat'));
  expect(result.code).toBe(2);
  expect(errorDocument(result).message).toMatch(/--force-privat.*--force-private/);
});
