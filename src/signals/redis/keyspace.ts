import type { Redis } from 'ioredis';
import type { RedisTarget } from '../../config/types.ts';
import type { Id } from '../../evidence/types.ts';
import { wholeNumber } from '../../values/parse.ts';
import { SourceError } from '../source-error.ts';
import { connectRedis, redisError } from './client.ts';
import { typesOf } from './family.ts';
import { globFor, toId } from './keys.ts';

/** What a key holds, exactly. */
export interface Held {
  readonly value: Id;
  /** Milliseconds since the epoch by the server's clock; null: no expiry. */
  readonly expiresAtMs: number | null;
}

export const toHeld = (bytes: Buffer, expiresAtMs: number | null): Held => ({
  value: toId(bytes.toString('latin1')),
  expiresAtMs,
});

/** Some keys at one moment. */
export interface Look {
  /** The server's clock, milliseconds since the epoch. */
  readonly nowMs: number;
  /** In the order that was asked for; null: no such key, or a foreign one. */
  readonly held: readonly (Held | null)[];
  /** Which of the keys are there and hold something other than a text, by their place. */
  readonly foreign: ReadonlySet<number>;
}

const SCAN_COUNT = 1_000;

const NEVER = new AbortController().signal;

/** One connection to one Redis, made when it is first needed; it looks at single keys and never writes. */
export class Keyspace {
  readonly target: RedisTarget;
  readonly #timeoutMs: number;
  readonly #interrupt: AbortSignal;
  #redis: Promise<Redis> | null = null;

  /** @param interrupt ends a connection attempt and a look; not what others do over the same connection */
  constructor(target: RedisTarget, timeoutMs: number, interrupt: AbortSignal) {
    this.target = target;
    this.#timeoutMs = timeoutMs;
    this.#interrupt = interrupt;
  }

  async #connect(signal: AbortSignal): Promise<Redis> {
    const deadline = AbortSignal.timeout(this.#timeoutMs);
    try {
      return await connectRedis(this.target, this.#timeoutMs, AbortSignal.any([deadline, signal]));
    } catch (error) {
      if (deadline.aborted && !signal.aborted) {
        throw new SourceError('timeout', `${this.target.display}: no answer in ${this.#timeoutMs} ms`);
      }
      throw error;
    }
  }

  /** Hangs up; the next look connects anew. */
  close(): void {
    this.#redis?.then(
      (redis) => redis.disconnect(),
      () => {},
    );
    this.#redis = null;
  }

