/**
 * The facts that a verdict is made from. Everything here is plain data: it can be written to a file and judged
 * again later to the same verdict.
 */

/**
 * `measured`: numbers are there. `empty`: the source is alive and holds none. `absent`: there is no such source,
 * which is not zero. `unknown`: it could not be read, `reason` says why.
 */
type Status = 'measured' | 'empty' | 'absent' | 'unknown';

/** Why something is unknown. `auth` decides exit code 4. */
export type Cause = 'unreachable' | 'timeout' | 'auth' | 'malformed' | 'refused' | 'incomplete' | 'window';

/** An id exactly as the source holds it; bytes that are not UTF-8 are given as hexadecimal. */
export type Id = string | { readonly hex: string };

/** What an entity may use up, and how much of it is used. */
export interface Limit {
  /** In the signal's unit; null when there is none. */
  readonly value: number | null;
  /** Used over allowed; null without a usable limit. */
  readonly ratio: number | null;
  /** `none`: no limit is set. `invalid`: what is set cannot be used and so means no limit. */
  readonly problem: 'none' | 'invalid' | null;
  /** The limit as stored, cut short, when it is not a plain positive number. */
  readonly stored: string | null;
  /** Mean use per hour since the period began, in the signal's unit; null when it cannot be known yet. */
  readonly perHour: number | null;
}

export interface Row {
  readonly id: Id;
  /** True when the id is a valid identifier of the signal's kind; only then it may become a subject or part of a command. */
  readonly valid: boolean;
  /** For addresses: can it be the far end of a connection from the internet? null for other kinds. */
  readonly public: boolean | null;
  /** In the signal's unit. */
  readonly value: number;
  /** Of the signal's total; null when there is no meaningful total. */
  readonly share: number | null;
  /** Seconds since the last event; null where the source does not tell. */
  readonly lastSeenSeconds: number | null;
  /** A mix per label: `{ path: { "/execute": 8.9 } }`, in the signal's unit. */
  readonly labels: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly limit: Limit | null;
}

/**
 * Entities of similar value, summed: whole numbers below 256 have a bin each, so thresholds in that range are exact
 * at any size of keyspace; above it bins are a few per cent wide.
 */
export interface Bin {
  /** Smallest value that falls into the bin. */
  readonly from: number;
  readonly count: number;
  readonly total: number;
  readonly squares: number;
}

/** Ids that are not valid for the signal's kind: they count in the totals, and never become subjects. */
interface Strangers {
  readonly distinct: number;
  readonly total: number;
  readonly largest: number;
  /** By value, as in a reading's `distribution`. */
  readonly bins: readonly Bin[];
}

/** What one source of a signal answered. */
export interface Reading {
  readonly status: Status;
  readonly reason: string | null;
  readonly cause: Cause | null;
  /** False when an `empty` source shows no sign of life inside the window: it cannot carry a `quiet`. */
  readonly live: boolean;
  readonly total: number | null;
  readonly distinct: number | null;
  /** Share of the source that was read, 0..1. */
  readonly coverage: number | null;
  /** Largest first, at most a few hundred. */
  readonly rows: readonly Row[];
  /** Of the valid ids; null when `rows` are all there is. */
  readonly distribution: readonly Bin[] | null;
  readonly strangers: Strangers;
  /** Sentences that the operator should see. */
  readonly warnings: readonly string[];
}

interface SourceReport {
  /** Key family or metric, as the runbook writes it. */
  readonly label: string;
  readonly status: Status;
  readonly reason: string | null;
  readonly latencyMs: number;
}

/** One signal: what its sources answered, merged. */
export interface Signal extends Reading {
  readonly sources: readonly SourceReport[];
  readonly unit: string;
  /** What time the numbers cover, seconds; null for a state rather than a count. */
  readonly windowSeconds: number | null;
}

export interface Evidence {
  readonly schema: 'ratelimit/evidence/v1';
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly windowSeconds: number;
  /** Words that make a suggested command hit the Redis that was read, without secrets. Kept, so that evidence judged again says the same. */
  readonly reach: readonly string[];
  readonly signals: Readonly<Record<string, Signal>>;
}

const NO_STRANGERS: Strangers = { distinct: 0, total: 0, largest: 0, bins: [] };

/** A reading without numbers. */
function blank(status: Status, reason: string | null, cause: Cause | null, live: boolean): Reading {
  const zero = status === 'empty';
  return {
    status,
    reason,
    cause,
    live,
    total: zero ? 0 : null,
    distinct: zero ? 0 : null,
    coverage: zero ? 1 : null,
    rows: [],
    distribution: null,
    strangers: NO_STRANGERS,
    warnings: [],
  };
}

/** The source could not be read. */
export const unknown = (cause: Cause, reason: string): Reading => blank('unknown', reason, cause, false);

/** There is no such source. */
export const absent = (reason: string): Reading => blank('absent', reason, null, false);

/** The source is there and holds nothing; `live: false` when it shows no sign of life inside the window. */
export const empty = (reason: string | null = null, live = true): Reading =>
  blank('empty', reason, null, live);

/** Numbers from a source that was read to its end. */
export function measured(numbers: Pick<Reading, 'total' | 'distinct' | 'rows'> & Partial<Reading>): Reading {
  return { ...blank('measured', null, null, true), coverage: 1, ...numbers };
}
