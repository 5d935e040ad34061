import type { Cause, Id } from '../evidence/types.ts';
import type { Lost } from '../signals/redis/servers.ts';

// What the doctor has seen beside the signals: plain data, from which `diagnose` makes its checks.

/** What was asked for, or why it is not known. */
export type Told<T> =
  | { readonly known: true; readonly value: T }
  | { readonly known: false; readonly cause: Cause; readonly reason: string };

/** A clock held against ours. */
export interface Skew {
  /** Milliseconds that it is ahead; negative: behind. */
  readonly aheadMs: number;
  /** How far off that may be at the most: half of the time that the question took. */
  readonly plusMinusMs: number;
  /** What that clock said, ISO 8601 in UTC. */
  readonly at: string;
}

/** What `INFO` says of a Redis; null: it does not say. Of several servers, what is worst among them. */
export interface RedisInfo {
  /** The server of several whose memory is told of; null: there is one. */
  readonly of: string | null;
  readonly version: string | null;
  /** The version of Valkey, where it is that; it gives the Redis that it is compatible with as `version`. */
  readonly valkey: string | null;
  /** True while the server is loading its data. */
  readonly isLoading: boolean;
  /** `master`, `slave` or another word of the server's own. */
  readonly role: string | null;
  /** Of a replica: is it connected to its primary? */
  readonly linkUp: boolean | null;
  readonly policy: string | null;
  readonly maxmemoryBytes: number | null;
  readonly usedBytes: number | null;
  /** What all of them use together. */
  readonly totalBytes: number | null;
  /** Keys that were evicted since the server started, from all of them. */
  readonly evicted: number | null;
  /** Keys by database, of those that hold any, on all of them; null: not told. */
  readonly keys: Readonly<Record<number, number>> | null;
}

/** Whether the user may do one thing. */
export interface Right {
  readonly command: string;
  /** The key that it was asked for; null: the command has none. */
  readonly key: string | null;
  /** null: it could not be found out without doing it. */
  readonly allowed: boolean | null;
}

/** What the Redis user may do. */
export interface Rights {
  /** null: not told. */
  readonly user: string | null;
  /** `dry-run`: the server was asked. `tried`: what reads was tried. */
  readonly how: 'dry-run' | 'tried';
  readonly rights: readonly Right[];
  /** True when the user may also do what the program never does, such as FLUSHALL; null: not known. */
  readonly mayAnything: boolean | null;
}

/** A family of keys that no source of the runbook reads, with its variable parts as stars. */
export interface UnreadFamily {
  readonly pattern: string;
  readonly keys: number;
  readonly sample: Id;
}

/** One bounded look at the keyspace. */
export interface Survey {
  /** Keys under the namespace that were seen. */
  readonly keys: number;
  /** Keys that some source or remedy of the runbook knows, by their template. */
  readonly known: Readonly<Record<string, number>>;
  readonly unread: readonly UnreadFamily[];
  /** False when time or room ran out before all was seen. */
  readonly isComplete: boolean;
  /** Where the namespace has no key: the starts of some keys that there are. */
  readonly elsewhere: readonly Id[];
  readonly tookMs: number;
}

/** The servers that take writes, as they were found. */
export interface ServersSeen {
  /** Those that answer. */
  readonly names: readonly string[];
  /** Those that do not, and slots that nobody serves. */
  readonly lost: readonly Lost[];
}

export interface RedisFacts {
  readonly servers: Told<ServersSeen>;
  readonly clock: Told<Skew>;
  readonly info: Told<RedisInfo>;
  readonly rights: Told<Rights>;
  readonly survey: Told<Survey>;
}

/** An instance that exposes a metric more than once. */
export interface Duplicate {
  readonly metric: string;
  /** The label that tells the copies apart. */
  readonly by: string;
  readonly instance: string;
  readonly copies: number;
}

/** What Prometheus says of how it collects the runbook's metrics. */
export interface Scraping {
  /** Seconds between two samples, about, by metric; those without samples in the window have none. */
  readonly intervals: Readonly<Record<string, number>>;
  /** Seconds since the newest sample, by metric. */
  readonly ages: Readonly<Record<string, number>>;
  /** Instances that expose any of them; some of their names. */
  readonly instances: { readonly count: number; readonly names: readonly string[] };
  readonly duplicates: readonly Duplicate[];
  /** Values of the labels that the runbook names, by `labelKey`; one that no series has is not there. */
  readonly labels: Readonly<Record<string, readonly string[]>>;
  /** Prometheus servers that this one scrapes. */
  readonly prometheuses: { readonly count: number; readonly names: readonly string[] };
}

export interface PrometheusFacts {
  readonly clock: Told<Skew>;
  readonly version: Told<string>;
  readonly scraping: Told<Scraping>;
  /** Names of metrics that begin as the runbook's do. */
  readonly names: Told<{ readonly names: readonly string[]; readonly isComplete: boolean }>;
}

/** One of those that are asked; its host where there are several. */
export interface NamedFacts extends PrometheusFacts {
  readonly host: string | null;
}

/** Can queries be answered in full? */
export type Readiness =
  | { readonly state: 'ready'; readonly latencyMs: number }
  /** In its own words. */
  | { readonly state: 'not-ready'; readonly said: string }
  | { readonly state: 'unknown'; readonly cause: Cause; readonly reason: string };

/** The streams that one set of labels finds. */
export interface StreamsSeen {
  readonly selector: Readonly<Record<string, string>>;
  /** Those of the last day. */
  readonly found: Told<number>;
  /** Where there are none: what is there in place of the label, or of its value; null: each is there, or not known. */
  readonly instead: {
    /** The label of which these are values; null: these are labels. */
    readonly label: string | null;
    readonly lacking: string;
    readonly names: readonly string[];
  } | null;
}

/** What a store of logs says of itself, and whether the streams are there that triage reads. */
export interface LogsFacts {
  readonly clock: Told<Skew>;
  readonly version: Told<{ readonly name: string; readonly latencyMs: number }>;
  readonly ready: Readiness;
  readonly streams: readonly StreamsSeen[];
}

/** How many alerts fire, by the Alertmanager that triage asks about them. */
export type AlertmanagerFacts = Told<{ readonly firing: number; readonly latencyMs: number }>;

/** What became of one harmless question to the system's API. */
export type ApiFacts =
  | { readonly state: 'not-configured' | 'no-token' }
  /** The token would travel in the clear, so nothing was sent. */
  | { readonly state: 'plain-http'; readonly reason: string }
  | { readonly state: 'unreachable'; readonly cause: Cause; readonly reason: string }
  | {
      readonly state: 'answered';
      readonly url: string;
      readonly status: number;
      /** False when the body is no JSON, such as a login page. */
      readonly isJson: boolean;
      /** The answer, cut short. */
      readonly said: string;
      readonly latencyMs: number;
    };
