import { drillCommand } from '../../src/commands/drill.ts';
import { contextIn, keptStreams, runWords } from './in-process.ts';
import { temporaryFolder } from './processes.ts';

const AT = Date.parse('2026-05-29T03:12:04Z');

/** What a command of a drill shows, at a moment at which the clock stands still: the same every time. */
export async function firstScreen(incident: string, line: string): Promise<string> {
  const { streams, out } = keptStreams();
  const lines = [line];
  const context = {
    ...contextIn(await temporaryFolder('home'), streams),
    clock: {
      now: () => AT,
      iso: (milliseconds: number) => new Date(milliseconds).toISOString(),
      ms: (iso: string) => Date.parse(iso),
      steady: () => 0,
    },
    commandLines: async () => ({ next: async () => lines.shift() ?? null, close: () => {} }),
  };
  const flags = {
    ...({ list: false, auto: false, output: 'human', color: 'never' } as const),
    ...{ input: true, verbose: false, quiet: false },
  };
  await drillCommand(incident, flags, context, {
    run: runWords,
    commands: () => [],
  });
  const [screen = ''] = out().split('\n\nThe drill is over');
  // It takes no time while the clock stands still.
  return screen.trimEnd().replace(/, 0 ms$/, ', 40 ms');
}
