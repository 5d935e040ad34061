import type { Reading, Reset } from '../../evidence/types.ts';
import type { Runbook, SourceSpec } from '../../runbooks/schema.ts';
import type { HttpClient } from './http.ts';
import type { Target } from './targets.ts';
import type { Usual } from './usual.ts';

export type Of<K extends SourceSpec['kind']> = Extract<SourceSpec, { kind: K }>;

/** What is asked about every source. */
export interface Question {
  readonly http: HttpClient;
  readonly runbook: Runbook;
  /** The kind of the signal's entities, null for a mere total. */
  readonly kind: string | null;
  readonly windowSeconds: number;
  /** All that are asked in this run. */
  readonly sources: readonly SourceSpec[];
  /** The operator's own queries by name. */
  readonly queries: Readonly<Record<string, string>>;
  /** A moment so many seconds from now. */
  readonly after: (seconds: number) => Reset;
  /** Others are asked too, so it must be known what each of them collects. */
  readonly isOneOfSeveral: boolean;
  /** Targets that another Prometheus counts. */
  readonly without: readonly Target[];
}

/** What one Prometheus holds of a source: all that was fetched, not yet cut to what is kept. */
export interface Held {
  readonly reading: Reading;
  /** Where the source asks for it; said of the rows once they are complete. */
  readonly usual: Usual | null;
  /** What the numbers come from, where that matters; null: too many to tell. */
  readonly targets: readonly Target[] | null;
}

/** Numbers that need no telling apart: they are there once, or by target. */
export const alone = (reading: Reading): Held => ({ reading, usual: null, targets: [] });
