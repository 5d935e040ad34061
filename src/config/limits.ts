import type { Sourced } from './origins.ts';
import type { ContextEntry } from './schema.ts';

/** What bounds the remedies, where their journal goes besides this machine, and whether looks are kept. */
export interface Limits {
  readonly neverBlock: Sourced<readonly string[]>;
  /** As it was written, and what that means. */
  readonly maxBlockTtl: Sourced<{ readonly text: string; readonly seconds: number }>;
  readonly capCeiling: Sourced<string | null>;
  readonly journalStream: Sourced<string | null>;
  readonly keepLooks: Sourced<boolean>;
}

/** The limits of the context. Without one, a block ends after a week at most, nothing else is bounded, and looks are kept. */
export function pickLimits(entry: ContextEntry): Limits {
  return {
    neverBlock: inContextOr([], entry['never-block']),
    maxBlockTtl: inContextOr({ text: '7d', seconds: 7 * 86_400 }, entry['max-block-ttl']),
    capCeiling: inContextOr(null, entry['cap-ceiling']),
    journalStream: inContextOr(null, entry['journal-stream']),
    keepLooks: inContextOr(true, entry['keep-looks']),
  };
}

function inContextOr<Value, Fallback>(
  fallback: Fallback,
  value: Value | undefined,
): Sourced<Value | Fallback> {
  return value === undefined ? { value: fallback, origin: 'default' } : { value, origin: 'context' };
}
