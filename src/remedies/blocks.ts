import type { Entry, Stored } from '../journal/types.ts';
import type { BlockSpec } from '../runbooks/remedies-schema.ts';
import type { Clock } from '../signals/asked.ts';
import type { Held, Keyspace } from '../signals/redis/keyspace.ts';
import { canonicalAddress } from '../values/address.ts';
import { prefixOf } from './keys.ts';

/** A block in force. */
export interface Block {
  /** As the key names it, exactly; it need not be an address. */
  readonly ip: Stored;
  readonly reason: Stored;
  /** ISO 8601, UTC, by the server's clock; null: it has no end. */
  readonly expiresAt: string | null;
  readonly ttlSeconds: number | null;
  /** Who put it there, as far as the journal knows; null: it does not. */
  readonly operator: string | null;
  readonly journalId: string | null;
}

/** How many keys one look is about. */
const BATCH = 1_000;

/** All blocks in force, those that end first at the top; those without an end last. */
export async function listBlocks(
  spec: BlockSpec,
  entries: readonly Entry[],
  { keyspace, clock }: { readonly keyspace: Keyspace; readonly clock: Clock },
): Promise<Block[]> {
  const prefix = prefixOf(spec.key);
  const names = await keyspace.startingWith(prefix);
  const by = lastChanges(entries);
  const blocks: Block[] = [];
  for (let at = 0; at < names.length; at += BATCH) {
    const keys = names.slice(at, at + BATCH);
    const { nowMs, held, foreign } = await keyspace.look(keys);
    keys.forEach((key, index) => {
      const now = held[index] ?? (foreign.has(index) ? NO_TEXT : null);
      if (now === null) return;
      const entry = typeof key === 'string' ? by.get(key) : undefined;
      const isOurs = entry?.changes.some(
        ({ target, after }) => target === key && isEqual(after?.value, now.value),
      );
      blocks.push({
        ip:
          typeof key === 'string'
            ? key.slice(prefix.length)
            : { hex: key.hex.slice(2 * Buffer.byteLength(prefix)) },
        reason: now.value,
        expiresAt: now.expiresAtMs === null ? null : clock.iso(now.expiresAtMs),
        ttlSeconds:
          now.expiresAtMs === null ? null : Math.max(0, Math.round((now.expiresAtMs - nowMs) / 1_000)),
        operator: isOurs ? (entry?.operator ?? null) : null,
        journalId: isOurs ? (entry?.id ?? null) : null,
      });
    });
  }
  const end = ({ ttlSeconds }: Block) => ttlSeconds ?? Number.POSITIVE_INFINITY;
  return blocks.sort((a, b) => end(a) - end(b) || String(a.ip).localeCompare(String(b.ip), 'en'));
}

/** A block whose key holds a hash or the like. */
const NO_TEXT: Held = { value: '(not a text)', expiresAtMs: null };

const isEqual = (a: Stored | undefined, b: Stored): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The last entry that changed each target, whatever the order of time within it. */
export function lastChanges(entries: readonly Entry[]): ReadonlyMap<string, Entry> {
  const last = new Map<string, Entry>();
  for (const entry of entries) {
    for (const { target, status } of entry.changes) {
      if (status === 'applied' || status === 'unknown') last.set(target, entry);
    }
  }
  return last;
}

/** Whether a block is of an address as the system would look it up. */
export const isCanonical = (ip: Stored): boolean => typeof ip === 'string' && canonicalAddress(ip) === ip;
