import { Argument, type Command } from 'commander';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode, UsageError } from '../errors.ts';
import { closingText, examplesText, topicText } from '../manual/help.ts';
import { TOPICS } from '../manual/topics.ts';
import { nearest } from '../values/nearest.ts';
import { declare, READS } from './effects.ts';
import type { Definitions } from './remedies.ts';

/** Every help begins with an example and ends with where to read on. */
export function withExamples(program: Command, columns: () => number): void {
  program
    .addHelpText('beforeAll', ({ command }) => examplesText(command, columns()))
    .addHelpText('afterAll', ({ command }) => closingText(command, columns()));
}

/** The command that tells of the others, and of what is no command: exit codes and the like. */
export const helpCommands = (context: Context, finish: (code: ExitCode) => void): Definitions => ({
  help: (command) => {
    command
      .description('tell of a command, or of a topic')
      .addArgument(
        new Argument('[command|topic...]', `a command, or one of: ${Object.keys(TOPICS).join(', ')}`),
      );
    declare(command, READS).action((words: readonly string[], _, self: Command) => {
      const program = self.parent ?? self;
      const topic = words.length === 1 ? topicOf(words[0] ?? '') : undefined;
      const { out, columns } = context.streams('auto');
      if (topic === undefined) commandOf(program, words).outputHelp();
      else out(topicText(topic, columns));
      finish(EXIT.done);
    });
  },
});

const topicOf = (word: string) => (Object.hasOwn(TOPICS, word) ? TOPICS[word] : undefined);

/** The command that words name. @throws UsageError */
function commandOf(program: Command, words: readonly string[]): Command {
  let command = program;
  for (const word of words) {
    const below = command.commands.find((one) => one.name() === word);
    if (below === undefined) throw nothingOf(command, word);
    command = below;
  }
  return command;
}

function nothingOf(command: Command, word: string): UsageError {
  const topics = command.parent === null ? Object.keys(TOPICS) : [];
  const names = [...command.commands.map((one) => one.name()), ...topics];
  const where = command.parent === null ? '' : ` of ${command.name()}`;
  const hint = names.length === 0 ? 'See ratelimit --help.' : `There are: ${names.join(', ')}.`;
  return new UsageError(`no command or topic '${word}'${where}${nearest(word, names)}`, hint);
}
