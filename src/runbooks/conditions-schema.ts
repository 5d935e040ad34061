import { z } from 'zod';
import { identifier, label, text, thresholdName } from './fields.ts';

const signal = identifier;

/** What conditions call their outcomes, in JSON and in `if` of a headline. */
export const CODES = [
  'spread-one',
  'spread-few',
  'spread-one-or-few',
  'spread-many',
  'rest-volume',
  'rest-sources',
  'volume',
  'sources',
  'each-at-most',
  'one-shot',
  'mix-only',
  'mix-mixed',
  'over-limit',
  'started',
  'started-after',
  'down',
  'not-public',
  'strangers',
  'unless',
] as const;

/** The mix of a label within an entity: `only` one value, or anything else (`not-only`). */
const mix = z.union([
  z.strictObject({ label, only: text(200), share: thresholdName }),
  z.strictObject({ label, 'not-only': text(200), share: thresholdName }),
]);

/** How loud the entities are against each other: one or a few that stand out, or many. */
const spread = z.strictObject({
  spread: z.strictObject({ signal, is: z.enum(['one-or-few', 'many']), mix: mix.optional() }),
});

/** What remains without the loud ones, judged alone by its volume and its effective number of sources. */
const rest = z.strictObject({ rest: z.strictObject({ signal }) });

/** The signal's total; `judged` leaves out what is below the noise floor, `rest` also what is loud. */
const volume = z.strictObject({
  volume: z.strictObject({
    signal,
    of: z.enum(['all', 'judged', 'rest']).default('all'),
    'at-least': thresholdName,
  }),
});

/** Number of entities, without the loud ones. */
const sources = z.strictObject({ sources: z.strictObject({ signal, 'at-least': thresholdName }) });

/** No entity beside the loud ones is above the value. */
const eachAtMost = z.strictObject({ 'each-at-most': z.strictObject({ signal, value: thresholdName }) });

/** Number of entities below the noise floor. */
const oneShot = z.strictObject({ 'one-shot': z.strictObject({ signal, sources: thresholdName }) });

/** The mix of a label over the whole signal. */
const mixOfAll = z.strictObject({
  mix: z.union([
    z.strictObject({ signal, label, only: text(200), share: thresholdName }),
    z.strictObject({ signal, label, 'not-only': text(200), share: thresholdName }),
  ]),
});

/** Some entity uses at least this ratio of its limit. */
const overLimit = z.strictObject({ 'over-limit': z.strictObject({ signal, ratio: thresholdName }) });

/** A share of the processes started shortly before; `before`: before that signal's events began, as far as can be seen. */
const started = z.strictObject({
  started: z.strictObject({ signal, within: thresholdName, share: thresholdName, before: signal.optional() }),
});

/** Some entity's value is zero. */
const down = z.strictObject({ down: z.strictObject({ signal }) });

/** Some loud entity is not a public address. */
const notPublic = z.strictObject({ 'not-public': z.strictObject({ signal }) });

/** Ids that are not valid for the signal's kind, and yet the largest of them reaches the value. */
const strangers = z.strictObject({ strangers: z.strictObject({ signal, 'at-least': thresholdName }) });

/** Another category does not explain it. When that cannot be judged, this holds and the finding is less sure. */
const unless = z.strictObject({ unless: z.strictObject({ category: identifier }) });

const simple = [
  spread,
  rest,
  volume,
  sources,
  eachAtMost,
  oneShot,
  mixOfAll,
  overLimit,
  started,
  down,
  notPublic,
  strangers,
  unless,
] as const;

export type Mix = z.infer<typeof mix>;
type Simple = z.infer<(typeof simple)[number]>;

/** The closed vocabulary of conditions: one key says which, `all` and `any` combine them. */
export type Condition = Simple | { all: Condition[] } | { any: Condition[] };

const NAMES = [...simple.flatMap((schema) => Object.keys(schema.shape)), 'all', 'any'];

/** Each problem is reported against the one condition that was meant, not against the whole vocabulary. */
export const conditionSchema: z.ZodType<Condition> = z.lazy(() =>
  z.unknown().transform((value, context): Condition => {
    const keys =
      typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
    const key = keys[0];
    if (keys.length !== 1 || key === undefined || !NAMES.includes(key)) {
      const got = keys.length > 0 ? keys.join(', ') : JSON.stringify(value);
      context.addIssue({
        code: 'custom',
        message: `expected one condition of: ${NAMES.join(', ')}; got ${got}`,
      });
      return z.NEVER;
    }
    const schema: z.ZodType =
      key === 'all'
        ? z.strictObject({ all: z.array(conditionSchema).min(1) })
        : key === 'any'
          ? z.strictObject({ any: z.array(conditionSchema).min(1) })
          : (simple.find((candidate) => key in candidate.shape) ?? z.never());
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data as Condition;
    for (const issue of parsed.error.issues) {
      context.addIssue({ code: 'custom', message: issue.message, path: issue.path });
    }
    return z.NEVER;
  }),
);
