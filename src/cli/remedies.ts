import type { Command } from 'commander';
import type { Context } from '../context.ts';
import type { ExitCode } from '../errors.ts';
import { declare, READS } from './effects.ts';
import { durationOption, wholeNumber, withWriteFlags } from './options.ts';

type Finish = (code: ExitCode) => void;

/** What each command of a name accepts and does. */
export type Definitions = Readonly<Record<string, (command: Command) => void>>;

/** The commands that change a system, and those that list what is changed: each says what it accepts and does. */
export const remedyCommands = (context: Context, finish: Finish): Definitions => ({
  'block-ip': (command) => {
    command
      .description('put addresses on the deny list, with a reason and an end')
      .argument('[ip|cidr...]', 'addresses and ranges, such as 203.0.113.42 or 203.0.113.0/28')
      .addOption(durationOption('--ttl <duration>', "how long (default: the runbook's, 24h for Aegis)"))
      .option('--stdin', 'read more of them from stdin, one a line', false)
      .option('--max <n>', 'most addresses at once, up to 4096', wholeNumber(4_096), 256);
    for (const [guard, what] of FORCES)
      command.option(`--force-${guard}`, `block ${what} all the same`, false);
    declare(withWriteFlags(command), { kind: 'destructive', idempotent: true }).action(
      async (targets: string[], _, self: Command) => {
        const { blockIpCommand } = await import('../commands/block-ip.ts');
        finish(await blockIpCommand(targets, self.optsWithGlobals(), context));
      },
    );
  },
  'unblock-ip': (command) => {
    command
      .description('take addresses off the deny list')
      .argument('<ip|cidr...>', 'exactly what is to be unblocked')
      .option(
        '--clear-counter',
        'also delete their failure counters, so that they are not throttled at once',
        false,
      )
      .option('--max <n>', 'most addresses at once, up to 4096', wholeNumber(4_096), 256);
    declare(withWriteFlags(command), { kind: 'destructive', idempotent: true }).action(
      async (targets: string[], _, self: Command) => {
        const { unblockIpCommand } = await import('../commands/unblock-ip.ts');
        finish(await unblockIpCommand(targets, self.optsWithGlobals(), context));
      },
    );
  },
  blocks: (command) => {
    command
      .description('list what is blocked, why, by whom and until when')
      .addOption(durationOption('--expiring <duration>', 'only those that end within this time'));
    declare(command, READS).action(async (_, self: Command) => {
      const { blocksCommand } = await import('../commands/blocks.ts');
      finish(await blocksCommand(self.optsWithGlobals(), context));
    });
  },
  'raise-cap': (command) => {
    command
      .description("raise an agent's daily cost cap")
      .argument('<agent-id>', 'letters, digits, dash and underscore')
      .option('--to <usd>', 'the new cap, such as 150.00')
      .option('--by <usd|percent>', 'what to add to it, such as 50.00 or 20%')
      .option('--permanent', 'also tell the API, so that it outlives Redis', false)
      .option('--tenant <id>', 'whose agent it is, for --permanent')
      .option('--force-lower', 'lower the cap instead', false)
      .option('--force-ceiling', 'go above the ceiling', false);
    declare(withWriteFlags(command), { kind: 'destructive', idempotent: false }).action(
      async (agent: string, _, self: Command) => {
        const { raiseCapCommand } = await import('../commands/raise-cap.ts');
        finish(await raiseCapCommand(agent, self.optsWithGlobals(), context));
      },
    );
  },
  caps: (command) => {
    command
      .description('show spend, cap and who last changed it')
      .argument('[agent]', 'one agent; all of them when left out');
    declare(command, READS).action(async (agent: string | undefined, _, self: Command) => {
      const { capsCommand } = await import('../commands/caps.ts');
      finish(await capsCommand(agent ?? null, self.optsWithGlobals(), context));
    });
  },
  'kill-switch': (group) => {
    group.description('stop everything that a tenant does, or let it go on');
    for (const [action, what] of SWITCH) {
      const command = group.command(action).description(what).argument('<tenant>', 'the id of the tenant');
      declare(withWriteFlags(command), { kind: 'destructive', idempotent: true }).action(
        async (tenant: string, _, self: Command) => {
          const { killSwitchCommand } = await import('../commands/kill-switch.ts');
          finish(await killSwitchCommand(action, tenant, self.optsWithGlobals(), context));
        },
      );
    }
    const status = group
      .command('status')
      .description('is it engaged?')
      .argument('<tenant>', 'the id of the tenant');
    declare(status, READS).action(async (tenant: string, _, self: Command) => {
      const { killSwitchStatus } = await import('../commands/kill-switch.ts');
      finish(await killSwitchStatus(tenant, self.optsWithGlobals(), context));
    });
  },
  undo: (command) => {
    command
      .description('take a remedy back: restore what was there before')
      .argument('<id>', "the remedy's id, as the journal lists it");
    declare(withWriteFlags(command), { kind: 'destructive', idempotent: true }).action(
      async (id: string, _, self: Command) => {
        const { undoCommand } = await import('../commands/undo.ts');
        finish(await undoCommand(id, self.optsWithGlobals(), context));
      },
    );
  },
});

const SWITCH = [
  ['engage', 'stop everything that the tenant does'],
  ['release', 'let the tenant go on'],
] as const;

/** The guards that can be overridden, each by a flag of its name. */
const FORCES = [
  ['loopback', 'this machine'],
  ['private', 'a private address'],
  ['link-local', 'a link-local address'],
  ['multicast', 'a multicast address'],
  ['unspecified', 'the unspecified address'],
  ['reserved', 'a reserved address'],
  ['never-block', 'what is on the never-block list'],
  ['proxy', 'a direct peer of the system'],
  ['host', 'the host of Redis, Prometheus or the API'],
  ['own', 'your own address'],
  ['shared', 'an address that customers share'],
] as const;
