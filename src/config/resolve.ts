import { dirname, isAbsolute, join } from 'node:path';
import { ConfigError } from '../errors.ts';
import { type Chosen, pickTimeout } from './choose.ts';
import {
  apiFromEntry,
  type Connection,
  type ContextFiles,
  DEFAULT_ALERTMANAGER,
  DEFAULT_PROMETHEUS,
  DEFAULT_REDIS,
  httpFromEntry,
  httpFromUrl,
  prometheusFromEntries,
  prometheusFromUrl,
  redisFromEntry,
  redisFromUrl,
} from './connections.ts';
import { readStart } from './files.ts';
import { flagOrVariable, type Given } from './given.ts';
import { type ConfigInput, givenAlertmanager, openContext, runbookIn } from './in-use.ts';
import { pickLimits } from './limits.ts';
import type { LoadedFile } from './load.ts';
import { listOrigins, type Sourced } from './origins.ts';
import { type SecretReader, secretReader } from './secrets.ts';
import { apiToken, withToken } from './token.ts';
import type { AtLeastOne, Config, HttpTarget } from './types.ts';

/**
 * Builds the one configuration: flag over environment over the context in the file over the default.
 *
 * A connection that a flag or the environment gives replaces the whole connection of the context, its credentials
 * and its TLS material too: what belongs to one host must never be sent to another. Only the API's token may come
 * by itself, from `RATELIMIT_API_TOKEN_FILE` or `RATELIMIT_API_TOKEN`. An empty variable counts as unset.
 * Zod and yaml are loaded only when there is a file.
 *
 * @returns the configuration, its secrets already read; durations in seconds
 * @throws ConfigError with all problems at once: each names the flag, the variable or `file:line` and the key
 */
