import { placeOf } from '../config/display.ts';
import { resolveConfig } from '../config/resolve.ts';
import type { Config, ConfigFlags, HttpTarget } from '../config/types.ts';
import type { Context } from '../context.ts';
import { ConfigError, EXIT, RatelimitError, UsageError } from '../errors.ts';
import type { CapKeys } from '../remedies/cap.ts';
import { loadRunbook } from '../runbooks/load.ts';
import type { RemediesSpec } from '../runbooks/remedies-schema.ts';
import type { Runbook } from '../runbooks/schema.ts';
import type { Api } from '../signals/api.ts';
import type { Keyspace } from '../signals/redis/keyspace.ts';
import { SourceError } from '../signals/source-error.ts';
import { isPlainId } from '../values/parse.ts';
import { quote } from '../values/text.ts';

/** What a command works on: the configuration, the runbook, and clients that connect when they are first used. */
export interface Parts {
  readonly config: Config;
  readonly runbook: Runbook;
  readonly keyspace: Keyspace;
  readonly api: () => Promise<Api>;
  close(): void;
}

/**
 * Runs a command on what it works on, and hangs up whatever came of it.
 * @throws RatelimitError also for what a system said
 */
export async function withParts<T>(
  flags: ConfigFlags,
  context: Context,
  work: (parts: Parts) => Promise<T>,
): Promise<T> {
  const parts = await open(flags, context);
  try {
    return await work(parts);
  } catch (error) {
    throw toError(error);
  } finally {
    parts.close();
  }
}

async function open(flags: ConfigFlags, context: Context): Promise<Parts> {
  const config = await resolveConfig({ flags, env: context.env, configHome: context.configHome });
  const [runbook, keyspace] = await Promise.all([
    loadRunbook(config.runbook, context.runbooks),
    context.keyspace(config),
  ]);
  let api: Promise<Api> | null = null;
  return {
    config,
    runbook,
    keyspace,
    api: () => {
      api ??= context.api(apiOf(config), config);
      return api;
    },
    close: () => {
      keyspace.close();
      api?.then(
        (made) => made.close(),
        () => {},
      );
    },
  };
}

/** What a run is aimed at, as the journal names it: without users and secrets. */
export const systemsOf = ({ redis, api }: Config): { redis: string; api: string | null } => ({
  redis: placeOf(redis),
  api: api?.url ?? null,
});

/** A remedy's part of the runbook. @throws ConfigError when the runbook does not have it */
export function specOf<Name extends keyof RemediesSpec>(
  { name, remedies }: Runbook,
  remedy: Name,
): NonNullable<RemediesSpec[Name]> {
  const spec = remedies[remedy];
  if (spec === null) {
    const has = Object.entries(remedies).flatMap(([key, value]) => (value === null ? [] : [key]));
    throw new ConfigError(
      `runbook ${name} has no remedy ${remedy}`,
      [],
      `It has: ${has.join(', ') || 'none'}.`,
    );
  }
  return spec;
}

/** An id that may become part of a key, a URL or a command. @throws UsageError */
export function checkId(what: string, id: string): void {
  if (isPlainId(id)) return;
  throw new UsageError(
    `expected the id of ${what === 'agent' ? 'an agent' : `a ${what}`}: 1 to 128 letters, digits, dashes and underscores, got ${quote(id)}`,
  );
}

/** The API. @throws ConfigError without one, or without a token */
export function apiOf({ api }: Config): HttpTarget {
  if (api === null) {
    throw new ConfigError(
      "the system's API is not configured",
      [],
      'Give it with --api-url, RATELIMIT_API_URL, or `api` in the context.',
    );
  }
  if (api.bearerToken === null && api.basicAuth === null) {
    throw new ConfigError(
      'the API needs a token',
      [],
      'Give it in RATELIMIT_API_TOKEN_FILE or RATELIMIT_API_TOKEN, or as token-file in the context.',
    );
  }
  return api;
}

/** Where the runbook keeps spends and their cap. */
export function capKeys({ signals }: Runbook, signal: string): CapKeys {
  const sources = (signals[signal]?.sources ?? []).flatMap((source) =>
    source.kind === 'redis-spend' && source.cap !== null ? [{ ...source, cap: source.cap }] : [],
  );
  const cap = sources[0]?.cap;
  if (cap !== undefined) {
    const spends = sources.filter((source) => source.cap === cap);
    return { cap, spends: spends.map(({ spend, unit }) => ({ template: spend, unit })) };
  }
  throw new ConfigError(`signal ${signal} of the runbook does not say where caps are kept`);
}

/** What a system says, as an error that ends the run. */
function toError(error: unknown): unknown {
  if (!(error instanceof SourceError)) return error;
  const exitCode = error.cause === 'auth' ? EXIT.auth : EXIT.failure;
  return new RatelimitError(error.cause, error.message, { exitCode, cause: error });
}
