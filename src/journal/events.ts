import {
  type Check,
  expecting,
  flag,
  listOf,
  Malformed,
  matching,
  nullable,
  object,
  oneOf,
  type Shape,
  text,
} from './check.ts';
import { isHash, isSeq } from './head.ts';
import type { Change, JournalEvent, State, Stored } from './types.ts';

export const SCHEMA = 'ratelimit/journal-event/v1';

const ISO =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3])(?::[0-5]\d){2}(?:\.\d{1,9})?Z$/;
const time = matching('a time in UTC, ISO 8601', ISO);
/** An id becomes part of a command that is suggested for pasting. */
const id = matching('an id of 1 to 128 letters, digits, _ and -', /^[\w-]{1,128}$/);

const bytes = object({ hex: matching('hexadecimal bytes', /^(?:[0-9a-f]{2})*$/i) });
const stored: Check<Stored> = (value, where) =>
  typeof value === 'object' ? bytes(value, where) : text(value, where);

const state: Check<State> = object({
  value: stored,
  ttlSeconds: nullable(
    expecting(
      'a number of seconds',
      (value): value is number => Number.isFinite(value) && Number(value) >= 0,
    ),
  ),
  expiresAt: nullable(time),
});

const verified = oneOf('enforced', 'stored', 'not-enforced', 'unknown');

const change: Check<Change> = object(
  {
    system: oneOf('redis', 'api'),
    target: text,
    before: nullable(state),
    after: nullable(state),
    status: oneOf(
      ...(['planned', 'applied', 'dry-run', 'unchanged'] as const),
      ...(['conflict', 'failed', 'unknown', 'skipped'] as const),
    ),
    message: nullable(text),
    verified: nullable(verified),
  },
  { momentary: flag },
);
const changes = listOf(change);

const word = matching('lower-case words joined by dashes', /^[a-z][a-z0-9-]*$/);
const note = object({ category: nullable(word), step: nullable(word), happenedAt: nullable(time) });

const frame = {
  schema: oneOf(SCHEMA),
  seq: expecting('a whole number from 1', isSeq),
  prev: expecting('64 hexadecimal digits', isHash),
  at: time,
  id,
} satisfies Shape;

const event = oneOf('intent', 'outcome', 'verified', 'undone');

const checks: { readonly [K in JournalEvent['event']]: Check<JournalEvent> } = {
  intent: object(
    {
      ...frame,
      event: oneOf('intent'),
      remedy: text,
      operator: text,
      reason: text,
      context: nullable(text),
      runbook: text,
      systems: object({ redis: nullable(text), api: nullable(text) }, { prometheus: nullable(text) }),
      systemAt: nullable(time),
      changes,
      undoes: nullable(id),
    },
    { note },
  ),
  outcome: object({
    ...frame,
    event: oneOf('outcome'),
    status: oneOf('applied', 'conflict', 'failed', 'unknown', 'partial'),
    changes,
  }),
  verified: object({ ...frame, event: oneOf('verified'), verified, text }),
  undone: object({ ...frame, event: oneOf('undone'), by: id }),
};

const kind = object({ schema: frame.schema, event });

/** A line taken apart. */
interface ParsedLine {
  /** Without keys that are not known; a sentence when the line is not an event. */
  readonly event: JournalEvent | string;
  /** Its place in the chain, also when the rest is not understood; null: it does not say. */
  readonly seq: number | null;
  readonly prev: string | null;
}

/** What a line holds, whoever wrote it. */
export function parseLine(line: string): ParsedLine {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { event: 'it is not JSON', seq: null, prev: null };
  }
  const { seq = null, prev = null } = Object(value) as Record<string, unknown>;
  return { event: checked(value), seq: isSeq(seq) ? seq : null, prev: isHash(prev) ? prev : null };
}

/** The event that a line holds, whoever wrote it, or a sentence about what is wrong with it. */
export function parseEvent(line: string): JournalEvent | string {
  return parseLine(line).event;
}

function checked(value: unknown): JournalEvent | string {
  try {
    return checks[kind(value, '').event](value, '');
  } catch (error) {
    if (error instanceof Malformed) return error.message;
    throw error;
  }
}
