import { z } from 'zod';
import type { Alert } from './alert.ts';

const text = z.string().max(8_192);
const time = z.iso.datetime();
const count = z.int().nonnegative();
/** Not z.record, which drops the name `__proto__`: names come from whoever wrote them. */
const labels = z.custom<Record<string, string>>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((one) => typeof one === 'string'),
  'expected texts by name',
);
const firing = z.enum(['active', 'suppressed']);
const by = z.enum(['given', 'rule', 'label', 'list', 'default']);
const cause = z.enum([
  ...(['unreachable', 'timeout', 'auth', 'malformed'] as const),
  ...(['refused', 'incomplete', 'window', 'not-configured'] as const),
]);

/** An alert in a capture. */
export const alertSchema: z.ZodType<Alert> = z.strictObject({
  source: text,
  wanted: text.nullable(),
  state: z.enum([...firing.options, 'not-firing', 'unknown']),
  reason: text.nullable(),
  cause: cause.nullable(),
  name: text.nullable(),
  fingerprint: text.nullable(),
  startsAt: time.nullable(),
  firingForSeconds: count.nullable(),
  labels,
  generatorUrl: z
    .url({ protocol: /^https?$/ })
    .max(8_192)
    .nullable(),
  silencedBy: z
    .array(
      z.strictObject({
        ...{ id: text, createdBy: text.nullable(), comment: text.nullable(), endsAt: time.nullable() },
        ...{ endsInSeconds: z.int().nullable(), instances: count },
      }),
    )
    .max(100),
  inhibitedBy: z
    .array(z.strictObject({ fingerprint: text, name: text.nullable(), instances: count }))
    .max(100),
  mutedBy: z.array(text).max(100),
  instanceCount: count,
  instances: z.array(z.strictObject({ fingerprint: text, state: firing, startsAt: time, labels })).max(100),
  windowSeconds: z.number().positive().nullable(),
  pickedBy: z.strictObject({ context: by, runbook: by }),
  warnings: z.array(text).max(100),
});
