import { Command, Help, Option } from 'commander';
import { completionCommands } from './cli/completion.ts';
import { contextOption, settleContexts } from './cli/contexts.ts';
import { doctorCommands } from './cli/doctor.ts';
import { drillCommands, type Main } from './cli/drill.ts';
import { declare, effectOf, LOOKS, READS } from './cli/effects.ts';
import { helpCommands, withExamples } from './cli/help.ts';
import { journalCommands } from './cli/journal.ts';
import { limitsCommands } from './cli/limits.ts';
import { answerOption, withReadFlags } from './cli/options.ts';
import { outputOption, settleOutput } from './cli/outputs.ts';
import { type Definitions, remedyCommands } from './cli/remedies.ts';
import { reportCommands } from './cli/report.ts';
import { rulesCommands } from './cli/rules.ts';
import { runbookCommands } from './cli/runbook.ts';
import { watchCommands } from './cli/watch.ts';
import type { ConfigFlags } from './config/types.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode, UsageError } from './errors.ts';
import { nearest } from './values/nearest.ts';

declare const __VERSION__: string;

/** Flags that every command has. */
export interface GlobalFlags extends ConfigFlags {
  /** Of the commands that make pages also `html`, in flags of their own. */
  readonly output: 'human' | 'json' | 'markdown';
  readonly color: 'auto' | 'always' | 'never' | false;
  readonly input: boolean;
  readonly verbose: boolean;
  readonly quiet: boolean;
}

/**
 * The command tree. Commands are loaded when they run, so that start-up pays for none of the others.
 * @param argv when it names commands, only those are defined; the others are there by name alone
 * @param main for a command that runs others; null: this tree is only looked at
 */
export function buildProgram(
  context: Context,
  finish: (code: ExitCode) => void,
  argv: readonly string[] = [],
  main: Main | null = null,
): Command {
  /** Runs another command line in this process, as the menu after a verdict does. */
  const again = async (words: readonly string[]): Promise<ExitCode> => {
    let code: ExitCode = EXIT.done;
    const other = buildProgram(context, (result) => {
      code = result;
    });
    await other.parseAsync([...words], { from: 'user' });
    return code;
  };
  const program = new Command('ratelimit')
    .description('Alert triage for rate-limit pages: from the alert to a verdict with its evidence.')
    .version(__VERSION__, '-V, --version', 'print the version')
    .option('--config <file>', 'configuration file')
    .addOption(contextOption())
    .addOption(outputOption())
    .addOption(new Option('--color <when>', 'colour').choices(['auto', 'always', 'never']).default('auto'))
    .option('--no-color', 'the same as --color never')
    .option('--timeout <duration>', 'deadline for reading everything (default: 5s)')
    .option('--runbook <name|path>', 'runbook to judge by (default: aegis)')
    .option('--redis-url <url>', 'redis://, rediss://, unix:, sentinel:// or cluster://')
    .option('--prometheus-url <url>', 'http:// or https://, a path prefix is kept')
    .option('--logs-url <url>', 'a Loki; without one no logs are read')
    .option('--alertmanager-url <url>', 'asked by triage --alert (default: http://127.0.0.1:9093)')
    .option('--api-url <url>', "the system's own API")
    .option('--no-input', 'never ask, as if there were no terminal')
    .option('-v, --verbose', 'say more on stderr', false)
    .option('-q, --quiet', 'say nothing on stderr but errors', false)
    .configureHelp({
      showGlobalOptions: true,
      // A switch that is off unless it is given goes without saying.
      optionDescription: (option) =>
        option.defaultValue === false ? option.description : Help.prototype.optionDescription(option),
    })
    .configureOutput({
      writeOut: (text) => context.streams('auto').out(text),
      // Commander's errors are thrown and reported in one place, in the format that was asked for.
      writeErr: () => {},
      getOutHelpWidth: () => context.streams('auto').columns,
      getOutHasColors: () => context.streams('auto').colorOut,
    })
    .showSuggestionAfterError(false)
    .exitOverride();

  withExamples(program, () => context.streams('auto').columns);
  settleContexts(program, 'triage');
  settleOutput(program, ['triage', 'report']);

  const definitions: Definitions = {
    triage: (command) => {
      withReadFlags(
        command
          .description('read all signals, judge the spike by the runbook, say what to do next')
          .option(
            '--alert [fingerprint|name]',
            'the alert that fires: what it leads to, since when, who is told',
          )
          .option('--all-contexts', 'every context of the configuration file', false),
      )
        .option('--exit-code', 'exit 3 when there is a finding', false)
        .option('--save <file>', 'write the evidence to a new file')
        .option('--redact', 'save other addresses and ids in place of the real ones', false)
        .addOption(answerOption())
        .option('--from <file>', 'judge saved evidence again, with its own runbook or that of --runbook');
      declare(command, LOOKS).action(async (_, self: Command) => {
        const { triageCommand } = await import('./commands/triage.ts');
        const windowGiven = self.getOptionValueSource('window') === 'cli';
        finish(await triageCommand({ ...self.optsWithGlobals(), windowGiven }, context, again));
      });
    },
    ...watchCommands(context, finish),
    ...remedyCommands(context, finish),
    ...journalCommands(context, finish),
    ...runbookCommands(context, finish),
    ...rulesCommands(context, finish),
    ...limitsCommands(context, finish),
    ...drillCommands({ context, finish, main, tree: () => buildProgram(context, finish) }),
    ...doctorCommands(context, finish),
    ...reportCommands(context, finish),
    config: (group) => {
      group.description('look at the configuration, or write a first one');
      const show = group
        .command('show')
        .description("print the effective configuration, each value's origin, secrets redacted");
      declare(show, READS).action(async (_, self: Command) => {
        const { configShow } = await import('./commands/config.ts');
        finish(await configShow(self.optsWithGlobals(), context));
      });
      const init = group
        .command('init')
        .description('write a commented configuration file, never over an existing one');
      declare(init, { kind: 'read-only', idempotent: false }).action(async (_, self: Command) => {
        const { configInit } = await import('./commands/config.ts');
        finish(await configInit(self.optsWithGlobals(), context));
      });
    },
    ...completionCommands(context, finish),
    ...helpCommands(context, finish),
  };
  const names = Object.keys(definitions);
  const isAnyNamed = names.some((name) => argv.includes(name)) && !argv.includes('help');
  for (const [name, define] of Object.entries(definitions)) {
    const command = program.command(name);
    if (!isAnyNamed || argv.includes(name)) define(command);
  }
  const groups = program.commands.filter(
    (command) => command.commands.length > 0 && effectOf(command) === null,
  );
  for (const group of [program, ...groups]) helpOnly(group);
  // It has one of its own.
  program.helpCommand(false);
  return program;
}

/** Every flag there is, of the program and of all its commands. */
export const flagsOf = (command: Command): string[] => [
  ...command.options.flatMap((option) => option.long ?? []),
  ...command.commands.flatMap(flagsOf),
];

/** A command that only holds others: alone it shows its help. Called last, since subcommands inherit such settings. */
function helpOnly(group: Command): void {
  group
    .helpCommand(true)
    .allowExcessArguments()
    .action((_, command: Command) => {
      const [unknown] = command.args;
      if (unknown !== undefined) throw unknownCommand(command, unknown);
      command.outputHelp();
    });
}

function unknownCommand(program: Command, name: string): UsageError {
  const names = program.commands.map((command) => command.name());
  return new UsageError(`unknown command '${name}'${nearest(name, names)}`, `Commands: ${names.join(', ')}.`);
}
