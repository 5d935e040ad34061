import { z } from 'zod';
import { labelSchema } from '../labels/schema.ts';
import { duration, identifier, label, mapping, metric, text } from '../runbooks/fields.ts';
import { parseDuration } from '../values/duration.ts';
import { wholeNumber } from '../values/parse.ts';
import { limitsSchema } from './limits-schema.ts';
import { parseTemplate } from './templates.ts';

/** A text that may stand for several: see `templates.ts`. */
const template = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .superRefine((value, context) => {
      const parsed = parseTemplate(value);
      if (typeof parsed === 'string') context.addIssue({ code: 'custom', message: parsed });
    });

/** One for all that an item stands for, or a list that they take in turn. */
const inTurn = <Item extends z.ZodType>(item: Item, expected: string) =>
  z.union([item, z.array(item).min(1).max(10_000)], {
    error: `expected ${expected}, or a list of them that is taken in turn`,
  });

type Rule = (fields: Readonly<Record<string, unknown>>, problem: (message: string) => void) => void;

/** Adds a rule about several keys of a mapping; it runs when single keys are wrong too, so that all is said at once. */
const ruled = <Schema extends z.ZodType>(schema: Schema, rule: Rule): Schema =>
  schema.superRefine(
    (value, context) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
      rule(value as Readonly<Record<string, unknown>>, (message) =>
        context.addIssue({ code: 'custom', message }),
      );
    },
    { when: () => true },
  );

const exactlyOne =
  (...names: readonly string[]): Rule =>
  (fields, problem) => {
    const given = names.filter((name) => fields[name] !== undefined);
    if (given.length === 1) return;
    problem(`expected exactly one of ${names.join(', ')}, got ${given.join(' and ') || 'none'}`);
  };

/** Keys that mean something only beside another one. */
const needs =
  (names: readonly string[], ...partners: readonly string[]): Rule =>
  (fields, problem) => {
    if (partners.some((partner) => fields[partner] !== undefined)) return;
    for (const name of names) {
      if (fields[name] !== undefined && fields[name] !== false) {
        problem(`\`${name}\` means nothing without \`${partners.join('` or `')}\``);
      }
    }
  };

const all =
  (...rules: readonly Rule[]): Rule =>
  (fields, problem) => {
    for (const rule of rules) rule(fields, problem);
  };

const KEY_CHARS = 1_024;

/** What ends something, since the system reacts to a remedy: a key that is there, or holds a number above this one. */
const end = ruled(
  mapping({
    exists: template(KEY_CHARS).optional(),
    above: mapping({ key: template(KEY_CHARS), value: z.number() }).optional(),
  }),
  exactlyOne('exists', 'above'),
);

/** In a drill only: while any of these holds it does not go on. */
const until = z.preprocess(
  (value) => (value === undefined || Array.isArray(value) ? value : [value]),
  z.array(end).min(1).max(10),
);

/** A key that expires within a second is no use in a test nor in a drill. */
const ttl = duration.refine((value) => (parseDuration(value) ?? 1) >= 1, {
  error: 'expected a duration of at least 1s',
});

/** Longer ago it would run into what is recorded of the day before. */
const since = duration.refine((value) => (parseDuration(value) ?? 0) <= 20 * 3_600, {
  error: 'expected at most 20h',
});

