import type { Context } from '../context.ts';
import type { ExitCode } from '../errors.ts';
import { unblockIp } from '../remedies/unblock-ip.ts';
import { specOf, withParts } from './parts.ts';
import { runRemedy, type WriteFlags } from './remedy.ts';
import { parseTargets } from './targets.ts';

export interface UnblockFlags extends WriteFlags {
  readonly clearCounter: boolean;
  readonly max: number;
}

/** `ratelimit unblock-ip`: takes addresses off the deny list. */
export async function unblockIpCommand(
  words: readonly string[],
  flags: UnblockFlags,
  context: Context,
): Promise<ExitCode> {
  const order = {
    targets: parseTargets(words),
    // As they were typed too: a block that was made by hand may be written so.
    typed: words,
    clearCounter: flags.clearCounter,
    max: flags.max,
  };
  return withParts(flags, context, (parts) => {
    const { keyspace, runbook } = parts;
    const remedy = unblockIp(specOf(runbook, 'block-ip'), order, { keyspace, clock: context.clock });
    return runRemedy(flags, context, parts, remedy, { systems: ['redis'] });
  });
}
