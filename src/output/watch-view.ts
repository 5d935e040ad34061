import type { Mark } from '../report/types.ts';
import type { History } from '../watch/history.ts';
import type { Rhythm } from '../watch/rhythm.ts';
import type { Watched } from '../watch/signals.ts';
import type { TriageDocument } from './triage-document.ts';

/** What the watch is doing. Milliseconds. */
export type Phase =
  | { readonly kind: 'looking'; readonly forMs: number }
  | { readonly kind: 'resting'; readonly leftMs: number }
  | { readonly kind: 'paused' };

/** All that a watch has to say after a look; each format renders this and decides nothing. */
export interface Watching {
  readonly document: TriageDocument;
  readonly history: History;
  readonly watched: Watched;
  /** What was done to the systems, oldest first. */
  readonly marks: readonly Mark[];
  readonly rhythm: Rhythm;
  /** The first proposed command that helps, and the finding that it is for; null: there is none. */
  readonly next: { readonly category: string; readonly argv: readonly string[] } | null;
  /** What else is to be known, such as a journal that cannot be read. */
  readonly warnings: readonly string[];
}

/** What a screen shows at one moment. */
export interface Moment {
  readonly nowMs: number;
  readonly phase: Phase;
  /** What is watched: `context prod`, or the systems' own names. */
  readonly what: string;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}
