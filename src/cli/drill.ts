import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { type ExitCode, UsageError } from '../errors.ts';
import { declare } from './effects.ts';
import type { Definitions } from './remedies.ts';

/** Runs a command line in this process as `main` does. @param prepare is given the tree before anything is run */
export type Main = (
  argv: readonly string[],
  context: Context,
  prepare?: (program: Command) => void,
) => Promise<ExitCode>;

interface Parts {
  readonly context: Context;
  readonly finish: (code: ExitCode) => void;
  readonly main: Main | null;
  /** The whole tree of commands. */
  readonly tree: () => Command;
}

/** The command that plays incidents: it runs all the others against systems that are not real. */
export const drillCommands = ({ context, finish, main, tree }: Parts): Definitions => ({
  drill: (command) => {
    command
      .description('practise on an incident that is played; nothing real is read or changed')
      .argument('[incident]', 'its name, or the path of your own; asked for on a terminal')
      .option('--list', 'list the incidents', false)
      .option('--auto', 'triage, do what the runbook proposes first, triage again', false);
    declare(command, { kind: 'read-only', idempotent: false }).action(
      async (incident: string | undefined, _, self: Command) => {
        if (main === null) throw new Error('this tree of commands is not there to be run');
        const { drillCommand } = await import('../commands/drill.ts');
        const code = await drillCommand(incident ?? null, self.optsWithGlobals(), context, {
          run: (words, drill) => main(words, drill, (program) => withoutConnections(program, drill)),
          commands: () =>
            tree()
              .commands.filter((one) => one.name() !== 'drill' && one.name() !== 'help')
              .map((one) => ({ name: one.name(), description: one.description() })),
        });
        finish(code);
      },
    );
  },
});

/** Flags that name a system. */
const CONNECTIONS = [
  ['config', '--config'],
  ['context', '--context'],
  ['redisUrl', '--redis-url'],
  ['prometheusUrl', '--prometheus-url'],
  ['logsUrl', '--logs-url'],
  ['alertmanagerUrl', '--alertmanager-url'],
  ['apiUrl', '--api-url'],
] as const;

/** Within a drill such flags mean nothing: they are taken back, with a remark, before a command sees them. */
function withoutConnections(program: Command, { streams }: Context): void {
  program.hook('preAction', (_, command) => {
    if (command.name() === 'drill') throw new UsageError('this is a drill already', 'done ends it.');
    const given = CONNECTIONS.filter(([name]) => program.getOptionValueSource(name) === 'cli');
    // What the drill itself suggests names its own context, which is called so.
    const strange = given.filter(([name]) => name !== 'context' || program.getOptionValue(name) !== 'drill');
    for (const [name] of given) program.setOptionValueWithSource(name, undefined, 'default');
    program.setOptionValueWithSource('contexts', [], 'default');
    if (strange.length === 0) return;
    const flags = strange.map(([, flag]) => flag).join(', ');
    streams('auto').err(`${flags} ignored: a drill has systems of its own\n`);
  });
}
