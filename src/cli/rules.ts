import type { Context } from '../context.ts';
import type { ExitCode } from '../errors.ts';
import { declare, READS } from './effects.ts';
import type { Definitions } from './remedies.ts';

/** The command that writes the alerts which lead here. It talks to no system. */
export const rulesCommands = (context: Context, finish: (code: ExitCode) => void): Definitions => ({
  rules: (command) => {
    command.description("print Prometheus's alerting rules for the runbook of --runbook, as a file to load");
    declare(command, READS).action(async (_, self) => {
      const { rulesCommand } = await import('../commands/rules.ts');
      finish(await rulesCommand(self.optsWithGlobals(), context));
    });
  },
});
