import { open, unlink } from 'node:fs/promises';
import { z } from 'zod';
import { readStart } from '../config/files.ts';
import { ConfigError } from '../errors.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { fileTrouble } from '../values/text.ts';
import { type Evidence, type Signal, unknown } from './types.ts';

const MAX_BYTES = 64 * 1024 * 1024;

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
const row = z.strictObject({
  id: z.union([z.string(), z.strictObject({ hex: z.string().regex(/^(?:[0-9a-f]{2})*$/) })]),
  valid: z.boolean(),
  public: z.boolean().nullable(),
  value: z.number(),
  share: z.number().nullable(),
  lastSeenSeconds: count.nullable(),
  labels: z.record(z.string(), numbers),
  limit: z
    .strictObject({
      value: z.number().nullable(),
      ratio: z.number().nullable(),
      problem: z.enum(['none', 'invalid']).nullable(),
      stored: z.string().nullable(),
      perHour: z.number().nullable(),
    })
    .nullable(),
});
const status = z.enum(['measured', 'empty', 'absent', 'unknown']);
const bin = z.strictObject({ from: z.number(), count, total: z.number(), squares: z.number() });
const signal = z.strictObject({
  status,
  reason: z.string().nullable(),
  cause: z
    .enum(['unreachable', 'timeout', 'auth', 'malformed', 'refused', 'incomplete', 'window'])
    .nullable(),
  live: z.boolean(),
  total: z.number().nullable(),
  distinct: count.nullable(),
  coverage: z.number().min(0).max(1).nullable(),
  rows: z.array(row).max(10_000),
  distribution: z.array(bin).nullable(),
  strangers: z.strictObject({ distinct: count, total: z.number(), largest: z.number(), bins: z.array(bin) }),
  warnings: z.array(z.string()),
  sources: z.array(
    z.strictObject({ label: z.string(), status, reason: z.string().nullable(), latencyMs: z.number() }),
  ),
  unit: z.string(),
  windowSeconds: z.number().nullable(),
});
/** A word of a command that will be shown to be pasted: printable, and nothing that a terminal acts on. */
const word = z.string().regex(/^(?:(?!\p{DI})[\p{L}\p{M}\p{N}\p{P}\p{S} ]){1,4096}$/u);
/** Flags and their values, as `reachWords` makes them: nothing else may come from a file into a command. */
const REACH = ['--config', '--context', '--runbook', '--redis-url', '--prometheus-url', '--api-url'];
const reach = z
  .array(word)
  .max(20)
  .refine(
    (words) => words.length % 2 === 0 && words.every((one, at) => at % 2 === 1 || REACH.includes(one)),
    {
      error: `expected pairs of ${REACH.join(', ')} and a value`,
    },
  );
const evidence: z.ZodType<Evidence> = z.strictObject({
  schema: z.literal('ratelimit/evidence/v1'),
  at: z.iso.datetime(),
  windowSeconds: z.number().positive(),
  reach,
  signals: z.record(z.string(), signal),
});

/**
 * Reads evidence that `--save` wrote.
 * @throws ConfigError in one sentence for a file that is missing, too large, cut short or not evidence
 */
export async function readCapture(path: string): Promise<Evidence> {
  const fail = (why: string): never => {
    throw new ConfigError(
      `${path} cannot be judged: ${why}`,
      [],
      'Evidence is written by ratelimit triage --save <file>.',
    );
  };
  let bytes: Uint8Array;
  try {
    bytes = await readStart(path, MAX_BYTES);
  } catch (error) {
    return fail(fileTrouble(error));
  }
  if (bytes.length > MAX_BYTES) return fail(`it has more than ${MAX_BYTES / 1024 / 1024} MiB`);
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return fail('it is not complete JSON');
  }
  const parsed = evidence.safeParse(json);
  if (parsed.success) return parsed.data;
  const [first] = parsed.error.issues;
  return fail(`${first?.path.map(String).join('.') || 'the document'}: ${first?.message ?? 'not evidence'}`);
}

/** Evidence with every signal of the runbook: what a recording does not hold was not seen. */
export function completed(recording: Evidence, runbook: Runbook): Evidence {
  const missing = Object.entries(runbook.signals)
    .filter(([id]) => recording.signals[id] === undefined)
    .map(([id, { unit }]): [string, Signal] => [
      id,
      { ...unknown('incomplete', 'not in this evidence'), unit, windowSeconds: null, sources: [] },
    ]);
  return { ...recording, signals: { ...recording.signals, ...Object.fromEntries(missing) } };
}

/** A file that is there already, and empty: its name cannot be taken while the evidence is collected. */
export interface Reserved {
  write(text: string): Promise<void>;
  /** Removes it again: nothing was collected. */
  discard(): Promise<void>;
}

/**
 * Creates the file that evidence will be written to; only its owner may read it.
 * @throws ConfigError when it exists already or cannot be created or written
 */
export async function reserveCapture(path: string): Promise<Reserved> {
  const hint = 'Name a file that does not exist.';
  const orFail = async <T>(action: Promise<T>): Promise<T> => {
    try {
      return await action;
    } catch (error) {
      throw new ConfigError(`the evidence cannot be saved to ${path}: ${fileTrouble(error)}`, [], hint);
    }
  };
  const file = await orFail(open(path, 'wx', 0o600));
  return {
    write: async (text) => {
      try {
        await orFail(file.writeFile(text));
        await orFail(file.sync());
      } finally {
        await file.close();
      }
    },
    discard: async () => {
      await file.close();
      await unlink(path);
    },
  };
}
