import { z } from 'zod';
import { periodOf } from '../values/template.ts';
import { chartsSchema } from './charts-schema.ts';
import { conditionSchema } from './conditions-schema.ts';
import { contractSchema } from './contracts.ts';
import { countSource } from './count-schema.ts';
import { excessSource, figureSchema, seenWithin } from './estimate-schema.ts';
import {
  duration,
  entityKind,
  headline,
  identifier,
  keyTemplate,
  label,
  mapping,
  metric,
  text,
  thresholdName,
} from './fields.ts';
import { limitsSchema } from './limits-schema.ts';
import { linksSchema } from './links-schema.ts';
import { logsSource } from './logs-schema.ts';
import { match } from './match-schema.ts';
import { questionsSchema } from './questions-schema.ts';
import { remediesSchema } from './remedies-schema.ts';
import { notAlertedSchema, rulesSchema, urlSchema } from './rules-schema.ts';
import { spreadSchema } from './spread-schema.ts';
import { sustainedSource } from './sustained-schema.ts';

/** A number that conditions refer to by name, with the reason for it. null: not known until a context sets it. */
const threshold = mapping({
  value: z.number().positive().nullable(),
  unit: text(40),
  because: text(400),
});

/** Where a signal's numbers come from. A new kind of source is a new member here and an adapter in `signals/`. */
const source = z.discriminatedUnion('kind', [
  /** Whole-number counters, one key an entity. Where several name the same entity, the largest counts. */
  mapping({
    kind: z.literal('redis-counter'),
    key: keyTemplate,
    /** The time that the count covers; null for a key with a date, which covers a day or a month. */
    window: duration.nullable().default(null),
    /** True when every count sets the TTL anew to `window`, so that the TTL tells when the last one was. */
    renewed: z.boolean().default(false),
    /** From this value on the system stops counting: a counter at rest there says nothing about the volume. */
    'stops-at': z.int().positive().nullable().default(null),
    /** Who chose the name: the system, or the client itself, which can then name somebody else. */
    'named-by': z.enum(['system', 'client']).default('system'),
    /**
     * For a total without entities: the sum of all keys per second of the window. It counts since the last pause of
     * that length, so it is at most that.
     */
    'per-second': z.boolean().default(false),
  }).refine(({ key, window }) => window !== null || periodOf(key) !== null, {
    error: 'needs a `window`, since its key has no date',
    path: ['window'],
  }),
  /** Keys whose presence is the fact: the value is a text, the number is the TTL in seconds. */
  mapping({
    kind: z.literal('redis-entry'),
    key: keyTemplate,
    /** Another key of the same entity, whose text is the reason. Without one the value itself is. */
    reason: keyTemplate.nullable().default(null),
    /** The value that says that the system itself put it there, and nobody by hand. */
    automatic: text(80).nullable().default(null),
  }),
  /** Money spent and the cap on it, a key each. Where several spends have the same cap, the one closest to it counts. */
  mapping({
    kind: z.literal('redis-spend'),
    spend: keyTemplate,
    /** What one of the spend's units is. The cap is a decimal in USD always. */
    unit: z.enum(['USD', 'cents']).default('USD'),
    cap: keyTemplate.nullable().default(null),
  }).refine(({ spend }) => periodOf(spend) !== null, {
    error:
      'needs a date at its end, such as {yyyymmdd}: a spend that is never reset cannot be held against a cap',
    path: ['spend'],
  }),
  /**
   * What Redis removes when its memory is full, one entity each, counted in servers: `any-key` (an allkeys-* policy),
   * `keys-with-ttl` (a volatile-* one) or `nothing`.
   */
  mapping({ kind: z.literal('redis-eviction') }),
  /** A counter's increase per second over triage's window, summed by one label, with the mix of another. */
  mapping({
    kind: z.literal('prometheus-rate'),
    metric,
    match,
    by: label.nullable().default(null),
    mix: label.nullable().default(null),
    /** What its entities are, where that differs from the signal's. */
    entity: entityKind.nullable().default(null),
    /** Ask also for the same hour yesterday and a week ago. */
    usual: z.boolean().default(false),
    /** The rate of that long ago, to hold the present one against. */
    ago: duration.nullable().default(null),
    'seen-within': seenWithin,
  }),
  excessSource,
  countSource,
  /** A gauge's present value, summed by one label. `limit` names the threshold that holds its limit. */
  mapping({
    kind: z.literal('prometheus-gauge'),
    metric,
    match,
    by: label,
    /** Another label that is kept, such as the job. */
    mix: label.nullable().default(null),
    /** Whether the large values matter, as of a level, or the small ones, as of a state such as `up`. */
    first: z.enum(['largest', 'smallest']).default('largest'),
    limit: thresholdName.nullable().default(null),
  }),
  /** Seconds since the time that a gauge holds, such as process_start_time_seconds; youngest first. */
  mapping({
    kind: z.literal('prometheus-age'),
    metric,
    match,
    by: label,
    /** Another label that is kept, such as the job. */
    mix: label.nullable().default(null),
  }),
  /** A query of the operator's own: `queries` of the context holds it under this name. Without it there is no such source. */
  mapping({
    kind: z.literal('prometheus-query'),
    setting: identifier,
    by: label,
    mix: label.nullable().default(null),
    /** Whether its values are numbers, or times in seconds since the epoch of which the age counts. */
    reads: z.enum(['value', 'time']).default('value'),
    /** What it must answer, for whoever writes it. */
    about: text(200),
  }),
  sustainedSource,
  logsSource,
]);

