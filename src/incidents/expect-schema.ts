import { z } from 'zod';
import { identifier, mapping, text } from '../runbooks/fields.ts';

const oneOrMany = <Item extends z.ZodType>(item: Item, expected: string) =>
  z
    .union([item, z.array(item).min(1)], { error: `expected ${expected}, or a list of them` })
    .transform((value) => [value].flat() as z.output<Item>[]);

const LEVELS = ['high', 'medium', 'low'] as const;

/** The truth about what happened: what a verdict must say. Everything but the category is optional. */
export const expectSchema = mapping({
  /** What the verdict must be: a category of the runbook, `quiet` or `inconclusive`; of several any is right. */
  category: oneOrMany(identifier, 'a category of the runbook, quiet or inconclusive'),
  /** Exactly these other findings. */
  also: z.array(identifier).optional(),
  /** One of these levels. */
  confidence: oneOrMany(z.enum(LEVELS), LEVELS.join(', ')).optional(),
  /** Exactly the subjects of the first finding, in any order. */
  subjects: z.array(text(256)).optional(),
  /** Codes that must be among the first finding's caveats. */
  caveats: z.array(identifier).optional(),
  /** Responses that must not be proposed. */
  'not-proposed': z.array(identifier).optional(),
  /** Why that is the truth, for whoever disagrees. */
  why: text(600).optional(),
});

export type Expect = z.infer<typeof expectSchema>;
