import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { effectOf } from '../../src/cli/effects.ts';
import type { Context } from '../../src/context.ts';
import { buildProgram } from '../../src/program.ts';
import { onlyLooks } from '../../src/remedies/propose.ts';

/** Building the tree asks nothing of the world: it is all loaded when a command runs. */
const world = new Proxy({} as Context, {
  get: (_, name) => {
    throw new Error(`building the tree used ${String(name)}`);
  },
});
const tree = buildProgram(world, () => {});

/** Every command that does something, by its full name. */
function leaves(command: Command, path: readonly string[] = []): [string, Command][] {
  const own = effectOf(command) === null ? [] : [[path.join(' '), command] as [string, Command]];
  return [...own, ...command.commands.flatMap((child) => leaves(child, [...path, child.name()]))];
}
const commands = leaves(tree);
const flagsOf = (command: Command) => command.options.map(({ long }) => long);
const WRITE_FLAGS = ['--reason', '--yes', '--dry-run', '--operator', '--verify'];

describe('every command says what it does', () => {
  test('and none is left out', () => {
    const undeclared = (command: Command): string[] => [
      ...(command.commands.length === 0 && effectOf(command) === null ? [command.name()] : []),
      ...command.commands.flatMap(undeclared),
    ];
    expect(undeclared(tree)).toEqual([]);
    expect(
      Object.fromEntries(
        commands.map(([name, command]) => {
          const effect = effectOf(command);
          return [name, `${effect?.kind}${effect?.idempotent ? ', idempotent' : ''}`];
        }),
      ),
    ).toMatchInlineSnapshot(`
      {
        "block-ip": "destructive, idempotent",
        "blocks": "read-only, idempotent",
        "caps": "read-only, idempotent",
        "completion": "read-only, idempotent",
        "config init": "read-only",
        "config show": "read-only, idempotent",
        "doctor": "read-only, idempotent",
        "drill": "read-only",
        "help": "read-only, idempotent",
        "journal": "read-only, idempotent",
        "journal note": "records",
        "journal show": "read-only, idempotent",
        "kill-switch engage": "destructive, idempotent",
        "kill-switch release": "destructive, idempotent",
        "kill-switch status": "read-only, idempotent",
        "limits": "read-only, idempotent",
        "raise-cap": "destructive",
        "report": "read-only, idempotent",
        "rules": "read-only, idempotent",
        "runbook list": "read-only, idempotent",
        "runbook new": "read-only",
        "runbook show": "read-only, idempotent",
        "runbook test": "read-only, idempotent",
        "runbook validate": "read-only, idempotent",
        "triage": "read-only, idempotent",
        "unblock-ip": "destructive, idempotent",
        "undo": "destructive, idempotent",
        "watch": "read-only, idempotent",
      }
    `);
  });

  test.each(commands)('%s has the flags of what it is', (name, command) => {
    const isDestructive = effectOf(command)?.kind === 'destructive';
    // What only adds to the journal is signed, and asks nobody.
    const isSigned = isDestructive || effectOf(command)?.kind === 'records';
    for (const flag of WRITE_FLAGS) {
      expect(flagsOf(command).includes(flag)).toBe(flag === '--operator' ? isSigned : isDestructive);
    }
    const forces = flagsOf(command).filter((flag) => flag?.startsWith('--force'));
    if (!isDestructive) expect(forces).toEqual([]);
    // What a menu, the watch and a drill take for a remedy.
    expect(onlyLooks(['ratelimit', ...name.split(' ')])).toBe(!isDestructive);
    expect(command.description()).not.toBe('');
  });
});

describe('only what is named is defined', () => {
  test('the others are there by name alone', () => {
    const named = buildProgram(world, () => {}, ['block-ip', '203.0.113.42']);
    expect(named.commands.map((command) => command.name())).toEqual(
      tree.commands.map((command) => command.name()),
    );
    const defined = named.commands.filter((command) => command.options.length > 0);
    expect(defined.map((command) => command.name())).toEqual(['block-ip']);
  });
});
