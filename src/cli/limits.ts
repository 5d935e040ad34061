import type { Command } from 'commander';
import type { Context } from '../context.ts';
import type { ExitCode } from '../errors.ts';
import { declare, READS } from './effects.ts';
import { durationOption, wholeNumber } from './options.ts';
import type { Definitions } from './remedies.ts';

/** The command that shows limits beside what is used of them. */
export const limitsCommands = (context: Context, finish: (code: ExitCode) => void): Definitions => ({
  limits: (command) => {
    command
      .description("show the runbook's limits as the context has them, and how much of each is used")
      .addOption(
        durationOption('--window <duration>', 'look back this long in Prometheus', { fallback: '5m' }),
      )
      .option('--top <n>', 'rows per table', wholeNumber(9_999), 10);
    declare(command, READS).action(async (_, self: Command) => {
      const { limitsCommand } = await import('../commands/limits.ts');
      finish(await limitsCommand(self.optsWithGlobals(), context));
    });
  },
});
