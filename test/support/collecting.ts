import { setMaxListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import {
  type AtLeastOne,
  type Config,
  type HttpTarget,
  type LogsTarget,
  type RedisTarget,
  Secret,
  type Tls,
} from '../../src/config/types.ts';
import {
  type Adapter,
  type Answer,
  askedOf,
  type Request,
  type ScanWishes,
} from '../../src/evidence/collect.ts';
import { merge } from '../../src/evidence/merge.ts';
import type { Reading, Row } from '../../src/evidence/types.ts';
import { parseRunbook } from '../../src/runbooks/parse.ts';
import type { Runbook } from '../../src/runbooks/schema.ts';
import type { Clock } from '../../src/signals/asked.ts';
import { readLogs } from '../../src/signals/logs/adapter.ts';
import { readPrometheus } from '../../src/signals/prometheus/adapter.ts';
import type { PaceName } from '../../src/signals/redis/pace.ts';
import type { Certificates } from './certificates.ts';
import type { TestCluster } from './cluster.ts';
import { refusedUrl } from './faulty-http.ts';
import { counter, openMetrics, series } from './openmetrics.ts';
import { deadPort } from './processes.ts';
import { startPrometheus } from './prometheus.ts';
import type { TestSentinels } from './sentinels.ts';

/** Longer than any healthy read on a loaded machine, so that only a fault can reach it. */
const TIMEOUT_SECONDS = 60;

export const clock: Clock = {
  now: () => Date.now(),
  iso: (milliseconds) => new Date(milliseconds).toISOString(),
  ms: (iso) => Date.parse(iso),
  steady: () => performance.now(),
};

const runbookFile = new URL('../../src/runbooks/aegis.yaml', import.meta.url);

/** The runbook that comes with the program. */
export const aegis = async (): Promise<Runbook> =>
  parseRunbook(await readFile(runbookFile, 'utf8'), 'aegis.yaml');

/** A Redis on loopback as the configuration would name it. */
export function redisTarget(port: number, more: Partial<RedisTarget> = {}): RedisTarget {
  return {
    ...{ host: '127.0.0.1', port, path: null, db: 0, username: null, password: null, tls: null },
    ...{ topology: { kind: 'server', reader: null }, read: 'primary' },
    display: `redis://127.0.0.1:${port}`,
    ...more,
  };
}

/** A cluster on loopback as the configuration would name it, by all its nodes unless said. */
export function clusterTarget({ seeds, url }: TestCluster, more: Partial<RedisTarget> = {}): RedisTarget {
  return redisTarget(0, { host: '', topology: { kind: 'cluster', seeds }, display: url, ...more });
}

/** What sentinels on loopback watch, as the configuration would name it. */
export function sentinelTarget(
  { name, sentinels, url }: TestSentinels,
  more: Partial<RedisTarget> = {},
): RedisTarget {
  const at = sentinels.map(({ port }) => ({ host: '127.0.0.1', port }));
  const topology = { kind: 'sentinel', name, sentinels: at, username: null, password: null } as const;
  return redisTarget(0, { host: '', topology, display: url, ...more });
}

/** An HTTP API as the configuration would name it. */
export function httpTarget(url: string, more: Partial<HttpTarget> = {}): HttpTarget {
  return { url, bearerToken: null, basicAuth: null, headers: {}, tls: null, ...more };
}

/** The harness's certificates as the configuration holds them; without `client`, only its authority. */
export function tlsOf(certificates: Certificates | undefined, { client = false } = {}): Tls {
  if (certificates === undefined) throw new Error('the server does not speak TLS');
  const { ca, client: pair } = certificates;
  return {
    ca: readFileSync(ca, 'utf8'),
    cert: client ? readFileSync(pair.cert, 'utf8') : null,
    key: client ? new Secret(readFileSync(pair.key, 'utf8')) : null,
  };
}

/** A configuration by hand. What is not given is a port on which nothing listens. */
export async function configOf(given: {
  redis?: RedisTarget;
  prometheus?: HttpTarget | AtLeastOne<HttpTarget>;
  timeoutSeconds?: number;
  queries?: Record<string, string>;
  logs?: LogsTarget;
}): Promise<Config> {
  return {
    context: null,
    file: null,
    production: false,
    runbook: 'aegis',
    redis: given.redis ?? redisTarget(await deadPort()),
    prometheus: listOf(given.prometheus ?? httpTarget(await refusedUrl())),
    alertmanager: httpTarget('http://127.0.0.1:9093'),
    api: null,
    logs: given.logs ?? null,
    links: {},
    queries: given.queries ?? {},
    thresholds: {},
    limits: {},
    timeoutSeconds: given.timeoutSeconds ?? TIMEOUT_SECONDS,
    ...{
      neverBlock: [],
      maxBlockTtlSeconds: 7 * 86_400,
      capCeiling: null,
      journalStream: null,
      keepLooks: true,
    },
    from: {
      ...{ file: 'default', context: 'default', runbook: 'default' },
      ...{ redis: 'flag', prometheus: 'flag', alertmanager: 'default', api: 'default', logs: 'default' },
    },
    origins: [],
  };
}

const listOf = (given: HttpTarget | AtLeastOne<HttpTarget>): AtLeastOne<HttpTarget> =>
  'url' in given ? [given] : given;

interface Wanted {
  redis?: RedisTarget;
  prometheus?: HttpTarget | AtLeastOne<HttpTarget>;
  windowSeconds?: number;
  timeoutSeconds?: number;
  queries?: Record<string, string>;
  logs?: LogsTarget;
  /** Aborted by the operator. */
  interrupt?: AbortSignal;
  runbook?: Runbook;
  pace?: PaceName;
  budgetSeconds?: number;
  watch?: ScanWishes['watch'];
  clock?: Clock;
}

/** What one adapter says to these signals of the runbook, under the deadline that `collect` would set. */
export async function ask(
  adapter: Adapter,
  signals: readonly string[],
  wanted: Wanted,
): Promise<Record<string, Reading>> {
  const answers = await answersOf(adapter, signals, wanted);
  return Object.fromEntries(
    signals.map((signal) => {
      const own = answers.filter((answer) => answer.asked[0]?.signal === signal);
      if (own.length === 0) throw new Error(`no reading of ${signal}`);
      return [signal, merge(own.map(({ reading }) => reading))];
    }),
  );
}

/** The answers themselves, with what became of each source, and of the pass. */
export async function answersOf(
  adapter: Adapter,
  signals: readonly string[],
  wanted: Wanted,
  system = systemOf(adapter),
): Promise<Answer[]> {
  const runbook = wanted.runbook ?? (await aegis());
  const config = await configOf(wanted);
  const asked = askedOf(runbook).filter(
    ({ signal, source }) => signals.includes(signal) && source.kind.startsWith(system),
  );
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), config.timeoutSeconds * 1000);
  const aborts = [deadline.signal, ...(wanted.interrupt ? [wanted.interrupt] : [])];
  const request: Request = {
    ...{ config, runbook, clock: wanted.clock ?? clock },
    scan: {
      ...{ pace: wanted.pace ?? 'fast', watch: wanted.watch ?? null },
      endsAfterMs: (wanted.budgetSeconds ?? config.timeoutSeconds * 0.9) * 1000,
    },
    windowSeconds: wanted.windowSeconds ?? 300,
    signal: AbortSignal.any(aborts),
  };
  // As `collect` does.
  setMaxListeners(0, request.signal);
  try {
    return await adapter(asked, request);
  } finally {
    clearTimeout(timer);
  }
}

