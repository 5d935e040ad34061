import type { z } from 'zod';
import { nearest } from '../values/nearest.ts';
import { quote } from '../values/text.ts';

/** What a value is expected to be, in the words of whoever writes YAML. */
const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

/** The error map of a strict schema: what was expected and what was got. Undefined leaves zod its own words. */
export const inWords: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${KINDS[issue.expected] ?? issue.expected}${quotesFor(issue)}, got ${got(issue.input)}`;
    case 'invalid_value':
      return oneOf(issue.values, issue.input);
    case 'too_small':
    case 'too_big':
      return outOfBounds(issue);
    case 'invalid_key':
      return issue.issues[0]?.message;
    case 'invalid_union':
      return Array.isArray(issue.options)
        ? oneOf(issue.options, valueAt(issue.input, issue.discriminator))
        : closestOf(issue.errors);
    default:
      return undefined;
  }
};

type Issue<Code> = Extract<z.core.$ZodRawIssue, { code: Code }>;

/** YAML reads `429` as a number and `yes` as text: where text is meant, quotes say so. */
const quotesFor = ({ expected, input }: Issue<'invalid_type'>): string =>
  expected === 'string' && (typeof input === 'number' || typeof input === 'boolean') ? ' (in quotes)' : '';

function oneOf(values: readonly unknown[], input: unknown): string {
  const names = values.map(String);
  const expected = names.length === 1 ? names[0] : `one of ${names.join(', ')}`;
  const near = typeof input === 'string' && names.length > 1 ? nearest(input.slice(0, 80), names) : '';
  return `expected ${expected}, got ${got(input)}${near}`;
}

function outOfBounds(issue: Issue<'too_small'> | Issue<'too_big'>): string {
  const { origin, input, inclusive = true } = issue;
  const isSmall = issue.code === 'too_small';
  const bound = Number(isSmall ? issue.minimum : issue.maximum);
  if (origin === 'string') {
    if (isSmall && bound === 1) return 'expected text, got an empty one';
    return `expected ${bounded(isSmall, true, bound)} characters, got ${String(input).length}`;
  }
  if (origin === 'array') {
    const length = Array.isArray(input) ? input.length : 0;
    return `expected ${bounded(isSmall, true, bound)} ${bound === 1 ? 'entry' : 'entries'}, got ${length}`;
  }
  return `expected a number ${isSmall && !inclusive ? `over ${bound}` : `of ${bounded(isSmall, inclusive, bound)}`}, got ${got(input)}`;
}

const bounded = (isSmall: boolean, inclusive: boolean, bound: number): string =>
  `${isSmall ? 'at least' : inclusive ? 'at most' : 'less than'} ${bound}`;

/** Of the ways in which something may be written, the problem of the one that is nearest to what was written. */
function closestOf(ways: readonly (readonly z.core.$ZodIssue[])[]): string | undefined {
  const [best] = [...ways].sort((a, b) => a.length - b.length);
  const [first] = best ?? [];
  if (first === undefined || first.code === 'unrecognized_keys') return undefined;
  return first.path.length === 0 ? first.message : `${first.path.map(String).join('.')}: ${first.message}`;
}

function valueAt(input: unknown, key: string | undefined): unknown {
  return typeof input === 'object' && input !== null && key !== undefined ? Reflect.get(input, key) : input;
}

/** What was got, in the words of whoever writes YAML. */
export function got(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? 'a list' : 'a mapping';
}
