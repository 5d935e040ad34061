import { z } from 'zod';
import { nearest } from '../values/nearest.ts';
import { entityKind, identifier, label, mapping, text } from './fields.ts';
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
  'reaches',
  'count',
  'diverse',
  'made-only',
  'made-mixed',
  'unlabelled',
  'claimed',
  'plateau',
  'shared',
  'ended',
  'silent',
  'usual-above',
  'usual-same',
] as const;

/** One value of a label or several, any of which will do. */
const values = z.union([text(200).transform((one) => [one]), z.array(text(200)).min(1).max(20)]);

/** The mix of a label within an entity: `only` these values, or anything else (`not-only`). */
const mix = z.union([
  mapping({ label, only: values, share: thresholdName }),
  mapping({ label, 'not-only': values, share: thresholdName }),
]);

/** How loud the entities are against each other: one or a few that stand out, or many. */
const spread = mapping({
  spread: mapping({ signal, is: z.enum(['one-or-few', 'many']), mix: mix.optional() }),
});

/** What remains without the loud ones, judged alone by its volume and its effective number of sources. */
const rest = mapping({ rest: mapping({ signal }) });

/**
 * The signal's total; `judged` leaves out what is below the noise floor, `rest` also what is loud. `beside`: without what
 * stands out in that other signal, which counts the same events by entity.
 */
const volume = mapping({
  volume: mapping({
    signal,
    of: z.enum(['all', 'judged', 'rest']).default('all'),
    beside: signal.optional(),
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
    mapping({ signal, label, only: values, share: thresholdName }),
    mapping({ signal, label, 'not-only': values, share: thresholdName }),
  ]),
});

/** Some entity uses at least this ratio of its limit. */
const overLimit = mapping({ 'over-limit': mapping({ signal, ratio: thresholdName }) });

/** Some entity has no limit: none is set, or what is set cannot be used. */
const noLimit = mapping({
  'no-limit': mapping({ signal, problem: z.enum(['none', 'invalid']) }),
});

/**
 * Something happened shortly before: a share of the processes started, or without a `share` any of the events.
 * `before`: before that signal's own events began, as far as can be seen.
 */
const started = mapping({
  started: mapping({
    signal,
    within: thresholdName,
    share: thresholdName.optional(),
    before: signal.optional(),
  }),
});

/** Some entity's value is zero; `named`: of those whose name, or whose label, begins with one of these words. */
const down = mapping({ down: mapping({ signal, named: z.array(text(80)).min(1).optional() }) });

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

/** Some entity's value reaches the threshold; `id` and `kind` say which ones are meant. */
const reaches = mapping({
  reaches: mapping({
    signal,
    id: text(200).optional(),
    kind: entityKind.optional(),
    'at-least': thresholdName,
  }),
});

/** Number of entities, or of those whose value is at least `each`. */
const count = mapping({
  count: mapping({ signal, each: thresholdName.optional(), 'at-least': thresholdName }),
});

/** The effective number of sources beside what stands out, the noise included. */
const diverse = mapping({ diverse: mapping({ signal, sources: thresholdName }) });

/** The signal as a whole is made of these entities only, or of others too. */
const madeOf = mapping({
  'made-of': z.union([
    mapping({ signal, only: values, share: thresholdName }),
    mapping({ signal, 'not-only': values, share: thresholdName }),
  ]),
});

/** What stands out (or, where nothing does, anything) is there, and no source tells this label of it. */
const unlabelled = mapping({ unlabelled: mapping({ signal, label }) });

/** Some of what stands out has a name that the client itself chose. */
const claimed = mapping({ claimed: mapping({ signal }) });

/** Some of what stands out has a counter that stops counting where it stands. */
const plateau = mapping({ plateau: mapping({ signal }) });

/** Some of what stands out is seen by another signal with at least so many values of a mix, such as tenants. */
const shared = mapping({ shared: mapping({ signal, by: signal, 'at-least': thresholdName }) });

/** All that stands out was last seen longer ago than that. */
const ended = mapping({ ended: mapping({ signal, after: thresholdName }) });

/** What stands out, or the total, is so many times what it was at the same hour yesterday and a week ago, or it is not. */
const usual = mapping({
  usual: mapping({ signal, is: z.enum(['above', 'same']), times: thresholdName }),
});

/** The signal has no numbers: there is no such source, or it holds nothing. */
const silent = mapping({ silent: mapping({ signal }) });

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
  reaches,
  count,
  diverse,
  madeOf,
  unlabelled,
  claimed,
  plateau,
  shared,
  ended,
  usual,
  silent,
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
