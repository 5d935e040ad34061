import { Argument } from 'commander';
import { SHELLS, type Shell } from '../completion/scripts.ts';
import type { Context } from '../context.ts';
import type { ExitCode } from '../errors.ts';
import { declare, READS } from './effects.ts';
import type { Definitions } from './remedies.ts';

/** The command that makes a shell complete all the others. */
export const completionCommands = (context: Context, finish: (code: ExitCode) => void): Definitions => ({
  completion: (command) => {
    command
      .description('print a script that makes a shell complete commands, flags, names and blocked addresses')
      .addArgument(new Argument('<shell>', 'which one').choices(SHELLS));
    declare(command, READS).action(async (shell: Shell, _, self) => {
      const { completionCommand } = await import('../commands/completion.ts');
      finish(completionCommand(shell, self.optsWithGlobals(), context));
    });
  },
});
