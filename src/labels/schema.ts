import { z } from 'zod';
import { identifier, mapping } from '../runbooks/fields.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { inWords } from '../runbooks/words.ts';
import { nearest } from '../values/nearest.ts';

/** One of something, or a list of which any is right. */
const anyOf = <Value extends z.ZodType<string>>(value: Value) =>
  z.preprocess(
    (input) => (typeof input === 'string' ? [input] : input),
    z
      .array(value, {
        error: (issue) => String(inWords(issue)).replace('a list', 'a name or a list of them'),
      })
      .min(1),
  );

/** The truth about what happened: what a verdict must say. Everything but the category is optional. */
export const labelSchema = mapping({
  /** What the verdict must be: a category of the runbook, `quiet` or `inconclusive`; of several any is right. */
  category: anyOf(identifier),
  /** Exactly these other findings, in any order. */
  also: z.array(identifier).nullable().default(null),
  /** One of these levels. */
  confidence: anyOf(z.enum(['high', 'medium', 'low']))
    .nullable()
    .default(null),
  /** Exactly the subjects of the first finding, in any order. */
  subjects: z.array(z.string().min(1).max(256)).nullable().default(null),
  /** Codes that must be among the first finding's caveats. */
  caveats: z.array(identifier).default([]),
  /** Responses that must not be proposed. */
  'not-proposed': z.array(identifier).default([]),
  /** Why that is the truth, for whoever disagrees. */
  why: z.string().trim().min(1).max(1_000).nullable().default(null),
});

export type WrittenLabel = z.infer<typeof labelSchema>;

/** Verdicts that are no categories. */
const WITHOUT_CATEGORY = ['quiet', 'inconclusive'];

/** Reasons to doubt that the program finds itself, whatever the runbook. */
const OWN_CAVEATS = ['unconfirmed', 'open-question', 'signal-unknown', 'signal-absent', 'incomplete-scan'];

/** Names in a label that the runbook does not have: one that is misspelt would fail for ever, or never. */
export function unknownNames(
  label: WrittenLabel,
  runbook: Runbook,
): { readonly path: (string | number)[]; readonly message: string }[] {
  const ids = runbook.categories.map(({ id }) => id);
  const responses = [...new Set(runbook.categories.flatMap(({ respond }) => respond.map(({ id }) => id)))];
  const codes = runbook.categories.flatMap(({ caveats }) => caveats.map(({ code }) => code));
  const check = (key: string, what: string, names: readonly string[], valid: readonly string[]) =>
    names.flatMap((name, index) => {
      if (valid.includes(name)) return [];
      const message = `runbook ${runbook.name} has no ${what} "${name}"${nearest(name, valid)}`;
      // One alone may stand there without a list.
      return [{ path: names.length === 1 ? [key] : [key, index], message }];
    });
  return [
    ...check('category', 'category', label.category, [...ids, ...WITHOUT_CATEGORY]),
    ...check('also', 'category', label.also ?? [], ids),
    ...check('caveats', 'caveat', label.caveats, [...new Set([...codes, ...OWN_CAVEATS])]),
    ...check('not-proposed', 'response', label['not-proposed'], responses),
  ];
}
