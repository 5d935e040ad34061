import { Command } from 'commander';
import { expect, test } from 'vitest';
import { declare, READS } from '../../src/cli/effects.ts';
import { outputOption, settleOutput } from '../../src/cli/outputs.ts';

/** The format that the command which was called was given. */
async function parsed(...argv: string[]): Promise<unknown> {
  let given: unknown;
  const program = new Command('program').addOption(outputOption()).exitOverride();
  program.configureOutput({ writeErr: () => {} });
  settleOutput(program, ['look', 'deep look']);
  const take = (command: Command) =>
    declare(command, READS).action((_: unknown, self: Command) => {
      given = self.optsWithGlobals().output;
    });
  take(program.command('look'));
  take(program.command('other'));
  const group = program.command('deep');
  take(group.command('look'));
  take(group.command('other'));
  await program.parseAsync(argv, { from: 'user' });
  return given;
}

test.each([
  ['look', 'human'],
  ['look -o html', 'html'],
  ['-o html deep look', 'html'],
  ['other -o markdown', 'markdown'],
])('%s', async (line, output) => {
  expect(await parsed(...line.split(' '))).toBe(output);
});

test.each(['other', 'deep other'])('%s has no page, and says who has', async (line) => {
  await expect(parsed(...line.split(' '), '-o', 'html')).rejects.toMatchObject({
    ...{ message: `${line} has no HTML`, exitCode: 2 },
    hint: 'Only look and deep look make a page (-o html); human and json go with every command.',
  });
});
