import type { Config, HttpTarget, Origin, System } from './types.ts';

/**
 * The words that a suggested `ratelimit` command needs to reach, when it is pasted, the same systems as this run.
 *
 * A context is always named, since the file's `current-context` may be another one by then; so is a file or a runbook
 * that a flag or the environment named. A connection that a flag or the environment gave is named by its URL without
 * credentials, except one of the environment with a password: a flag would override it, and the variable is needed
 * all the same. Defaults need no words.
 *
 * @param systems what the command talks to; words for others are left out
 * @returns words, not yet quoted for a shell, without any secret
 */
export function reachWords(config: Reached, systems: readonly System[]): string[] {
  const { from } = config;
  const url = (system: System) => {
    const isAlways = (system === 'redis' || system === 'prometheus') && standsForContext(config);
    const isNeeded = systems.includes(system) || isAlways;
    const keepsVariable = from[system] === 'environment' && hasSecret(config, system);
    return isNeeded && isGiven(from[system]) && !keepsVariable ? urlOf(config, system) : null;
  };
  return [
    ...contextWords(config),
    ...flag('--redis-url', url('redis')),
    ...flag('--prometheus-url', url('prometheus')),
    ...flag('--logs-url', url('logs')),
    ...flag('--alertmanager-url', url('alertmanager')),
    ...flag('--api-url', url('api')),
  ];
}

/** The part of a configuration that decides what a run reaches. */
export type Reached = Pick<
  Config,
  'context' | 'file' | 'runbook' | 'from' | 'redis' | 'prometheus' | 'logs' | 'alertmanager' | 'api'
>;

/** The words for the file, the context and the runbook alone. */
export const contextWords = ({
  from,
  context,
  file,
  runbook,
}: Pick<Config, 'context' | 'file' | 'runbook'> & {
  readonly from: Pick<Config['from'], 'file' | 'runbook'>;
}): string[] => [
  ...flag('--config', isGiven(from.file) ? file : null),
  ...flag('--context', context),
  ...flag('--runbook', isGiven(from.runbook) ? runbook : null),
];

const isGiven = (origin: Origin): boolean => origin === 'flag' || origin === 'environment';

const flag = (name: string, value: string | null): string[] => (value === null ? [] : [name, value]);

/**
 * True when Redis and Prometheus were both given by URL, so that no context of the file had to be chosen. A command
 * with only one of them would be refused for want of a context.
 */
function standsForContext({ context, file }: Reached): boolean {
  return context === null && file !== null;
}

function urlOf(config: Reached, system: System): string | null {
  return system === 'redis' ? config.redis.display : (httpOf(config, system)?.url ?? null);
}

function hasSecret(config: Reached, system: System): boolean {
  if (system === 'redis') return config.redis.password !== null;
  return (httpOf(config, system)?.basicAuth ?? null) !== null;
}

/** A flag or a variable gives one Prometheus. */
function httpOf(config: Reached, system: Exclude<System, 'redis'>): HttpTarget | null {
  if (system === 'prometheus') return config.prometheus[0];
  return system === 'logs' ? (config.logs?.http ?? null) : config[system];
}

/** What a run reads, by URLs without secrets, to be told while it does. */
export const systemsOf = ({
  redis,
  prometheus,
  logs,
}: Pick<Config, 'redis' | 'prometheus' | 'logs'>): string[] => [
  redis.display,
  ...prometheus.map(({ url }) => url),
  ...(logs === null ? [] : [logs.http.url]),
];
