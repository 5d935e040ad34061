import type { RedisTarget } from '../../config/types.ts';
import { SourceError } from '../source-error.ts';
import { type Call, READ, replyOf } from './call.ts';
import { redisError } from './client.ts';
import {
  countOf,
  findMap,
  movedBetween,
  orphansOf,
  type Part,
  placesIn,
  seedsOf,
  slotsText,
} from './cluster-map.ts';
import { type Place, serverAt } from './place.ts';
import { greet, greetingMs, noneOf } from './reach.ts';
import { Router } from './router.ts';
import type { Key, KeyAccess, Lost, Node, Opening, Servers } from './servers.ts';
import { SLOTS } from './slots.ts';
import { stalenessOf } from './stale.ts';
import { standingOf } from './standing.ts';

/** A part that was reached, or was not. */
type Reached =
  | { readonly part: Part; readonly node: Node; readonly warnings: readonly string[] }
  | { readonly part: Part; readonly lost: Lost; readonly error: SourceError };

/**
 * A cluster, every part of it over a connection of its own, all made at once. Where a master does not answer, its replica
 * is read; where that does not either, the part is lost.
 * @throws SourceError when no part is reached
 */
export async function openCluster(target: RedisTarget, opening: Opening): Promise<Servers> {
  const map = await findMap(target, seedsOf(target), opening);
  const reached = await reachAll(map.parts, target, opening);
  const own = new AbortController();
  const lifetime = { ...opening, signal: AbortSignal.any([own.signal, opening.signal]) };
  const router = new Router(target, map, lifetime, opening.timeoutMs);
  const found = reached.filter((one) => 'node' in one);
  const missed = reached.filter((one) => 'lost' in one);
  if (found.length === 0) {
    throw noneOf(
      `${target.display}: no node answers`,
      missed.map(({ error }) => error),
    );
  }
  for (const { part, node } of found) router.read(part, node.name, node.redis);
  const hangUp = () => close();
  const close = () => {
    opening.signal.removeEventListener('abort', hangUp);
    own.abort(new Error('Connection is closed.'));
    router.close();
    for (const { redis } of open) redis.disconnect();
  };
  const open = found.map(({ node }) => node);
  opening.signal.addEventListener('abort', hangUp, { once: true });
  return {
    nodes: [...open],
    lost: [...missed.map(({ lost }) => lost), ...orphansOf(map.orphans)],
    warnings: found.flatMap(({ warnings }) => warnings),
    keys: keysThrough(router),
    replacementFor: async (node) => {
      const again = await replace(node, target, router, lifetime);
      if (again !== null) open.push(again);
      return again;
    },
    moved: async () => movedBetween(map, await findMap(target, placesIn(map), lifetime)),
    close,
  };
}

/** Every part at once. @throws what ended the opening; nothing is left open then */
async function reachAll(parts: readonly Part[], target: RedisTarget, opening: Opening): Promise<Reached[]> {
  const settled = await Promise.allSettled(parts.map((part) => reach(part, target, opening)));
  const reached = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = settled.find((one) => one.status === 'rejected');
  if (failed === undefined && !opening.signal.aborted) return reached;
  for (const one of reached) if ('node' in one) one.node.redis.disconnect();
  throw failed?.reason ?? opening.signal.reason;
}

const shareOf = (slots: Node['slots']): number => countOf(slots ?? []) / SLOTS;

