import { endpointsOf } from '../config/display.ts';
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
import { parseTarget } from '../values/targets.ts';
import { type Parts, specOf, withParts } from './parts.ts';
import { runRemedy, type WriteFlags } from './remedy.ts';
import { tenantsBehind } from './shared-address.ts';
import { parseTargets } from './targets.ts';

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
  return withParts(flags, context, (parts) => {
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
  });
}

const SYSTEMS: readonly System[] = ['redis'];

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

async function surroundings(parts: Parts, context: Context): Promise<Omit<Surroundings, 'peers'>> {
  const { config } = parts;
  const [hosts, behind] = await Promise.all([knownHosts(parts, context), tenantsBehind(parts, context)]);
  return {
    neverBlock: config.neverBlock.map(parseTarget).filter((target) => typeof target !== 'string'),
    hosts,
    own: ownAddress(context.env.SSH_CONNECTION),
    behind,
  };
}

/** Those that are configured, and those that sentinels or a cluster name. */
async function knownHosts({ config, keyspace }: Parts, context: Context): Promise<KnownHost[]> {
  const configured = hostsOf(config);
  const told = (await keyspace.hosts()).map((host) => ({ what: 'Redis', host }));
  const all = new Map([...configured, ...told].map((one) => [`${one.what} ${one.host}`, one]));
  return Promise.all([...all.values()].map(({ what, host }) => locate(what, host, context)));
}

function hostsOf({ redis, prometheus, logs, api }: Config): { what: string; host: string }[] {
  const hosts = [
    ...endpointsOf(redis).map(({ host }) => ({ what: 'Redis', host })),
    ...prometheus.map(({ url }) => ({ what: 'Prometheus', host: hostOf(url) })),
  ];
  if (logs !== null) hosts.push({ what: 'the store of logs', host: hostOf(logs.http.url) });
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
