import type { Id } from '../evidence/types.ts';
import type { CODES } from '../runbooks/codes.ts';
import type { Question } from './questions.ts';

export type Code = (typeof CODES)[number];

/**
 * `absent` is apart from `unknown`: there is no such source, rather than one that could not be read. `unasked`: it is
 * the operator's to configure, and is not; where there is another way to know, that one decides.
 */
export type State = 'met' | 'not-met' | 'unknown' | 'absent' | 'unasked';

/** One evaluated condition: a code with its numbers. The sentence for it is made in `output/`. */
export interface Because {
  readonly code: Code;
  /** null when the condition is on another category. */
  readonly signal: string | null;
  readonly measured: number | null;
  readonly threshold: number | null;
  /** null: could not be evaluated. */
  readonly met: boolean | null;
  /** What the sentence needs beside the numbers. */
  readonly args: Readonly<Record<string, string | number>>;
}

export interface Subject {
  readonly kind: string;
  readonly id: string;
  /** In the unit of the signal that it comes from. */
  readonly value: number;
  readonly signal: string;
}

export interface Outcome {
  readonly state: State;
  readonly because: readonly Because[];
  readonly subjects: readonly Subject[];
}

export type Confidence = 'high' | 'medium' | 'low';

/** A reason to doubt: a code with either the runbook's own text or the conditions that it rests on. */
export interface Caveat {
  readonly code: string;
  readonly text: string | null;
  readonly because: readonly Because[];
}

/**
 * A check before belief that is no reason to doubt: it found nothing, nobody said how to make it, or the sources do not
 * tell what it asks (what is usual at this hour, when the last event was), as many do not.
 */
export interface Check {
  readonly code: string;
  readonly state: 'clear' | 'not-configured' | 'not-told';
  readonly because: readonly Because[];
}

export interface Response {
  readonly id: string;
  /** Ids of subjects that it must not be proposed for. */
  readonly except: readonly string[];
}

export interface Finding {
  readonly category: string;
  readonly confidence: Confidence;
  readonly severity: string;
  readonly subjects: readonly Subject[];
  readonly because: readonly Because[];
  readonly caveats: readonly Caveat[];
  /** Checks that left no doubt, and those that the operator has not configured. */
  readonly checks: readonly Check[];
  /** The runbook's responses to propose, in its order. */
  readonly responses: readonly Response[];
}

/** A category that did not become a finding, and why. */
export interface Rejected {
  readonly category: string;
  readonly because: readonly Because[];
}

export interface Verdict {
  /** The worst finding's category, or `quiet`, or `inconclusive`. */
  readonly category: string;
  readonly confidence: Confidence;
  readonly findings: readonly Finding[];
  readonly ruledOut: readonly Rejected[];
  /** Categories that could not be judged. */
  readonly undecided: readonly Rejected[];
  /** What is abnormal and no finding explains. */
  readonly unexplained: readonly Because[];
  /** Questions that arose, answered or not. */
  readonly questions: readonly Question[];
  /** Groups of signals without any live source: `quiet` may not be said. */
  readonly blind: readonly (readonly string[])[];
}

/** An id as a plain string; null for bytes that are not UTF-8. */
export const plainId = (id: Id): string | null => (typeof id === 'string' ? id : null);
