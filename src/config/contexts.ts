import { ConfigError } from '../errors.ts';
import { placeOf } from './display.ts';
import { readStart } from './files.ts';
import { flagOrVariable } from './given.ts';
import type { ConfigInput } from './in-use.ts';
import { loadFile } from './load.ts';
import { resolveConfig } from './resolve.ts';
import type { ReadFile } from './secrets.ts';
import type { Config, HttpTarget } from './types.ts';

/** What a command that works on several contexts makes of each: its configuration, and what else it needs. */
type Prepare<Ready> = (config: Config) => Promise<Ready>;

/**
 * The configurations of several contexts, each made ready; in the order of their names, or of the file for all.
 *
 * A connection given by a flag or a variable is refused: it would stand for that of every context, and all of them
 * would be the same system under different names.
 *
 * @param names null: every context of the file
 * @throws ConfigError with all problems of all contexts at once, those that `prepare` throws too
 */
export async function resolveContexts<Ready>(
  input: ConfigInput,
  names: readonly string[] | null,
  prepare: Prepare<Ready>,
): Promise<Ready[]> {
  const problems = new Set<string>();
  const hints = new Set<string>();
  const report = (problem: string) => void problems.add(problem);
  // Read once: all contexts come from the same state of the file, which may also be a pipe.
  const shared = { ...input, readFile: readOnce(input.readFile ?? readStart) };
  givenConnections(input).forEach(report);

  const one = async (context: string): Promise<Ready[]> => {
    const config = await resolveConfig({ ...shared, flags: { ...shared.flags, context } }).catch((error) => {
      if (!(error instanceof ConfigError)) throw error;
      error.problems.forEach(report);
      return null;
    });
    if (config === null) return [];
    try {
      return [await prepare(config)];
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const { message, hint } = error;
      const sentences = error.problems.length > 0 ? error.problems : [message];
      for (const sentence of sentences) report(`context ${context}: ${sentence}`);
      if (hint !== '') hints.add(hint);
      return [];
    }
  };
  const all = names ?? (await namesIn(shared, report));
  const ready = (await Promise.all(all.map(one))).flat();
  if (problems.size === 0) return ready;
  throw new ConfigError('the configuration cannot be used', [...problems], [...hints].join('\n'));
}

const CONNECTIONS = [
  ['redisUrl', '--redis-url', 'RATELIMIT_REDIS_URL', 'Redis'],
  ['prometheusUrl', '--prometheus-url', 'RATELIMIT_PROMETHEUS_URL', 'Prometheus'],
  ['logsUrl', '--logs-url', 'RATELIMIT_LOGS_URL', 'log store'],
  ['alertmanagerUrl', '--alertmanager-url', 'RATELIMIT_ALERTMANAGER_URL', 'Alertmanager'],
  ['apiUrl', '--api-url', 'RATELIMIT_API_URL', 'API'],
] as const;

const givenConnections = ({ flags, env }: ConfigInput): string[] =>
  CONNECTIONS.flatMap(([key, flag, variable, system]) => {
    const given = flagOrVariable(flags[key], flag, env, variable);
    if (given === null) return [];
    const without = given.origin === 'flag' ? 'leave it out' : 'unset it';
    return [
      `${given.where}: expected none with several contexts, since it would be the ${system} of each of them; ${without}, or triage one context`,
    ];
  });

/** The names of the file's contexts; that there are none is reported. */
async function namesIn(
  { flags, env, configHome, readFile }: ConfigInput & { readonly readFile: ReadFile },
  report: (problem: string) => void,
): Promise<string[]> {
  const named = flagOrVariable(flags.config, '--config', env, 'RATELIMIT_CONFIG');
  const { path, source, isBroken } = await loadFile(named, configHome, readFile, report);
  const names = Object.keys(source?.content.contexts ?? {});
  if (names.length === 0 && !isBroken) {
    const why = source === null ? `there is no configuration file at ${path}` : `${path} has no contexts`;
    report(`--all-contexts: ${why}`);
  }
  return names;
}

/** Reads each file once: what is read again is the same state of it, and it may be a pipe. */
export function readOnce(read: ReadFile): ReadFile {
  const started = new Map<string, Promise<Uint8Array>>();
  return (path, limit) => {
    const key = `${limit} ${path}`;
    const reading = started.get(key) ?? read(path, limit);
    started.set(key, reading);
    return reading;
  };
}

/** What is read, by system: the same text for two contexts when they read the same. */
export const placesOf = ({
  redis,
  prometheus,
  logs,
}: Config): Readonly<Record<'redis' | 'prometheus' | 'logs', string>> => ({
  redis: placeOf(redis),
  prometheus: JSON.stringify(prometheus.map(httpPlace).sort()),
  logs: logs === null ? '' : JSON.stringify([httpPlace(logs.http), sorted(logs.selector ?? {})]),
});

/** A header may choose a tenant of the same server. */
const httpPlace = ({ url, headers }: HttpTarget): string => JSON.stringify([url, sorted(headers)]);

const sorted = (texts: Readonly<Record<string, string>>) => Object.entries(texts).sort();
