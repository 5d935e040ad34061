import { z } from 'zod';
import type { Alert } from './alert.ts';
import { alertSchema } from './alert-schema.ts';
import type { Answers } from './answers.ts';
import { CAPTURE_SCHEMA } from './capture-name.ts';
import { MOST_LOOKS, MOST_REMEDIES } from './earlier.ts';
import type { AlertHistory, ChartHistory } from './history.ts';
import { alertHistory, CAUSES, chartHistory } from './history-schema.ts';
import type { Evidence } from './types.ts';

/** What `--save` writes: the evidence, and what a later run must know to say the same of it. */
export interface Capture {
  readonly schema: typeof CAPTURE_SCHEMA;
  /** The program that wrote it. */
  readonly version: string;
  /** The runbook's name or path, as the run had it. */
  readonly runbook: string;
  readonly context: string | null;
  /** The context's own thresholds. */
  readonly thresholds: Readonly<Record<string, number>>;
  /** How long collecting took. */
  readonly totalMs: number;
  /** True when addresses and ids stand for others. */
  readonly redacted: boolean;
  /** What the triage was about; null: no alert was named. */
  readonly alert: Alert | null;
  readonly evidence: Evidence;
  /** How the runbook's charts went until then; empty where nobody kept it. */
  readonly history: readonly ChartHistory[];
  /** When its alerts fired in that time; null: that was not kept. */
  readonly alertHistory: AlertHistory | null;
  /** What the operator answered, by question. */
  readonly answers: Answers;
}

const count = z.number().nonnegative();
/** Numbers by name. Not z.record, which drops the name `__proto__`: names come from whoever wrote them. */
const numbers = z.custom<Record<string, number>>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every(Number.isFinite),
  'expected numbers by name',
);
const id = z.union([z.string(), z.strictObject({ hex: z.string().regex(/^(?:[0-9a-f]{2})*$/) })]);
const reset = z.strictObject({ at: z.iso.datetime(), inSeconds: count });
const period = z.enum(['day', 'month']).nullable();
const row = z.strictObject({
  id,
  valid: z.boolean(),
  kind: z.string().nullable(),
  sources: z.array(z.string()),
  claimed: z.boolean(),
  public: z.boolean().nullable(),
  value: z.number(),
  atLeast: z.boolean(),
  share: z.number().nullable(),
  usual: z.number().nullable(),
  // A time that a date cannot hold would be none.
  lastSeenSeconds: count.max(1e9).nullable(),
  // Captures from before it was kept tell by a missing time that nothing ends.
  expires: z.boolean().nullable().default(false),
  labels: z.record(z.string(), numbers),
  limit: z
    .strictObject({
      value: z.number().nullable(),
      ratio: z.number().nullable(),
      problem: z.enum(['none', 'invalid', 'unknown-tier', 'several-tiers']).nullable(),
      stored: z.string().nullable(),
      endsInSeconds: count.nullable().default(null),
      perHour: z.number().nullable(),
    })
    .nullable(),
  period,
  frees: reset.optional(),
});
const status = z.enum(['measured', 'empty', 'absent', 'unknown']);
const cause = z.enum(CAUSES).nullable();
const bin = z.strictObject({ from: z.number(), count, total: z.number(), squares: z.number() });
const source = z.strictObject({
  label: z.string(),
  status,
  reason: z.string().nullable(),
  cause,
  latencyMs: z.number(),
  entities: count.nullable(),
  sample: z.strictObject({ id, value: z.number() }).nullable(),
});
const share = z.number().min(0).max(1);
const range = z.tuple([z.number(), z.number()]);
const sample = z.strictObject({
  seen: z.strictObject({ total: z.number(), distinct: count }),
  total: range.nullable(),
  distinct: range,
  missed: share,
});
const scan = z.strictObject({
  coverage: share,
  reason: z.string().nullable(),
  keys: count,
  pace: z.string().max(40),
  tookMs: count,
  nodes: z
    .array(
      z.strictObject({
        name: z.string().max(300),
        ...{ share, coverage: share, replica: z.boolean() },
        ...{ reason: z.string().nullable(), cause },
      }),
    )
    .max(16_384),
  warnings: z.array(z.string()),
});
const signal = z.strictObject({
  status,
  reason: z.string().nullable(),
  cause,
  live: z.boolean(),
  total: z.number().nullable(),
  atMost: z.boolean(),
  baseline: z.strictObject({ day: z.number().nullable(), week: z.number().nullable() }).nullable(),
  distinct: count.nullable(),
  coverage: share.nullable(),
  sample: sample.nullable().default(null),
  rows: z.array(row).max(10_000),
  distribution: z.array(bin).nullable(),
  strangers: z.strictObject({ distinct: count, total: z.number(), largest: z.number(), bins: z.array(bin) }),
  warnings: z.array(z.string()),
  sources: z.array(source),
  unit: z.string(),
  windowSeconds: z.number().nullable(),
});
/** A word of a command that will be shown to be pasted: printable, and nothing that a terminal acts on. */
const word = z.string().regex(/^(?:(?!\p{DI})[\p{L}\p{M}\p{N}\p{P}\p{S} ]){1,4096}$/u);
/** Flags and their values, as `reachWords` makes them: nothing else may come from a file into a command. */
const REACH = [
  ...['--config', '--context', '--runbook'],
  ...['--redis-url', '--prometheus-url', '--logs-url', '--api-url'],
];
const reach = z
  .array(word)
  .max(20)
  .refine(
    (words) => words.length % 2 === 0 && words.every((one, at) => at % 2 === 1 || REACH.includes(one)),
    { error: `expected pairs of ${REACH.join(', ')} and a value` },
  );
const name = z.string().regex(/^[a-z][a-z0-9-]{0,199}$/);
const earlier = z.strictObject({
  looks: z.array(z.strictObject({ at: z.iso.datetime(), secondsAgo: count, category: name })).max(MOST_LOOKS),
  unread: z.string().max(1_000).nullable(),
  // Captures from before the journal was asked.
  remedies: z
    .array(z.strictObject({ at: z.iso.datetime(), secondsAgo: count, categories: z.array(name).max(100) }))
    .max(MOST_REMEDIES)
    .default([]),
  journalUnread: z.string().max(1_000).nullable().default(null),
});

/** Strict: what a capture holds is either understood or refused. */
export const captureSchema: z.ZodType<Capture> = z.strictObject({
  schema: z.literal(CAPTURE_SCHEMA),
  version: z.string().max(80),
  runbook: z.string().max(4_096),
  context: z.string().max(200).nullable(),
  thresholds: z.record(z.string(), z.number()),
  totalMs: count,
  redacted: z.boolean(),
  // Captures from before triage knew of alerts.
  alert: alertSchema.nullable().default(null),
  evidence: z
    .strictObject({
      at: z.iso.datetime(),
      windowSeconds: z.number().positive(),
      resets: z.strictObject({ day: reset, month: reset }),
      reach,
      // Captures from before a proposed command read more than Redis.
      reads: reach.optional(),
      // Captures from before there were samples hold whole passes.
      scan: scan.nullable().default(null),
      signals: z.record(z.string(), signal),
      // Captures from before anybody asked for earlier looks.
      earlier: earlier.nullable().default(null),
    })
    .transform(({ reads, ...evidence }) => ({ ...evidence, reads: reads ?? evidence.reach })),
  // Captures from before there were reports hold one moment.
  history: z.array(chartHistory).max(50).default([]),
  alertHistory: alertHistory.nullable().default(null),
  // Captures from before there were questions.
  answers: z.record(name, z.strictObject({ answer: name, by: z.string().max(200) })).default({}),
});
