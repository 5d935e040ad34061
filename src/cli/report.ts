import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Given } from '../commands/report.ts';
import type { Context } from '../context.ts';
import type { ExitCode } from '../errors.ts';
import { parseDuration } from '../values/duration.ts';
import { declare, READS } from './effects.ts';
import type { Definitions } from './remedies.ts';

const ISO = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?Z)?$/;

function parseMoment(text: string): Given {
  const seconds = parseDuration(text);
  if (seconds !== null) return { secondsAgo: seconds };
  if (ISO.test(text)) return { iso: text };
  throw new InvalidArgumentError(
    'Expected a duration before now, such as 90m or 24h, or a time in UTC, such as 2026-05-29T03:00Z.',
  );
}

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
        new Option(
          '--since <time>',
          'tell from then on: a duration before now, or a time in UTC (default: 1h)',
        ).argParser(parseMoment),
      )
      .addOption(new Option('--until <time>', 'tell until then (default: now)').argParser(parseMoment))
      .option('--from <files...>', 'tell by captures of triage --save, and ask no system');
    declare(command, READS)
      .addHelpText('after', EXITS)
      .action(async (_, self: Command) => {
        const { reportCommand } = await import('../commands/report.ts');
        finish(await reportCommand(self.optsWithGlobals(), context));
      });
  },
});
