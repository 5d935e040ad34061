import { z } from 'zod';
import { CODES, conditionSchema } from './conditions-schema.ts';
import { duration, headline, identifier, keyTemplate, label, mapping, metric, text } from './fields.ts';
import { remediesSchema } from './remedies-schema.ts';

/** The name of an entry under `thresholds`. */
const thresholdName = identifier;

/** A number that conditions refer to by name, with the reason for it. null: not known until a context sets it. */
const threshold = mapping({
  value: z.number().positive().nullable(),
  unit: text(40),
  because: text(400),
});

const match = z.record(label, text(200)).default({});

/** Where a signal's numbers come from. A new kind of source is a new member here and an adapter in `signals/`. */
const source = z.discriminatedUnion('kind', [
  /** Whole-number counters, one key an entity. `renewed`: every count sets the TTL anew to `window`. */
  mapping({
    kind: z.literal('redis-counter'),
    key: keyTemplate,
    window: duration,
    renewed: z.boolean().default(false),
  }),
  /** Keys whose presence is the fact: the value is a text, the number is the TTL in seconds. */
  mapping({ kind: z.literal('redis-entry'), key: keyTemplate }),
  /** Money spent and the cap on it, a key each, both decimals in the signal's unit. */
  mapping({ kind: z.literal('redis-spend'), spend: keyTemplate, cap: keyTemplate }),
  /** A counter's increase per second over triage's window, summed by one label, with the mix of another. */
  mapping({
    kind: z.literal('prometheus-rate'),
    metric,
    match,
    by: label.nullable().default(null),
    mix: label.nullable().default(null),
  }),
  /** A gauge's present value, summed by one label. `limit` names the threshold that holds its limit. */
  mapping({
    kind: z.literal('prometheus-gauge'),
    metric,
    match,
    by: label,
    /** Whether the large values matter, as of a level, or the small ones, as of a state such as `up`. */
    first: z.enum(['largest', 'smallest']).default('largest'),
    limit: thresholdName.nullable().default(null),
  }),
  /** Seconds since the time that a gauge holds, such as process_start_time_seconds; youngest first. */
  mapping({ kind: z.literal('prometheus-age'), metric, match, by: label }),
]);

/** How a signal's entities are told apart into loud ones and the rest. See `verdict/spread.ts`. */
const spread = mapping({
  floor: thresholdName.nullable().default(null),
  volume: thresholdName.nullable().default(null),
  'loud-at': thresholdName,
  'loud-share': thresholdName,
  few: thresholdName,
  rest: mapping({ volume: thresholdName, sources: thresholdName }).nullable().default(null),
  many: mapping({
    each: thresholdName,
    'at-least': thresholdName,
    'none-above': thresholdName,
  })
    .nullable()
    .default(null),
});

const signal = mapping({
  title: text(80),
  entity: mapping({
    kind: z.enum(['ip', 'tenant', 'agent', 'instance', 'account', 'client', 'endpoint', 'name']),
    one: text(30),
    many: text(30),
  })
    .nullable()
    .default(null),
  unit: text(20),
  spread: spread.nullable().default(null),
  /** The signal whose events this one counts as a whole: what explains that one explains this one. */
  'total-of': identifier.nullable().default(null),
  'near-limit': thresholdName.nullable().default(null),
  /** A table of its entities, or one line for what is only context. */
  show: z.enum(['table', 'line']).default('table'),
  sources: z.array(source).length(1),
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
  /** Responses that are not proposed while it holds. */
  withholds: z.array(identifier).default([]),
});

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
    .array(mapping({ if: z.array(z.enum(CODES)).default([]), say: headline }))
    .min(1)
    .refine((list) => list.at(-1)?.if.length === 0, { error: 'the last headline must have no `if`' }),
  when: conditionSchema,
  /** What must hold beside `when` for high confidence; else the confidence is `otherwise`. */
  'sure-when': conditionSchema.nullable().default(null),
  otherwise: z.enum(['medium', 'low']).default('medium'),
  caveats: z.array(caveat).default([]),
  respond: z.array(step).min(1),
});

/** A whole runbook. References between its parts are checked by `check.ts`. */
export const runbookSchema = mapping({
  schema: z.literal('ratelimit/runbook/v1'),
  name: identifier,
  title: text(80),
  severity: text(10),
  alerts: z.array(text(120)).default([]),
  /** The prefix under which the system keeps its keys in Redis. */
  namespace: text(80).nullable().default(null),
  links: z.record(identifier, mapping({ title: text(80), see: text(300) })).default({}),
  thresholds: z.record(thresholdName, threshold),
  signals: z.record(identifier, signal),
  'quiet-needs': z.array(z.array(identifier).min(1)).min(1),
  abnormal: z.array(conditionSchema).default([]),
  afterwards: z.array(text(400)).default([]),
  remedies: remediesSchema.prefault({}),
  categories: z.array(category).min(1),
});

export type Runbook = z.infer<typeof runbookSchema>;
type SignalSpec = Runbook['signals'][string];
export type SourceSpec = SignalSpec['sources'][number];
export type SpreadSpec = NonNullable<SignalSpec['spread']>;
export type CategorySpec = Runbook['categories'][number];
export type StepSpec = CategorySpec['respond'][number];