/** Connects to whoever is to be read for a part. */
async function reach(part: Part, target: RedisTarget, opening: Opening): Promise<Reached> {
  const { master, replicas, slots } = part;
  const isAsked = target.read === 'replica';
  const order = isAsked ? [...replicas, master] : [master, ...replicas];
  const troubles: SourceError[] = [];
  const told = (node: Node): Reached => ({
    ...{ part, node },
    warnings: [...insteadOf(part, node, isAsked, troubles), ...stalenessOf(node)],
  });
  // One that has lost its master grows older by the minute: better than nothing, and no more.
  let stale: Node | null = null;
  for (const place of order) {
    try {
      const node = await openNode(place, place !== master, slots, target, opening);
      if (isAsked && node.behind?.linkDown && stale === null) {
        stale = node;
        troubles.push(new SourceError('refused', `${place.name} has lost its master`));
        continue;
      }
      stale?.redis.disconnect();
      return told(node);
    } catch (error) {
      if (!(error instanceof SourceError) || opening.signal.aborted) {
        stale?.redis.disconnect();
        throw error;
      }
      troubles.push(error);
    }
  }
  if (stale !== null) return told(stale);
  const error = noneOf(`${slotsText(slots)} of the cluster`, troubles);
  const lost = { name: master.name, share: shareOf(slots), cause: error.cause, reason: error.message };
  return { part, lost, error };
}

/** Why another node than the one that was asked for is read. */
function insteadOf({ master }: Part, node: Node, isAsked: boolean, troubles: readonly Error[]): string[] {
  const why = troubles.map(({ message }) => message).join('; ');
  if (isAsked && !node.replica) {
    return [
      `${master.name} is read itself, ${why === '' ? 'since it has no replica' : `not a replica: ${why}`}`,
    ];
  }
  if (isAsked || !node.replica) return [];
  return [`${node.name}, a replica, is read in place of ${master.name}, and may be behind it: ${why}`];
}

/** @throws SourceError */
async function openNode(
  place: Place,
  isReplica: boolean,
  slots: Part['slots'],
  target: RedisTarget,
  { timeoutMs, signal }: Opening,
): Promise<Node> {
  const { redis, said } = await greet(serverAt(target, place), greetingMs(timeoutMs), signal, async (one) => {
    if (isReplica) await one.readonly();
    return standingOf(one);
  });
  const replica = said.replica ?? isReplica;
  // One that has become a replica meanwhile sends every key on, until it is told otherwise.
  if (replica && !isReplica) await redis.readonly();
  return { name: place.name, redis, share: shareOf(slots), slots, replica, behind: said.behind };
}

async function replace(
  node: Node,
  target: RedisTarget,
  router: Router,
  opening: Opening,
): Promise<Node | null> {
  try {
    const { parts } = await router.refresh();
    // A node that serves some of them only would look like all of them.
    const heir = parts.find(({ slots }) => (node.slots ?? []).every((range) => includes(slots, range)));
    if (heir === undefined) return null;
    const part = { ...heir, slots: node.slots ?? [] };
    const reached = await reach(part, target, opening);
    if ('lost' in reached) return null;
    if (opening.signal.aborted) {
      reached.node.redis.disconnect();
      return null;
    }
    router.read(part, reached.node.name, reached.node.redis);
    return reached.node;
  } catch (error) {
    opening.signal.throwIfAborted();
    if (error instanceof SourceError) return null;
    throw error;
  }
}

const includes = (slots: Part['slots'], [first, last]: Part['slots'][number]): boolean =>
  slots.some(([from, to]) => from <= first && last <= to);

/** Single keys by their slots. */
function keysThrough(router: Router): KeyAccess {
  const each = async <T>(command: string, keys: readonly Key[]): Promise<(T | Error)[]> => {
    const calls = keys.map((key): Call => ({ keys: [key], words: [command, key] }));
    return (await router.run(calls, READ)).map(({ error, value, server }) =>
      error ? redisError(error, server) : replyOf<T>({ error, value }),
    );
  };
  return {
    // MGET is silent about keys of other types, where GET is not, and is allowed to whoever may read one server.
    values: async (keys) =>
      (await each<[Buffer | null]>('MGET', keys)).map((found) =>
        found instanceof Error ? found : (found[0]?.toString() ?? null),
      ),
    pttl: async (keys) =>
      (await each<number>('PTTL', keys)).map((found) =>
        found instanceof Error ? Number.NaN : Number(found),
      ),
    types: async (keys) =>
      (await each<Buffer>('TYPE', keys)).map((found) => {
        if (found instanceof Error) throw found;
        return String(found);
      }),
  };
}
