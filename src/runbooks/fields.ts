import { z } from 'zod';
import { parseDuration } from '../values/duration.ts';
import { got } from './words.ts';

/** The problem of a text that has a form of its own: what was expected, and what was got, of whatever type. */
const expected = (what: string) => ({
  error: ({ input }: { readonly input?: unknown }) => `expected ${what}, got ${got(input)}`,
});

/**
 * Lower-case words with dashes: ids of runbooks, signals, categories, steps and thresholds. That what one refers to
 * exists is checked by `check.ts`.
 */
export const identifier = named('lower-case words joined by dashes, such as tenant-over-rps-cap');

/** The name of a signal. */
export const signalName = named('the name of a signal');

/** The name of a threshold: a number never stands where it is used, so that its reason stands with it. */
export const thresholdName = named('the name of a threshold (numbers stand under thresholds)');

function named(what: string) {
  const wrong = expected(what);
  return z.string(wrong).regex(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/, wrong);
}

export const entityKind = z.enum([
  'ip',
  'tenant',
  'agent',
  'instance',
  'account',
  'client',
  'caller',
  'user',
  'realm',
  'endpoint',
  'name',
  // A word of the system itself, such as a job or a layer: nobody to do something about, so never a subject.
  'word',
]);

/** What a terminal would obey or not show: a runbook's own words are printed as they are. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

export const text = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .refine((value) => !HIDDEN.test(value), {
      error: 'expected one line of visible characters (in YAML, > joins lines)',
    });

const aDuration = expected('a duration such as 90s, 5m or 1h30m');
export const duration = z.string(aDuration).refine((value) => (parseDuration(value) ?? 0) > 0, aDuration);

/** https://prometheus.io/docs/concepts/data_model/ */
const aMetric = expected('a metric name alone, without labels and functions');
export const metric = z.string(aMetric).regex(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/, aMetric);
const aLabel = expected('a label name');
export const label = z.string(aLabel).regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, aLabel);

/**
 * `prefix{entity}`, with a date after it where what it holds begins anew each day or month: `{yyyymmdd}`,
 * `{yyyy-mm-dd}` or `{yyyy-mm}`. The entity is all that stands between prefix and date; `{tenant}:{agent}` is one, too.
 */
export const keyTemplate = z
  .string()
  .regex(/^[^{}]+\{[a-z]+\}(?::\{[a-z]+\})?(?::\{(?:yyyymmdd|yyyy-mm-dd|yyyy-mm)\})?$/, {
    error: 'expected a key such as acp:auth_fail:{ip} or acp:agent_cost_today:{agent}:{yyyymmdd}',
  });

/** A mapping without unknown keys; the issue of an unknown one lists the valid ones, separated by a space. */
export const mapping = <Shape extends z.core.$ZodShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? Object.keys(shape).join(' ') : undefined),
  });

/** How PromQL writes that a value is not meant exactly. Patterns without one may be the value itself, such as a path. */
const OPERATOR = /^(?:=~?|!=|!~)/;

/** A label's value, exactly; an empty one is that of series without the label. */
export const exactly = z
  .string(expected('the exact value of the label as text (a number in quotes)'))
  .max(200)
  .refine((value) => !HIDDEN.test(value), { error: 'expected one line of visible characters' })
  .refine((value) => !OPERATOR.test(value), {
    error: ({ input }) =>
      `expected the exact value of the label, got ${got(input)}, which begins with an operator`,
  });

const PLACES = [
  'subjects',
  'value',
  'share',
  'total',
  'distinct',
  'window',
  'crowd',
  'rest-total',
  'rest-distinct',
  'count',
  'day-end',
  'month-end',
];

/** A sentence with places that are filled from the finding. */
export const headline = text(160).superRefine((value, context) => {
  for (const [, place = ''] of value.matchAll(/\{([^}]*)\}/g)) {
    if (!PLACES.includes(place)) {
      const message = `there is no place {${place}}; places: ${PLACES.map((name) => `{${name}}`).join(' ')}`;
      context.addIssue({ code: 'custom', message });
    }
  }
});
