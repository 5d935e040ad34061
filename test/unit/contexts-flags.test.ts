import { Command } from 'commander';
import { expect, test } from 'vitest';
import { contextOption, settleContexts } from '../../src/cli/contexts.ts';
import { declare, READS } from '../../src/cli/effects.ts';

/** What the command that was called was given. */
async function parsed(...argv: string[]): Promise<unknown> {
  let given: unknown;
  const program = new Command('program').addOption(contextOption()).exitOverride();
  settleContexts(program, 'many');
  const take = (command: Command) =>
    declare(command, READS).action((_: unknown, self: Command) => {
      const { context, contexts } = self.optsWithGlobals();
      given = { context, contexts };
    });
  take(program.command('many'));
  take(program.command('group').command('one'));
  await program.parseAsync(argv, { from: 'user' });
  return given;
}

test.each([
  ['many', undefined, []],
  ['many --context eu', 'eu', ['eu']],
  ['--context us many --context=eu', undefined, ['us', 'eu']],
  ['many --context eu --context eu', 'eu', ['eu']],
  ['many --context eu,us', 'eu,us', ['eu,us']],
  ['--context eu group one --context eu', 'eu', ['eu']],
])('%s', async (line, context, contexts) => {
  expect(await parsed(...line.split(' '))).toEqual({ context, contexts });
});

test('a command of one system refuses several, whatever they are called', async () => {
  await expect(parsed('group', 'one', '--context', 'a', '--context', '\u001b[2J')).rejects.toThrow(
    'group one takes one --context, got 2: "a", "\\u001b[2J"',
  );
});
