import type { Redis } from 'ioredis';
import type { RedisTarget } from '../../config/types.ts';
import { SourceError } from '../source-error.ts';
import { connectRedis, redisError } from './client.ts';

/** A server that answered, and what it said. */
export interface Greeted<T> {
  readonly redis: Redis;
  readonly said: T;
}

/**
 * Connects to a server and asks it something; a server that accepts connections may still hang.
 * @param limitMs for both together
 * @param signal ends both
 * @throws SourceError; nothing is left open then
 */
export async function greet<T>(
  target: RedisTarget,
  limitMs: number,
  signal: AbortSignal,
  ask: (redis: Redis) => Promise<T>,
): Promise<Greeted<T>> {
  const deadline = AbortSignal.timeout(limitMs);
  const end = AbortSignal.any([deadline, signal]);
  let redis: Redis | null = null;
  const hangUp = () => redis?.disconnect();
  end.addEventListener('abort', hangUp, { once: true });
  try {
    redis = await connectRedis(target, limitMs, end);
    const said = await ask(redis);
    end.throwIfAborted();
    return { redis, said };
  } catch (error) {
    hangUp();
    if (deadline.aborted && !signal.aborted) {
      throw new SourceError('timeout', `${target.display}: no answer in ${limitMs} ms`);
    }
    throw redisError(error, target);
  } finally {
    end.removeEventListener('abort', hangUp);
  }
}

/**
 * Of the time for everything, what one of several servers may take to answer at all, milliseconds: the others are to be
 * read in the rest of it.
 */
export const greetingMs = (timeoutMs: number): number =>
  Math.min(timeoutMs, Math.max(SHORTEST_MS, timeoutMs / 4));

const SHORTEST_MS = 500;

/** How long those that have not answered are waited for, once one has. */
const GRACE_MS = 300;

/** What some of several said, in no order, and why the others said nothing. */
export interface Said<T> {
  readonly answers: readonly T[];
  readonly troubles: readonly SourceError[];
}

/** Asks several at once. Once one has answered the others are waited for a moment only: a dead one must cost little. */
export function askAll<T>(asks: readonly (() => Promise<T>)[]): Promise<Said<T>> {
  return new Promise((resolve, reject) => {
    const [answers, troubles]: [T[], SourceError[]] = [[], []];
    let timer: NodeJS.Timeout | undefined;
    const end = () => {
      clearTimeout(timer);
      resolve({ answers: [...answers], troubles: [...troubles] });
    };
    const settled = () => {
      if (answers.length + troubles.length === asks.length) end();
      else if (answers.length > 0) timer ??= setTimeout(end, GRACE_MS);
    };
    if (asks.length === 0) end();
    for (const ask of asks) {
      ask().then(
        (answer) => {
          answers.push(answer);
          settled();
        },
        (error: unknown) => {
          if (!(error instanceof SourceError)) return reject(error);
          troubles.push(error);
          settled();
        },
      );
    }
  });
}

/** Why none of several servers is of use, as one error. */
export function noneOf(what: string, troubles: readonly SourceError[]): SourceError {
  const [first] = troubles;
  const cause = troubles.find((one) => one.cause === 'auth')?.cause ?? first?.cause ?? 'unreachable';
  return new SourceError(cause, `${what}: ${troubles.map(({ message }) => message).join('; ')}`);
}
