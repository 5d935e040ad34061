/** What an earlier look at the same systems came to. */
export interface EarlierLook {
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Before the evidence. */
  readonly secondsAgo: number;
  /** The verdict's: a category of the runbook, `quiet` or `inconclusive`. */
  readonly category: string;
}

/** A remedy that was applied earlier in the same context, or a response by hand, as the journal tells. */
export interface EarlierRemedy {
  /** ISO 8601, UTC, by the clock of the machine that applied it. */
  readonly at: string;
  /** Before the evidence. */
  readonly secondsAgo: number;
  /** What it was the answer to: one of these. */
  readonly categories: readonly string[];
}

/** What is known of earlier times: of looks at the same context by the same runbook, and of what was done about them. */
export interface Earlier {
  /** In order of time, the latest ones where there are very many. */
  readonly looks: readonly EarlierLook[];
  /** Why nobody knows of any, or of all; null: these are all that were kept. */
  readonly unread: string | null;
  /** In order of time, the latest ones where there are very many. */
  readonly remedies: readonly EarlierRemedy[];
  /** Why the journal may hold more of them; null: these are all that it holds. */
  readonly journalUnread: string | null;
}

/** Looks that evidence holds at most. */
export const MOST_LOOKS = 200;
/** Remedies that evidence holds at most. */
export const MOST_REMEDIES = 200;
