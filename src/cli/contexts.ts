import { type Command, Option } from 'commander';
import { UsageError } from '../errors.ts';
import { pathOf } from '../manual/help.ts';
import { quote } from '../values/text.ts';
import { effectOf } from './effects.ts';

/** `--context`: each use adds a name, the same one counts once. A comma separates nothing, so that a typo is found. */
export const contextOption = (): Option =>
  new Option('--context <name>', 'context of the configuration file; triage takes several').argParser(
    (name: string, before: readonly string[] = []) => (before.includes(name) ? before : [...before, name]),
  );

/**
 * Before a command runs, what was given becomes `contexts`, all of them, and `context`, the one. A command that works on
 * one system refuses several: whichever it took, the operator may have meant the other.
 * @param takesSeveral the name of the command that works on several
 */
export function settleContexts(program: Command, takesSeveral: string): void {
  program.hook('preAction', (_, command) => {
    const names: readonly string[] = program.getOptionValue('context') ?? [];
    const path = pathOf(command).join(' ');
    if (names.length > 1 && path !== takesSeveral && effectOf(command) !== null) {
      throw new UsageError(
        `${path} takes one --context, got ${names.length}: ${names.map(quote).join(', ')}`,
        `Only ${takesSeveral} takes several.`,
      );
    }
    const source = program.getOptionValueSource('context');
    program.setOptionValueWithSource('context', names.length === 1 ? names[0] : undefined, source);
    program.setOptionValueWithSource('contexts', names, source);
  });
}
