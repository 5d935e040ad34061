import { z } from 'zod';
import { nearest } from '../values/nearest.ts';
import { identifier, label, mapping, text } from './fields.ts';
import { inWords } from './words.ts';

/** The name of an entry under `thresholds`. */
const thresholdName = identifier;

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
  'no-limit',
  'started',
  'started-after',
  'down',
  'not-public',
  'strangers',
  'listed',
  'unless',
] as const;

/** The mix of a label within an entity: `only` one value, or anything else (`not-only`). */
const mix = z.union([
  mapping({ label, only: text(200), share: thresholdName }),
  mapping({ label, 'not-only': text(200), share: thresholdName }),
]);

/** How loud the entities are against each other: one or a few that stand out, or many. */
const spread = mapping({
  spread: mapping({ signal, is: z.enum(['one-or-few', 'many']), mix: mix.optional() }),
});

/** What remains without the loud ones, judged alone by its volume and its effective number of sources. */
const rest = mapping({ rest: mapping({ signal }) });

/** The signal's total; `judged` leaves out what is below the noise floor, `rest` also what is loud. */
const volume = mapping({
  volume: mapping({
    signal,
    of: z.enum(['all', 'judged', 'rest']).default('all'),
    'at-least': thresholdName,
  }),
});

/** Number of entities, without the loud ones. */
const sources = mapping({ sources: mapping({ signal, 'at-least': thresholdName }) });

/** No entity beside the loud ones is above the value. */
const eachAtMost = mapping({ 'each-at-most': mapping({ signal, value: thresholdName }) });

/** Number of entities below the noise floor. */
const oneShot = mapping({ 'one-shot': mapping({ signal, sources: thresholdName }) });

/** The mix of a label over the whole signal. */
const mixOfAll = mapping({
  mix: z.union([
    mapping({ signal, label, only: text(200), share: thresholdName }),
    mapping({ signal, label, 'not-only': text(200), share: thresholdName }),
  ]),
});

/** Some entity uses at least this ratio of its limit. */
const overLimit = mapping({ 'over-limit': mapping({ signal, ratio: thresholdName }) });

/** Some entity has no limit: none is set, or what is set cannot be used. */
const noLimit = mapping({
  'no-limit': mapping({ signal, problem: z.enum(['none', 'invalid']) }),
});

/** A share of the processes started shortly before; `before`: before that signal's events began, as far as can be seen. */
const started = mapping({
  started: mapping({ signal, within: thresholdName, share: thresholdName, before: signal.optional() }),
});

/** Some entity's value is zero. */
const down = mapping({ down: mapping({ signal }) });

/** Some loud entity is not a public address. */
const notPublic = mapping({ 'not-public': mapping({ signal }) });

/** Ids that are not valid for the signal's kind reach the value: the largest of them, or those above the noise together. */
const strangers = mapping({
  strangers: mapping({
    signal,
    of: z.enum(['largest', 'judged']).default('largest'),
    'at-least': thresholdName,
  }),
});

/** Some of those that stand out are listed by another signal too, such as addresses that are blocked already. */
const listed = mapping({ listed: mapping({ signal, by: signal }) });

/** Another category does not explain it. When that cannot be judged, this holds and the finding is less sure. */
const unless = mapping({ unless: mapping({ category: identifier }) });

const simple = [
  spread,
  rest,
  volume,
  sources,
  eachAtMost,
  oneShot,
  mixOfAll,
  overLimit,
  noLimit,
  started,
  down,
  notPublic,
  strangers,
  listed,
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
      const got = keys.length === 1 && key !== undefined ? `"${key}"` : `${keys.length} keys`;
      const message = `expected one condition of: ${NAMES.join(', ')}; got ${got}${key === undefined ? '' : nearest(key, NAMES)}`;
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    }
    const schema: z.ZodType =
      key === 'all'
        ? mapping({ all: z.array(conditionSchema).min(1) })
        : key === 'any'
          ? mapping({ any: z.array(conditionSchema).min(1) })
          : (simple.find((candidate) => key in candidate.shape) ?? z.never());
    const parsed = schema.safeParse(value, { error: inWords });
    if (parsed.success) return parsed.data as Condition;
    for (const issue of parsed.error.issues) {
      const message =
        issue.code === 'unrecognized_keys'
          ? `unknown key ${issue.keys.join(', ')}; keys: ${issue.message.replaceAll(' ', ', ')}`
          : issue.message;
      context.addIssue({ code: 'custom', message, path: issue.path });
    }
    return z.NEVER;
  }),
);
