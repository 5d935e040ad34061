import type { Redis } from 'ioredis';
import type { RedisTarget } from '../../config/types.ts';
import type { Adapter, Request } from '../../evidence/collect.ts';
import { absent, empty, type Reading, unknown } from '../../evidence/types.ts';
import { parseDuration } from '../../values/duration.ts';
import type { Asked, Clock } from '../asked.ts';
import { SourceError } from '../source-error.ts';
import { connectRedis, redisError } from './client.ts';
import { CounterFamily } from './counters.ts';
import { EntryFamily } from './entries.ts';
import type { Family } from './family.ts';
import { parseTemplate } from './keys.ts';
import { type Progress, pass } from './pass.ts';
import { SpendFamily } from './spend.ts';

/** Reads all of a runbook's Redis sources in one pass. Never throws: what cannot be read is unknown, with the reason. */
export const readRedis: Adapter = async (asked, request) => {
  const { signal } = request;
  const target = request.config.redis;
  const progress: Progress = { keys: 0, namespaceSeen: false, approximate: false };
  const all = (reading: Reading) => new Map(asked.map((one) => [one, reading]));
  let redis: Redis | null = null;
  const abort = () => redis?.disconnect();
  try {
    redis = await raceAbort(connectRedis(target, request.config.timeoutSeconds * 1000, signal), signal);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    return await readAll(redis, asked, request, progress);
  } catch (error) {
    if (signal.aborted) {
      const reached = progress.keys > 0 ? ` (${progress.keys} keys read, the pass is incomplete)` : '';
      return all(unknown('timeout', `${target.display}: no complete answer before the deadline${reached}`));
    }
    if (error instanceof TypeError || error instanceof RangeError) throw error;
    const { cause, message } = redisError(error, target);
    return all(unknown(cause, message));
  } finally {
    signal.removeEventListener('abort', abort);
    redis?.disconnect();
  }
};

async function readAll(redis: Redis, asked: readonly Asked[], request: Request, progress: Progress) {
  const { runbook, config, clock } = request;
  const now = await serverTime(redis, clock);
  const families = asked.map((one) => familyFor(one, now, clock));
  const namespace = runbook.namespace ?? '';
  await pass(redis, families, namespace, progress);
  const readings = new Map<Asked, Reading>();
  for (const [index, family] of families.entries()) {
    const one = asked[index];
    if (one === undefined) continue;
    const reading = (await family.finish(redis)) ?? nothing(family, progress, namespace, config.redis);
    readings.set(one, progress.approximate ? withApproximation(reading) : reading);
  }
  return readings;
}

/** Milliseconds since the epoch by the server's clock: its date names today's keys. Ours where TIME is not allowed. */
async function serverTime(redis: Redis, clock: Clock): Promise<number> {
  try {
    const [seconds] = await redis.time();
    return Number(seconds) * 1000;
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('NOPERM')) return clock.now();
    throw error;
  }
}

function familyFor({ source, kind }: Asked, now: number, clock: Clock): Family {
  switch (source.kind) {
    case 'redis-counter':
      return new CounterFamily({
        template: parseTemplate(source.key),
        kind,
        windowSeconds: parseDuration(source.window) ?? 0,
        renewed: source.renewed,
      });
    case 'redis-entry':
      return new EntryFamily(parseTemplate(source.key), kind);
    case 'redis-spend':
      return new SpendFamily({
        spend: parseTemplate(source.spend),
        cap: parseTemplate(source.cap),
        kind,
        date: clock.iso(now).slice(0, 10).replaceAll('-', ''),
        elapsedSeconds: Math.floor(now / 1000) % 86_400,
      });
    default:
      throw new SourceError('malformed', `${source.kind} is not a source in Redis`);
  }
}

/** Redis cannot tell "never existed" from "all expired"; a living namespace says that the system writes here. */
function nothing(family: Family, progress: Progress, namespace: string, target: RedisTarget): Reading {
  if (progress.namespaceSeen) return empty(`no key ${family.label}`);
  return absent(`${target.display} holds no key under ${namespace === '' ? 'any name' : `${namespace}*`}`);
}

const withApproximation = (reading: Reading): Reading => ({
  ...reading,
  warnings: [
    ...reading.warnings,
    'more keys than can be told apart: a key that SCAN returned twice may be counted twice',
  ],
});

function raceAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const aborted = () => reject(new SourceError('timeout', 'aborted'));
    if (signal.aborted) aborted();
    signal.addEventListener('abort', aborted, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted));
  });
}
