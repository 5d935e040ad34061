/** What an earlier look at the same systems came to. */
export interface EarlierLook {
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Before the evidence. */
  readonly secondsAgo: number;
  /** The verdict's: a category of the runbook, `quiet` or `inconclusive`. */
  readonly category: string;
}

/** What is known of earlier looks at the same context by the same runbook. */
export interface Earlier {
  /** In order of time, the latest ones where there are very many. */
  readonly looks: readonly EarlierLook[];
  /** Why nobody knows of any, or of all; null: these are all that were kept. */
  readonly unread: string | null;
}

/** Looks that evidence holds at most. */
export const MOST_LOOKS = 200;
