import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stopEverything, temporaryFolder } from '../support/processes.ts';
import { runInTerminal } from '../support/program.ts';

const source = (path: string) => JSON.stringify(fileURLToPath(new URL(`../../src/${path}`, import.meta.url)));

/** Asks what its first argument names, and says what came of it and how it left the terminal. */
const SCRIPT = `
import { spawnSync } from 'node:child_process';
import { InterruptedError } from ${source('errors.ts')};
import { makePaint } from ${source('output/paint.ts')};
import { makePrompter } from ${source('output/prompt.ts')};

const interrupt = new AbortController();
process.once('SIGTERM', () => interrupt.abort(new InterruptedError()));
const { stdin: input, stderr: output, stdout } = process;
const [, , what, colour] = process.argv;
const paint = colour === undefined ? {} : { paint: makePaint(true) };
const prompter = makePrompter({ input, output, signal: interrupt.signal, ...paint });
const menu = [{ name: 'block-ip 203.0.113.42', value: { id: 1 } }, { name: 'nothing \\u001b[2J', value: { id: 2 } }];
const questions = {
  confirm: () => prompter.confirm('block-ip 203.0.113.42?'),
  early: async () => {
    console.error('ready');
    await new Promise((resolve) => setTimeout(resolve, 300));
    return prompter.confirm('block-ip?');
  },
  reason: () => prompter.reason(),
  typed: () => prompter.typed('the tenant', 'acme'),
  choose: () => prompter.choose('What next?', menu),
  hostile: () => prompter.confirm('block \\u001b[2J\\u009b31m\\u202e\\nit?'),
  all: async () => [await questions.typed(), await questions.confirm(), await questions.reason(), await questions.choose()],
  signal: () => (setTimeout(() => process.kill(process.pid, 'SIGTERM'), 100), questions.choose()),
  aborted: () => (interrupt.abort(), questions.confirm()),
};
const answer = await questions[what]().then(JSON.stringify, (error) => error.name + ' ' + error.code);
const { stdout: modes } = spawnSync('stty', ['-a'], { stdio: ['inherit', 'pipe', 'inherit'], encoding: 'utf8' });
const left = ['pause', 'end', 'close', 'error'].map((event) => input.listenerCount(event)).join(',');
const before = stdout.bytesWritten;
console.log('answer: ' + answer);
console.log(modes.match(/(?<=\\s)-?(?:echo|icanon|isig)(?=\\s)/g).sort().join(' ') + '; stdout ' + before + '; left ' + left);
`;

/** Read line by line, shown as typed, nothing on stdout but what the script itself said, no listener left behind. */
const RESTORED = /^echo icanon isig; stdout 0; left (\S+)$/m;

let program = '';
let fresh = '';
beforeAll(async () => {
  const folder = await temporaryFolder('prompt');
  program = join(folder, 'ask.mjs');
  await build({
    stdin: { contents: SCRIPT, resolveDir: fileURLToPath(new URL('../..', import.meta.url)), loader: 'ts' },
    outfile: program,
    ...{ bundle: true, platform: 'node', format: 'esm', target: 'node20.17', logLevel: 'error' },
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    // As scripts/build.mjs does it: what would end the process by itself when a signal comes stays out.
    plugins: [
      {
        name: 'lean',
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /^signal-exit$/ }, ({ path }) => ({ path, namespace: 'silent' }));
          onLoad({ filter: /.*/, namespace: 'silent' }, () => ({
            contents: 'export const onExit = () => () => {};',
          }));
        },
      },
    ],
  });
  fresh = RESTORED.exec((await ask('aborted')).screen)?.[1] ?? '';
});
afterAll(stopEverything);

type Key = readonly [after: string | RegExp, type: string];

/** Types each answer when its question has appeared. */
async function ask(what: string, ...keys: readonly Key[]) {
  const answers = keys.map(([after, type]) => ({ after, type }));
  const { code, output } = await runInTerminal([what], { program, answers });
  const screen = stripVTControlCharacters(output).replaceAll('\r', '');
  const [answer = ''] = /(?<=^answer: ).*$/m.exec(screen) ?? [];
  return { code, output, screen, answer };
}

const INTERRUPTED = 'InterruptedError interrupted';

describe('yes or no', () => {
  test.each([
    ['y', 'true', 'yes'],
    ['Y', 'true', 'yes'],
    ['n', 'false', 'no'],
    ['\r', 'false', 'no'],
    ['\x1b', 'false', 'no'],
  ])('%j alone is an answer, without Enter', async (key, expected, shown) => {
    const { answer, screen } = await ask('confirm', ['(y/N)', key]);
    expect(answer).toBe(expected);
    expect(screen).toContain(`? block-ip 203.0.113.42? (y/N) ${shown}\n`);
    expect(screen).toMatch(RESTORED);
  });

  test('what was typed before the question could be read is no answer', async () => {
    const { answer } = await ask('early', ['ready', 'y'], ['(y/N)', 'n']);
    expect(answer).toBe('false');
  });

  test('other keys are none, neither one by one nor in a heap', async () => {
    const { answer, output } = await ask(
      'confirm',
      ['(y/N)', 'q'],
      [/\(y\/N\)/, ' 7\x1b[A\t\x19'],
      [/\(y\/N\)/, 'y'],
    );
    expect(answer).toBe('true');
    expect(stripVTControlCharacters(output)).not.toMatch(/\(y\/N\) ?[q7]/);
  });

  test.each(['y\r', 'yes\r', 'y\r\r'])('%j at once is a yes', async (keys) => {
    expect((await ask('confirm', ['(y/N)', keys])).answer).toBe('true');
  });

  test('a pasted text answers nothing, whatever is in it', async () => {
    const pasted = 'ratelimit raise-cap summary --to 180.00 --reason y\ry\rratelimit journal\r';
    const { answer } = await ask('confirm', ['(y/N)', pasted], [/\(y\/N\)/, 'n']);
    expect(answer).toBe('false');
  });

  test('what the question quotes cannot act on the terminal', async () => {
    const { screen, output } = await ask('hostile', ['(y/N)', 'n']);
    expect(screen).toContain(String.raw`? block \x1b[2J\x9b31m\u{202e}\x0ait? (y/N) no`);
    expect(output).not.toMatch(/\u009b|\u202e/);
  });
});

