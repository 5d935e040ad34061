import type { Connection } from './connections.ts';
import { addressOf } from './display.ts';
import type { Limits } from './limits.ts';
import type { AtLeastOne, Config, HttpTarget, Origin, RedisTarget, Secret } from './types.ts';

type Leaf = Config['origins'][number];

/** A value and where it came from. */
export interface Sourced<Value> {
  readonly value: Value;
  readonly origin: Origin;
}

/** Everything that `origins` lists. */
export interface Effective {
  readonly context: Sourced<string | null>;
  readonly production: Sourced<boolean>;
  readonly runbook: Sourced<string>;
  readonly redis: Sourced<Connection<RedisTarget>>;
  readonly prometheus: Sourced<AtLeastOne<Connection<HttpTarget>>>;
  readonly alertmanager: Sourced<Connection<HttpTarget>>;
  readonly api: Sourced<Connection<HttpTarget> | null>;
  readonly logs: Sourced<{
    readonly connection: Connection<HttpTarget>;
    readonly selector: Readonly<Record<string, string>> | null;
  } | null>;
  readonly links: Readonly<Record<string, string>>;
  /** Where the API's token came from: it may differ from where its URL did. */
  readonly tokenOrigin: Origin;
  /** As it was written. */
  readonly timeout: Sourced<string>;
  readonly limits: Limits;
  readonly queries: Readonly<Record<string, string>>;
  readonly thresholds: Readonly<Record<string, number>>;
  /** The runbook's limits that the context sets. */
  readonly tables: Config['limits'];
}

/** Header values may be credentials; a tenant's id is what an operator needs to see. */
const SHOWN_HEADERS = new Set(['x-scope-orgid']);

/** Each leaf of the configuration in a fixed order, secrets as `[redacted]`, what is not set as `(none)`. */
export function listOrigins(effective: Effective): Leaf[] {
  const { context, production, runbook, redis, prometheus, alertmanager, api, timeout, limits } = effective;
  const { target } = redis.value;
  return [
    leaf('context', context.value, context.origin),
    leaf('production', String(production.value), production.origin),
    leaf('runbook', runbook.value, runbook.origin),
    leaf('redis.url', target.display, redis.origin),
    leaf('redis.username', target.username, redis.origin),
    leaf('redis.password', target.password, redis.origin),
    ...topologyLeaves(target, redis.origin),
    ...tlsLeaves('redis', redis.value, redis.origin),
    ...prometheus.value.flatMap((one, index) => {
      const prefix = prometheus.value.length > 1 ? `prometheus[${index}]` : 'prometheus';
      return withBearer(prefix, one, prometheus.origin);
    }),
    ...withBearer('alertmanager', alertmanager.value, alertmanager.origin),
    ...(api.value === null ? [leaf('api.url', null, api.origin)] : httpLeaves('api', api.value, api.origin)),
    leaf('api.token', api.value?.target.bearerToken ?? null, effective.tokenOrigin),
    ...logsLeaves(effective.logs),
    leaf('timeout', timeout.value, timeout.origin),
    leaf('never-block', limits.neverBlock.value.join(', ') || null, limits.neverBlock.origin),
    leaf('max-block-ttl', limits.maxBlockTtl.value.text, limits.maxBlockTtl.origin),
    leaf('cap-ceiling', limits.capCeiling.value, limits.capCeiling.origin),
    leaf('journal-stream', limits.journalStream.value, limits.journalStream.origin),
    leaf('keep-looks', String(limits.keepLooks.value), limits.keepLooks.origin),
    ...sorted(effective.queries).map(([name, value]) => leaf(`queries.${name}`, value, 'context')),
    ...sorted(effective.links).map(([name, value]) => leaf(`links.${name}`, value, 'context')),
    ...sorted(effective.thresholds).map(([name, value]) =>
      leaf(`thresholds.${name}`, String(value), 'context'),
    ),
    ...sorted(effective.tables).flatMap(([name, table]) => limitLeaves(`limits.${name}`, table)),
  ];
}

function leaf(key: string, value: string | Secret | null, origin: Origin): Leaf {
  return value === null ? { key, shown: '(none)', origin: 'default' } : { key, shown: String(value), origin };
}

function limitLeaves(
  prefix: string,
  { default: all, tiers = {}, entries = {} }: Config['limits'][string],
): Leaf[] {
  const set = (key: string, value: number | string) => leaf(`${prefix}.${key}`, String(value), 'context');
  return [
    ...(all === undefined ? [] : [set('default', all)]),
    ...sorted(tiers).map(([tier, value]) => set(`tiers.${tier}`, value)),
    ...sorted(entries).map(([id, value]) => set(`entries.${id}`, value)),
  ];
}

/** What the URL does not say. */
function topologyLeaves(target: RedisTarget, origin: Origin): Leaf[] {
  const { topology, read } = target;
  if (topology.kind === 'server') {
    if (topology.reader === null) return [];
    const url = `${target.tls === null ? 'redis' : 'rediss'}://${addressOf(topology.reader)}`;
    return [leaf('redis.replica-url', url, origin), leaf('redis.read', read, origin)];
  }
  if (topology.kind === 'cluster') return [];
  return [
    leaf('redis.sentinel.username', topology.username, origin),
    leaf('redis.sentinel.password', topology.password, origin),
  ];
}

const withBearer = (prefix: string, one: Connection<HttpTarget>, origin: Origin): Leaf[] => [
  ...httpLeaves(prefix, one, origin),
  leaf(`${prefix}.bearer-token`, one.target.bearerToken, origin),
];

function logsLeaves({ value, origin }: Effective['logs']): Leaf[] {
  if (value === null) return [leaf('logs.url', null, origin)];
  const { connection, selector } = value;
  return [
    ...withBearer('logs', connection, origin),
    ...sorted(selector ?? {}).map(([label, text]) => leaf(`logs.selector.${label}`, text, 'context')),
  ];
}

function httpLeaves(prefix: string, { target, tlsFiles }: Connection<HttpTarget>, origin: Origin): Leaf[] {
  const { basicAuth } = target;
  const leaves = [leaf(`${prefix}.url`, target.url, origin)];
  if (basicAuth !== null) {
    leaves.push(leaf(`${prefix}.basic-auth.username`, basicAuth.username, origin));
    leaves.push(leaf(`${prefix}.basic-auth.password`, basicAuth.password, origin));
  }
  for (const [name, value] of sorted(target.headers)) {
    const shown = SHOWN_HEADERS.has(name.toLowerCase()) ? value : '[redacted]';
    leaves.push(leaf(`${prefix}.headers.${name}`, shown, origin));
  }
  return [...leaves, ...tlsLeaves(prefix, { tlsFiles }, origin)];
}

function tlsLeaves(
  prefix: string,
  { tlsFiles }: Pick<Connection<unknown>, 'tlsFiles'>,
  origin: Origin,
): Leaf[] {
  return sorted(tlsFiles).map(([key, file]) => leaf(`${prefix}.tls.${key}`, file, origin));
}

function sorted<Value>(record: Readonly<Record<string, Value>>): [string, Value][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}
