import type { Endpoint, RedisTarget } from '../../config/types.ts';
import { SourceError } from '../source-error.ts';
import { connectRedis, redisError } from './client.ts';
import { keysOf } from './key-access.ts';
import type { Node, Opening, Servers } from './servers.ts';
import { standingOf } from './standing.ts';

/** `host:port` as people write it. */
export const nameOf = ({ host, port }: Endpoint): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

/** One server out of several, reached with the credentials that hold for all of them. */
export const serverAt = (target: RedisTarget, place: Endpoint): RedisTarget => ({
  ...{ ...target, host: place.host, port: place.port, path: null },
  topology: { kind: 'server', reader: null },
  display: `${target.tls === null ? 'redis' : 'rediss'}://${nameOf(place)}`,
});

/** A server that was given by its address, or the reader that stands beside it. */
export async function openServer(target: RedisTarget, opening: Opening): Promise<Servers> {
  const { topology } = target;
  const reader = topology.kind === 'server' && target.read === 'replica' ? topology.reader : null;
  if (reader === null) return serversOf(target, await openNode(target, opening), opening, []);
  const place = serverAt(target, reader);
  try {
    return serversOf(place, await openNode(place, opening), opening, []);
  } catch (error) {
    opening.signal.throwIfAborted();
    const { message } = redisError(error, place);
    return serversOf(target, await openNode(target, opening), opening, [
      `read from the primary, since the reader does not answer: ${message}`,
    ]);
  }
}

/** @throws SourceError */
async function openNode(target: RedisTarget, { timeoutMs, signal }: Opening): Promise<Node> {
  const redis = await connectRedis(target, timeoutMs, signal);
  const hangUp = () => redis.disconnect();
  signal.addEventListener('abort', hangUp, { once: true });
  try {
    const { clustered, replica, behind } = await standingOf(redis);
    // One node would look like all of the keyspace with most of its keys gone.
    if (clustered) throw new SourceError('refused', `${target.display}: ${A_CLUSTER}`);
    const name = target.path ?? nameOf(target);
    return { name, redis, share: 1, slots: null, replica: replica ?? false, behind };
  } catch (error) {
    redis.disconnect();
    throw redisError(error, target);
  }
}

export const A_CLUSTER =
  'it is a node of a cluster, which has to be read as a whole: give cluster://host:port, or `cluster` in the context';

function serversOf(target: RedisTarget, node: Node, opening: Opening, warnings: readonly string[]): Servers {
  let open = [node];
  return {
    ...{ nodes: [node], lost: [], keys: keysOf(node.redis) },
    warnings: [...warnings, ...stalenessOf(node)],
    replacementFor: async () => {
      const again = await openNode(target, opening).catch((error: unknown) => {
        if (error instanceof SourceError) return null;
        throw error;
      });
      if (again !== null) open = [...open, again];
      return again;
    },
    close: () => {
      for (const { redis } of open) redis.disconnect();
    },
  };
}

/** From here on a replica is said to be behind, seconds: a primary is heard of every ten seconds at least. */
const LATE_SECONDS = 30;

/** What is to be said of a replica that may hold what is no longer so. */
export function stalenessOf({ name, behind }: Pick<Node, 'name' | 'behind'>): string[] {
  if (behind === null) return [];
  const since = behind.seconds === null ? '' : ` for ${behind.seconds} s`;
  if (behind.linkDown) {
    return [`${name} is a replica that has lost its primary${since}: what it holds may be that old`];
  }
  if ((behind.seconds ?? 0) < LATE_SECONDS) return [];
  return [`${name} is a replica that has not heard of its primary${since}: what it holds may be that old`];
}
