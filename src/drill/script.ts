import type { Reply } from './resp.ts';
import { type Store, typeOf } from './store.ts';

export const WRONG_TYPE = 'WRONGTYPE Operation against a key holding the wrong kind of value';

/**
 * What the script of `remedies/compare-and-set.ts` does and answers, for each key: compares and sets, by the server's
 * clock. Kept beside it line by line; a test runs both against each other.
 */
export function compareAndSet(
  store: Store,
  keys: readonly string[],
  args: readonly Buffer[],
  nowMs: number,
): Reply {
  const [compare = '', , expiry = '', tolerance = '', action = '', , when = '', ms = ''] = args.map(String);
  const [, expected = EMPTY, , , , value = EMPTY] = args;
  const isSame = (held: Buffer | null, expires: number): boolean => {
    if (compare === 'any') return true;
    if (compare === 'absent') return held === null;
    const wanted = Number(expiry);
    if (held === null || !held.equals(expected) || wanted < 0 !== expires < 0) return false;
    return wanted < 0 || Math.abs(expires - wanted) <= Number(tolerance);
  };
  const write = (key: string): void => {
    const left = when === 'in' ? Number(ms) : when === 'at' ? Number(ms) - nowMs : null;
    if (action === 'del' || (left !== null && left <= 0)) store.delete(key, nowMs);
    else store.set(key, value, left === null ? null : nowMs + left);
  };
  return keys.map((key): Reply => {
    const stored = store.get(key, nowMs);
    if (stored !== null && typeOf(stored.content) !== 'string') {
      return [-1, Buffer.from(WRONG_TYPE), 0, nowMs];
    }
    const before = lookAt(store, key, nowMs);
    if (!isSame(...before)) return [0, ...before, nowMs];
    write(key);
    return [1, ...lookAt(store, key, nowMs), nowMs];
  });
}

const EMPTY = Buffer.alloc(0);

/** The text of a key, and when it ends: milliseconds since the epoch, -1 for never, -2 for no such key. */
function lookAt(store: Store, key: string, nowMs: number): [Buffer | null, number] {
  const stored = store.get(key, nowMs);
  if (stored === null || !Buffer.isBuffer(stored.content)) return [null, -2];
  return [stored.content, stored.expiresAtMs ?? -1];
}
