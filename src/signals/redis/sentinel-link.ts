import type { RedisTarget } from '../../config/types.ts';
import type { Link } from './link.ts';
import { placeAt, serverAt } from './place.ts';
import { askSentinels, connectPrimary } from './sentinel.ts';
import type { Opening } from './servers.ts';
import { soleLink } from './sole-link.ts';

/** A connection to the primary that sentinels name just now. @throws SourceError */
export async function openSentinelLink(target: RedisTarget, opening: Opening): Promise<Link> {
  const { redis } = await connectPrimary(target, opening);
  const { host, port } = redis.options;
  const place = placeAt(host, port);
  const link = soleLink(place === null ? target : serverAt(target, place), redis);
  return {
    ...link,
    hosts: async () => {
      const signal = AbortSignal.timeout(opening.timeoutMs);
      const { primaries, replicas } = await askSentinels(target, { ...opening, signal });
      return [...primaries, ...replicas].map((one) => one.host);
    },
  };
}
