import type { Command } from 'commander';
import type { Context } from '../context.ts';
import type { ExitCode } from '../errors.ts';
import { declare, READS } from './effects.ts';
import type { Definitions } from './remedies.ts';

/** The commands on runbooks themselves: none of them talks to a system. */
export const runbookCommands = (context: Context, finish: (code: ExitCode) => void): Definitions => ({
  runbook: (group) => {
    group.description('look at runbooks, and write and test one of your own');
    const list = group.command('list').description('the built-in runbooks and your own');
    declare(list, READS).action(async (_, self: Command) => {
      const { runbookList } = await import('../commands/runbook.ts');
      finish(await runbookList(self.optsWithGlobals(), context));
    });
    const show = group
      .command('show')
      .description('what the runbook of --runbook says: its categories, or what to do about one')
      .argument('[category]', 'the id of a category, as triage names it');
    declare(show, READS).action(async (category: string | undefined, _, self: Command) => {
      const { runbookShow } = await import('../commands/runbook-show.ts');
      finish(await runbookShow(category ?? null, self.optsWithGlobals(), context));
    });
    const validate = group
      .command('validate')
      .description('tell all that is wrong with a runbook, each with its line')
      .argument('<file>', 'a file, a name, or - for stdin');
    declare(validate, READS).action(async (file: string, _, self: Command) => {
      const { runbookValidate } = await import('../commands/runbook.ts');
      finish(await runbookValidate(file, self.optsWithGlobals(), context));
    });
    const test = group
      .command('test')
      .description('judge labelled captures by the runbook of --runbook: what passes, what fails, and why')
      .argument('<dir>', 'holds <name>.json of triage --save, each with a <name>.label.yaml');
    declare(test, READS).action(async (folder: string, _, self: Command) => {
      const { runbookTest } = await import('../commands/runbook-test.ts');
      finish(await runbookTest(folder, self.optsWithGlobals(), context));
    });
    const make = group
      .command('new')
      .description('write a commented runbook to start from, never over an existing file')
      .argument('[file]', 'where to; a bare name is one of your own; stdout when left out');
    declare(make, { kind: 'read-only', idempotent: false }).action(
      async (file: string | undefined, _, self: Command) => {
        const { runbookNew } = await import('../commands/runbook.ts');
        finish(await runbookNew(file ?? null, self.optsWithGlobals(), context));
      },
    );
  },
});
