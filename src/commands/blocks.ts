import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../errors.ts';
import { blocksText } from '../output/lists.ts';
import { paintFor } from '../output/paint-for.ts';
import type { GlobalFlags } from '../program.ts';
import { isCanonical, listBlocks } from '../remedies/blocks.ts';
import { entriesHere, readHistory } from './history.ts';
import { specOf, withParts } from './parts.ts';
import { streamsFor } from './streams.ts';

export interface BlocksFlags extends GlobalFlags {
  /** Seconds. */
  readonly expiring?: number;
}

/** `ratelimit blocks`: what is blocked, why, by whom, until when. */
export async function blocksCommand(flags: BlocksFlags, context: Context): Promise<ExitCode> {
  const streams = streamsFor(flags, context);
  return withParts(flags, context, async (parts) => {
    const spec = specOf(parts.runbook, 'block-ip');
    const history = await readHistory(context, parts);
    const here = entriesHere(history, parts);
    const all = await listBlocks(spec, here, { keyspace: parts.keyspace, clock: context.clock });
    const limit = flags.expiring;
    const blocks =
      limit === undefined ? all : all.filter(({ ttlSeconds }) => ttlSeconds !== null && ttlSeconds <= limit);
    const odd = blocks.filter(({ ip }) => !isCanonical(ip)).length;
    const warnings = [
      ...history.warnings,
      ...(odd > 0
        ? [
            `${odd} ${odd === 1 ? 'name is' : 'names are'} not an address as the system writes one; such a block may not hold`,
          ]
        : []),
    ];
    const paint = await paintFor(streams.colorOut);
    streams.out(blocksText({ blocks, warnings }, flags.output, paint, streams.columns, context.clock));
    return EXIT.done;
  });
}
