import type { Confidence, Verdict } from '../verdict/types.ts';

/** What the verdict on a capture must be. null: not checked. */
export interface Label {
  /** Any of these is right: ids of categories, `quiet`, `inconclusive`. */
  readonly category: readonly string[];
  /** Exactly these other findings, in any order. */
  readonly also: readonly string[] | null;
  /** Any of these is right. */
  readonly confidence: readonly Confidence[] | null;
  /** Ids: exactly the subjects of the first finding, in any order. */
  readonly subjects: readonly string[] | null;
  /** Codes that must be among the first finding's caveats. */
  readonly caveats: readonly string[];
  /** Ids of responses that must not be proposed for any finding. */
  readonly notProposed: readonly string[];
  /** For whoever reads a failure. */
  readonly why: string | null;
}

/** A part of a label that did not come out. */
export interface Mismatch {
  readonly code: 'category' | 'also' | 'confidence' | 'subjects' | 'caveats' | 'not-proposed';
  readonly expected: readonly string[];
  readonly got: readonly string[];
}

/** A capture that was judged, held against its label. */
export interface Trial {
  /** The capture's file without `.json`. */
  readonly name: string;
  readonly label: Label;
  readonly verdict: Verdict;
  /** Empty: passed. */
  readonly mismatches: readonly Mismatch[];
  /** Said with high confidence, and not so: the worst. */
  readonly wrongAtHighConfidence: boolean;
}
