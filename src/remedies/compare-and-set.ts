import { createHash } from 'node:crypto';
import type { Stored } from '../journal/types.ts';
import { type Held, toHeld } from '../signals/redis/keyspace.ts';

/** When what is written ends: so many milliseconds from the write on, at a time of the server's clock, or never. */
type Expiry = { readonly inMs: number } | { readonly atMs: number } | null;

/** One change of one key: done in one atomic step, and only if the key still holds what was seen. */
export interface RedisWrite {
  readonly system: 'redis';
  readonly key: string;
  /** What must still be there; null: nothing. `anything`: it need not be the same, as of a counter that runs. */
  readonly expect: Held | null | 'anything';
  /** null: the key is removed. */
  readonly set: { readonly value: Stored; readonly expiry: Expiry } | null;
}

/** Two looks at one expiry may differ by this: the server's clock is read a moment before the time to live is. */
export const TOLERANCE_MS = 1_000;

/**
 * For each of KEYS: compares and sets in one atomic step, by the server's own clock, and answers what it holds then.
 * ARGV: 1 compare (any, absent, value), 2 the value, 3 its expiry in ms or -1, 4 the tolerance,
 * 5 set or del, 6 the new value, 7 expiry (none, in, at), 8 its milliseconds.
 * Each key's answer: 1 done, 0 it holds something else, or -1 refused and the server's words for it.
 */
export const SCRIPT = `
local function look(key)
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local value = redis.pcall('GET', key)
  if type(value) == 'table' then return now, nil, 0, value.err end
  local left = redis.call('PTTL', key)
  return now, value, left < 0 and left or now + left
end
local function is_same(value, expiry)
  if ARGV[1] == 'any' then return true end
  if ARGV[1] == 'absent' then return not value end
  local wanted = tonumber(ARGV[3])
  return value == ARGV[2] and (wanted < 0) == (expiry < 0)
    and (wanted < 0 or math.abs(expiry - wanted) <= tonumber(ARGV[4]))
end
local function write(key, now)
  local left = nil
  if ARGV[7] == 'in' then left = tonumber(ARGV[8]) end
  if ARGV[7] == 'at' then left = tonumber(ARGV[8]) - now end
  if ARGV[5] == 'del' or (left and left <= 0) then return redis.pcall('DEL', key) end
  if left then return redis.pcall('SET', key, ARGV[6], 'PX', left) end
  return redis.pcall('SET', key, ARGV[6])
end
local answers = {}
for index, key in ipairs(KEYS) do
  local now, value, expiry, trouble = look(key)
  local done = 0
  if not trouble and is_same(value, expiry) then
    local reply = write(key, now)
    if type(reply) == 'table' and reply.err then trouble = reply.err end
    done = 1
    if not trouble then now, value, expiry = look(key) end
  end
  answers[index] = trouble and { -1, trouble, 0, now } or { done, value, expiry, now }
end
return answers
`;
export const SHA = createHash('sha1').update(SCRIPT).digest('hex');

/** Writes that differ by their keys alone, and the arguments that they share. */
export interface Batch {
  /** Where they stand in the order that was asked for. */
  readonly indices: readonly number[];
  readonly keys: readonly string[];
  readonly args: readonly (string | Buffer)[];
}

/** What one call of the script holds the server up for: well under a millisecond. */
const MOST_KEYS = 256;

/**
 * The calls that make these writes: a whole range is blocked by a few, what was there before is compared one by one.
 * @param isCluster the keys of one call would have to be of one slot, so that each has a call of its own
 */
export function batchesOf(writes: readonly RedisWrite[], isCluster: boolean): Batch[] {
  const mostKeys = isCluster ? 1 : MOST_KEYS;
  const open = new Map<string, { indices: number[]; keys: string[]; args: (string | Buffer)[] }>();
  const batches: Batch[] = [];
  writes.forEach((write, index) => {
    const args = argumentsOf(write);
    const name = args.map((arg) => (typeof arg === 'string' ? arg : arg.toString('hex'))).join(' ');
    let batch = open.get(name);
    if (batch === undefined || batch.keys.length === mostKeys) {
      batch = { indices: [], keys: [], args };
      open.set(name, batch);
      batches.push(batch);
    }
    batch.indices.push(index);
    batch.keys.push(write.key);
  });
  return batches;
}

function argumentsOf({ expect, set }: RedisWrite): (string | Buffer)[] {
  const expected =
    expect === 'anything'
      ? ['any', '', '-1']
      : expect === null
        ? ['absent', '', '-1']
        : ['value', bytesOf(expect.value), String(expect.expiresAtMs ?? -1)];
  const wanted = set === null ? ['del', ''] : ['set', bytesOf(set.value)];
  const expiry = set?.expiry ?? null;
  const [when, ms] =
    expiry === null ? ['none', 0] : 'inMs' in expiry ? ['in', expiry.inMs] : ['at', expiry.atMs];
  return [...expected, String(TOLERANCE_MS), ...wanted, when, String(Math.round(ms))];
}

const bytesOf = (value: Stored): Buffer =>
  typeof value === 'string' ? Buffer.from(value, 'utf8') : Buffer.from(value.hex, 'hex');

/** What the script answered for one key. */
export interface Answer {
  /** False: the key holds something else than was expected. */
  readonly isDone: boolean;
  readonly held: Held | null;
  /** The server's clock, milliseconds. */
  readonly atMs: number;
  /** The server's words when it refused; nothing was written then. */
  readonly trouble: string | null;
}

export function readAnswer(reply: unknown): Answer {
  const [done, value, expiry, atMs] = reply as [number, Buffer | null, number, number];
  if (done < 0) return { isDone: false, held: null, atMs, trouble: String(value) };
  const held = value === null ? null : toHeld(value, expiry < 0 ? null : expiry);
  return { isDone: done === 1, held, atMs, trouble: null };
}
