import type { Limit } from '../../evidence/types.ts';
import { readStoredCents, readStoredUsd } from '../../values/money.ts';

/** A number that an amount is, or null for anything else (nan, inf, hexadecimal, empty, text). */
export const readUsd = (text: string): number | null => readStoredUsd(text)?.toNumber() ?? null;
/** The same of whole cents, in USD. */
export const readCents = (text: string): number | null => readStoredCents(text)?.toNumber() ?? null;

/**
 * What is spent against a cap as it is stored. A cap that is zero, negative or no number means that there is none.
 * @param stored null: there is no cap
 * @param usd what was spent
 * @param perHour mean since the period began; null: it cannot be known yet
 */
export function limitFrom(stored: string | null, usd: number, perHour: number | null): Limit {
  // Always in the order in which a capture gives them back.
  const none: Limit = { value: null, ratio: null, problem: null, stored: null, endsInSeconds: null, perHour };
  if (stored === null) return { ...none, problem: 'none' };
  const value = readUsd(stored);
  if (value === null || value <= 0) return { ...none, problem: 'invalid', stored: stored.slice(0, 40) };
  return { ...none, value, ratio: usd / value };
}
