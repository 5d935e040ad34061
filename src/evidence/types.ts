import type { Period } from '../values/template.ts';
import type { Earlier } from './earlier.ts';

/**
 * The facts that a verdict is made from. Everything here is plain data: it can be written to a file and judged
 * again later to the same verdict.
 */

/**
 * `measured`: numbers are there. `empty`: the source is alive and holds none. `absent`: there is no such source,
 * which is not zero. `unknown`: it could not be read, `reason` says why.
 */
export type Status = 'measured' | 'empty' | 'absent' | 'unknown';

/**
 * Why something is unknown. `auth` decides exit code 4. `not-configured` goes with `absent`: it would be asked if the
 * operator had said how.
 */
export type Cause =
  | 'unreachable'
  | 'timeout'
  | 'auth'
  | 'malformed'
  | 'refused'
  | 'incomplete'
  | 'window'
  | 'not-configured';

/** An id exactly as the source holds it; bytes that are not UTF-8 are given as hexadecimal. */
export type Id = string | { readonly hex: string };

/** What an entity may use up, and how much of it is used. */
export interface Limit {
  /** In the signal's unit; null when there is none. */
  readonly value: number | null;
  /** Used over allowed; null without a usable limit. */
  readonly ratio: number | null;
  /**
   * `none`: no limit is set. `invalid`: what is set cannot be used and so means no limit. `unknown-tier`: its tier is
   * none of the table's, so it is held against the default.
   */
  readonly problem: 'none' | 'invalid' | 'unknown-tier' | 'several-tiers' | null;
  /** The limit as stored, cut short, when it is not a plain positive number. */
  readonly stored: string | null;
  /** Seconds until the limit itself ends, after which there is none; null: it does not end, or that is not known. */
  readonly endsInSeconds: number | null;
  /** Mean use per hour since the period began, in the signal's unit; null when it cannot be known yet. */
  readonly perHour: number | null;
}

export interface Row {
  readonly id: Id;
  /** True when the id is a valid identifier of the signal's kind; only then it may become a subject or part of a command. */
  readonly valid: boolean;
  /** What kind of entity it is, where the signal holds several; null: the signal's. */
  readonly kind: string | null;
  /** The sources that name it, by their labels. */
  readonly sources: readonly string[];
  /** True when the client itself chose this name, so that it may be somebody else's. */
  readonly claimed: boolean;
  /** For addresses: can it be the far end of a connection from the internet? null for other kinds. */
  readonly public: boolean | null;
  /** In the signal's unit. */
  readonly value: number;
  /** True when the source stops counting at about this value: there may have been any number more. */
  readonly atLeast: boolean;
  /** Of the signal's total; null when there is no meaningful total. */
  readonly share: number | null;
  /** The value at the same hour yesterday or a week ago, whichever was more; null: not known. */
  readonly usual: number | null;
  /** Seconds since the last event; null where the source does not tell. */
  readonly lastSeenSeconds: number | null;
  /** Does what counts it end by itself? null: not known. */
  readonly expires: boolean | null;
  /** A mix per label: `{ path: { "/execute": 8.9 } }`, in the signal's unit. */
  readonly labels: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly limit: Limit | null;
  /** What time the value covers, where it is used up over one and begins anew; null elsewhere. */
  readonly period: Period | null;
  /** When the first of what the value counts is as old as the time that it covers; only where the source tells. */
  readonly frees?: Reset | undefined;
}

/** A row without anything that only some sources tell. */
export const rowOf = (row: Pick<Row, 'id' | 'valid' | 'value'> & Partial<Row>): Row => ({
  ...{ kind: null, sources: [], claimed: false, public: null, atLeast: false, share: null, usual: null },
  ...{ lastSeenSeconds: null, expires: null, labels: {}, limit: null, period: null },
  ...row,
});

