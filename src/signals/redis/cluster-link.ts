import type { RedisTarget } from '../../config/types.ts';
import { SourceError } from '../source-error.ts';
import { type Answered, type Call, millisecondsOf, READ } from './call.ts';
import { redisError } from './client.ts';
import { type ClusterMap, countOf, findMap, orphansOf, seedsOf, slotsText } from './cluster-map.ts';
import type { Link, Primaries, Primary } from './link.ts';
import { GONE, type Held, type Look, toHeld } from './look.ts';
import { serverAt } from './place.ts';
import { noneOf } from './reach.ts';
import { Router } from './router.ts';
import { scanNames } from './scan-names.ts';
import type { Lost, Opening } from './servers.ts';
import { SLOTS } from './slots.ts';

const TIMED = { isRepeatable: true, isTimed: true };
/** How often a list is begun anew because slots have moved meanwhile. */
const MOST_LISTS = 3;

/** The masters of a cluster, each connected when it is first needed. @throws SourceError */
export async function openClusterLink(target: RedisTarget, opening: Opening): Promise<Link> {
  const own = new AbortController();
  const signal = AbortSignal.any([own.signal, opening.signal]);
  const map = await findMap(target, seedsOf(target), { ...opening, signal });
  const router = new Router(target, map, { ...opening, signal: own.signal });
  return {
    server: target,
    isEnded: () => own.signal.aborted,
    run: (calls, how) => router.run(calls, how),
    look: (keys) => lookAt(router, keys),
    texts: async (keys) => {
      const answers = await router.run(
        keys.map((key) => about('MGET', key)),
        TIMED,
      );
      const values = answers.map((answer) => told<[Buffer | null]>(answer)[0]);
      return {
        nowMs: answers[0]?.nowMs ?? (await timeOf(router)),
        values: values.map((value) => value?.toString() ?? null),
      };
    },
    names: (glob) => namesIn(router, target, glob),
    primaries: () => primariesOf(router, target),
    hosts: async () =>
      router.map.parts.flatMap(({ master, replicas }) => [master, ...replicas].map(({ host }) => host)),
    close: () => {
      own.abort(new Error('Connection is closed.'));
      router.close();
    },
  };
}

const about = (command: string, key: string | Buffer): Call => ({ keys: [key], words: [command, key] });

/** @throws SourceError that names the server */
function told<T>(answer: Answered | undefined): T {
  if (answer === undefined) throw new Error('a call was not answered');
  if (answer.error) throw redisError(answer.error, answer.server);
  return answer.value as T;
}

/** @throws SourceError when the server did not tell the time */
function clockOf({ nowMs, server }: Answered): number {
  if (nowMs === null) throw new SourceError('auth', `${server.display}: it does not tell the time (TIME)`);
  return nowMs;
}

/** Every expiry is told by the clock of the very server that holds the key: its writes are compared by it. */
async function lookAt(router: Router, keys: readonly Buffer[]): Promise<Look> {
  const calls = keys.flatMap((key) => [about('MGET', key), about('EXISTS', key)]);
  const answers = await router.run(calls, TIMED);
  const found = keys.map((_, at) => told<[Buffer | null]>(answers[2 * at])[0]);
  const isThere = keys.map((_, at) => told<number>(answers[2 * at + 1]) > 0);
  const texts = [...keys.keys()].filter((at) => found[at] !== null);
  const strange = [...keys.keys()].filter((at) => found[at] === null && isThere[at]);
  const of = (places: readonly number[], command: string) =>
    router.run(
      places.map((at) => about(command, keys[at] ?? '')),
      TIMED,
    );
  const [expiries, types] = await Promise.all([of(texts, 'PTTL'), of(strange, 'TYPE')]);
  const held = new Map<number, Held>();
  for (const [index, at] of texts.entries()) {
    const answer = expiries[index];
    const left = told<number>(answer);
    const bytes = found[at];
    if (left === GONE || !bytes || !answer) continue;
    held.set(at, toHeld(bytes, left < 0 ? null : clockOf(answer) + left));
  }
  const foreign = strange.filter((_, index) => {
    const type = String(told<Buffer>(types[index]));
    return type !== 'none' && type !== 'string';
  });
  return {
    nowMs: answers[0]?.nowMs ?? (await timeOf(router)),
    held: keys.map((_, at) => held.get(at) ?? null),
    foreign: new Set(foreign),
  };
}

/** The time of some master, where no key was asked for. */
async function timeOf(router: Router): Promise<number> {
  const [answer] = await router.run([{ keys: [''], words: ['TIME'] }], READ);
  return millisecondsOf(told<readonly Buffer[]>(answer).map(String));
}

/** Every master, those that do not answer in time apart. */
async function primariesOf(router: Router, target: RedisTarget): Promise<Primaries> {
  const { parts, orphans } = router.map;
  const troubles: SourceError[] = [];
  const reached = await Promise.all(
    parts.map(async ({ master, slots }): Promise<Primary | Lost> => {
      const [server, share] = [serverAt(target, master), countOf(slots) / SLOTS];
      try {
        return { name: master.name, redis: await router.connection(master), server, share };
      } catch (error) {
        const trouble = redisError(error, server);
        troubles.push(trouble);
        return { name: master.name, share, cause: trouble.cause, reason: trouble.message };
      }
    }),
  );
  const nodes = reached.filter((one) => 'redis' in one);
  if (nodes.length === 0) throw noneOf(`${target.display}: no master answers`, troubles);
  return { nodes, lost: [...reached.filter((one) => 'reason' in one), ...orphansOf(orphans)] };
}

/**
 * Names on every master. A name that moves from one to another during the look may be missed by both, so that it is
 * begun anew when slots have.
 */
async function namesIn(router: Router, target: RedisTarget, glob: Buffer): Promise<ReadonlySet<string>> {
  for (let list = 0; list < MOST_LISTS; list += 1) {
    const before = await router.refresh();
    const { nodes, lost } = await primariesOf(router, target);
    const [missing] = lost;
    if (missing !== undefined)
      throw new SourceError(missing.cause, `not all keys can be listed: ${missing.reason}`);
    const names = new Set<string>();
    const lists = nodes.map(async ({ redis, server }) => {
      for (const name of await scanNames(redis, glob).catch((error: unknown) =>
        Promise.reject(redisError(error, server)),
      )) {
        names.add(name);
      }
    });
    await Promise.all(lists);
    if (ownersIn(before) === ownersIn(await router.refresh())) return names;
  }
  throw new SourceError('incomplete', `${target.display}: its slots kept moving while its keys were listed`);
}

const ownersIn = ({ parts }: ClusterMap): string =>
  parts
    .map(({ master, slots }) => `${master.name} ${slotsText([...slots].sort(([a], [b]) => a - b))}`)
    .sort()
    .join('; ');
