import type { Redis } from 'ioredis';
import type { RedisTarget } from '../../config/types.ts';
import type { Adapter, Answer, Request } from '../../evidence/collect.ts';
import { absent, empty, type Reading, type SourceReport, unknown } from '../../evidence/types.ts';
import type { SourceSpec } from '../../runbooks/schema.ts';
import { labelOf } from '../../runbooks/sources.ts';
import { parseDuration } from '../../values/duration.ts';
import { periodOf } from '../../values/template.ts';
import type { Asked, Clock } from '../asked.ts';
import { SourceError } from '../source-error.ts';
import { connectRedis, redisError } from './client.ts';
import { CounterTotal } from './counter-total.ts';
import { CounterFamily, type CounterSpec } from './counters.ts';
import { EntryFamily } from './entries.ts';
import type { Family } from './family.ts';
import { parseTemplate } from './keys.ts';
import { type Progress, pass } from './pass.ts';
import { SpendFamily, type SpendSpec } from './spend.ts';

/** Reads all of a runbook's Redis sources in one pass. Never throws: what cannot be read is unknown, with the reason. */
export const readRedis: Adapter = async (asked, request) => {
  const { signal, clock } = request;
  const target = request.config.redis;
  const startedAt = clock.now();
  const progress: Progress = { keys: 0, namespaceSeen: false, approximate: false };
  const all = (reading: Reading) =>
    bySignal(asked).map((part) => whole(part, reading, clock.now() - startedAt));
  let redis: Redis | null = null;
  const abort = () => redis?.disconnect();
  try {
    redis = await raceAbort(connectRedis(target, request.config.timeoutSeconds * 1000, signal), signal);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    return await readAll(redis, asked, request, progress, startedAt);
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

async function readAll(
  redis: Redis,
  asked: readonly Asked[],
  { runbook, config, clock }: Request,
  progress: Progress,
  startedAt: number,
): Promise<Answer[]> {
  const now = await serverTime(redis, clock);
  const parts = bySignal(asked).map((part) => ({ part, family: familyFor(part, now, clock) }));
  const namespace = runbook.namespace ?? '';
  await pass(
    redis,
    parts.map(({ family }) => family),
    namespace,
    progress,
  );
  const answers: Answer[] = [];
  for (const { part, family } of parts) {
    const finished = await family.finish(redis);
    const none = nothing(family, progress, namespace, config.redis);
    const latencyMs = clock.now() - startedAt;
    if (finished === null) {
      answers.push(whole(part, none, latencyMs));
      continue;
    }
    const { reading, sources } = finished;
    const reports = part.map(({ source }, index): SourceReport => {
      const { entities = 0, sample = null } = sources[index] ?? {};
      const { status, reason, cause } = entities === 0 && reading.status === 'measured' ? none : reading;
      return { label: labelOf(source), status, reason, cause, latencyMs, entities, sample };
    });
    answers.push({
      asked: part,
      reading: progress.approximate ? withApproximation(reading) : reading,
      sources: reports,
    });
  }
  return answers;
}

/** The same for all sources of a part. */
const whole = (part: readonly Asked[], reading: Reading, latencyMs: number): Answer => ({
  asked: part,
  reading,
  sources: part.map(({ source }) => ({
    ...{ label: labelOf(source), status: reading.status, reason: reading.reason },
    ...{ cause: reading.cause, latencyMs, entities: reading.status === 'empty' ? 0 : null, sample: null },
  })),
});

/** Sources that are read together: those of one signal that count the same entities, so that none counts twice. */
function bySignal(asked: readonly Asked[]): Asked[][] {
  const parts = new Map<string, Asked[]>();
  for (const one of asked) {
    const { signal, source } = one;
    const isJoined =
      (source.kind === 'redis-counter' && !source['per-second']) || source.kind === 'redis-spend';
    const name = isJoined ? `${signal} ${source.kind}` : `${signal} ${source.kind} ${labelOf(source)}`;
    parts.set(name, [...(parts.get(name) ?? []), one]);
  }
  return [...parts.values()];
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

function familyFor(part: readonly Asked[], now: number, clock: Clock): Family {
  const iso = clock.iso(now);
  const [first] = part;
  const kind = first?.kind ?? null;
  const source = first?.source;
  switch (source?.kind) {
    case 'redis-counter':
      if (source['per-second']) {
        return new CounterTotal(parseTemplate(source.key, iso), parseDuration(source.window ?? '') ?? 1);
      }
      return new CounterFamily(
        part.flatMap(({ source }) => (source.kind === 'redis-counter' ? [counterSpec(source, iso)] : [])),
        kind,
      );
    case 'redis-entry':
      return new EntryFamily({
        template: parseTemplate(source.key, iso),
        reason: source.reason === null ? null : parseTemplate(source.reason, iso),
        ...{ automatic: source.automatic, kind },
      });
    case 'redis-spend':
      return new SpendFamily(
        part.flatMap(({ source }) => (source.kind === 'redis-spend' ? [spendSpec(source, now, clock)] : [])),
        { kind, many: first?.many ?? 'entities' },
      );
    default:
      throw new SourceError('malformed', `${source?.kind} is not a source in Redis`);
  }
}

type Of<K extends SourceSpec['kind']> = Extract<SourceSpec, { kind: K }>;

const counterSpec = (source: Of<'redis-counter'>, iso: string): CounterSpec => ({
  template: parseTemplate(source.key, iso),
  windowSeconds: source.window === null ? null : parseDuration(source.window),
  renewed: source.renewed,
  stopsAt: source['stops-at'],
  claimed: source['named-by'] === 'client',
  period: periodOf(source.key),
});

function spendSpec(source: Of<'redis-spend'>, now: number, clock: Clock): SpendSpec {
  const iso = clock.iso(now);
  const period = periodOf(source.spend) ?? 'day';
  const start = period === 'day' ? iso.slice(0, 10) : `${iso.slice(0, 7)}-01`;
  return {
    spend: parseTemplate(source.spend, iso),
    cap: source.cap === null ? null : parseTemplate(source.cap, iso),
    ...{ unit: source.unit, period },
    elapsedSeconds: Math.floor((now - clock.ms(`${start}T00:00:00Z`)) / 1000),
  };
}

/** Redis cannot tell "never existed" from "all expired"; a living namespace says that the system writes here. */
function nothing(family: Family, progress: Progress, namespace: string, target: RedisTarget): Reading {
  if (progress.namespaceSeen) return empty(`no key ${family.labels.join(', ')}`);
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
