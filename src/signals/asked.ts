import type { SourceSpec } from '../runbooks/schema.ts';

/** The present, passed in so that nothing below the context reads a clock of its own. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** ISO 8601 in UTC of a time in milliseconds. */
  iso(milliseconds: number): string;
  /** Milliseconds since the epoch of such a text. */
  ms(iso: string): number;
  /** Milliseconds of a clock that nobody sets, with their fractions: for how long something takes. */
  steady(): number;
}

/** One source of one signal, to be read. */
export interface Asked {
  readonly signal: string;
  readonly source: SourceSpec;
  /** The kind of the signal's entities; null for a mere total. */
  readonly kind: string | null;
  /** What several of them are called. */
  readonly many: string;
}
