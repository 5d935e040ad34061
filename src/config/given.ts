import type { Sourced } from './origins.ts';

/** A value of a flag or a variable of the environment, and how a message names it. */
export interface Given extends Sourced<string> {
  /** `--redis-url` or `RATELIMIT_REDIS_URL`. */
  readonly where: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** The flag when it was given, else the variable when it is set and not empty, else null. */
export function flagOrVariable(
  flag: string | undefined,
  flagName: string,
  env: Environment,
  variable: string,
): Given | null {
  if (flag !== undefined) return { value: flag, origin: 'flag', where: flagName };
  const value = env[variable];
  return value === undefined || value === '' ? null : { value, origin: 'environment', where: variable };
}
