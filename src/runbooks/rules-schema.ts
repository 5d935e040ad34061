import { z } from 'zod';
import { parseDuration } from '../values/duration.ts';
import { duration, identifier, label, mapping, signalName, text, thresholdName } from './fields.ts';
import { promqlProblem } from './promql-text.ts';

/** What Prometheus takes for a time: whole milliseconds. */
const time = duration.refine(
  (value) => Number.isInteger(Math.round((parseDuration(value) ?? 0) * 1e6) / 1e3),
  {
    error: 'expected a duration of whole milliseconds, such as 5m',
  },
);

/** PromQL of several lines. `{window}` and names of thresholds in braces are places that are filled. */
const promql = z
  .string()
  .max(4_000)
  .transform((value) => value.replaceAll(/[ ]+$/gm, '').trim())
  .superRefine((value, context) => {
    const hidden = /(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(value);
    const message = hidden ? 'expected visible characters, indented by spaces' : promqlProblem(value);
    if (message !== null) context.addIssue({ code: 'custom', message });
  });

/** A condition on a signal that Prometheus measures. The expression is made from the signal's sources. */
const when = mapping({
  signal: signalName,
  /**
   * Every entity by itself, all of them together, how many of them there are, or every entity by itself at that ratio of
   * its own limit.
   */
  of: z.enum(['each', 'all', 'count', 'limit']).default('each'),
  /** A threshold by its name. */
  'at-least': thresholdName,
  /** For `count`: the threshold that an entity reaches to be counted. */
  each: thresholdName.nullable().default(null),
  /** For `all`: less is enough where it is that many times as much as at this time yesterday and a week ago. */
  unusual: mapping({ 'at-least': thresholdName, times: thresholdName }).nullable().default(null),
})
  .refine(({ of, each }) => (of === 'count') === (each !== null), {
    error: '`of: count` and `each` go together: what an entity must reach to be counted',
    path: ['each'],
  })
  .refine(({ of, unusual }) => unusual === null || of === 'all', {
    error: '`unusual` is for all of a signal together: `of: all`',
    path: ['unusual'],
  });

/** Labels that are the program's or Prometheus's own. */
const RESERVED = /^(?:severity$|alertname$|ratelimit_|__)/;

const rule = mapping({
  /** It tells rules of one alert apart, as the label `ratelimit_rule`. */
  id: identifier,
  /** One of the runbook's `alerts`. */
  alert: text(120),
  when: when.nullable().default(null),
  /** PromQL of one's own, for what `when` cannot say. */
  expr: promql.nullable().default(null),
  /** For `expr`: the labels that its answer keeps. */
  by: z.array(label).max(8).default([]),
  /** For `expr`: the signals that it is about. */
  signals: z.array(identifier).default([]),
  window: time.default('5m'),
  for: time.default('5m'),
  /** As the label `severity`; the runbook's unless said. */
  severity: text(40).nullable().default(null),
  labels: z
    .record(
      label.refine((name) => !RESERVED.test(name), { error: 'this label is set already' }),
      text(200),
    )
    .default({}),
  /** One line for the pager; places: {entity} {value} {window} {for} and thresholds by their names. */
  summary: text(200),
  description: text(600).nullable().default(null),
  /** What it may turn out to be. */
  categories: z.array(identifier).min(1),
})
  .refine((one) => (one.when === null) !== (one.expr === null), {
    error: 'expected exactly one of `when` and `expr`',
    path: ['when'],
  })
  .refine((one) => one.expr !== null || (one.by.length === 0 && one.signals.length === 0), {
    error: '`by` and `signals` are for a rule with `expr`; with `when` the signal says them',
    path: ['when'],
  });

/** Prometheus's alerting rules, as data. */
export const rulesSchema = z.array(rule).max(50).default([]);

/** What no rule can tell of, since Prometheus does not see it, and what would change that. */
export const notAlertedSchema = z
  .array(
    mapping({
      categories: z.array(identifier).min(1),
      text: text(400),
      export: text(400),
    }),
  )
  .default([]);

/** Where the runbook itself is read. */
export const urlSchema = text(300)
  .regex(/^(?:https?:\/\/\S+|README\.md#[\w-]+)$/, {
    error: 'expected an http:// or https:// URL',
  })
  .nullable()
  .default(null);

export type RuleSpec = z.infer<typeof rulesSchema>[number];
export type RuleCondition = NonNullable<RuleSpec['when']>;
