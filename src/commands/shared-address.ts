import type { Config } from '../config/types.ts';
import type { Context } from '../context.ts';
import type { Behind } from '../remedies/guards.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { canonicalAddress } from '../values/address.ts';

interface Asking {
  readonly config: Config;
  readonly runbook: Runbook;
  readonly context: Context;
  readonly windowSeconds: number;
}

/**
 * How many tenants or users a signal sees behind each address. Several behind one are a sign of NAT.
 * @returns null when the runbook names no such signal, or when it does not speak: then nobody knows
 */
export async function tenantsBehind({
  config,
  runbook,
  context,
  windowSeconds,
}: Asking): Promise<Behind | null> {
  const name = runbook.remedies['block-ip']?.shared ?? null;
  const spec = name === null ? undefined : runbook.signals[name];
  if (name === null || spec === undefined) return null;
  const [{ collect }, adapters] = await Promise.all([import('../evidence/collect.ts'), context.adapters()]);
  const request = {
    config,
    runbook: { ...runbook, signals: { [name]: spec } },
    windowSeconds,
    clock: context.clock,
  };
  const signal = (await collect(adapters, request, context.interrupt)).signals[name];
  if (signal === undefined || (signal.status !== 'measured' && signal.status !== 'empty')) return null;
  const counts = new Map<string, number>();
  for (const { id, labels } of signal.rows) {
    const address = typeof id === 'string' ? canonicalAddress(id) : null;
    if (address === null) continue;
    const count = Math.max(0, ...Object.values(labels).map((mix) => Object.keys(mix).length));
    counts.set(address, Math.max(count, counts.get(address) ?? 0));
  }
  return { counts, isComplete: (signal.distinct ?? 0) <= signal.rows.length };
}