  /**
   * Runs something over the connection under the deadline. When it does not answer in time the connection is closed,
   * so that nothing that was sent and not answered comes back later.
   * @param connecting ends the attempt to connect, if one has to be made
   * @throws SourceError
   */
  async within<T>(work: (redis: Redis) => Promise<T>, connecting = NEVER): Promise<T> {
    // While somebody was asked the server, or something in between, may have hung up.
    if ((await this.#redis?.catch(() => null))?.status === 'end') this.#redis = null;
    this.#redis ??= this.#connect(connecting);
    const redis = await this.#redis.catch((error: unknown) => {
      this.#redis = null;
      throw error;
    });
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.close();
    }, this.#timeoutMs);
    try {
      return await work(redis);
    } catch (error) {
      if (late)
        throw new SourceError('timeout', `${this.target.display}: no answer in ${this.#timeoutMs} ms`);
      throw redisError(error, this.target);
    } finally {
      clearTimeout(timer);
    }
  }

  /** As `within`, for what the operator may interrupt. */
  async #interruptible<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    const hangUp = () => this.close();
    this.#interrupt.addEventListener('abort', hangUp, { once: true });
    try {
      this.#interrupt.throwIfAborted();
      return await this.within(work, this.#interrupt);
    } finally {
      this.#interrupt.removeEventListener('abort', hangUp);
    }
  }

  /** Values and expiries of keys: one round trip, and a second one for the expiries of those that are there. */
  look(keys: readonly Id[]): Promise<Look> {
    return this.#interruptible((redis) => this.#lookAt(redis, keys));
  }

  /** The same look, that Ctrl-C does not end: for what must be known before leaving. */
  lookAnyway(keys: readonly Id[]): Promise<Look> {
    return this.within((redis) => this.#lookAt(redis, keys));
  }

  async #lookAt(redis: Redis, ids: readonly Id[]): Promise<Look> {
    const keys = ids.map(toBytes);
    const first = redis.pipeline().time();
    if (keys.length > 0) first.mgetBuffer(keys).exists(keys);
    const [time, values, count] = (await first.exec()) ?? [];
    const nowMs = milliseconds(time);
    const found = keys.length > 0 ? answer<(Buffer | null)[]>(values) : [];
    const there = found.filter((bytes) => bytes !== null).length;
    // MGET is silent about keys of other types; that EXISTS counts more gives them away.
    const isAll = keys.length === 0 || answer<number>(count) <= there;
    const [expiries, foreign] = await Promise.all([
      expiriesOf(redis, keys, found),
      isAll ? new Set<number>() : foreignOf(redis, keys, found),
    ]);
    const held = found.map((bytes, index) => {
      const expiry = expiries.get(index);
      return bytes === null || expiry === undefined ? null : toHeld(bytes, expiry);
    });
    return { nowMs, held, foreign };
  }

  /** Whole numbers that keys hold, by one round trip that Ctrl-C does not end; null: no such key, or no number. */
  numbers(keys: readonly string[]): Promise<{ nowMs: number; values: (number | null)[] }> {
    return this.within(async (redis) => {
      const [time, values] =
        (await redis
          .pipeline()
          .time()
          .mget([...keys])
          .exec()) ?? [];
      const texts = answer<(string | null)[]>(values);
      return {
        nowMs: milliseconds(time),
        values: texts.map((text) => (text === null ? null : wholeNumber(text))),
      };
    });
  }

  /** Names of all keys that start so, as exact strings or hexadecimal, in no order, each once. Never KEYS. */
  startingWith(prefix: string): Promise<Id[]> {
    return this.#interruptible(async (redis) => {
      const glob = globFor([Buffer.from(prefix, 'utf8').toString('latin1')]);
      const names = new Set<string>();
      let cursor = '0';
      do {
        const [next, keys] = (await redis.callBuffer('SCAN', cursor, 'MATCH', glob, 'COUNT', SCAN_COUNT)) as [
          Buffer,
          Buffer[],
        ];
        cursor = next.toString();
        for (const key of keys) names.add(key.toString('latin1'));
      } while (cursor !== '0');
      return [...names].map(toId);
    });
  }

  /** The last events of a stream, oldest first: the field `event` of each entry. */
  stream(name: string, count: number): Promise<string[]> {
    return this.#interruptible(async (redis) => {
      const entries = await redis.xrevrange(name, '+', '-', 'COUNT', count);
      return entries
        .reverse()
        .flatMap(([, fields]) =>
          fields.filter((_, index) => index % 2 === 1 && fields[index - 1] === 'event'),
        );
    });
  }
}

/** When each key that was found ends, by its place; null: never. One that has gone since has no entry. */
async function expiriesOf(
  redis: Redis,
  keys: readonly Buffer[],
  found: readonly (Buffer | null)[],
): Promise<Map<number, number | null>> {
  const places = [...keys.keys()].filter((place) => found[place] != null);
  if (places.length === 0) return new Map();
  const pipeline = redis.pipeline().time();
  for (const place of places) pipeline.pttl(keys[place] ?? '');
  const [time, ...replies] = (await pipeline.exec()) ?? [];
  const nowMs = milliseconds(time);
  return new Map(
    places.flatMap((place, index) => {
      const left = answer<number>(replies[index]);
      return left === GONE ? [] : [[place, left < 0 ? null : nowMs + left] as const];
    }),
  );
}

/** What PTTL answers for a key that is not there. */
const GONE = -2;

/** Places of the keys that were not found as texts, and are there all the same. */
async function foreignOf(
  redis: Redis,
  keys: readonly Buffer[],
  found: readonly (Buffer | null)[],
): Promise<Set<number>> {
  const places = [...keys.keys()].filter((place) => found[place] == null);
  const types = await typesOf(
    redis,
    places.flatMap((place) => keys[place] ?? []),
  );
  return new Set(places.filter((_, index) => types[index] !== 'none' && types[index] !== 'string'));
}

const toBytes = (id: Id): Buffer =>
  typeof id === 'string' ? Buffer.from(id, 'utf8') : Buffer.from(id.hex, 'hex');

/** One reply of a pipeline; throws the error that stands in its place. */
function answer<T>(reply: [Error | null, unknown] | undefined): T {
  const [error, value] = reply ?? [new Error('Connection is closed.'), null];
  if (error) throw error;
  return value as T;
}

/** The answer of TIME, milliseconds since the epoch. */
function milliseconds(reply: [Error | null, unknown] | undefined): number {
  const [seconds, micros] = answer<[string, string]>(reply);
  return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
}
