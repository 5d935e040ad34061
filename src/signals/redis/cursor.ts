/** Hash slots of a cluster. */
const SLOTS = 16_384;
const SLOT_BITS = 14n;

type Ranges = readonly (readonly [first: number, last: number])[];

/**
 * How the server orders what SCAN visits. `table`: one hash table. `slots`: a table for each hash slot, one after the
 * other, as clusters have it from Redis 7.4 and Valkey 8 on. `unknown`: the server does not say which of the two.
 */
export type Layout = 'table' | { readonly slots: Ranges } | 'unknown';

/**
 * The share of its keys that SCAN has visited when it returns this cursor, 0 to 1. SCAN counts through the buckets of
 * a hash table with the bits reversed (Redis, `dictScan` in dict.c), so that the lowest bit of the cursor is worth a
 * half, the next one a quarter, whatever the size of the table; keys are spread over the buckets by their hash.
 * @param cursor as the server returned it; `0` after the first call means that all was visited
 */
export function visitedShare(cursor: string, layout: Layout): number {
  if (cursor === '0') return 1;
  const position = BigInt(cursor);
  if (layout === 'table') return reversedFraction(position);
  if (layout === 'unknown') return 0;
  // The lowest 14 bits name the slot, the others are the cursor within its table.
  const slot = Number(position & (BigInt(SLOTS) - 1n));
  const count = (ranges: Ranges) => ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  const before = layout.slots.flatMap(
    ([first, last]): Ranges => (first < slot ? [[first, Math.min(last, slot - 1)]] : []),
  );
  const all = count(layout.slots);
  return all === 0 ? 0 : Math.min(1, (count(before) + reversedFraction(position >> SLOT_BITS)) / all);
}

function reversedFraction(cursor: bigint): number {
  let share = 0;
  let worth = 0.5;
  // What is worth less than that makes no difference.
  for (let rest = cursor; rest > 0n && worth > 1e-9; rest >>= 1n) {
    if ((rest & 1n) === 1n) share += worth;
    worth /= 2;
  }
  return share;
}
