import { z } from 'zod';
import { chartsSchema } from './charts-schema.ts';
import { conditionSchema } from './conditions-schema.ts';
import { contractSchema } from './contracts.ts';
import { entityKind, headline, identifier, mapping, text, thresholdName } from './fields.ts';
import { limitsSchema } from './limits-schema.ts';
import { linksSchema } from './links-schema.ts';
import { questionsSchema } from './questions-schema.ts';
import { remediesSchema } from './remedies-schema.ts';
import { notAlertedSchema, rulesSchema, urlSchema } from './rules-schema.ts';
import { sourceSchema } from './source-schema.ts';
import { spreadSchema } from './spread-schema.ts';
import { stepSchema } from './step-schema.ts';

/** A number that conditions refer to by name, with the reason for it. null: not known until a context sets it. */
const threshold = mapping({
  value: z.number().positive().nullable(),
  unit: text(40),
  because: text(400),
});

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
  sources: z.array(sourceSchema).min(1).max(8),
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
  respond: z.array(stepSchema).min(1),
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
