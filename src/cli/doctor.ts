import type { Context } from '../context.ts';
import type { ExitCode } from '../errors.ts';
import { declare, READS } from './effects.ts';
import { durationOption } from './options.ts';
import type { Definitions } from './remedies.ts';

const EXITS = `
Exit codes of doctor:
    0  nothing is wrong: triage can tell quiet from trouble here
    1  it could not, or something else needs action
    4  credentials or a permission that triage needs were refused
    5  a source could not be read`;

/** The command that looks at what triage would rest on. */
export const doctorCommands = (context: Context, finish: (code: ExitCode) => void): Definitions => ({
  doctor: (command) => {
    command
      .description('before the page comes: can triage see this system, and what would mislead it?')
      .addOption(
        durationOption('--window <duration>', "triage's window, to hold against the scrapes", {
          fallback: '5m',
        }),
      )
      .option('--acl', 'print the exact Redis users for triage and for operators, ask nothing', false)
      .addHelpText('after', EXITS);
    declare(command, READS).action(async (_, self) => {
      const { doctorCommand } = await import('../commands/doctor.ts');
      finish(await doctorCommand(self.optsWithGlobals(), context));
    });
  },
});
