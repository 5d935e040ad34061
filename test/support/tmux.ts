import { appendFile, readFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { onStop, searchPath, temporaryFolder, until } from './processes.ts';

/** A terminal with a shell in it, as somebody sits at it. */
interface Terminal {
  /** HOME of the shell. */
  readonly home: string;
  /** Types a line and Enter. */
  run(line: string): Promise<void>;
  /** Presses keys, by tmux's names: `q`, `C-c`, `Enter`. */
  press(...keys: string[]): Promise<void>;
  /** What is on the screen now. */
  screen(): Promise<string>;
  /** Waits for it, or for a screen that is so. @returns the screen that has it */
  shows(what: string | RegExp | ((screen: string) => boolean)): Promise<string>;
  resize(columns: number, rows: number): Promise<void>;
  /** `cursor`: it is shown. `alternate`: the screen is not the shell's. */
  state(): Promise<{ cursor: boolean; alternate: boolean }>;
  /** How often the bell rang since the terminal was opened. */
  bells(): Promise<number>;
  /** Anything else that tmux tells of it, such as `pane_pid`. */
  format(name: string): Promise<string>;
  close(): Promise<void>;
}

export const PROGRAM = `${process.execPath} ${fileURLToPath(new URL('../../bin/ratelimit.js', import.meta.url))}`;

/** Opens a terminal of 80x24 in a tmux of its own: no configuration, no other session. */
export async function openTerminal(env: Readonly<Record<string, string>> = {}): Promise<Terminal> {
  const home = await temporaryFolder('terminal');
  const [socket, output] = [join(home, 'tmux'), join(home, 'output')];
  await appendFile(output, '');
  const variables = {
    ...{ HOME: home, XDG_CONFIG_HOME: join(home, 'config'), XDG_STATE_HOME: join(home, 'state') },
    ...{ PATH: [dirname(process.execPath), searchPath].join(delimiter), LANG: 'C.UTF-8', PS1: '$ ', ...env },
  };
  const tmux = async (...args: string[]) => {
    const options = { env: variables, extendEnv: false, cwd: home, stripFinalNewline: false };
    return (await execa('tmux', ['-S', socket, '-f', '/dev/null', '-u', ...args], options)).stdout;
  };
  await tmux('new-session', '-d', '-x', '80', '-y', '24', 'bash --norc --noprofile');
  const close = onStop(async () => void (await tmux('kill-server').catch(() => {})));
  await tmux('pipe-pane', '-O', `cat >> ${output}`);
  const screen = () => tmux('capture-pane', '-p');
  const format = async (name: string) => (await tmux('display-message', '-p', `#{${name}}`)).trim();
  return {
    ...{ home, screen, format, close },
    run: async (line) => {
      await tmux('send-keys', '-l', line);
      await tmux('send-keys', 'Enter');
    },
    press: async (...keys) => void (await tmux('send-keys', ...keys)),
    shows: async (what) => {
      let seen = '';
      const isThere = () =>
        typeof what === 'function'
          ? what(seen)
          : typeof what === 'string'
            ? seen.includes(what)
            : what.test(seen);
      const look = async () => {
        seen = await screen();
        return isThere();
      };
      await until(look, `the terminal shows ${what}`).catch((error: unknown) => {
        throw new Error(`never seen: ${what}; the screen is\n${seen}`, { cause: error });
      });
      return seen;
    },
    resize: async (columns, rows) =>
      void (await tmux('resize-window', '-x', String(columns), '-y', String(rows))),
    state: async () => ({
      cursor: (await format('cursor_flag')) === '1',
      alternate: (await format('alternate_on')) === '1',
    }),
    bells: async () => (await readFile(output, 'latin1')).split('\u0007').length - 1,
  };
}
