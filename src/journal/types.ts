/** What a key or a setting holds, exactly; bytes that are not UTF-8 are given as hexadecimal. */
export type Stored = string | { readonly hex: string };

/** What is stored in one place, and until when by the clock of the system that holds it. */
export interface State {
  readonly value: Stored;
  /** Seconds to live when it was seen or written; null: it has no expiry. */
  readonly ttlSeconds: number | null;
  /** ISO 8601 in UTC with milliseconds; null: it has no expiry. */
  readonly expiresAt: string | null;
}

/**
 * `planned`: not yet written. `unchanged`: it was so already. `conflict`: somebody changed it since it was looked at.
 * `unknown`: the answer to the write was lost. `skipped`: not tried, because something before it went wrong.
 */
export type ChangeStatus =
  | 'planned'
  | 'applied'
  | 'dry-run'
  | 'unchanged'
  | 'conflict'
  | 'failed'
  | 'unknown'
  | 'skipped';

/** `enforced`: seen to take effect. `stored`: written and read back. `not-enforced`: seen not to take effect. */
export type Verified = 'enforced' | 'stored' | 'not-enforced' | 'unknown';

/** One place that a remedy changes: a Redis key or an endpoint of the API. */
export interface Change {
  readonly system: 'redis' | 'api';
  /** The key, or `PATCH https://aegis.example/api/agents/agent-7`. */
  readonly target: string;
  /** null: nothing is there, or (of the API) what is there cannot be read. */
  readonly before: State | null;
  /** null: it is removed. */
  readonly after: State | null;
  readonly status: ChangeStatus;
  /** Why it failed, what was found instead, or another remark; null when there is nothing to say. */
  readonly message: string | null;
  readonly verified: Verified | null;
  /** True of what runs on by itself, such as a counter: taking the remedy back does not bring it back. */
  readonly momentary?: boolean;
}

export type OutcomeStatus = 'applied' | 'conflict' | 'failed' | 'unknown' | 'partial';

/** What is known of something that was done by hand, beside its text: all of it by the operator's word. */
export interface Note {
  /** The category that it was a response to; null: none was named. */
  readonly category: string | null;
  /** The response step of the runbook that it was; null: none was named. */
  readonly step: string | null;
  /** When it was, ISO 8601 in UTC; null: when it was written down. */
  readonly happenedAt: string | null;
}

/** What `remedy` says of a note. */
export const NOTE = 'note';

/** Before the write: who is about to change what, and why. */
export interface IntentEvent {
  readonly event: 'intent';
  readonly id: string;
  readonly remedy: string;
  readonly operator: string;
  readonly reason: string;
  /** The configuration's context; null: none in use. */
  readonly context: string | null;
  readonly runbook: string;
  /**
   * What it is aimed at, without secrets: a Redis URL with its database, and the API's URL; of a note by a runbook that
   * reads no Redis also the URLs of its Prometheus.
   */
  readonly systems: {
    readonly redis: string | null;
    readonly api: string | null;
    readonly prometheus?: string | null;
  };
  /** The present by the clock of the system that is changed; null when it has none to ask. */
  readonly systemAt: string | null;
  readonly changes: readonly Change[];
  /** The entry that this one undoes. */
  readonly undoes: string | null;
  /** Only of what was done by hand, or noticed: it changes nothing, and nothing more is to come. `reason` is its text. */
  readonly note?: Note;
}

/** After the write: what became of each change, in the order of the intent. */
interface OutcomeEvent {
  readonly event: 'outcome';
  readonly id: string;
  readonly status: OutcomeStatus;
  readonly changes: readonly Change[];
}

/** After watching the effect. */
interface VerifiedEvent {
  readonly event: 'verified';
  readonly id: string;
  readonly verified: Verified;
  readonly text: string;
}

/** The entry was taken back by another. */
interface UndoneEvent {
  readonly event: 'undone';
  readonly id: string;
  readonly by: string;
}

export type NewEvent = IntentEvent | OutcomeEvent | VerifiedEvent | UndoneEvent;

/** An event as it stands in the journal, one JSON line each. */
export type JournalEvent = NewEvent & {
  readonly schema: 'ratelimit/journal-event/v1';
  /** Counts from 1 without gaps. */
  readonly seq: number;
  /** SHA-256, hexadecimal, of the line before without its line break; 64 zeros for the first. */
  readonly prev: string;
  /** ISO 8601 in UTC, by this machine's clock. */
  readonly at: string;
};

/** All events of one id together: what a remedy did and what became of it. */
export interface Entry extends Omit<IntentEvent, 'event'> {
  /** When it was intended, ISO 8601 in UTC. */
  readonly at: string;
  readonly seq: number;
  /** `unknown` also when the outcome was never written: the program was killed in between. */
  readonly status: OutcomeStatus;
  /** False when no outcome was written. */
  readonly resolved: boolean;
  readonly verified: Verified | null;
  /** What was seen while verifying, as a sentence. */
  readonly verification: string | null;
  /** The entry that took this one back; null while it stands. */
  readonly undoneBy: string | null;
}
