/** What the operator answered to one of the runbook's questions. */
export interface Answer {
  /** An answer's id, or `unknown` for whoever does not know. */
  readonly answer: string;
  /** Who said so. */
  readonly by: string;
}

/** By question. */
export type Answers = Readonly<Record<string, Answer>>;
