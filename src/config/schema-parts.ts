import { z } from 'zod';
import { hasControl, quote } from '../values/text.ts';

/**
 * What the messages of this schema mean to the reader of issues (`read.ts`):
 * - `unrecognized_keys`: the valid keys, separated by a space;
 * - `custom`: a whole sentence;
 * - anything else: what was expected, to be followed by what was got.
 */
export function mapping<Shape extends z.core.$ZodShape>(shape: Shape, expected: string) {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? Object.keys(shape).join(' ') : expected),
  });
}

/** A text; `problemOf` says what is wrong with it as a sentence, or null. */
export function text(expected: string, problemOf: (value: string) => string | null) {
  return z.string(expected).superRefine((value, context) => {
    const problem = problemOf(value);
    if (problem !== null) context.addIssue({ code: 'custom', message: problem });
  });
}

/** Reads a value once: `parse` gives what it means, or the sentence that says what is wrong with it. */
export function parsed<Input, Value>(value: z.ZodType<Input>, parse: (input: Input) => Value | string) {
  return value.transform((input, context) => {
    const result = parse(input);
    if (typeof result !== 'string') return result;
    context.issues.push({ code: 'custom', message: result, input });
    return z.NEVER;
  });
}

export type Fields = Readonly<Record<string, unknown>>;

/**
 * Adds a rule about several keys of a mapping. It also runs when single keys are wrong, so that all problems are
 * reported at once: the rule gets whatever is there.
 */
export function withRule<Schema extends z.ZodType>(
  schema: Schema,
  rule: (fields: Fields, problem: (message: string, key?: string | readonly PropertyKey[]) => void) => void,
): Schema {
  return schema.superRefine(
    (value, context) => {
      const isMapping = typeof value === 'object' && value !== null && !Array.isArray(value);
      if (!isMapping) return;
      rule({ ...(value as Fields) }, (message, key) =>
        context.addIssue({ code: 'custom', message, path: key === undefined ? [] : [key].flat() }),
      );
    },
    { when: () => true },
  );
}

export function line(expected: string) {
  return text(expected, (value) =>
    value === '' || hasControl(value)
      ? `expected ${expected} without control characters, got ${quote(value)}`
      : null,
  );
}

// A name becomes part of the commands that triage suggests, so it must not look like a flag.
export const contextName = z
  .string()
  .regex(/^[A-Za-z0-9_][\w.:/@-]{0,127}$/, 'a name of letters, digits and . _ : / @ - (at most 128)');

export const file = text('the path of a file', (value) =>
  value === '' || hasControl(value) ? 'expected the path of a file, got an empty or unprintable one' : null,
);

export function sentence(parsed: unknown): string | null {
  return typeof parsed === 'string' ? parsed : null;
}

export const tls = withRule(
  mapping(
    { 'ca-file': file.optional(), 'cert-file': file.optional(), 'key-file': file.optional() },
    'a mapping of ca-file, cert-file, key-file',
  ),
  (fields, problem) => {
    if (fields['cert-file'] !== undefined && fields['key-file'] === undefined)
      problem('cert-file needs a key-file');
    if (fields['key-file'] !== undefined && fields['cert-file'] === undefined)
      problem('key-file needs a cert-file');
  },
);
