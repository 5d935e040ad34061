import { z } from 'zod';
import { identifier, mapping } from '../runbooks/fields.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { readStrict } from '../runbooks/strict-yaml.ts';
import { inWords } from '../runbooks/words.ts';
import { nearest } from '../values/nearest.ts';
import type { Label } from './types.ts';

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

const labelSchema = mapping({
  category: anyOf(identifier),
  also: z.array(identifier).nullable().default(null),
  confidence: anyOf(z.enum(['high', 'medium', 'low']))
    .nullable()
    .default(null),
  subjects: z.array(z.string().min(1).max(256)).nullable().default(null),
  caveats: z.array(identifier).default([]),
  'not-proposed': z.array(identifier).default([]),
  why: z.string().trim().min(1).max(1_000).nullable().default(null),
});

/** Verdicts that are no categories. */
const WITHOUT_CATEGORY = ['quiet', 'inconclusive'];

/**
 * Reads a label. Names that the runbook does not have are problems: one that is misspelt would fail for ever, or never.
 * @param path how messages name the file
 * @returns the label, or all its problems: sentences with file, line and key
 */
export function parseLabel(yaml: Uint8Array, path: string, runbook: Runbook): Label | string[] {
  const file = readStrict(labelSchema, yaml, { what: 'a label', path });
  if (Array.isArray(file)) return file;
  const { data } = file;
  const ids = runbook.categories.map(({ id }) => id);
  const responses = [...new Set(runbook.categories.flatMap(({ respond }) => respond.map(({ id }) => id)))];
  const check = (key: string, what: string, names: readonly string[], valid: readonly string[]) =>
    names.flatMap((name, index) => {
      if (valid.includes(name)) return [];
      const message = `runbook ${runbook.name} has no ${what} "${name}"${nearest(name, valid)}`;
      // One alone may stand there without a list.
      return [{ path: names.length === 1 ? [key] : [key, index], message }];
    });
  const problems = file.locate([
    ...check('category', 'category', data.category, [...ids, ...WITHOUT_CATEGORY]),
    ...check('also', 'category', data.also ?? [], ids),
    ...check('not-proposed', 'response', data['not-proposed'], responses),
  ]);
  const { 'not-proposed': notProposed, ...rest } = data;
  return problems.length > 0 ? problems : { ...rest, notProposed };
}