const signal = mapping({
  title: text(80),
  entity: mapping({
    kind: entityKind,
    one: text(30),
    many: text(30),
  })
    .nullable()
    .default(null),
  unit: text(20),
  spread: spreadSchema.nullable().default(null),
  /** The signal whose events this one counts as a whole: what explains that one explains this one. */
  'total-of': identifier.nullable().default(null),
  'near-limit': thresholdName.nullable().default(null),
  /** The table of `limits` that its entities are held against, each by its own. */
  limits: identifier.nullable().default(null),
  /** A table of its entities, or one line for what is only context. */
  show: z.enum(['table', 'line']).default('table'),
  /** All are asked; what answers is merged by entity, so that none counts twice. */
  sources: z.array(source).min(1).max(8),
});

const step = mapping({
  id: identifier,
  text: text(400),
  /**
   * The words of a command. `{subject}` is filled with checked ids only, `{enough}` with a cap in USD above what the
   * subject has spent. What it needs to reach the system that was read is added.
   */
  command: z.array(text(200)).min(1).nullable().default(null),
  /** One command for each subject of this kind. */
  each: identifier.nullable().default(null),
  link: identifier.nullable().default(null),
  figure: figureSchema,
  /** The code of a caveat: proposed only while that holds. */
  with: identifier.nullable().default(null),
  /** An answer of the operator that makes it this category has settled it: then it is not proposed. */
  'until-answered': z.boolean().default(false),
})
  .refine((s) => s.each === null || s.command !== null, {
    error: '`each` needs a `command`',
    path: ['each'],
  })
  .superRefine(({ command, each }, context) => {
    const places = (command ?? []).flatMap((word) => word.match(/\{[^}]*\}/g) ?? []);
    const unknown = places.find((place) => place !== '{subject}' && place !== '{enough}');
    const isOurs = command === null || command[0] === 'ratelimit';
    const forbidden = command?.find((word) => /^--(?:yes|force)/.test(word));
    const report = (message: string) => context.addIssue({ code: 'custom', message, path: ['command'] });
    if (!isOurs) report('a command begins with ratelimit; what else is to be run belongs into the text');
    else if (forbidden !== undefined) report(`${forbidden} is for the operator to give, not for a runbook`);
    else if (unknown !== undefined) report(`there is no place ${unknown}; places: {subject} {enough}`);
    else if (places.length > 0 && each === null) report(`${places[0]} needs \`each\`: whose is it?`);
  });

