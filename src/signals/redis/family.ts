import type { Reading, SourceReport } from '../../evidence/types.ts';
import { GONE } from './look.ts';
import type { Key, KeyAccess } from './servers.ts';

/** Longer names are not ids of anything; they are counted apart and never shown in full. */
export const MAX_ENTITY_BYTES = 512;

/** A key that a family wants, and what must be read for it. */
export interface Claim {
  /** Whose key it is, latin1. */
  readonly entity: string;
  readonly wanted: readonly Key[];
  /** Which of the wanted is the key itself. */
  readonly self: number;
  /** Which of the family's sources it belongs to; the first unless said. */
  readonly from?: number;
}

/** What a family found: its reading, and a report for each of its sources, in their order. */
export interface Finished {
  readonly reading: Reading;
  readonly sources: readonly Found[];
}

/** What one source holds: how many keys, and the largest of them. No key at all is `empty`. */
export type Found = Pick<SourceReport, 'entities' | 'sample'>;

/**
 * One signal's part in the pass over the keyspace: it claims keys as they come by, is given their values, and makes
 * its reading at the end. It keeps running sums and a bounded top list, so its memory does not grow with the keyspace.
 */
export interface Family {
  /** True when a key that comes by twice counts once all the same. */
  readonly remembers: boolean;
  /** Its key families, as people write them. */
  readonly labels: readonly string[];
  /** Starts of the keys that it wants to see, latin1. */
  readonly prefixes: readonly string[];
  /** What to read for this key, or null when it is not its own. The key comes as latin1, and as it is to be asked for. */
  claim(key: string, name: Key): Claim | null;
  /** Values in the order of `wanted`. The key itself has one; another that it brought along may be null. */
  take(claim: Claim, values: readonly (string | null)[]): void;
  /** A claimed key that holds something other than a string. */
  skip(claim: Claim): void;
  /** Another key that it brought along is on a server that does not answer: what is claimed cannot be told. */
  miss(claim: Claim): void;
  /**
   * Completes the reading, or null when no key of the family was seen.
   * @param coverage share of the keyspace that was visited, above 0
   */
  finish(keys: KeyAccess, coverage: number): Promise<Finished | null>;
}

/** Seconds to live by key; null for a key without expiry, `gone` for one that is not there, undefined where that is not told. */
export async function ttlSeconds(
  access: KeyAccess,
  keys: readonly Key[],
): Promise<(number | 'gone' | null | undefined)[]> {
  return (await access.pttl(keys)).map((milliseconds) => {
    if (Number.isNaN(milliseconds)) return undefined;
    if (milliseconds === GONE) return 'gone';
    return milliseconds >= 0 ? milliseconds / 1000 : null;
  });
}

/** Why a key is skipped whose entity is told by another one, too. */
export const ELSEWHERE = 'beside one on a server that does not answer';

/** `3 keys of acp:auth_fail:* skipped: 2 not a whole number, 1 not a string`, or nothing. */
export class Skipped {
  readonly #counts = new Map<string, number>();

  count(why: string): void {
    this.#counts.set(why, (this.#counts.get(why) ?? 0) + 1);
  }

  warnings(label: string): string[] {
    if (this.#counts.size === 0) return [];
    const total = [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
    // The order in which keys come by is the server's, and differs from one to the next.
    const sorted = [...this.#counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    const why = sorted.map(([reason, count]) => `${count} ${reason}`).join(', ');
    return [`${total} ${total === 1 ? 'key' : 'keys'} of ${label} skipped: ${why}`];
  }
}