describe('a word to type', () => {
  test.each([
    ['acme\r', 'true'],
    ['acne\x7f\x7fme\r', 'true'],
    ['acm\r', 'false'],
    ['acme \r', 'false'],
    ['ACME\r', 'false'],
    ['\r', 'false'],
  ])('%j', async (keys, expected) => {
    const { answer, screen } = await ask('typed', ['to go on:', keys]);
    expect(answer).toBe(expected);
    expect(screen).toContain('? Type acme (the tenant) to go on:');
    expect(screen).toMatch(RESTORED);
  });
});

describe('a reason', () => {
  // Shown while it is checked and again when it may be typed anew.
  const NEEDED = /a reason is needed.*a reason is needed/s;

  test.each(['\r', '  \r'])('is asked for again until there is one: %j', async (keys) => {
    const { answer, screen } = await ask('reason', ['change):', keys], [NEEDED, ' credential stuffing \r']);
    expect(answer).toBe('"credential stuffing"');
    expect(screen).toMatch(/\? Reason \(it is stored with the change\): +credential stuffing$/m);
    expect(screen).toMatch(RESTORED);
  });

  test('is short', async () => {
    const { answer } = await ask(
      'reason',
      ['change):', `${'x'.repeat(201)}\r`],
      ['201 characters are too many, at most 200 are kept', '\x7f\r'],
    );
    expect(answer).toBe(`"${'x'.repeat(200)}"`);
  });

  test('holds no control characters, and what is pasted is shown as escapes', async () => {
    const { answer, screen, output } = await ask(
      'reason',
      ['change):', 'a\u009b31mb\u202e\r'],
      ['control characters', '\x15clean\r'],
    );
    expect(answer).toBe('"clean"');
    expect(screen).toContain(String.raw`a\x9b31mb\u{202e}`);
    expect(output).not.toMatch(/\u009b|\u202e/);
  });
});

describe('a menu', () => {
  test('Enter takes the first choice', async () => {
    const { answer, screen } = await ask('choose', ['Enter takes it', '\r']);
    expect(answer).toBe('{"id":1}');
    expect(screen).toContain('? What next?\n> block-ip 203.0.113.42\n  nothing \\x1b[2J\n');
    expect(screen).toContain('? What next? block-ip 203.0.113.42\n');
    expect(screen).toMatch(RESTORED);
  });

  test('arrows move, and do not go round', async () => {
    const { answer } = await ask('choose', ['Enter takes it', '\x1b[B\x1b[B'], ['> nothing', '\r']);
    expect(answer).toBe('{"id":2}');
  });
});

test('questions follow one another, and keys typed ahead answer none of them', async () => {
  const { answer, screen } = await ask(
    'all',
    ['to go on:', 'acme\ry'],
    ['(y/N)', 'y'],
    ['change):', 'because\r'],
    ['Enter takes it', '\r'],
  );
  expect(answer).toBe('[true,true,"because",{"id":1}]');
  expect(RESTORED.exec(screen)?.[1]).toBe(fresh);
});

describe('leaving', () => {
  test.each([
    ['confirm', '(y/N)'],
    ['typed', 'to go on:'],
    ['reason', 'change):'],
    ['choose', 'Enter takes it'],
  ])('Ctrl-C and Ctrl-D at %s interrupt, and leave the terminal as it was', async (what, question) => {
    for (const key of ['\x03', '\x04']) {
      const { answer, screen, output } = await ask(what, [question, key]);
      expect(answer).toBe(INTERRUPTED);
      expect(RESTORED.exec(screen)?.[1]).toBe(fresh);
      expect(output.lastIndexOf('\x1b[?25h')).toBeGreaterThan(output.lastIndexOf('\x1b[?25l'));
    }
  });

  test('so does a signal, also one that came before', async () => {
    for (const what of ['signal', 'aborted']) {
      const { answer, screen, output } = await ask(what);
      expect(answer).toBe(INTERRUPTED);
      expect(screen).toMatch(RESTORED);
      expect(output.lastIndexOf('\x1b[?25h')).toBeGreaterThan(output.lastIndexOf('\x1b[?25l'));
    }
  });
});

test('colours only when they are asked for', async () => {
  const sgr = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`);
  expect((await ask('reason', ['change):', '\r'], ['a reason is needed', 'x\r'])).output).not.toMatch(sgr);
  expect((await ask('choose', ['Enter takes it', '\r'])).output).not.toMatch(sgr);
  const { output } = await runInTerminal(['confirm', 'colour'], {
    program,
    answers: [{ after: '(y/N)', type: 'y' }],
  });
  expect(output).toMatch(sgr);
});
