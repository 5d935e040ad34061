import { z } from 'zod';
import { duration, label, mapping, text } from './fields.ts';

/** A field of a line that was read as JSON or logfmt; dots lead into nested ones. */
const field = z
  .string()
  .max(100)
  .regex(/^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*$/, {
    error: 'expected the name of a field, such as user or request.user',
  });

/** A way in which a line may be written. All of what is said here must hold. */
const written = mapping({
  /** Fields that are exactly this. */
  equals: z.record(field, text(200)).default({}),
  /** Fields that have this in them. */
  has: z.record(field, text(200)).default({}),
}).refine(({ equals, has }) => Object.keys(equals).length + Object.keys(has).length > 0, {
  error: 'says nothing about the line: expected `equals` or `has`',
});

/**
 * Lines of a log within triage's window, or a time of its own, counted by a field. A line counts once,
 * in however many of the ways it is written.
 */
export const logsSource = mapping({
  kind: z.literal('logs-count'),
  /** Texts, any of which the line has somewhere, as it stands there. */
  contains: z.array(text(200)).max(8).default([]),
  /** Ways in which it may be written, any of which will do. */
  lines: z.array(written).max(8).default([]),
  format: z.enum(['json', 'logfmt']).default('json'),
  /** The field that names the entity; null: there is a total only. */
  by: field.nullable().default(null),
  /** Another field that is kept. */
  mix: field.nullable().default(null),
  /** Other names that fields have in some lines; of those two the first that a line has counts. */
  'also-called': z.record(field, z.array(field).min(1).max(4)).default({}),
  /** Only lines count that have both `by` and, where it is said, `mix`; without them it is not known rather than nothing. */
  'both-named': z.boolean().default(false),
  /** The time that is counted, whatever triage's window: thresholds in lines are for one time. null: the window. */
  over: duration.nullable().default(null),
  /** Labels of the streams to read, where the context does not say which: `logs.selector`. */
  streams: z.record(label, text(200)).default({}),
}).superRefine((source, context) => {
  const { by, mix, format } = source;
  const report = (message: string, key: string) => context.addIssue({ code: 'custom', message, path: [key] });
  if (source.contains.length + source.lines.length === 0) {
    report('counts every line: expected `contains` or `lines`', 'lines');
  }
  if (mix !== null && by === null) report('`mix` needs `by`: whose is it?', 'mix');
  if (source['both-named'] && mix === null) report('`both-named` needs `by` and `mix`', 'both-named');
  const named = [by, mix, ...source.lines.flatMap(({ equals, has }) => Object.keys({ ...equals, ...has }))];
  const stray = Object.keys(source['also-called']).find((name) => !named.includes(name));
  if (stray !== undefined)
    report(`${stray} is neither \`by\` nor \`mix\` nor a field of \`lines\``, 'also-called');
  if (format === 'logfmt' && fieldsOf(source).some((name) => name.includes('.'))) {
    report('logfmt has no nested fields', 'format');
  }
});

export type LogsSpec = z.infer<typeof logsSource>;

/** Every field that a source looks at, each once. */
export const fieldsOf = (source: LogsSpec): string[] => [
  ...new Set(
    [
      ...source.lines.flatMap(({ equals, has }) => [...Object.keys(equals), ...Object.keys(has)]),
      ...[source.by, source.mix],
    ].flatMap((name) => namesOf(name, source)),
  ),
];

/** The names of a field, the first of which counts that a line has. */
export const namesOf = (field: string | null, { 'also-called': others }: LogsSpec): string[] =>
  field === null ? [] : [field, ...(others[field] ?? [])];

/** A source in logs as a reader of the runbook knows it: what a line must have. */
export function logsLabel({ contains, lines }: LogsSpec): string {
  const texts = [...new Set(contains)].map((one) => JSON.stringify(one)).join(' or ');
  const ways = [...new Set(lines.map(wayLabel))].join(' or ');
  return `logs: ${[texts, ways].filter((one) => one !== '').join(' and ')}`;
}

const wayLabel = ({ equals, has }: LogsSpec['lines'][number]): string =>
  [
    ...Object.entries(equals).map(([name, value]) => `${name}=${JSON.stringify(value)}`),
    ...Object.entries(has).map(([name, value]) => `${name}~${JSON.stringify(value)}`),
  ].join(' ');
