import type { Redis } from 'ioredis';
import type { RedisTarget } from '../../config/types.ts';
import { SourceError } from '../source-error.ts';
import { openNode, soleServer } from './one-server.ts';
import { type Place, placeAt, placeOf, serverAt } from './place.ts';
import { askAll, greet, greetingMs, noneOf } from './reach.ts';
import type { Node, Opening, Servers } from './servers.ts';

/** What sentinels say of the servers that they watch. */
export interface Watched {
  /** Whom they name as the primary, those first that most of them name: one that was cut off names an old one. */
  readonly primaries: readonly Place[];
  /** The replicas that they hear of; those that they hold for down come last. */
  readonly replicas: readonly Place[];
}

interface Found {
  readonly node: Node;
  readonly warnings: readonly string[];
}

/**
 * The primary that sentinels name, or a replica of it where one is to be read; each stands in for the other.
 * @throws SourceError
 */
export async function openSentinel(target: RedisTarget, opening: Opening): Promise<Servers> {
  const find = () =>
    target.read === 'primary' ? primaryFirst(target, opening) : replicaFirst(target, opening);
  const { node, warnings } = await find();
  return soleServer(node, warnings, opening, async () => (await find()).node);
}

async function primaryFirst(target: RedisTarget, opening: Opening): Promise<Found> {
  const watched = await askSentinels(target, opening);
  try {
    return { node: await openPrimary(target, watched, opening), warnings: [] };
  } catch (error) {
    if (!(error instanceof SourceError) || error.cause === 'auth') throw error;
    const { node } = await openReplica(target, watched, opening, true);
    if (node === null) throw error;
    return { node, warnings: [`${node.name}, a replica, is read, and may be behind: ${error.message}`] };
  }
}

async function replicaFirst(target: RedisTarget, opening: Opening): Promise<Found> {
  const watched = await askSentinels(target, opening);
  const { node, why } = await openReplica(target, watched, opening, false);
  if (node !== null) return { node, warnings: [] };
  try {
    const warnings = [`the primary is read, not a replica: ${why}`];
    return { node: await openPrimary(target, watched, opening), warnings };
  } catch (error) {
    const { node: stale } = await openReplica(target, watched, opening, true);
    if (stale === null) throw error;
    return { node: stale, warnings: [] };
  }
}

/** A connection to the primary, which is asked whether it is one. @throws SourceError */
export async function connectPrimary(target: RedisTarget, opening: Opening): Promise<Node> {
  return openPrimary(target, await askSentinels(target, opening), opening);
}

/** Asks all sentinels at once. @throws SourceError when none knows the primary */
export async function askSentinels(target: RedisTarget, { timeoutMs, signal }: Opening): Promise<Watched> {
  const { topology } = target;
  if (topology.kind !== 'sentinel') throw new Error('there are no sentinels to ask');
  const { name, sentinels, username, password } = topology;
  const { answers, troubles } = await askAll(
    sentinels.map((at) => async () => {
      const place = placeOf(at);
      const display = `the sentinel ${place.name}`;
      const sentinel = { ...serverAt(target, place), ...{ db: 0, username, password, display } };
      const { redis, said } = await greet(sentinel, greetingMs(timeoutMs), signal, (one) =>
        watchedBy(one, name, display),
      );
      redis.disconnect();
      if (said === null) throw new SourceError('refused', `${display} knows no primary called ${name}`);
      return said;
    }),
  );
  signal.throwIfAborted();
  if (answers.length === 0) throw noneOf(`${target.display}: no sentinel names the primary`, troubles);
  const votes = new Map<string, { place: Place; count: number }>();
  for (const { primary } of answers) {
    const vote = votes.get(primary.name) ?? { place: primary, count: 0 };
    votes.set(primary.name, { ...vote, count: vote.count + 1 });
  }
  const replicas = new Map(
    answers.flatMap((answer) => answer.replicas.map((one) => [one.place.name, one] as const)),
  );
  return {
    primaries: [...votes.values()].sort((a, b) => b.count - a.count).map(({ place }) => place),
    replicas: [...replicas.values()]
      .sort((a, b) => Number(a.isDown) - Number(b.isDown))
      .map(({ place }) => place),
  };
}

interface Told {
  readonly primary: Place;
  readonly replicas: readonly { readonly place: Place; readonly isDown: boolean }[];
}

/** What one sentinel says; null: it does not know the name. */
async function watchedBy(sentinel: Redis, name: string, display: string): Promise<Told | null> {
  const address = await sentinel.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name);
  if (address === null) return null;
  const [host, port] = Array.isArray(address) ? address : [];
  const primary = placeAt(host, port);
  if (primary === null) throw new SourceError('malformed', `${display} names no address for ${name}`);
  // Who may not ask for the replicas can still be told the primary.
  const replicas = await sentinel.call('SENTINEL', 'REPLICAS', name).catch((error: Error) => {
    if (error.name !== 'ReplyError') throw error;
    return [];
  });
  return { primary, replicas: replicasIn(replicas) };
}

/** Reads an answer of SENTINEL REPLICAS: for each a list of names and values. What has no address is left out. */
function replicasIn(reply: unknown): Told['replicas'] {
  if (!Array.isArray(reply)) return [];
  return (reply as readonly unknown[]).flatMap((row) => {
    if (!Array.isArray(row)) return [];
    const fields = new Map<unknown, unknown>();
    for (let at = 0; at + 1 < row.length; at += 2) fields.set(row[at], row[at + 1]);
    const place = placeAt(fields.get('ip'), fields.get('port'));
    const isDown = /down|disconnected/.test(String(fields.get('flags')));
    return place === null ? [] : [{ place, isDown }];
  });
}

/** @throws SourceError */
async function openPrimary(
  target: RedisTarget,
  { primaries }: Watched,
  { timeoutMs, signal }: Opening,
): Promise<Node> {
  const troubles: SourceError[] = [];
  for (const place of primaries) {
    signal.throwIfAborted();
    try {
      const node = await openNode(serverAt(target, place), greetingMs(timeoutMs), signal);
      if (!node.replica) return node;
      node.redis.disconnect();
      troubles.push(
        new SourceError('refused', `${place.name}, which sentinels name, is a replica${UNDER_WAY}`),
      );
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      troubles.push(
        new SourceError(error.cause, `${error.message}${error.cause === 'auth' ? '' : UNDER_WAY}`),
      );
    }
  }
  throw noneOf(`${target.display}: no primary`, troubles);
}

const UNDER_WAY = ' (a failover may be under way: try again)';

/** @param mayBeStale true: one that has lost its primary will do */
async function openReplica(
  target: RedisTarget,
  { replicas }: Watched,
  { timeoutMs, signal }: Opening,
  mayBeStale: boolean,
): Promise<{ readonly node: Node | null; readonly why: string }> {
  const troubles: string[] = [];
  for (const place of replicas) {
    signal.throwIfAborted();
    try {
      const node = await openNode(serverAt(target, place), greetingMs(timeoutMs), signal);
      if (mayBeStale || !node.behind?.linkDown) return { node, why: '' };
      node.redis.disconnect();
      troubles.push(`${place.name} has lost its primary`);
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      troubles.push(error.message);
    }
  }
  return { node: null, why: troubles.length === 0 ? 'sentinels know of none' : troubles.join('; ') };
}
