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
export function reachWords(config: Config, systems: readonly System[]): string[] {
  const { from } = config;
  const url = (system: System) => {
    const isNeeded = systems.includes(system) || (system !== 'api' && standsForContext(config));
    const keepsVariable = from[system] === 'environment' && hasSecret(config, system);
    return isNeeded && isGiven(from[system]) && !keepsVariable ? urlOf(config, system) : null;
  };
  return [
    ...contextWords(config),
    ...flag('--redis-url', url('redis')),
    ...flag('--prometheus-url', url('prometheus')),
    ...flag('--api-url', url('api')),
  ];
}

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
function standsForContext({ context, file }: Config): boolean {
  return context === null && file !== null;
}

function urlOf({ redis, prometheus, api }: Config, system: System): string | null {
  if (system === 'redis') return redis.display;
  // A flag or a variable gives one.
  return (system === 'prometheus' ? prometheus[0] : api)?.url ?? null;
}

function hasSecret({ redis, prometheus, api }: Config, system: System): boolean {
  if (system === 'redis') return redis.password !== null;
  const target: HttpTarget | null = system === 'prometheus' ? prometheus[0] : api;
  return target !== null && target.basicAuth !== null;
}

/** What a run reads, by URLs without secrets, to be told while it does. */
export const systemsOf = ({ redis, prometheus }: Pick<Config, 'redis' | 'prometheus'>): string[] => [
  redis.display,
  ...prometheus.map(({ url }) => url),
];
