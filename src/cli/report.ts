import type { Command } from 'commander';
import type { Context } from '../context.ts';
import type { ExitCode } from '../errors.ts';
import { declare, READS } from './effects.ts';
import { momentOption } from './options.ts';
import type { Definitions } from './remedies.ts';

const EXITS = `
Exit codes of report:
    0  the report is whole
    4  credentials were refused
    5  something could not be read; the report says what
    7  nothing happened in that time`;

/** The command that tells what happened. */
export const reportCommands = (context: Context, finish: (code: ExitCode) => void): Definitions => ({
  report: (command) => {
    command
      .description('the incident report: what happened, who was affected, what was done and with what effect')
      .addOption(
        momentOption(
          '--since <time>',
          'tell from then on: a duration before now, or a time in UTC (default: 1h)',
        ),
      )
      .addOption(momentOption('--until <time>', 'tell until then (default: now)'))
      .option('--from <files...>', 'tell by captures of triage --save, and ask no system');
    declare(command, READS)
      .addHelpText('after', EXITS)
      .action(async (_, self: Command) => {
        const { reportCommand } = await import('../commands/report.ts');
        finish(await reportCommand(self.optsWithGlobals(), context));
      });
  },
});
