import type { RedisTarget } from '../../config/types.ts';
import { SourceError } from '../source-error.ts';
import { redisError } from './client.ts';
import { keysOf } from './key-access.ts';
import { nameOf, placeOf, serverAt } from './place.ts';
import { greet, greetingMs } from './reach.ts';
import type { Node, Opening, Servers } from './servers.ts';
import { stalenessOf } from './stale.ts';
import { standingOf } from './standing.ts';

/** A server that was given by its address, or the reader that stands beside it; each stands in for the other. */
export async function openServer(target: RedisTarget, opening: Opening): Promise<Servers> {
  const { topology, read } = target;
  const { timeoutMs, signal } = opening;
  const reader = topology.kind === 'server' ? topology.reader : null;
  if (reader === null) {
    const itself = () => openNode(target, timeoutMs, signal);
    return soleServer(await itself(), [], opening, itself);
  }
  const both = [target, serverAt(target, placeOf(reader))] as const;
  const [first, second] = read === 'replica' ? [both[1], both[0]] : both;
  const its = (place: RedisTarget) => () => openNode(place, greetingMs(timeoutMs), signal);
  try {
    return soleServer(await its(first)(), [], opening, its(first));
  } catch (error) {
    signal.throwIfAborted();
    const { cause, message } = redisError(error, first);
    if (cause === 'auth') throw error;
    const warning = `${second.display} is read in place of ${first.display}: ${message}`;
    return soleServer(await its(second)(), [warning], opening, its(second));
  }
}

/** A server that holds all of the keyspace. @throws SourceError */
export async function openNode(target: RedisTarget, limitMs: number, signal: AbortSignal): Promise<Node> {
  const { redis, said } = await greet(target, limitMs, signal, async (one) => {
    const standing = await standingOf(one);
    // It would look like all of the keyspace with most of the keys gone.
    if (standing.clustered) throw new SourceError('refused', `${target.display}: ${A_CLUSTER}`);
    return standing;
  });
  const name = target.path ?? nameOf(target);
  return { name, redis, share: 1, slots: null, replica: said.replica ?? false, behind: said.behind };
}

/** @param again connects anew, to whoever holds the keyspace then */
export function soleServer(
  node: Node,
  warnings: readonly string[],
  { signal }: Opening,
  again: () => Promise<Node>,
): Servers {
  let current = node;
  const hangUp = () => current.redis.disconnect();
  signal.addEventListener('abort', hangUp, { once: true });
  return {
    ...{ nodes: [node], lost: [], keys: keysOf(() => current.redis) },
    warnings: [...warnings, ...stalenessOf(node)],
    replacementFor: async () => {
      try {
        const next = await again();
        current.redis.disconnect();
        current = next;
        return next;
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof SourceError) return null;
        throw error;
      }
    },
    close: () => {
      signal.removeEventListener('abort', hangUp);
      hangUp();
    },
  };
}

/** What is wrong with a node of a cluster that was given as if it were a server of its own. */
export const A_CLUSTER =
  'it is a node of a cluster, which has to be read as a whole: give cluster://host:port, or `cluster` in the context';
