import type { Command } from 'commander';
import type { Context } from '../context.ts';
import type { ExitCode } from '../errors.ts';
import { declare, LOOKS } from './effects.ts';
import { durationOption, wholeNumber, withReadFlags } from './options.ts';
import type { Definitions } from './remedies.ts';

const EXITS = `
Exit codes of watch:
    0  it was left with q, or --count looks were taken
  130  Ctrl-C, a signal, or the terminal is gone`;

/** The command that triages again and again. */
export const watchCommands = (context: Context, finish: (code: ExitCode) => void): Definitions => ({
  watch: (command) => {
    withReadFlags(
      command
        .description('the verdict live: since when, what changes, what is blocked, what was done')
        .addOption(
          durationOption('--interval <duration>', 'from look to look; longer while looks are slow', {
            fallback: '5s',
          }),
        )
        .option('--count <n>', 'end after so many looks', wholeNumber(999_999))
        .option(
          '--save <folder>',
          'write the evidence of each new verdict there, of the first and the last look',
        )
        .option('--no-bell', 'do not ring the bell when the verdict changes'),
    ).addHelpText('after', EXITS);
    declare(command, LOOKS).action(async (_, self: Command) => {
      const { watchCommand } = await import('../commands/watch.ts');
      finish(await watchCommand(self.optsWithGlobals(), context));
    });
  },
});
