import type { Context } from '../context.ts';
import type { Behind } from '../remedies/guards.ts';
import { canonicalAddress } from '../values/address.ts';
import { readSignal } from './one-signal.ts';
import type { Parts } from './parts.ts';

/**
 * How many tenants or users a signal sees behind each address. Several behind one are a sign of NAT.
 * @returns null when the runbook names no such signal, or when it does not speak: then nobody knows
 */
export async function tenantsBehind(parts: Parts, context: Context): Promise<Behind | null> {
  const name = parts.runbook.remedies['block-ip']?.shared ?? null;
  const signal = name === null ? undefined : await readSignal(name, parts, context);
  if (signal === undefined || (signal.status !== 'measured' && signal.status !== 'empty')) return null;
  const counts = new Map<string, number>();
  for (const { id, labels } of signal.rows) {
    const address = typeof id === 'string' ? canonicalAddress(id) : null;
    if (address === null) continue;
    const count = Math.max(0, ...Object.values(labels).map((mix) => Object.keys(mix).length));
    counts.set(address, Math.max(count, counts.get(address) ?? 0));
  }
  const isRead = signal.sources.every(({ status }) => status !== 'unknown');
  return { counts, isComplete: isRead && (signal.distinct ?? 0) <= signal.rows.length };
}
