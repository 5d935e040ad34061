import type { Endpoint, RedisTarget, Topology } from './types.ts';

type Plain = Omit<RedisTarget, 'display' | 'topology' | 'read'> &
  Partial<Pick<RedisTarget, 'topology' | 'read'>>;

const ONE_SERVER: Topology = { kind: 'server', reader: null };

/**
 * The target with `display` made anew: for a target whose username or password came from elsewhere. One server that is
 * read where it is written, unless said.
 */
export function withDisplay(plain: Plain): RedisTarget {
  const target = { topology: ONE_SERVER, read: 'primary', ...plain } as const;
  return { ...target, display: displayOf(target) };
}

/** Where a Redis is, whoever asks and wherever it is read: its URL with neither user nor password. */
export function placeOf(target: RedisTarget): string {
  const { topology } = target;
  const sorted =
    topology.kind === 'sentinel'
      ? { ...topology, sentinels: inOrder(topology.sentinels) }
      : topology.kind === 'cluster'
        ? { ...topology, seeds: inOrder(topology.seeds) }
        : topology;
  return displayOf({ ...target, username: null, read: 'primary', topology: sorted });
}

/** Where the configuration says that something listens: the server and its reader, sentinels, or seeds. */
export function endpointsOf({ topology, path, host, port }: RedisTarget): readonly Endpoint[] {
  switch (topology.kind) {
    case 'sentinel':
      return topology.sentinels;
    case 'cluster':
      return topology.seeds;
    case 'server':
      return [
        ...(path === null ? [{ host, port }] : []),
        ...(topology.reader === null ? [] : [topology.reader]),
      ];
  }
}

/** `host:port` as it stands in a URL. */
export const addressOf = ({ host, port }: Endpoint): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

function displayOf({ topology, username, path, db, tls, read, ...at }: Omit<RedisTarget, 'display'>): string {
  const user = username === null ? '' : `${encodeURIComponent(username)}@`;
  const secured = tls === null ? '' : '+tls';
  const query = read === 'replica' ? '?read=replica' : '';
  const number = db === 0 ? '' : `/${db}`;
  const list = (all: readonly Endpoint[]) => all.map(addressOf).join(',');
  switch (topology.kind) {
    case 'sentinel':
      return `sentinel${secured}://${user}${list(topology.sentinels)}/${topology.name}${number}${query}`;
    case 'cluster':
      return `cluster${secured}://${user}${list(topology.seeds)}${query}`;
    case 'server': {
      // A path of `//x` would be read as an authority, so the empty authority is always written.
      const socket = path?.split('/').map(encodeURIComponent).join('/');
      if (socket !== undefined) return `unix://${user}${socket}${db === 0 ? '' : `?db=${db}`}`;
      return `${tls === null ? 'redis' : 'rediss'}://${user}${addressOf(at)}${number}`;
    }
  }
}

const inOrder = (all: readonly Endpoint[]): Endpoint[] =>
  [...all].sort((a, b) => (addressOf(a) < addressOf(b) ? -1 : 1));
