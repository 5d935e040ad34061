import { z } from 'zod';
import { DONT_KNOW } from '../values/answers.ts';
import { identifier, mapping, text } from './fields.ts';

const answer = mapping({
  id: identifier.refine((id) => id !== DONT_KNOW, {
    error: `"${DONT_KNOW}" is an answer of every question, so none of its own can be called so`,
  }),
  text: text(120),
  /** What it is then. */
  category: identifier,
  /** What it is not then; null: none of the other answers' categories. */
  'rules-out': z.array(identifier).min(1).max(8).nullable().default(null),
  /** What is to be done then, in a sentence. */
  follows: text(400),
});

/**
 * What only the operator can tell. A question arises when the conditions of more than one of the categories that its
 * answers point to hold, of which one rules the other out.
 */
export const questionsSchema = z
  .array(
    mapping({
      id: identifier,
      text: text(160),
      /** Why the signals cannot tell. */
      because: text(400),
      /** Codes of outcomes: a finding that rests on one is known, and nothing is asked about it. */
      'known-by': z.array(identifier).max(8).default([]),
      answers: z.array(answer).min(2).max(8),
    }),
  )
  .max(20)
  .default([]);

export type QuestionSpec = z.infer<typeof questionsSchema>[number];
