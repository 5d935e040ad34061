import { z } from 'zod';
import { parseDuration } from '../values/duration.ts';

/** Lower-case words with dashes: ids of runbooks, signals, categories, steps and thresholds. */
export const identifier = z.string().regex(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/, {
  error: 'expected lower-case words joined by dashes, such as tenant-over-rps-cap',
});

/** The name of an entry under `thresholds`; that it exists is checked by `check.ts`. */
export const thresholdName = identifier;

export const text = (max: number) => z.string().trim().min(1).max(max);

export const duration = z.string().refine((value) => (parseDuration(value) ?? 0) > 0, {
  error: 'expected a duration such as 90s, 5m or 1h30m',
});

/** https://prometheus.io/docs/concepts/data_model/ */
export const metric = z.string().regex(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/, { error: 'expected a metric name' });
export const label = z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, { error: 'expected a label name' });

/** `prefix{entity}` or `prefix{entity}:{yyyymmdd}`. The entity is all that stands between prefix and date. */
export const keyTemplate = z.string().regex(/^[^{}]+\{[a-z]+\}(?::\{yyyymmdd\})?$/, {
  error: 'expected a key such as acp:auth_fail:{ip} or acp:agent_cost_today:{agent}:{yyyymmdd}',
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
];

/** A sentence with places that are filled from the finding. */
export const headline = text(160).refine(
  (value) => [...value.matchAll(/\{([^}]*)\}/g)].every(([, place]) => PLACES.includes(place ?? '')),
  { error: `expected only these places: ${PLACES.map((place) => `{${place}}`).join(' ')}` },
);