/** The total at the same hour yesterday and a week ago, in the signal's unit; null: no data from then. */
export interface Baseline {
  readonly day: number | null;
  readonly week: number | null;
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

/** What a visited part of the keyspace tells of all of it; see `estimate`. */
export interface Sample {
  /** Exact, of the visited part; rows, distribution and strangers are of that part, too. */
  readonly seen: { readonly total: number; readonly distinct: number };
  /** 95 % interval of the total; null: nothing was seen that it could rest on. */
  readonly total: readonly [low: number, high: number] | null;
  /** 95 % interval of the number of entities. */
  readonly distinct: readonly [low: number, high: number];
  /** The chance that one particular key was not visited, however much it holds. */
  readonly missed: number;
}

/** How far the pass over one server came. */
export interface ScannedNode {
  /** `host:port`, or the path of its socket. */
  readonly name: string;
  /** Of the keyspace, 0 to 1. */
  readonly share: number;
  /** Of this server's share, 0 to 1. */
  readonly coverage: number;
  /** True when it was a replica that was read. */
  readonly replica: boolean;
  /** Why its share was not read to the end, or not as it is now; null: it was. */
  readonly reason: string | null;
  readonly cause: Cause | null;
}

/** The one pass over the keyspace that all of Redis's signals come from. */
export interface Scan {
  /** Of the whole keyspace, 0 to 1. */
  readonly coverage: number;
  /** Why that is not all of it, or not what it is by now, as its sources say, too; null: it is. */
  readonly reason: string | null;
  /** Keys that came by under the runbook's pattern. */
  readonly keys: number;
  readonly pace: string;
  readonly tookMs: number;
  readonly nodes: readonly ScannedNode[];
  /** What is to be known of all that comes from it. */
  readonly warnings: readonly string[];
}

/** What one source of a signal answered. */
export interface Reading {
  readonly status: Status;
  readonly reason: string | null;
  readonly cause: Cause | null;
  /** False when an `empty` source shows no sign of life inside the window: it cannot carry a `quiet`. */
  readonly live: boolean;
  readonly total: number | null;
  /** True when the total may be less than that: it counts since the last pause, however long ago that was. */
  readonly atMost: boolean;
  readonly baseline: Baseline | null;
  readonly distinct: number | null;
  /** Share of the source that was read, 0..1. */
  readonly coverage: number | null;
  /** Where only a part of the keyspace was visited: `total` and `distinct` are estimates then. null: they are counts. */
  readonly sample: Sample | null;
  /** Largest first, at most a few hundred. */
  readonly rows: readonly Row[];
  /** Of the valid ids; null when `rows` are all there is. */
  readonly distribution: readonly Bin[] | null;
  readonly strangers: Strangers;
  /** Sentences that the operator should see. */
  readonly warnings: readonly string[];
}

/** What became of one source of a signal. */
export interface SourceReport {
  /** Key family or metric, as the runbook writes it. */
  readonly label: string;
  readonly status: Status;
  readonly reason: string | null;
  readonly cause: Cause | null;
  readonly latencyMs: number;
  /** Keys or series that it holds; null: not counted. */
  readonly entities: number | null;
  /** One of them, the largest where it has one. */
  readonly sample: { readonly id: Id; readonly value: number } | null;
}

/** One signal: what its sources answered, merged. */
export interface Signal extends Reading {
  readonly sources: readonly SourceReport[];
  readonly unit: string;
  /** What time the numbers cover, seconds; null for a state rather than a count. */
  readonly windowSeconds: number | null;
}

/** When what was used up begins anew. */
export interface Reset {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly inSeconds: number;
}

export interface Evidence {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly windowSeconds: number;
  /** When a UTC day's and a month's counters begin anew. */
  readonly resets: Readonly<Record<Period, Reset>>;
  /** Words that make a suggested command hit the Redis that was read, without secrets. Kept, so that evidence judged again says the same. */
  readonly reach: readonly string[];
  /** The same for a command that reads all that was read: Prometheus and the logs too. */
  readonly reads: readonly string[];
  /** null: no source is in Redis, or it could not be reached. */
  readonly scan: Scan | null;
  readonly signals: Readonly<Record<string, Signal>>;
  /** null: the runbook asks for none. */
  readonly earlier: Earlier | null;
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
    atMost: false,
    baseline: null,
    distinct: zero ? 0 : null,
    coverage: zero ? 1 : null,
    sample: null,
    rows: [],
    distribution: null,
    strangers: NO_STRANGERS,
    warnings: [],
  };
}

/** The source could not be read. */
export const unknown = (cause: Cause, reason: string): Reading => blank('unknown', reason, cause, false);

/** There is no such source. */
export const absent = (reason: string, cause: 'not-configured' | null = null): Reading =>
  blank('absent', reason, cause, false);

/** The source is there and holds nothing; `live: false` when it shows no sign of life inside the window. */
export const empty = (reason: string | null = null, live = true): Reading =>
  blank('empty', reason, null, live);

/** Numbers from a source that was read to its end. */
export function measured(numbers: Pick<Reading, 'total' | 'distinct' | 'rows'> & Partial<Reading>): Reading {
  return { ...blank('measured', null, null, true), coverage: 1, ...numbers };
}