export async function resolveConfig(input: ConfigInput): Promise<Config> {
  const { flags, env } = input;
  const problems: string[] = [];
  const report = (problem: string) => void problems.push(problem);
  const read = input.readFile ?? readStart;
  const reader = secretReader(read, report);

  const redisUrl = flagOrVariable(flags.redisUrl, '--redis-url', env, 'RATELIMIT_REDIS_URL');
  const prometheusUrl = flagOrVariable(
    flags.prometheusUrl,
    '--prometheus-url',
    env,
    'RATELIMIT_PROMETHEUS_URL',
  );
  const alertmanagerUrl = givenAlertmanager(input);
  const logsUrl = flagOrVariable(flags.logsUrl, '--logs-url', env, 'RATELIMIT_LOGS_URL');
  const apiUrl = flagOrVariable(flags.apiUrl, '--api-url', env, 'RATELIMIT_API_URL');
  const isConnected = redisUrl !== null && prometheusUrl !== null;
  const { namedFile, file, context } = await openContext(input, read, isConnected, report);
  const { source } = file;
  const { entry } = context;
  const filesOf = (...connection: PropertyKey[]) => contextFiles(file, context, reader, connection);
  /** One that is nothing but an HTTP server. */
  const overHttp = <Fallback>(name: 'alertmanager' | 'logs', given: Given | null, fallback: Fallback) =>
    connect({ given, fromUrl: httpFromUrl, fallback, report }, entry[name], (found) =>
      httpFromEntry(found, filesOf(name)),
    );

  const redis = await connect(
    { given: redisUrl, fromUrl: redisFromUrl, fallback: DEFAULT_REDIS, report },
    entry.redis,
    (found) => redisFromEntry(found, filesOf('redis')),
  );
  const prometheus = await connect(
    { given: prometheusUrl, fromUrl: prometheusFromUrl, fallback: DEFAULT_PROMETHEUS, report },
    entry.prometheus,
    (found) =>
      prometheusFromEntries(found, (index) => filesOf('prometheus', ...(index === null ? [] : [index]))),
  );
  const alertmanager = await overHttp('alertmanager', alertmanagerUrl, DEFAULT_ALERTMANAGER);
  const logs = await overHttp('logs', logsUrl, null);
  const token = apiToken(env);
  const plainApi = await connect(
    { given: apiUrl, fromUrl: httpFromUrl, fallback: null, report },
    entry.api,
    (found) => apiFromEntry(found, filesOf('api'), token === null),
  );
  const api = token === null ? plainApi : await withToken(plainApi, token, reader, report);
  const runbook = runbookIn(input, entry, file.path, report);
  const timeout = pickTimeout(flags.timeout, entry.timeout, report);

  if (problems.length > 0) throw new ConfigError('the configuration cannot be used', problems);
  const { thresholds = {}, queries = {}, limits: tables = {}, links = {} } = entry;
  // Which streams are this system's is no matter of where they are kept.
  const selector = entry.logs?.selector ?? null;
  const limits = pickLimits(entry);
  return {
    context: context.value,
    file: source?.path ?? null,
    production: entry.production ?? false,
    runbook: runbook.value,
    redis: redis.value.target,
    prometheus: targetsOf(prometheus.value),
    alertmanager: alertmanager.value.target,
    api: api.value?.target ?? null,
    logs: logs.value && { kind: 'loki', http: logs.value.target, selector },
    links,
    queries,
    thresholds,
    limits: tables,
    timeoutSeconds: timeout.seconds,
    neverBlock: limits.neverBlock.value,
    maxBlockTtlSeconds: limits.maxBlockTtl.value.seconds,
    capCeiling: limits.capCeiling.value,
    journalStream: limits.journalStream.value,
    keepLooks: limits.keepLooks.value,
    from: {
      file: namedFile?.origin ?? 'default',
      context: context.origin,
      runbook: runbook.origin,
      redis: redis.origin,
      prometheus: prometheus.origin,
      alertmanager: alertmanager.origin,
      api: api.origin,
      logs: logs.origin,
    },
    origins: listOrigins({
      context,
      production: {
        value: entry.production ?? false,
        origin: entry.production === undefined ? 'default' : 'context',
      },
      runbook,
      redis,
      prometheus,
      alertmanager,
      api,
      logs: { ...logs, value: logs.value && { connection: logs.value, selector } },
      links,
      tokenOrigin: token === null ? api.origin : 'environment',
      timeout,
      limits,
      queries,
      thresholds,
      tables,
    }),
  };
}

/** What the connections of the context in use need to know of the file. @param connection its keys in the context */
export const contextFiles = (
  { path: configFile, source }: LoadedFile,
  { value: context }: Chosen,
  reader: SecretReader,
  connection: readonly PropertyKey[],
): ContextFiles => ({
  reader,
  locate: (path) => (isAbsolute(path) ? path : join(dirname(configFile), path)),
  at: (...key) => source?.at(['contexts', context ?? '', ...connection, ...key]) ?? '',
});

const targetsOf = ([first, ...others]: AtLeastOne<Connection<HttpTarget>>): AtLeastOne<HttpTarget> => [
  first.target,
  ...others.map(({ target }) => target),
];

type Report = (problem: string) => void;

/** How a connection comes from a URL that was given by itself, and what stands in when there is none at all. */
interface Connecting<Found, Fallback> {
  readonly given: Given | null;
  readonly fromUrl: (url: string) => Found | string;
  readonly fallback: Fallback;
  readonly report: Report;
}

export async function connect<Found extends object, Fallback, Entry>(
  { given, fromUrl, fallback, report }: Connecting<Found, Fallback>,
  entry: Entry | undefined,
  fromEntry: (entry: Entry) => Promise<Found | string>,
): Promise<Sourced<Found | Fallback>> {
  if (given === null && entry === undefined) return { value: fallback, origin: 'default' };
  const origin = given?.origin ?? 'context';
  const value =
    given !== null ? fromUrl(given.value) : entry !== undefined ? await fromEntry(entry) : fallback;
  if (typeof value !== 'string') return { value, origin };
  report(`${given?.where}: ${value}`);
  return { value: fallback, origin };
}
