import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConfigFlags } from '../config/types.ts';
import type { Context } from '../context.ts';

/** What was given that names real systems, and so means nothing in a drill: flags, variables, the configuration file. */
export async function ignoredOf(flags: ConfigFlags, { env, configHome }: Context): Promise<string[]> {
  const given = [
    ['--config', flags.config],
    ['--context', flags.context],
    ['--redis-url', flags.redisUrl],
    ['--prometheus-url', flags.prometheusUrl],
    ['--logs-url', flags.logsUrl],
    ['--alertmanager-url', flags.alertmanagerUrl],
    ['--api-url', flags.apiUrl],
  ].flatMap(([flag = '', value]) => (value === undefined ? [] : [flag]));
  const variables = Object.keys(env).filter((name) => name.startsWith('RATELIMIT_') && env[name] !== '');
  const file = join(configHome, 'ratelimit', 'config.yaml');
  const isThere = await stat(file).then(
    () => true,
    () => false,
  );
  return [...given, ...variables.sort(), ...(isThere ? [file] : [])];
}