/** What Redis holds under one name, or under many. */
const key = ruled(
  mapping({
    key: template(KEY_CHARS).optional(),
    /** A name that is not UTF-8, byte for byte. */
    hex: z
      .string()
      .regex(/^(?:[0-9a-f]{2})+$/i, { error: 'expected bytes as hexadecimal, such as 6163703a' })
      .optional(),
    value: inTurn(z.union([z.string(), z.number()]), 'a text or a number').optional(),
    hash: z
      .record(z.string().min(1), z.union([z.string(), z.number()], { error: 'expected a text or a number' }))
      .optional(),
    /** Seconds to live at the moment of the incident; without it there is no expiry. */
    ttl: inTurn(ttl, 'a duration such as 290s').optional(),
    /** In a drill only: so much a second is counted on top, whatever was there; an expired counter begins anew. */
    grows: z.number().positive().max(1_000_000).optional(),
    /** Every count sets the time to live anew. */
    renewed: z.boolean().default(false),
    /** The system stops counting there. */
    'at-most': z.int().positive().optional(),
    until: until.optional(),
  }),
  all(
    exactlyOne('key', 'hex'),
    exactlyOne('value', 'hash'),
    needs(['renewed', 'at-most', 'until'], 'grows'),
    needs(['renewed'], 'ttl'),
    ({ grows, value }, problem) => {
      const isWhole = (one: unknown) => wholeNumber(String(one)) !== null;
      if (grows !== undefined && ![value].flat().every(isWhole)) problem('only a whole number grows');
    },
  ),
);

const level = z.number().min(-1e12).max(1e12);
const rate = level.nonnegative();

/** What Prometheus holds as one series, or as many: what is written holds for each of them. */
const series = ruled(
  mapping({
    metric,
    labels: z.record(label, template(400)).default({}),
    /** A counter that rises so much a second. */
    'per-second': inTurn(rate, 'a number of at least 0').optional(),
    /** A gauge. */
    value: inTurn(level, 'a number').optional(),
    /** A gauge that holds the time so long before the incident, as process_start_time_seconds does. */
    started: inTurn(duration, 'a duration such as 3m').optional(),
    /** So long it has been so; without it, for as long as anything is recorded. */
    since: since.optional(),
    /** How it was earlier; without it, there was no such series. */
    before: level.optional(),
    /** How it was at this time of the day before, and of the week before; without it, nothing is recorded of then. */
    yesterday: level.optional(),
    'last-week': level.optional(),
    until: until.optional(),
  }),
  all(
    exactlyOne('per-second', 'value', 'started'),
    needs(['before'], 'since'),
    needs(['since', 'yesterday', 'last-week', 'until'], 'per-second', 'value'),
    (fields, problem) => {
      if (fields['per-second'] === undefined) return;
      const negative = ['before', 'yesterday', 'last-week'].filter((name) => Number(fields[name]) < 0);
      for (const name of negative) problem(`\`${name}\` of a counter is at least 0, got ${fields[name]}`);
    },
  ),
);

/** Lines of a log, so many of each combination, evenly over the time before the incident, and going on at that pace. */
const logLines = mapping({
  /** Labels of the stream. */
  stream: z.record(label, template(200)),
  /** Fields of each line. */
  fields: z.record(z.string().min(1).max(100), template(1_024)),
  format: z.enum(['json', 'logfmt']).default('json'),
  lines: inTurn(z.int().positive().max(5_000), 'a whole number from 1 to 5,000'),
  over: since.default('5m'),
});

/** One incident: what the systems held, and the truth about it. */
export const incidentSchema = mapping({
  schema: z.literal('ratelimit/incident/v1'),
  title: text(100),
  /** A runbook's name, or the path of one, relative to the folder of this file. */
  runbook: text(400).default('aegis'),
  /** What really happened, told at the end of a drill. */
  story: text(1_200),
  /** What the pager says. */
  page: text(200).optional(),
  expect: labelSchema,
  /** Thresholds that the team's context sets. */
  thresholds: z.record(identifier, z.number().positive()).default({}),
  /** Limits of the runbook that the team's context sets. */
  limits: limitsSchema,
  /** What the operator answers to the runbook's questions, by question. */
  answers: z.record(identifier, identifier).default({}),
  keys: z.array(key).max(5_000).default([]),
  series: z.array(series).max(5_000).default([]),
  logs: z.array(logLines).max(1_000).default([]),
});

/** As it is written; `expand.ts` makes it concrete. */
export type Incident = z.infer<typeof incidentSchema>;
export type KeyItem = Incident['keys'][number];
export type SeriesItem = Incident['series'][number];
export type LogItem = Incident['logs'][number];
export type EndItem = NonNullable<KeyItem['until']>[number];
