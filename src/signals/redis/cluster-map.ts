import type { RedisTarget } from '../../config/types.ts';
import { SourceError } from '../source-error.ts';
import { type Place, placeAt, placeOf, serverAt } from './place.ts';
import { askAll, greet, greetingMs, noneOf } from './reach.ts';
import type { Lost, Opening, SlotRange } from './servers.ts';
import { SLOTS } from './slots.ts';

/** Slots that are served together. */
export interface Part {
  readonly master: Place;
  readonly replicas: readonly Place[];
  readonly slots: readonly SlotRange[];
}

/** Who serves what, as one node sees it. */
export interface ClusterMap {
  readonly parts: readonly Part[];
  /** Slots that nobody serves, and those whose server cannot be named. */
  readonly orphans: readonly SlotRange[];
}

/** How many slots these are. */
export const countOf = (slots: readonly SlotRange[]): number =>
  slots.reduce((sum, [first, last]) => sum + last - first + 1, 0);

/** `slots 0-99, 200` */
export const slotsText = (slots: readonly SlotRange[]): string =>
  `slots ${slots.map(([first, last]) => (first === last ? first : `${first}-${last}`)).join(', ')}`;

/** Slots that nobody serves, as what is lost with them. */
export function orphansOf(slots: readonly SlotRange[]): Lost[] {
  if (slots.length === 0) return [];
  const name = slotsText(slots);
  const reason = `${name}: no node of the cluster serves them`;
  return [{ name, share: countOf(slots) / SLOTS, cause: 'unreachable', reason }];
}

/** How many nodes are asked at once: each is a connection. */
const MOST_ASKED = 8;

/**
 * Asks nodes for the map, all at once; of different answers the one that knows most slots is taken: a node that was cut
 * off, or has left, knows fewer.
 * @throws SourceError when none has one
 */
export async function findMap(
  target: RedisTarget,
  places: readonly Place[],
  { timeoutMs, signal }: Opening,
): Promise<ClusterMap> {
  const limitMs = greetingMs(timeoutMs);
  const { answers, troubles } = await askAll(
    places.slice(0, MOST_ASKED).map((place) => async () => {
      const server = serverAt(target, place);
      const { redis, said } = await greet(server, limitMs, signal, (one) =>
        one.call('CLUSTER', 'SLOTS'),
      ).catch((error: unknown) => {
        throw notClustered(error, server);
      });
      redis.disconnect();
      return readMap(said, place, server);
    }),
  );
  signal.throwIfAborted();
  const known = ({ parts }: ClusterMap) => countOf(parts.flatMap(({ slots }) => slots));
  const [best] = [...answers].sort((a, b) => known(b) - known(a));
  if (best === undefined) {
    const others = places.slice(MOST_ASKED);
    if (others.length > 0) return findMap(target, others, { timeoutMs, signal });
    throw noneOf(`${target.display}: no node answers`, troubles);
  }
  if (best.parts.length === 0) {
    throw new SourceError('refused', `${target.display}: the cluster serves no slots`);
  }
  return best;
}

/** The nodes that may be asked for the map: those that were configured. */
export const seedsOf = ({ topology }: RedisTarget): Place[] =>
  topology.kind === 'cluster' ? topology.seeds.map(placeOf) : [];

function notClustered(error: unknown, { display }: RedisTarget): unknown {
  if (!(error instanceof SourceError) || !/cluster support disabled/i.test(error.message)) return error;
  return new SourceError(
    'refused',
    `${display}: it is a single server and no node of a cluster: give ${display}`,
  );
}

/**
 * Reads an answer of CLUSTER SLOTS: lists of first slot, last slot, the master, and its replicas; each of these a host
 * (null or nothing: the one that was asked), a port, an id, and from Redis 7 on pairs of metadata.
 * @param asked who gave the answer
 * @throws SourceError when it is none
 */
export function readMap(reply: unknown, asked: Place, { display }: RedisTarget): ClusterMap {
  const malformed = () =>
    new SourceError('malformed', `${display}: what CLUSTER SLOTS answers is no list of slots`);
  if (!Array.isArray(reply) || reply.length > SLOTS) throw malformed();
  const parts = new Map<string, { master: Place; replicas: Place[]; slots: SlotRange[] }>();
  const isServed = new Uint8Array(SLOTS);
  for (const row of reply as readonly unknown[]) {
    if (!Array.isArray(row)) throw malformed();
    const [first, last, ...servers] = row as readonly unknown[];
    if (!isSlot(first) || !isSlot(last) || first > last) throw malformed();
    // Twice the same slot would be twice the same keys.
    if (isServed.subarray(first, last + 1).some(Boolean)) throw malformed();
    const [master, ...replicas] = servers.map((server) => readNode(server, asked));
    if (!master) continue;
    isServed.fill(1, first, last + 1);
    const part = parts.get(master.name) ?? { master, replicas: [], slots: [] };
    part.slots.push([first, last]);
    for (const replica of replicas) {
      if (replica && !part.replicas.some(({ name }) => name === replica.name)) part.replicas.push(replica);
    }
    parts.set(master.name, part);
  }
  return { parts: [...parts.values()], orphans: gapsOf(isServed) };
}

const isSlot = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < SLOTS;

function readNode(node: unknown, asked: Place): Place | null {
  if (!Array.isArray(node)) return null;
  const [host, port, , metadata] = node as readonly unknown[];
  const more = pairsOf(metadata);
  // A node that does not know its own address is where it was reached.
  if (host === null || host === '')
    return placeAt(asked.host, port, more.get('hostname') ?? asked.servername);
  return placeAt(host === '?' ? more.get('ip') : host, port, more.get('hostname'));
}

function pairsOf(list: unknown): Map<unknown, unknown> {
  const pairs = new Map<unknown, unknown>();
  if (!Array.isArray(list)) return pairs;
  for (let at = 0; at + 1 < list.length; at += 2) pairs.set(list[at], list[at + 1]);
  return pairs;
}

function gapsOf(isServed: Uint8Array): SlotRange[] {
  const gaps: SlotRange[] = [];
  for (let slot = 0; slot < SLOTS; slot += 1) {
    if (isServed[slot] === 1) continue;
    const first = slot;
    while (slot + 1 < SLOTS && isServed[slot + 1] === 0) slot += 1;
    gaps.push([first, slot]);
  }
  return gaps;
}
