import { Redis, type RedisOptions } from 'ioredis';
import type { RedisTarget } from '../../config/types.ts';
import type { Cause } from '../../evidence/types.ts';
import { codeOf, networkReason, SourceError } from '../source-error.ts';

/**
 * Connects to one Redis. Nothing is retried and nothing is queued for later: a dead Redis is known within
 * milliseconds, and a cut connection ends the read.
 * @param signal closes the connection while it is being made; afterwards it is the caller's to close
 * @throws SourceError
 */
export async function connectRedis(
  target: RedisTarget,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Redis> {
  const redis = new Redis(optionsFor(target, timeoutMs));
  // The reason of a failed connection arrives as an event; connect() itself only says that it is closed.
  let reason: Error | null = null;
  redis.on('error', (error: Error) => {
    reason = error;
  });
  const abort = () => redis.disconnect();
  signal.addEventListener('abort', abort, { once: true });
  try {
    await redis.connect();
    signal.throwIfAborted();
    // A refused SELECT is only an event, and would leave us reading database 0.
    if (reason !== null) throw reason;
    return redis;
  } catch (error) {
    redis.disconnect();
    throw redisError(reason ?? error, target);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function optionsFor(target: RedisTarget, timeoutMs: number): RedisOptions & { replyMapping: 'legacy' } {
  const { tls } = target;
  return {
    ...(target.path === null ? { host: target.host, port: target.port } : { path: target.path }),
    db: target.db,
    ...(target.username === null ? {} : { username: target.username }),
    ...(target.password === null ? {} : { password: target.password.reveal() }),
    ...(tls === null
      ? {}
      : {
          tls: {
            ...(tls.ca === null ? {} : { ca: tls.ca }),
            ...(tls.cert === null ? {} : { cert: tls.cert }),
            ...(tls.key === null ? {} : { key: tls.key.reveal() }),
            ...(tls.servername === undefined ? {} : { servername: tls.servername }),
          },
        }),
    lazyConnect: true,
    connectTimeout: timeoutMs,
    // When we hang up all answers are in, or given up: there is nothing to wait for, least of all a server that hangs.
    disconnectTimeout: 0,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    reconnectOnError: null,
    autoResendUnfulfilledCommands: false,
    // A server that loads its data says so to every command; waiting for it is not ours to do during a page.
    enableReadyCheck: false,
    // RESP2: every reply we read is a string, a number or a list, and proxies in between know it.
    protocol: 2,
    replyMapping: 'legacy',
    disableClientInfo: true,
  };
}

const REPLIES: readonly (readonly [RegExp, Cause, string])[] = [
  [
    /^(WRONGPASS|NOAUTH)|invalid password|without any password/i,
    'auth',
    'the user name or password is not accepted',
  ],
  [
    /^NOPERM|user executing the script can't|ACL failure in script/,
    'auth',
    'the ACL user lacks a permission',
  ],
  [/^LOADING/, 'refused', 'the server is still loading its data'],
  [
    /^(MOVED|CROSSSLOT)/,
    'refused',
    'it is a node of a cluster, which has to be read as a whole: give cluster://host:port, or `cluster` in the context',
  ],
  [/^(BUSY|OOM|MASTERDOWN|CLUSTERDOWN|READONLY)/, 'refused', 'the server refuses'],
];

/** An error of ioredis or of Redis itself in words that name the server. */
export function redisError(error: unknown, target: RedisTarget): SourceError {
  if (error instanceof SourceError) return error;
  const message = error instanceof Error ? error.message : String(error);
  for (const [pattern, cause, words] of REPLIES) {
    if (pattern.test(message))
      return new SourceError(cause, `${target.display}: ${words} (${message.slice(0, 160)})`);
  }
  if (codeOf(error) === 'ETIMEDOUT')
    return new SourceError('timeout', `${target.display}: no connection in time`);
  if (/RESP type|Protocol error/i.test(message)) {
    return new SourceError(
      'malformed',
      `${target.display}: what answers there does not speak Redis's protocol`,
    );
  }
  const words = networkReason(error) ?? (/closed/i.test(message) ? 'the connection was closed' : message);
  return new SourceError('unreachable', `${target.display}: ${words}`);
}
