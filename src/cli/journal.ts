import type { Command } from 'commander';
import type { Context } from '../context.ts';
import type { ExitCode } from '../errors.ts';
import { declare, READS } from './effects.ts';
import { durationOption, momentOption } from './options.ts';
import type { Definitions } from './remedies.ts';

/** The commands that tell what was done, and take down what was done by hand. */
export const journalCommands = (context: Context, finish: (code: ExitCode) => void): Definitions => ({
  journal: (command) => {
    command
      .description('what was done, by whom, why, and what came of it')
      .addOption(durationOption('--since <duration>', 'only what was done in this time'));
    declare(command, READS).action(async (_, self: Command) => {
      const { journalCommand } = await import('../commands/journal.ts');
      finish(await journalCommand(self.optsWithGlobals(), context));
    });
    const show = command.command('show').description('all about one entry').argument('<id>', 'its id');
    declare(show, READS).action(async (id: string, _, self: Command) => {
      const { journalShow } = await import('../commands/journal.ts');
      finish(await journalShow(id, self.optsWithGlobals(), context));
    });
    const note = command
      .command('note')
      .description('take down what was done by hand, or noticed: for the report, the watch and the team')
      .argument('<text...>', 'what it was, on one line, at most 200 characters')
      .option('--step <id>', 'the response step of the runbook that it was, such as ask-the-tenant')
      .option('--category <id>', 'the category that it was a response to; it counts when the same comes back')
      .addOption(
        momentOption('--at <time>', 'when it was: a duration before now, or a time in UTC (default: now)'),
      )
      .option('--operator <name>', 'who did it (default: the user of this machine)');
    declare(note, { kind: 'records', idempotent: false }).action(
      async (words: string[], _, self: Command) => {
        const { journalNote } = await import('../commands/note.ts');
        finish(await journalNote(words, self.optsWithGlobals(), context));
      },
    );
  },
});
