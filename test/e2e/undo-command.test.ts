import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { beforeEach, describe, expect, test } from 'vitest';
import { freshRedis } from '../support/fresh-redis.ts';
import { makeOperator, type Operator } from '../support/operator.ts';
import { searchPath } from '../support/processes.ts';
import { runInTerminal } from '../support/program.ts';

const BIN = fileURLToPath(new URL('../../bin/ratelimit.js', import.meta.url));
const IP = '203.0.113.42';
const BLOCK = `acp:ip_block:${IP}`;
const PASSWORD = 'p@ss/w0rd&';

const redis = freshRedis({ password: PASSWORD });
let home: string;
beforeEach(async () => {
  ({ home } = await makeOperator([]));
});

/** What an operator's shell says to a line, with `ratelimit` in its PATH and no terminal. */
async function paste(line: string, { env, cwd }: { env: Record<string, string>; cwd: string }) {
  const folder = join(home, 'bin');
  await mkdir(folder, { recursive: true });
  await symlink(BIN, join(folder, 'ratelimit')).catch(() => {});
  const { exitCode, stdout, stderr } = await execa('sh', ['-c', line], {
    env: {
      PATH: [folder, dirname(process.execPath), searchPath].join(delimiter),
      ...{ HOME: home, XDG_CONFIG_HOME: join(home, 'config'), XDG_STATE_HOME: join(home, 'state') },
      ...env,
    },
    ...{ cwd, extendEnv: false, reject: false, stdin: 'ignore' },
  });
  return { code: exitCode, stdout, stderr };
}
const isBlocked = async () => (await redis.cli('EXISTS', BLOCK)) === '1';
const config = (port: number) =>
  `contexts:\n  prod: { redis: { url: "redis://127.0.0.1:${port}", password-file: pw }, prometheus: "http://127.0.0.1:1" }\n`;

/** How the systems are given, the way of each into the command that takes it back. */
const WAYS: Record<string, () => Promise<{ reach: string[]; env?: Record<string, string>; cwd?: string }>> = {
  'a context of the usual file': async () => {
    const folder = join(home, 'config', 'ratelimit');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'pw'), PASSWORD);
    await writeFile(join(folder, 'config.yaml'), `current-context: prod\n${config(redis.port)}`);
    return { reach: [] };
  },
  'another file, its path full of signs': async () => {
    const folder = join(home, 'it\'s $HOME; `x` & "more" *');
    await mkdir(folder);
    await writeFile(join(folder, 'pw'), PASSWORD);
    await writeFile(join(folder, 'my config.yaml'), config(redis.port));
    return { reach: ['--config', join(folder, 'my config.yaml'), '--context', 'prod'] };
  },
  'another file, by a path from here': async () => {
    await writeFile(join(home, 'pw'), PASSWORD);
    await writeFile(join(home, 'mine.yaml'), config(redis.port));
    return { reach: ['--config', 'mine.yaml', '--context', 'prod'], cwd: home };
  },
  'the environment, with the password': async () => ({
    reach: [],
    env: { RATELIMIT_REDIS_URL: `redis://:${encodeURIComponent(PASSWORD)}@127.0.0.1:${redis.port}` },
  }),
};

describe.each(Object.entries(WAYS))('the undo command that is printed works when pasted: %s', (_, way) => {
  let given: Awaited<ReturnType<typeof way>>;
  let ada: Operator;
  beforeEach(async () => {
    given = await way();
    ada = await makeOperator(given.reach, home);
  });
  const options = () => ({ env: given.env ?? {}, cwd: given.cwd ?? '/' });

  test('from the JSON document', async () => {
    const { code, document } = await ada.remedy(['block-ip', IP, '--reason', 'testing'], options());
    expect(code).toBe(0);
    expect(document.undo).not.toContain(PASSWORD);
    expect(await isBlocked()).toBe(true);
    // Alone it asks, and here is nobody; the command that it names instead says --yes.
    const alone = await paste(document.undo ?? '', options());
    expect(alone).toMatchObject({ code: 6, stdout: '' });
    expect(await isBlocked()).toBe(true);
    const undone = await paste(`${document.undo} --yes --reason 'wrong one'`, options());
    expect(undone).toMatchObject({ code: 0, stderr: '' });
    expect(await isBlocked()).toBe(false);
  });

  test.each(['human', 'markdown'])('from the screen, as %s', async (format) => {
    const words = ['block-ip', IP, '--reason', 'testing', '--yes', '--verify', '0', '-o', format];
    const { code, stdout } = await ada.run(words, options());
    expect(code).toBe(0);
    const [, line = ''] = /^(?:Undo: )?(ratelimit undo .*)$/m.exec(stdout) ?? [];
    const undone = await paste(`${line} --yes --reason 'wrong one'`, options());
    expect(undone).toMatchObject({ code: 0, stderr: '' });
    expect(await isBlocked()).toBe(false);
  });
});

test('on a terminal it asks why, shows both sides, and takes one key', async () => {
  const env = { RATELIMIT_REDIS_URL: `redis://:${encodeURIComponent(PASSWORD)}@127.0.0.1:${redis.port}` };
  const ada = await makeOperator([], home);
  await redis.cli('SET', BLOCK, 'earlier', 'EX', '600');
  const { document } = await ada.remedy(['block-ip', IP, '--reason', 'later'], { env });
  const id = document.id ?? '';
  const { code, output } = await runInTerminal(['undo', id], {
    ...{ home, env },
    answers: [
      { after: 'Reason', type: 'mistaken\r' },
      { after: /now\s+later[\s\S]*then\s+earlier[\s\S]*\(y\/N\)/, type: 'y' },
    ],
  });
  expect(code, output).toBe(0);
  expect(await redis.cli('GET', BLOCK)).toBe('earlier');
  const [, undone] = (await ada.journal()).entries;
  expect(undone).toMatchObject({ remedy: 'undo', undoes: id, reason: 'mistaken', status: 'applied' });
});
