import { mkdir, open, unlink } from 'node:fs/promises';
import { readStart } from '../config/files.ts';
import { ConfigError } from '../errors.ts';
import type { Runbook } from '../runbooks/schema.ts';
import type { Clock } from '../signals/asked.ts';
import { isRecord } from '../values/parse.ts';
import { dottedKey, fileTrouble, quote } from '../values/text.ts';
import { CAPTURE_SCHEMA } from './capture-name.ts';
import { type Capture, captureSchema } from './capture-schema.ts';
import { fromV1, V1_SCHEMA } from './capture-v1.ts';
import { absent, type Evidence, type Signal, unknown } from './types.ts';

/** Far more than a capture of the largest system has: rows are bounded per signal. */
const MAX_BYTES = 16 * 1024 * 1024;

/**
 * Reads what `--save` wrote, now or in an earlier version.
 * @throws ConfigError in one sentence for a file that is missing, too large, cut short, of a newer version or no capture
 */
export async function readCapture(path: string, clock: Clock): Promise<Capture> {
  let bytes: Uint8Array;
  try {
    bytes = await readStart(path, MAX_BYTES);
  } catch (error) {
    throw notEvidence(path, fileTrouble(error));
  }
  if (bytes.length > MAX_BYTES) throw notEvidence(path, `it has more than ${MAX_BYTES / 1024 / 1024} MiB`);
  return parseCapture(Buffer.from(bytes).toString('utf8'), path, clock);
}

/** The same of a text. @param path what messages call it. @throws ConfigError and nothing else */
export function parseCapture(text: string, path: string, clock: Clock): Capture {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw notEvidence(path, 'it is not complete JSON');
  }
  const schema = isRecord(json) ? json.schema : null;
  if (schema !== CAPTURE_SCHEMA && schema !== V1_SCHEMA) {
    const isNewer = typeof schema === 'string' && NEWER.test(schema);
    throw notEvidence(
      path,
      `schema: expected ${CAPTURE_SCHEMA} or ${V1_SCHEMA}, got ${typeof schema === 'string' ? quote(schema) : 'none'}${isNewer ? ', which a newer ratelimit wrote' : ''}`,
    );
  }
  const parsed = captureSchema.safeParse(schema === V1_SCHEMA ? fromV1(json, clock) : json);
  if (parsed.success) return parsed.data;
  const [first] = parsed.error.issues;
  const where = first === undefined || first.path.length === 0 ? 'the document' : dottedKey(first.path);
  const keys = first?.code === 'unrecognized_keys' ? first.keys.map(quote).join(', ') : null;
  throw notEvidence(
    path,
    keys === null
      ? `${where}: ${first?.message ?? 'not evidence'}`
      : `${where}: it holds ${keys}, which this version does not know: it was edited, or ${writer(json)} wrote it`,
  );
}

const NEWER = /^ratelimit\/capture\/v(?:[3-9]|[1-9]\d{1,3})$/;

/** Who says to have written a capture. */
const writer = (json: unknown): string =>
  isRecord(json) && typeof json.version === 'string' ? `ratelimit ${quote(json.version)}` : 'another version';

const notEvidence = (path: string, why: string): ConfigError =>
  new ConfigError(
    `${path} cannot be judged: ${why}`,
    [],
    'Evidence is written by ratelimit triage --save <file>.',
  );

const NOT_ASKED = absent('not asked for when this was recorded', 'not-configured');

/**
 * Evidence with every signal of the runbook: what a recording does not hold was not seen. The first version asked for
 * fewer signals; what it never asked for it could not miss, and is judged as then.
 */
export function completed({ version, evidence }: Capture, runbook: Runbook): Evidence {
  const unseen = version === V1_SCHEMA ? NOT_ASKED : unknown('incomplete', 'not in this evidence');
  const missing = Object.entries(runbook.signals)
    .filter(([id]) => evidence.signals[id] === undefined)
    .map(([id, { unit, sources }]): [string, Signal] => {
      // Nobody asked servers for their eviction before there was a pass to tell of.
      const isYounger = evidence.scan === null && sources.every(({ kind }) => kind === 'redis-eviction');
      return [id, { ...(isYounger ? NOT_ASKED : unseen), unit, windowSeconds: null, sources: [] }];
    });
  return { ...evidence, signals: { ...evidence.signals, ...Object.fromEntries(missing) } };
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

/** Makes the folder that evidence will be written into, where there is none. @throws ConfigError when that cannot be done */
export async function makeCaptureFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new ConfigError(`evidence cannot be saved in ${path}: ${fileTrouble(error)}`, [], 'Name a folder.');
  }
}
