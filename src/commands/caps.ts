import type { Context } from '../context.ts';
import { EXIT, type ExitCode, RatelimitError } from '../errors.ts';
import { capsText } from '../output/lists.ts';
import { paintFor } from '../output/paint-for.ts';
import type { GlobalFlags } from '../program.ts';
import { type Cap, capOf, capsOf } from '../remedies/caps.ts';
import { entriesHere, readHistory } from './history.ts';
import { readSignal } from './one-signal.ts';
import { capKeys, checkId, type Parts, specOf, withParts } from './parts.ts';
import { streamsFor } from './streams.ts';

/** `ratelimit caps [agent]`: spend, cap, ratio, and who last changed it. */
export async function capsCommand(
  agent: string | null,
  flags: GlobalFlags,
  context: Context,
): Promise<ExitCode> {
  if (agent !== null) checkId('agent', agent);
  const streams = streamsFor(flags, context);
  return withParts(flags, context, async (parts) => {
    const history = await readHistory(context, parts);
    const { caps, warnings } = await readCaps(agent, parts, context, entriesHere(history, parts));
    if (agent !== null && caps.length === 0) {
      throw new RatelimitError('not-found', `agent ${agent} has neither a cap nor spent anything today`, {
        exitCode: EXIT.nothing,
        hint: 'ratelimit caps lists all agents that have.',
      });
    }
    const paint = await paintFor(streams.colorOut);
    const shown = { caps, warnings: [...history.warnings, ...warnings] };
    streams.out(capsText(shown, flags.output, paint, streams.columns, context.clock));
    return EXIT.done;
  });
}

const isUnknown = ({ status }: { readonly status: string }): boolean => status === 'unknown';

type Found = { readonly caps: readonly Cap[]; readonly warnings: readonly string[] };

async function readCaps(
  agent: string | null,
  { config, runbook, keyspace }: Parts,
  context: Context,
  entries: Parameters<typeof capOf>[2]['entries'],
): Promise<Found> {
  const { signal: name } = specOf(runbook, 'raise-cap');
  const keys = capKeys(runbook, name);
  const world = { keyspace, clock: context.clock, entries };
  if (agent !== null) {
    const cap = await capOf(agent, keys, world);
    return { caps: cap === null ? [] : [cap], warnings: [] };
  }
  const signal = await readSignal(name, { config, runbook }, context);
  // A list that lacks some would look like one that has all.
  const unread = signal?.status === 'unknown' ? signal : signal?.sources.find(isUnknown);
  if (unread !== undefined) {
    const exitCode = unread.cause === 'auth' ? EXIT.auth : EXIT.failure;
    const hint = unread.cause === 'incomplete' ? 'Give it more time with --timeout, or name the agent.' : '';
    throw new RatelimitError(unread.cause ?? 'refused', unread.reason ?? 'not read', { exitCode, hint });
  }
  const rows = signal?.rows ?? [];
  const hidden = (signal?.distinct ?? 0) - rows.length;
  const more = hidden > 0 ? [`${hidden} more agents are not listed: those closest to their cap are`] : [];
  return { caps: await capsOf(rows, keys, world), warnings: [...(signal?.warnings ?? []), ...more] };
}
