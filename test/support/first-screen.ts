import { drillCommand } from '../../src/commands/drill.ts';
import { makeContext } from '../../src/context.ts';
import type { ExitCode } from '../../src/errors.ts';
import type { Streams } from '../../src/output/streams.ts';
import { buildProgram } from '../../src/program.ts';
import { temporaryFolder } from './processes.ts';

const AT = Date.parse('2026-05-29T03:12:04Z');

/** What a command of a drill shows, at a moment at which the clock stands still: the same every time. */
export async function firstScreen(incident: string, line: string): Promise<string> {
  const shown: string[] = [];
  const streams: Streams = {
    ...{ out: (text) => void shown.push(text), err: () => {}, columns: 80, colorOut: false, colorErr: false },
    ...{ terminal: false, stderrTerminal: false, canAsk: false, closed: false, flush: async () => {} },
  };
  const lines = [line];
  const context = {
    ...makeContext(new AbortController().signal, []),
    env: {},
    configHome: await temporaryFolder('config'),
    runbooks: { builtIn: new URL('../../dist/runbooks/', import.meta.url), own: '/nowhere' },
    version: '0.0.0',
    incidents: new URL('../../dist/incidents/', import.meta.url),
    clock: {
      now: () => AT,
      iso: (milliseconds: number) => new Date(milliseconds).toISOString(),
      ms: (iso: string) => Date.parse(iso),
      steady: () => 0,
    },
    streams: () => streams,
    commandLines: async () => ({ next: async () => lines.shift() ?? null, close: () => {} }),
  };
  const flags = {
    ...({ list: false, auto: false, output: 'human', color: 'never' } as const),
    ...{ input: true, verbose: false, quiet: false },
  };
  await drillCommand(incident, flags, context, {
    run: async (words, inside) => {
      let code: ExitCode = 0;
      const finish = (result: ExitCode) => {
        code = result;
      };
      await buildProgram(inside, finish, words).parseAsync([...words], { from: 'user' });
      return code;
    },
    commands: () => [],
  });
  const [screen = ''] = shown.join('').split('\n\nThe drill is over');
  // It takes no time while the clock stands still.
  return screen.trimEnd().replace(/, 0 ms$/, ', 40 ms');
}