/** What the sources begin with that it reads. */
const systemOf = (adapter: Adapter): string =>
  adapter === readPrometheus ? 'prometheus-' : adapter === readLogs ? 'logs-' : 'redis-';

/** Like {@link ask}, for one signal. */
export async function askOne(adapter: Adapter, signal: string, wanted: Wanted): Promise<Reading> {
  const reading = (await ask(adapter, [signal], wanted))[signal];
  if (reading === undefined) throw new Error(`no reading of ${signal}`);
  return reading;
}

/** The row of an id; throws when there is none, with those that there are. */
export function row(reading: Reading, id: string): Row {
  const found = reading.rows.find((one) => one.id === id);
  if (found) return found;
  const ids = reading.rows.map((one) => JSON.stringify(one.id)).join(', ');
  throw new Error(`no row ${JSON.stringify(id)} among ${ids || 'none'}: ${reading.status} ${reading.reason}`);
}

/** How long a promise took, as a share of a deadline: what a test may compare without knowing the machine. */
export async function shareOf<T>(deadlineSeconds: number, promise: Promise<T>): Promise<[T, number]> {
  const started = performance.now();
  const value = await promise;
  return [value, (performance.now() - started) / 1000 / deadlineSeconds];
}

/** Samples go on into the future, so that rates stay true however slow the machine is. */
const TO = 600;

type Growth = Parameters<typeof counter>[1];
interface Where {
  status?: string;
  path?: string;
  /** The target; null is none. */
  instance?: string | null;
}

/** Makers of the gateway's request counter around `now`, seconds since the epoch. */
export function requestsAt(now: number) {
  const requests = (tenant: string, growth: Growth, where: Where = {}) => {
    const { status = '429', path = '/execute', instance = 'gw-1:8000' } = where;
    const target: Record<string, string> = instance === null ? {} : { job: 'gateway', instance };
    const labels = { tenant_id: tenant, method: 'POST', path, status, ...target };
    return series('acp_gateway_request_total', labels, counter(now, { to: TO, ...growth }));
  };
  /** A target that has been exposing the counter all along, for requests that went well. */
  const oldTarget = (where: Where = {}) =>
    requests('calm', { start: 5e5, perSecond: 3 }, { status: '200', ...where });
  return { requests, oldTarget };
}

/** `rejects-by-tenant` as read from a Prometheus that holds these series. */
export async function rejectsIn(
  all: readonly ReturnType<typeof series>[],
  windowSeconds = 300,
): Promise<Reading> {
  const server = await startPrometheus({ series: openMetrics(all) });
  try {
    const prometheus = httpTarget(server.url);
    return await askOne(readPrometheus, 'rejects-by-tenant', { prometheus, windowSeconds });
  } finally {
    await server.stop();
  }
}
