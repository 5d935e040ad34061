import { distance } from 'fastest-levenshtein';

/** `same`: one name is the other but for a slip or an ending. `like`: most of their words are the same. */
export type Likeness = 'same' | 'like';

/** Words that say what kind of number it is, and nothing about what is counted. */
const GENERIC = new Set(['total', 'count', 'sum', 'bucket', 'seconds', 'bytes', 'info']);
/** One letter in so many may differ. */
const LETTERS_PER_SLIP = 8;
/** So much of the words of both must be shared. */
const SHARED = 0.6;

/** Longer names are not compared: the distance of two long texts takes too long. */
const MAX_CHARS = 120;

/**
 * How much alike two names of key families or metrics are, such as `auth_fail` and `ratelimit:auth_fail2`; null: they
 * are not. What they have in common anyway, a namespace, should be taken off before.
 */
export function likeness(a: string, b: string): Likeness | null {
  if (a === b || a.length > MAX_CHARS || b.length > MAX_CHARS) return null;
  const slips = Math.max(1, Math.floor(Math.max(a.length, b.length) / LETTERS_PER_SLIP));
  if (Math.min(a.length, b.length) > 3 && distance(a, b) <= slips) return 'same';
  const [own, others] = [wordsOf(a), wordsOf(b)];
  if (own.length === 0 || others.length === 0) return null;
  // Two words of one may be like the same word of the other; that is one word shared.
  const shared = Math.min(sharedBy(own, others), sharedBy(others, own));
  const all = own.length + others.length - shared;
  if (shared === all) return 'same';
  return shared / all > SHARED ? 'like' : null;
}

/** Letters by which two names differ: of several that are alike the one with the fewest is meant. */
export const lettersApart = (a: string, b: string): number =>
  distance(a.slice(0, MAX_CHARS), b.slice(0, MAX_CHARS));

const sharedBy = (own: readonly string[], others: readonly string[]): number =>
  own.filter((word) => others.some((other) => isSameWord(word, other))).length;

const wordsOf = (name: string): string[] => {
  const words = [...new Set(name.toLowerCase().split(/[^a-z0-9]+/))].filter((word) => word !== '');
  const telling = words.filter((word) => !GENERIC.has(word));
  return telling.length > 0 ? telling : words;
};

/** `fail` and `failures`, `request` and `requests`, `auth` and `autn`. */
function isSameWord(a: string, b: string): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  if (short === long) return true;
  if (long.startsWith(short) && long.length - short.length <= (short.length < 4 ? 1 : 4)) return true;
  return short.length >= 5 && distance(short, long) <= 1;
}
