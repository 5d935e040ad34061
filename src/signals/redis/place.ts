import type { Endpoint, RedisTarget } from '../../config/types.ts';
import { isHost, isPort } from '../../values/host.ts';

/** Where one of several servers listens, as another one of them says. */
export interface Place extends Endpoint {
  /** `host:port`, for people, and to tell one from another. */
  readonly name: string;
  /** The name that its certificate must carry; null: its host. */
  readonly servername: string | null;
}

/** `host:port` as people write it. */
export const nameOf = ({ host, port }: Endpoint): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

/** A place out of what a server sent, or null when that is no address of anything. */
export function placeAt(host: unknown, port: unknown, servername: unknown = null): Place | null {
  if (typeof host !== 'string' || !isHost(host) || !isPort(Number(port))) return null;
  const at = { host: host.toLowerCase(), port: Number(port) };
  const isNamed = typeof servername === 'string' && servername !== '' && isHost(servername);
  return { ...at, name: nameOf(at), servername: isNamed ? servername : null };
}

/** A place that was configured. */
export const placeOf = (at: Endpoint): Place => ({ ...at, name: nameOf(at), servername: null });

/** One server out of several, reached with the credentials that hold for all of them. */
export const serverAt = (target: RedisTarget, { host, port, name, servername }: Place): RedisTarget => ({
  ...{ ...target, host, port, path: null },
  topology: { kind: 'server', reader: null },
  tls: target.tls === null || servername === null ? target.tls : { ...target.tls, servername },
  display: `${target.tls === null ? 'redis' : 'rediss'}://${name}`,
});
