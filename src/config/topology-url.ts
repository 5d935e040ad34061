import { expected, MAX_DB, parseAddress, parseDb, splitAuthority } from './authority.ts';
import { addressOf, withDisplay } from './display.ts';
import { type Endpoint, type RedisTarget, Secret } from './types.ts';

export const SENTINEL_PORT = 26_379;
export const REDIS_PORT = 6379;

/** More would not fit into a URL, and a few are enough to find the rest. */
export const MOST_NODES = 64;

/** What sentinels may be told that a primary is called. */
export const isPrimaryName = (text: string): boolean => /^[\w.-]{1,128}$/.test(text);

/**
 * Reads `sentinel://[user[:password]@]host[:port][,host[:port]...]/name[/db][?read=replica]` and
 * `cluster://[user[:password]@]host[:port][,...][?read=replica]`, the same with `+tls` before the colon. The
 * credentials are those of the servers; sentinels have theirs in a configuration file alone.
 * @param scheme as it was written, lower case
 * @returns the target, or the sentence that says what was expected and what was got. Never throws.
 */
export function parseTopologyUrl(text: string, scheme: string): RedisTarget | string {
  const match = /^([^?#]*)(?:\?read=(primary|replica))?$/.exec(text.slice(scheme.length));
  if (match === null) return expected('nothing but ?read=replica after the hosts and the name', text);
  const isSentinel = scheme.startsWith('sentinel');
  const { user, hosts, path } = splitAuthority(text, match[1] ?? '');
  if (typeof user === 'string') return user;
  if (/^[^/]*,[^/]*@/.test(match[1] ?? '')) {
    return expected('credentials before the first host alone, with %2C for a comma in them', text);
  }
  const places = parseNodes(hosts.split(','), isSentinel ? SENTINEL_PORT : REDIS_PORT);
  if (typeof places === 'string') return expected(places, text);
  const shared = {
    ...{ host: '', port: 0, path: null, username: user.username || null },
    password: user.password ? new Secret(user.password) : null,
    tls: scheme.includes('+tls') ? { ca: null, cert: null, key: null } : null,
    read: match[2] === 'replica' ? ('replica' as const) : ('primary' as const),
  };
  if (!isSentinel) {
    if (!/^\/?$/.test(path)) return expected('no path: a cluster has one database', text);
    return withDisplay({ ...shared, db: 0, topology: { kind: 'cluster', seeds: places } });
  }
  const [, name = '', number] = /^\/([^/]*)(?:\/([^/]*))?$/.exec(path) ?? [];
  if (!isPrimaryName(name)) return expected('/ and the name of the primary after the sentinels', text);
  const db = number === undefined ? 0 : parseDb(number);
  if (db === null) return expected(`/ and a database number of 0 to ${MAX_DB} after the name`, text);
  const own = { username: null, password: null };
  return withDisplay({ ...shared, db, topology: { kind: 'sentinel', name, sentinels: places, ...own } });
}

/** Each `host[:port]` once, or what was expected in place of one of them. */
function parseNodes(texts: readonly string[], defaultPort: number): readonly Endpoint[] | string {
  if (texts.length > MOST_NODES) return `at most ${MOST_NODES} hosts`;
  const places = texts.map((one) => parseAddress(one, defaultPort));
  const problem = places.find((place) => typeof place === 'string');
  if (problem !== undefined) return problem;
  const found = places.filter((place) => typeof place !== 'string');
  return [...new Map(found.map((place) => [addressOf(place), place])).values()];
}
