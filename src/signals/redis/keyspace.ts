import type { Redis } from 'ioredis';
import type { RedisTarget } from '../../config/types.ts';
import type { Id } from '../../evidence/types.ts';
import { SourceError } from '../source-error.ts';
import { connectRedis, redisError } from './client.ts';
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
  /** In the order that was asked for; null: no such key, or one that holds no text, which `MGET` does not tell apart. */
  readonly held: readonly (Held | null)[];
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
  look(keys: readonly string[]): Promise<Look> {
    return this.#interruptible((redis) => this.#lookAt(redis, keys));
  }

  /** The same look, that Ctrl-C does not end: for what must be known before leaving. */
  lookAnyway(keys: readonly string[]): Promise<Look> {
    return this.within((redis) => this.#lookAt(redis, keys));
  }

  async #lookAt(redis: Redis, keys: readonly string[]): Promise<Look> {
    const first = redis.pipeline().time();
    if (keys.length > 0) first.mgetBuffer([...keys]);
    const [time, values] = (await first.exec()) ?? [];
    const nowMs = milliseconds(time);
    const found = keys.length > 0 ? answer<(Buffer | null)[]>(values) : [];
    const expiries = await this.#expiries(
      redis,
      keys.filter((_, index) => found[index] != null),
    );
    const held = keys.map((key, index) => {
      const bytes = found[index] ?? null;
      return bytes === null ? null : toHeld(bytes, expiries.get(key) ?? null);
    });
    return { nowMs, held };
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
      return { nowMs: milliseconds(time), values: texts.map(wholeNumber) };
    });
  }

  async #expiries(redis: Redis, keys: readonly string[]): Promise<Map<string, number>> {
    if (keys.length === 0) return new Map();
    const pipeline = redis.pipeline().time();
    for (const key of keys) pipeline.pttl(key);
    const [time, ...replies] = (await pipeline.exec()) ?? [];
    const nowMs = milliseconds(time);
    return new Map(
      keys.flatMap((key, index) => {
        const left = answer<number>(replies[index]);
        return left >= 0 ? [[key, nowMs + left] as const] : [];
      }),
    );
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

const wholeNumber = (text: string | null): number | null =>
  text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
