import type { RedisTarget } from '../../config/types.ts';

export type Words = readonly [string, ...(string | Buffer)[]];

/** A command about keys. In a cluster they must be of one slot. */
export interface Call {
  readonly keys: readonly (string | Buffer)[];
  readonly words: Words;
  /** What is sent in its place where it is the first of its kind that goes to a server: a script, which others name. */
  readonly first?: Words;
}

/** What became of a call. */
export interface Answered {
  readonly error: Error | null;
  readonly value: unknown;
  /** The clock of the server that answered, milliseconds since the epoch; null: it was not asked for. */
  readonly nowMs: number | null;
  /** Who answered, or should have. */
  readonly server: RedisTarget;
}

export interface How {
  /** True when it may be done twice: what a lost connection left open is asked again. */
  readonly isRepeatable: boolean;
  /** True when the server's clock is wanted too. */
  readonly isTimed: boolean;
}

export const READ: How = { isRepeatable: true, isTimed: false };

/** The value, or what stands in its place as an error. */
export function replyOf<T>({ error, value }: Pick<Answered, 'error' | 'value'>): T {
  if (error) throw error;
  return value as T;
}

/** The answer of TIME, milliseconds since the epoch. */
export const millisecondsOf = (time: unknown): number => {
  const [seconds, micros] = time as [string, string];
  return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
};
