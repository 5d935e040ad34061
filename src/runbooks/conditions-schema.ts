import { z } from 'zod';
import {
  entityKind,
  identifier,
  label,
  mapping,
  signalName as signal,
  text,
  thresholdName,
} from './fields.ts';
import { dominates, noLimit, outweighs, overLimit, underLimit } from './limit-conditions-schema.ts';
import { noCondition } from './no-condition.ts';
import { listed, shared } from './provenance-schema.ts';
import { recurred } from './recurred-schema.ts';
import { inWords } from './words.ts';

/** One value of a label or several, any of which will do. */
const values = z.union([text(200).transform((one) => [one]), z.array(text(200)).min(1).max(20)]);

/**
 * What a share is of: what carries the label, or all of the entity's value. Of several sources one may tell the label,
 * and another one more than that.
 */
const shareOf = z.enum(['label', 'all']).optional();

/** The mix of a label within an entity: `only` these values, or anything else (`not-only`). */
const mix = z.union([
  mapping({ label, only: values, share: thresholdName, of: shareOf }),
  mapping({ label, 'not-only': values, share: thresholdName, of: shareOf }),
]);

/** These values of a label make up that share of all of an entity. */
const part = mapping({ label, only: values, share: thresholdName });

/**
 * How loud the entities are against each other: one or a few that stand out, or many. Of the few, those with this mix,
 * `except` those that are explained by that part of them.
 */
const spread = mapping({
  spread: mapping({
    signal,
    is: z.enum(['one-or-few', 'many']),
    mix: mix.optional(),
    except: part.optional(),
  }),
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
    mapping({ signal, label, only: values, share: thresholdName, of: shareOf }),
    mapping({ signal, label, 'not-only': values, share: thresholdName, of: shareOf }),
  ]),
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

/**
 * Some entity's value is zero, or with `all` every one's; `named`: of those whose name, or whose label, begins with one
 * of these words.
 */
const down = mapping({
  down: mapping({ signal, named: z.array(text(80)).min(1).optional(), all: z.boolean().optional() }),
});

/** Whom a check is about: what stands out, or the crowd, of which most must be so. */
const whom = z.enum(['out', 'crowd']).optional();

/** Some loud entity is not a public address, or most of a crowd is not. */
const notPublic = mapping({ 'not-public': mapping({ signal, of: whom }) });

/** At least this share of a crowd comes from one IPv6 network, a /64, which is one machine or one household. */
const oneNetwork = mapping({ 'one-network': mapping({ signal, share: thresholdName }) });

/**
 * Ids that are not valid for the signal's kind reach the value: the largest of them, those above the noise together, or
 * how many names they are.
 */
const strangers = mapping({
  strangers: mapping({
    signal,
    of: z.enum(['largest', 'judged', 'names']).default('largest'),
    'at-least': thresholdName,
  }),
});

/**
 * Another category does not explain it, or a condition does not hold. What could not be read makes this hold, and the
 * finding less sure; a condition that no source tells of makes it hold.
 */
const unlessCategory = mapping({ unless: mapping({ category: identifier }) });
const unlessWhen = mapping({
  unless: mapping({ when: z.lazy((): z.ZodType<Condition> => conditionSchema) }),
});
/** A condition, without the entities that another category names: what it says of them is said already. */
const besides = mapping({
  category: identifier,
  when: z.lazy((): z.ZodType<Condition> => conditionSchema),
});
/** Which of the two is meant, so that a problem in a condition is told where it is. */
const unlessOf = (node: unknown) =>
  typeof node === 'object' && node !== null && 'when' in node ? unlessWhen : unlessCategory;

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

/** What does not stand out makes up that share of what another signal saw of it all per second. */
const covers = mapping({ covers: mapping({ signal, by: signal, share: thresholdName }) });

/** The signal as a whole is made of these entities only, or of others too. */
const madeOf = mapping({
  'made-of': z.union([
    mapping({ signal, only: values, share: thresholdName }),
    mapping({ signal, 'not-only': values, share: thresholdName }),
  ]),
});

/** What stands out (or, where nothing does, anything) is there, and no source tells this label of it. */
const unlabelled = mapping({ unlabelled: mapping({ signal, label }) });

/** Some of what stands out has a name that the client itself chose, or most of a crowd has. */
const claimed = mapping({ claimed: mapping({ signal, of: whom }) });

/** Some of what stands out has a counter that stops counting where it stands. */
const plateau = mapping({ plateau: mapping({ signal }) });

/** All that stands out was last seen longer ago than that. */
const ended = mapping({ ended: mapping({ signal, after: thresholdName }) });

/** Some of what stands out is from a source whose time to live would tell when the last event was, and does not. */
const undated = mapping({ undated: mapping({ signal }) });

/** What stands out has counted so many times what another signal saw of it all per second: it counts since long ago. */
const outgrown = mapping({ outgrown: mapping({ signal, by: signal, times: thresholdName }) });

/**
 * What stands out, or the total, is so many times what it was at the same hour yesterday and a week ago, or it is not.
 * `than`: the totals of two signals are compared instead, that one being of earlier. `beside`: as of a volume.
 */
const usual = mapping({
  usual: mapping({
    signal,
    is: z.enum(['above', 'same']),
    times: thresholdName,
    than: signal.optional(),
    beside: signal.optional(),
  }),
});

/** The signal has no numbers: there is no such source, or, unless `no-source` is said, it holds nothing. */
const silent = mapping({ silent: mapping({ signal, 'no-source': z.literal(true).optional() }) });

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
  oneNetwork,
  undated,
  outgrown,
  covers,
  recurred,
  underLimit,
  dominates,
  outweighs,
] as const;

export type Mix = z.infer<typeof mix>;
export type Part = z.infer<typeof part>;
type Simple = z.infer<(typeof simple)[number]>;
type Unless = { unless: { category: string } | { when: Condition } };
type Besides = { besides: { category: string; when: Condition } };

/** The closed vocabulary of conditions: one key says which, `all` and `any` combine them. */
export type Condition = Simple | Unless | Besides | { all: Condition[] } | { any: Condition[] };

const NAMES = [...simple.flatMap((schema) => Object.keys(schema.shape)), 'unless', 'besides', 'all', 'any'];

/** Each problem is reported against the one condition that was meant, not against the whole vocabulary. */
export const conditionSchema: z.ZodType<Condition> = z.lazy(() =>
  z.unknown().transform((value, context): Condition => {
    const keys =
      typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
    const key = keys[0];
    if (keys.length !== 1 || key === undefined || !NAMES.includes(key)) {
      context.addIssue({ code: 'custom', message: noCondition(value, keys, NAMES) });
      return z.NEVER;
    }
    const schema: z.ZodType =
      key === 'all'
        ? mapping({ all: z.array(conditionSchema).min(1) })
        : key === 'any'
          ? mapping({ any: z.array(conditionSchema).min(1) })
          : key === 'unless'
            ? unlessOf(Reflect.get(value ?? {}, key))
            : key === 'besides'
              ? mapping({ besides })
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
