import type { Entry, Stored } from '../journal/types.ts';
import type { BlockSpec } from '../runbooks/remedies-schema.ts';
import type { Clock } from '../signals/asked.ts';
import type { Held, Keyspace } from '../signals/redis/keyspace.ts';
import { canonicalAddress } from '../values/address.ts';
import { prefixOf } from '../values/template.ts';
import { isEqual, stateOf } from './states.ts';

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
  const by = changesByTarget(entries);
  const blocks: Block[] = [];
  for (let at = 0; at < names.length; at += BATCH) {
    const keys = names.slice(at, at + BATCH);
    const { nowMs, held, foreign } = await keyspace.look(keys);
    keys.forEach((key, index) => {
      const state = stateOf(held[index] ?? (foreign.has(index) ? NO_TEXT : null), nowMs, clock);
      if (state === null) return;
      const author = typeof key === 'string' ? authorOf(key, state.value, by) : null;
      blocks.push({
        ip:
          typeof key === 'string'
            ? key.slice(prefix.length)
            : { hex: key.hex.slice(2 * Buffer.byteLength(prefix)) },
        reason: state.value,
        expiresAt: state.expiresAt,
        ttlSeconds: state.ttlSeconds,
        operator: author?.operator ?? null,
        journalId: author?.id ?? null,
      });
    });
  }
  const end = ({ ttlSeconds }: Block) => ttlSeconds ?? Number.POSITIVE_INFINITY;
  return blocks.sort((a, b) => end(a) - end(b) || String(a.ip).localeCompare(String(b.ip), 'en'));
}

/** A block whose key holds a hash or the like. */
const NO_TEXT: Held = { value: '(not a text)', expiresAtMs: null };

/** Who may have made each target what it is, newest last; also those whose outcome was never recorded. */
export function changesByTarget(entries: readonly Entry[]): ReadonlyMap<string, Entry[]> {
  const by = new Map<string, Entry[]>();
  for (const entry of entries) {
    for (const { target, status } of entry.changes) {
      const mayBe = status === 'applied' || status === 'unknown' || (!entry.resolved && status === 'planned');
      if (!mayBe) continue;
      const known = by.get(target);
      if (known) known.push(entry);
      else by.set(target, [entry]);
    }
  }
  return by;
}

/** The last of them who put there what is there now; null: nobody that the journal knows. */
export const authorOf = (
  target: string,
  value: Stored | null,
  by: ReadonlyMap<string, Entry[]>,
): Entry | null =>
  by
    .get(target)
    ?.findLast(({ changes }) =>
      changes.some(({ target: key, after }) => key === target && isEqual(after?.value ?? null, value)),
    ) ?? null;

/** Whether a block is of an address as the system would look it up. */
export const isCanonical = (ip: Stored): boolean => typeof ip === 'string' && canonicalAddress(ip) === ip;
