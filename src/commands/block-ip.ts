import type { Config, System } from '../config/types.ts';
import type { Context } from '../context.ts';
import { type ExitCode, UsageError } from '../errors.ts';
import { blockIp } from '../remedies/block-ip.ts';
import {
  BLOCK_GUARDS,
  type BlockGuard,
  type KnownHost,
  ownAddress,
  type Surroundings,
} from '../remedies/guards.ts';
import { isAddress } from '../values/address.ts';
import { parseDuration } from '../values/duration.ts';
import { parseTarget, type Target } from '../values/targets.ts';
import { open, type Parts, specOf } from './parts.ts';
import { runRemedy, type WriteFlags } from './remedy.ts';
import { tenantsBehind } from './shared-address.ts';

export interface BlockFlags extends WriteFlags {
  /** Seconds. */
  readonly ttl?: number;
  readonly stdin: boolean;
  readonly max: number;
}

const STDIN_BYTES = 1024 * 1024;

/** `ratelimit block-ip`: puts addresses on the deny list. */
export async function blockIpCommand(
  words: readonly string[],
  flags: BlockFlags,
  context: Context,
): Promise<ExitCode> {
  const targets = parseTargets([...words, ...(flags.stdin ? await linesOfStdin(context) : [])]);
  const parts = await open(flags, context);
  const { config, runbook, keyspace } = parts;
  const spec = specOf(runbook, 'block-ip');
  const usual = Math.min(parseDuration(spec.ttl) ?? 86_400, config.maxBlockTtlSeconds);
  const forced = new Set(BLOCK_GUARDS.filter((guard) => isForced(flags, guard)));
  const order = {
    targets,
    ttlSeconds: flags.ttl ?? usual,
    maxTtlSeconds: config.maxBlockTtlSeconds,
    max: flags.max,
    forced,
  };
  const around = once(() => surroundings(parts, context));
  const remedy = blockIp(spec, order, { keyspace, clock: context.clock, around });
  return runRemedy(flags, context, parts, remedy, { systems: SYSTEMS, stdinUsed: flags.stdin });
}

const SYSTEMS: readonly System[] = ['redis'];

/** Addresses and ranges as they were typed. @throws UsageError with everything that is wrong at once */
export function parseTargets(words: readonly string[]): Target[] {
  if (words.length === 0) {
    throw new UsageError(
      'no address was given',
      'Give addresses or ranges, or --stdin to read them from stdin.',
    );
  }
  const parsed = words.map((word) => parseTarget(word));
  const problems = [...new Set(parsed.filter((target) => typeof target === 'string'))];
  if (problems.length > 0) throw new UsageError(problems.slice(0, 10).join('\n'));
  const targets = parsed.filter((target) => typeof target !== 'string');
  return [...new Map(targets.map((target) => [target.text, target])).values()];
}

/** One address or range a line; blank lines and what follows a # are left out. */
async function linesOfStdin({ readStdin }: Context): Promise<string[]> {
  const text = await readStdin(STDIN_BYTES).catch((error: unknown) => {
    throw error instanceof RangeError ? new UsageError(`--stdin: ${error.message}`) : error;
  });
  return text
    .split('\n')
    .map((line) => line.replace(/#.*/s, '').trim())
    .filter((line) => line !== '');
}

/** Commander's name of `--force-link-local` is `forceLinkLocal`. */
function isForced(flags: BlockFlags, guard: BlockGuard): boolean {
  const name = `force-${guard}`.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return (flags as unknown as Readonly<Record<string, unknown>>)[name] === true;
}

async function surroundings(
  { config, runbook }: Parts,
  context: Context,
): Promise<Omit<Surroundings, 'peers'>> {
  const [hosts, behind] = await Promise.all([
    Promise.all(hostsOf(config).map(({ what, host }) => locate(what, host, context))),
    tenantsBehind({ config, runbook, context, windowSeconds: WINDOW_SECONDS }),
  ]);
  return {
    neverBlock: config.neverBlock.map(parseTarget).filter((target) => typeof target !== 'string'),
    hosts,
    own: ownAddress(context.env.SSH_CONNECTION),
    behind,
  };
}

/** How far back sharing is looked for. */
const WINDOW_SECONDS = 300;

function hostsOf({ redis, prometheus, api }: Config): { what: string; host: string }[] {
  const hosts = [{ what: 'Prometheus', host: hostOf(prometheus.url) }];
  if (redis.path === null) hosts.unshift({ what: 'Redis', host: redis.host });
  if (api !== null) hosts.push({ what: 'the API', host: hostOf(api.url) });
  return hosts;
}

const hostOf = (url: string): string => new URL(url).hostname.replace(/^\[(.*)\]$/, '$1');

async function locate(what: string, host: string, { addressesOf }: Context): Promise<KnownHost> {
  if (isAddress(host)) return { what, addresses: [host] };
  try {
    return { what: `${what} (${host})`, addresses: await addressesOf(host) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { what: `${what} (${host})`, addresses: why };
  }
}

/** Asked once a run: the plan is made again after the operator has answered. */
function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => {
    answer ??= ask();
    return answer;
  };
}
