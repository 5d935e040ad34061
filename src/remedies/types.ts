import type { Change, OutcomeStatus, Verified } from '../journal/types.ts';
import type { Write } from './writer.ts';

type RemedyName = 'block-ip' | 'unblock-ip' | 'raise-cap' | 'kill-switch' | 'undo';

/** Why something is not done. */
export interface Refusal {
  /** The guard's name: what `--force-<guard>` is made of. */
  readonly guard: string;
  readonly message: string;
  /** The flag that says "do it all the same"; null: there is none. */
  readonly override: string | null;
}

/** One change and the write that makes it; no write: it is so already. */
export interface Planned {
  readonly change: Change;
  readonly write: Write | null;
}

/** What is about to be changed, made from what is there now. */
export interface Plan {
  /** What it is about, in a few words: `203.0.113.42`, `12 addresses`, `agent agent-7`. */
  readonly subject: string;
  readonly planned: readonly Planned[];
  readonly refusals: readonly Refusal[];
  /** What the operator should know, as sentences. */
  readonly warnings: readonly string[];
  /** What is so now, as lines: `spent today`, `$112.50`. */
  readonly facts: readonly { readonly name: string; readonly value: string }[];
  /** Questions that need an answer before this lever is pulled. */
  readonly checklist: readonly string[];
  /** What must be typed in place of a mere yes; null: a yes is enough. */
  readonly typed: { readonly what: string; readonly word: string } | null;
  /** The reason that stands, when none was given: an earlier one that is kept. null: one must be given. */
  readonly keptReason: string | null;
  /** Why there is nothing at all to do (exit 7); null: there is, or it is so already. */
  readonly nothing: string | null;
  /** The present by the clock of the system that is changed, milliseconds; null: not told. */
  readonly systemMs: number | null;
  readonly watch: Watch | null;
  /** Asks the API what became of a call whose answer was lost; true: it was done. null: it cannot be asked. */
  readonly wasDone: (() => Promise<boolean>) | null;
}

/** What was seen of the effect. */
export interface Verification {
  readonly verified: Verified;
  readonly text: string;
  /** Of single changes, by target, where they differ. */
  readonly each?: ReadonlyMap<string, Verified>;
}

/** Looks whether what was written takes effect. */
export interface Watch {
  /** Called just before the write. */
  before(seconds: number): Promise<void>;
  /** Called after it. @param progress is told how it goes @param stop ends the watch early */
  after(seconds: number, progress: (text: string) => void, stop: AbortSignal): Promise<Verification>;
}

export interface Remedy {
  readonly name: RemedyName;
  /** True when an earlier reason may stand in for one that is not given. */
  readonly mayKeepReason: boolean;
  /** The journal entry that it takes back. */
  readonly undoes: string | null;
  /**
   * Looks at the system and says what would change. Called again after the operator has been asked.
   * @throws SourceError when the system cannot be read
   */
  plan(reason: string | null): Promise<Plan>;
}

export type Status = OutcomeStatus | 'dry-run' | 'unchanged' | 'refused';

/** What became of a remedy: the document `ratelimit/remedy/v1` is made of this. */
export interface Outcome {
  /** The journal's id; null when nothing was journaled. */
  readonly id: string | null;
  readonly remedy: RemedyName;
  readonly subject: string | null;
  readonly status: Status;
  readonly reason: string | null;
  readonly operator: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** When the last of what was written ends by itself; null: it does not, or nothing was written. */
  readonly expiresAt: string | null;
  readonly changes: readonly Change[];
  /** What was so when it was looked at, as lines. */
  readonly facts: Plan['facts'];
  readonly verified: Verified | null;
  /** What was seen while verifying, as a sentence; null when nothing was watched. */
  readonly verification: string | null;
  /** The words of the command that takes it back; null when there is nothing to take back. */
  readonly undo: readonly string[] | null;
  readonly warnings: readonly string[];
  /** Why it was refused or failed; null when it was not. */
  readonly message: string | null;
  readonly refusals: readonly Refusal[];
  /** What to run instead, in words; null: nothing. */
  readonly advice: readonly string[] | null;
  /** Why the process ends as it does, where the status alone does not say. */
  readonly because: 'auth' | 'nothing' | 'interrupted' | 'journal' | null;
}