const caveat = mapping({
  code: identifier,
  when: conditionSchema,
  text: text(400),
  /** Steps of confidence that it costs. */
  lowers: z.int().min(0).max(2).default(0),
  /** Doubts of one group are reasons for the same thing: together they cost what the largest of them costs. */
  group: identifier.nullable().default(null),
  /** Responses that are not proposed while it holds. */
  withholds: z.array(identifier).default([]),
  /** Responses that are proposed last while it holds. */
  defers: z.array(identifier).default([]),
  /** Whom it holds for is no subject, as long as there are others. */
  acquits: z.boolean().default(false),
});

/** An outcome or a caveat by its code, or an outcome by its code and the value that it was about: `mix-only=daily`. */
const held = text(120);

/** Something abnormal whether or not a category fits: a condition, or one with the signals that explain it. */
const oddity = z.preprocess(
  (value) => (typeof value === 'object' && value !== null && 'when' in value ? value : { when: value }),
  mapping({ when: conditionSchema, 'explained-by': z.array(identifier).default([]) }),
);

const category = mapping({
  id: identifier,
  rank: z.int(),
  title: text(80),
  pattern: text(120),
  cause: text(120),
  about: identifier,
  severity: text(10).nullable().default(null),
  /** The first whose conditions all hold is said; the last has none. */
  headline: z
    .array(mapping({ if: z.array(held).default([]), say: headline }))
    .min(1)
    .refine((list) => list.at(-1)?.if.length === 0, { error: 'the last headline must have no `if`' }),
  when: conditionSchema,
  /** What must hold beside `when` for high confidence; else the confidence is `otherwise`. */
  'sure-when': conditionSchema.nullable().default(null),
  otherwise: z.enum(['medium', 'low']).default('medium'),
  /** Names of the runbook's `checks`, which are made here too. */
  checks: z.array(identifier).default([]),
  caveats: z.array(caveat).default([]),
  respond: z.array(step).min(1),
});

const whole = mapping({
  schema: z.literal('ratelimit/runbook/v1'),
  name: identifier,
  title: text(80),
  severity: text(10),
  /** The alerts that page for this; every rule's is one of them. */
  alerts: z.array(text(120)).default([]),
  url: urlSchema,
  /** The prefix under which the system keeps its keys in Redis. */
  namespace: text(80).nullable().default(null),
  links: linksSchema,
  thresholds: z.record(identifier, threshold),
  limits: limitsSchema,
  signals: z.record(identifier, signal),
  contracts: z.array(contractSchema).default([]),
  'quiet-needs': z.array(z.array(identifier).min(1)).min(1),
  abnormal: z.array(oddity).default([]),
  /** Checks that several categories make, by name. */
  checks: z.record(identifier, caveat).default({}),
  charts: chartsSchema,
  afterwards: z.array(text(400)).default([]),
  remedies: remediesSchema.prefault({}),
  rules: rulesSchema,
  'not-alerted': notAlertedSchema,
  questions: questionsSchema,
  categories: z.array(category).min(1),
});

/**
 * A whole runbook. The checks that a category names stand among its caveats, before its own. References between the
 * parts are checked by `check.ts`.
 */
export const runbookSchema = whole.transform((runbook) => ({
  ...runbook,
  categories: runbook.categories.map((category) => {
    const steps = category.respond.map(({ id }) => id);
    const isStep = (id: string) => steps.includes(id);
    const named = category.checks.flatMap((name) => runbook.checks[name] ?? []);
    // A check that several categories make speaks of responses that only some of them have.
    const own = named.map((check) => ({
      ...check,
      withholds: check.withholds.filter(isStep),
      defers: check.defers.filter(isStep),
    }));
    return { ...category, caveats: [...own, ...category.caveats] };
  }),
}));

export type Runbook = z.infer<typeof runbookSchema>;
type SignalSpec = Runbook['signals'][string];
export type SourceSpec = SignalSpec['sources'][number];
export type ContractSpec = Runbook['contracts'][number];
export type ChartSpec = Runbook['charts'][number];
export type SpreadSpec = NonNullable<SignalSpec['spread']>;
export type CategorySpec = Runbook['categories'][number];
export type StepSpec = CategorySpec['respond'][number];
