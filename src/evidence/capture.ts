import { open, readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { ConfigError } from '../errors.ts';
import type { Evidence } from './types.ts';

const MAX_BYTES = 64 * 1024 * 1024;

const count = z.number().nonnegative();
const numbers = z.record(z.string(), z.number());
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
  distribution: z
    .array(z.strictObject({ from: z.number(), count, total: z.number(), squares: z.number() }))
    .nullable(),
  strangers: z.strictObject({ distinct: count, total: z.number(), largest: z.number() }),
  warnings: z.array(z.string()),
  sources: z.array(
    z.strictObject({ label: z.string(), status, reason: z.string().nullable(), latencyMs: z.number() }),
  ),
  unit: z.string(),
  windowSeconds: z.number().nullable(),
});
const evidence: z.ZodType<Evidence> = z.strictObject({
  schema: z.literal('ratelimit/evidence/v1'),
  at: z.iso.datetime(),
  windowSeconds: z.number().positive(),
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
  let text = '';
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES) return fail(`it has ${size} bytes, at most ${MAX_BYTES} are read`);
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    fail(
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (error as Error).message,
    );
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return fail('it is not complete JSON');
  }
  const parsed = evidence.safeParse(json);
  if (parsed.success) return parsed.data;
  const [first] = parsed.error.issues;
  return fail(`${first?.path.map(String).join('.') || 'the document'}: ${first?.message ?? 'not evidence'}`);
}

/**
 * Writes evidence to a new file that only its owner may read.
 * @throws ConfigError when the file exists already or cannot be written
 */
export async function writeCapture(path: string, text: string): Promise<void> {
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    const why =
      (error as NodeJS.ErrnoException).code === 'EEXIST' ? 'it exists already' : (error as Error).message;
    throw new ConfigError(
      `the evidence cannot be saved to ${path}: ${why}`,
      [],
      'Name a file that does not exist.',
    );
  }
}
