import { type Command, Option } from 'commander';
import { UsageError } from '../errors.ts';
import { pathOf } from '../manual/help.ts';
import { effectOf } from './effects.ts';

/** `-o`: every format that some command has. */
export const outputOption = (): Option =>
  new Option('-o, --output <format>', 'output format; html: one page, of triage and report only')
    .choices(['human', 'json', 'markdown', 'html'])
    .default('human');

/**
 * Before a command runs: a page is made by commands that have something to look at, and the others refuse rather than
 * answer in another format.
 * @param makePages the names of the commands that do
 */
export function settleOutput(program: Command, makePages: readonly string[]): void {
  program.hook('preAction', (_, command) => {
    const path = pathOf(command).join(' ');
    if (program.getOptionValue('output') !== 'html' || effectOf(command) === null || makePages.includes(path))
      return;
    throw new UsageError(
      `${path} has no HTML`,
      `Only ${makePages.join(' and ')} make a page (-o html); human and json go with every command.`,
    );
  });
}
