import { z } from 'zod';

export const CAUSES = [
  ...(['unreachable', 'timeout', 'auth', 'malformed', 'refused', 'incomplete'] as const),
  ...(['window', 'not-configured'] as const),
] as const;

const cause = z.enum(CAUSES).nullable();
/** The years that a date can hold. */
const moment = z.number().min(0).max(8.64e15);
const seconds = z.number().nonnegative();
const reason = z.string().max(10_000).nullable();
const line = z.strictObject({
  id: z.string().max(10_000),
  points: z.array(z.tuple([moment, z.number().nullable()])).max(2_000),
});

export const chartHistory = z.strictObject({
  chart: z.string().max(200),
  lines: z.array(line).max(50),
  others: line.nullable(),
  total: line.nullable(),
  ...{ stepSeconds: seconds, windowSeconds: seconds, reason, cause },
});

const period = z
  .strictObject({
    name: z.string().max(10_000),
    labels: z.record(z.string(), z.string()),
    ...{ fromMs: moment, toMs: moment.nullable(), open: z.boolean() },
  })
  .refine(({ fromMs, toMs }) => toMs === null || toMs >= fromMs, { error: 'it ends before it begins' });

export const alertHistory = z.strictObject({
  names: z.array(z.string().max(200)).max(200),
  periods: z.array(period).max(2_000),
  ...{ stepSeconds: seconds, reason, cause },
});
