import type { Adapter, Answer, Request } from '../../evidence/collect.ts';
import { type Reading, type SourceReport, unknown } from '../../evidence/types.ts';
import { labelOf } from '../../runbooks/sources.ts';
import type { Asked, Clock } from '../asked.ts';
import { SourceError } from '../source-error.ts';
import { redisError } from './client.ts';
import { bySignal, familyFor } from './families.ts';
import { evictionOf, Findings, type Found } from './findings.ts';
import { globFor } from './keys.ts';
import { Pass } from './pass.ts';
import { patiently } from './patience.ts';
import { openServers, type Servers } from './servers.ts';
import { Sorter } from './sorter.ts';

/** Reads all of a runbook's Redis sources in one pass. Never throws: what cannot be read is unknown, with the reason. */
export const readRedis: Adapter = async (asked, request) => {
  const { signal, clock } = request;
  const target = request.config.redis;
  const startedAt = clock.now();
  const all = (reading: Reading) =>
    bySignal(asked).map((part) => whole(part, reading, clock.now() - startedAt));
  let servers: Servers | null = null;
  const abort = () => servers?.close();
  try {
    const timeoutMs = request.config.timeoutSeconds * 1000;
    servers = await raceAbort(openServers(target, { timeoutMs, signal }), signal);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    return await readAll(servers, asked, request, startedAt);
  } catch (error) {
    if (signal.aborted) return all(unknown('timeout', `${target.display}: no answer before the deadline`));
    if (error instanceof TypeError || error instanceof RangeError) throw error;
    const { cause, message } = redisError(error, target);
    return all(unknown(cause, message));
  } finally {
    signal.removeEventListener('abort', abort);
    servers?.close();
  }
};

async function readAll(
  servers: Servers,
  asked: readonly Asked[],
  request: Request,
  startedAt: number,
): Promise<Answer[]> {
  const { runbook, config, clock, signal } = request;
  const { pace, endsAfterMs, watch } = request.scan;
  const endsAt = clock.steady() + endsAfterMs - (clock.now() - startedAt);
  const now = await patiently(() => serverTime(servers, clock), { clock, endsAt, signal });
  const parts = bySignal(asked).map((part) => ({ part, family: familyFor(part, now, clock) }));
  const families = parts.flatMap(({ family }) => family ?? []);
  const namespace = runbook.namespace ?? '';
  const sorter = new Sorter(families, namespace);
  const prefixes = families.flatMap((family) => family.prefixes);
  const pass = new Pass(servers, {
    ...{ sorter, clock, signal, pace, keys: servers.keys, target: config.redis },
    glob: globFor(namespace === '' ? prefixes : [...prefixes, namespace]),
    endsAt,
    answerMs: config.timeoutSeconds * 1000,
  });
  const stopWatching = watch?.(() => pass.progress) ?? (() => {});
  const passed = await pass.run().finally(stopWatching);
  const findings = new Findings(servers, passed, { sorter, namespace, target: config.redis });
  const { scan } = findings;
  const answers: Answer[] = [];
  for (const { part, family } of parts) {
    const found = family === null ? evictionOf(pass.facts) : await findings.of(family);
    answers.push({ ...answerOf(part, found, clock.now() - startedAt), scan });
  }
  return answers;
}

/** Where the pass did not reach all keys, what was found stands, and the source is one that could not be read to its end. */
function answerOf(part: readonly Asked[], found: Found, latencyMs: number): Answer {
  const { reading, sources, gap, none } = found;
  const reports = part.map(({ source }, index): SourceReport => {
    const { entities = gap === null && reading.status === 'empty' ? 0 : null, sample = null } =
      sources[index] ?? {};
    const isNone = entities === 0 && reading.status === 'measured';
    const { status, reason, cause } =
      gap === null ? (isNone ? none : reading) : { ...gap, status: 'unknown' as const };
    const label = labelOf(source);
    // Of several families the others may well hold some.
    const own = status === 'empty' ? `no key ${label}` : reason;
    return { label, status, reason: own, cause, latencyMs, entities, sample };
  });
  return { asked: part, reading, sources: reports };
}

/** The same for all sources of a part. */
const whole = (part: readonly Asked[], reading: Reading, latencyMs: number): Answer =>
  answerOf(part, { reading, sources: [], gap: null, none: reading }, latencyMs);

/** Milliseconds since the epoch by the server's clock: its date names today's keys. Ours where TIME is not allowed. */
async function serverTime({ nodes }: Servers, clock: Clock): Promise<number> {
  try {
    const [seconds] = (await nodes[0]?.redis.time()) ?? [clock.now() / 1000];
    return Number(seconds) * 1000;
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('NOPERM')) return clock.now();
    throw error;
  }
}

function raceAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const aborted = () => reject(new SourceError('timeout', 'aborted'));
    if (signal.aborted) aborted();
    signal.addEventListener('abort', aborted, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted));
  });
}
