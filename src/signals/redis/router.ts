import type { Redis } from 'ioredis';
import type { RedisTarget } from '../../config/types.ts';
import { SourceError } from '../source-error.ts';
import { type Answered, type Call, type How, millisecondsOf, type Words } from './call.ts';
import { redisError } from './client.ts';
import { type ClusterMap, findMap, type Part, seedsOf } from './cluster-map.ts';
import { type Place, placeAt, serverAt } from './place.ts';
import { greet, greetingMs } from './reach.ts';
import type { Opening } from './servers.ts';
import { SLOTS, slotOf } from './slots.ts';

/** A call on its way. */
interface Step {
  readonly index: number;
  readonly slot: number;
  /** null: nobody serves the slot. */
  readonly place: Place | null;
  /** True after ASK: the slot is on its way to this server, and this key is there already. */
  readonly isAsking: boolean;
  /** True when it is sent again because a server was lost. */
  readonly isAgain: boolean;
}

/** How often a call is sent on: a cluster that moves slots sends on twice, one that is broken for ever. */
const MOST_ROUNDS = 6;

/** Sends calls to the nodes of a cluster that serve their keys, and on to where these have moved. */
export class Router {
  readonly #target: RedisTarget;
  readonly #opening: Opening;
  readonly #open = new Map<string, Promise<Redis>>();
  readonly #places: (Place | null)[] = new Array(SLOTS).fill(null);
  #map: ClusterMap;

  constructor(target: RedisTarget, map: ClusterMap, opening: Opening) {
    this.#target = target;
    this.#opening = opening;
    this.#map = map;
    this.#use(map);
  }

  get map(): ClusterMap {
    return this.#map;
  }

  /** Reads a part over a connection that is there already, such as that of a replica. */
  read(part: Part, name: string, redis: Redis): void {
    this.#open.set(name, Promise.resolve(redis));
    const place = [part.master, ...part.replicas].find((one) => one.name === name) ?? part.master;
    for (const [first, last] of part.slots) this.#places.fill(place, first, last + 1);
  }

  /** Asks anew who serves what: every node that is known, and those that were configured. @throws SourceError */
  async refresh(): Promise<ClusterMap> {
    const { parts } = this.#map;
    const known = [...parts.map(({ master }) => master), ...parts.flatMap(({ replicas }) => replicas)];
    const all = new Map([...known, ...seedsOf(this.#target)].map((place) => [place.name, place]));
    this.#map = await findMap(this.#target, [...all.values()], this.#opening);
    this.#use(this.#map);
    return this.#map;
  }

  /** A connection to a node, made when it is first needed. @throws SourceError */
  connection(place: Place): Promise<Redis> {
    const open = this.#open.get(place.name);
    const made = (open ?? Promise.reject(new Error('none'))).then(
      (redis) => (redis.status === 'end' ? this.#connect(place) : redis),
      () => this.#connect(place),
    );
    this.#open.set(place.name, made);
    return made;
  }

  close(): void {
    for (const made of this.#open.values()) {
      made.then(
        (redis) => redis.disconnect(),
        () => {},
      );
    }
    this.#open.clear();
  }

  /** Runs calls, in one pipeline for each server, and answers in their order. Only an interruption is thrown. */
  async run(calls: readonly Call[], how: How): Promise<Answered[]> {
    const answers: Answered[] = [];
    let todo = calls.map(({ keys }, index): Step => {
      const slot = slotOf(Buffer.from(keys[0] ?? ''));
      return { index, slot, place: this.#places[slot] ?? null, isAsking: false, isAgain: false };
    });
    for (let round = 0; todo.length > 0 && round < MOST_ROUNDS; round += 1) {
      const groups = groupsOf(todo);
      const sent = await Promise.all(groups.map((group) => this.#send(group, calls, how)));
      this.#opening.signal.throwIfAborted();
      const next: Step[] = [];
      const lost: Step[] = [];
      for (const [step, answer, isSent] of sent.flat()) {
        answers[step.index] = answer;
        const onward = this.#follow(step, answer);
        if (onward !== null) next.push(onward);
        else if (!step.isAgain && isLost(answer) && (how.isRepeatable || !isSent)) lost.push(step);
      }
      if (lost.length > 0) next.push(...(await this.#afresh(lost)));
      todo = next;
    }
    for (const { index } of todo) answers[index] = astray(answers[index], this.#target);
    return answers;
  }

  #use({ parts }: ClusterMap): void {
    this.#places.fill(null);
    for (const { master, slots } of parts) {
      for (const [first, last] of slots) this.#places.fill(master, first, last + 1);
    }
  }

  async #connect(place: Place): Promise<Redis> {
    const { timeoutMs, signal } = this.#opening;
    const server = serverAt(this.#target, place);
    const { redis } = await greet(server, greetingMs(timeoutMs), signal, (one) =>
      // Whatever it says, it says something.
      one.time().catch((error: Error) => {
        if (error.name !== 'ReplyError') throw error;
      }),
    );
    return redis;
  }

  /** Calls whose server was lost: once more, to whoever serves their slots by now. */
  async #afresh(lost: readonly Step[]): Promise<Step[]> {
    try {
      await this.refresh();
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      return [];
    }
    return lost.map((step) => ({
      ...{ ...step, place: this.#places[step.slot] ?? null },
      ...{ isAsking: false, isAgain: true },
    }));
  }

  /** Where a call is to be sent on to; null: it is answered. */
  #follow(step: Step, { error }: Answered): Step | null {
    const [, word, , host = '', port] =
      /^(MOVED|ASK) (\d{1,5}) (\S*):(\d{1,5})$/.exec(error?.message ?? '') ?? [];
    if (word === undefined) return null;
    const told = placeAt(host === '' ? step.place?.host : host, port);
    if (told === null) return null;
    const place = this.#known(told);
    // Nobody but the master of a slot sends on for good.
    if (word === 'MOVED') this.#places[step.slot] = place;
    return { ...step, place, isAsking: word === 'ASK' };
  }

  /** The same place with the name of its certificate, where that is known. */
  #known(place: Place): Place {
    const all = this.#map.parts.flatMap(({ master, replicas }) => [master, ...replicas]);
    return all.find(({ name }) => name === place.name) ?? place;
  }

  async #send(group: readonly Step[], calls: readonly Call[], how: How): Promise<Sent[]> {
    const place = group[0]?.place ?? null;
    const all = (error: Error, server: RedisTarget, isSent: boolean): Sent[] =>
      group.map((step) => [step, { error, value: null, nowMs: null, server }, isSent]);
    if (place === null) return all(NOBODY(group[0]?.slot ?? 0, this.#target), this.#target, false);
    const server = serverAt(this.#target, place);
    let redis: Redis;
    try {
      redis = await this.connection(place);
    } catch (error) {
      return all(redisError(error, server), server, false);
    }
    const pipeline = redis.pipeline();
    if (how.isTimed) pipeline.time();
    const kinds = new Set<string>();
    for (const { index, isAsking } of group) {
      if (isAsking) pipeline.call('ASKING');
      const { words = ['PING'] as Words, first } = calls[index] ?? {};
      const isFirst = first !== undefined && !kinds.has(first[0]);
      if (first !== undefined) kinds.add(first[0]);
      pipeline.callBuffer(...((isFirst ? first : words) as [string, ...string[]]));
    }
    // One that hangs must not use up the time of the others.
    const timer = setTimeout(() => redis.disconnect(), this.#opening.timeoutMs / 3);
    const replies = [...((await pipeline.exec()) ?? [])];
    clearTimeout(timer);
    const time = how.isTimed ? replies.shift() : undefined;
    const nowMs = time === undefined || time[0] !== null ? null : millisecondsOf(time[1]);
    return group.map((step): Sent => {
      if (step.isAsking) replies.shift();
      const [error, value] = replies.shift() ?? [new Error('Connection is closed.'), null];
      return [step, { error, value, nowMs, server }, true];
    });
  }
}

/** A call that was sent, what came of it, and whether it may have reached the server. */
type Sent = readonly [step: Step, answer: Answered, isSent: boolean];

function groupsOf(steps: readonly Step[]): Step[][] {
  const groups = new Map<string, Step[]>();
  for (const step of steps) {
    const name = `${step.place?.name}`;
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [step]);
    else group.push(step);
  }
  return [...groups.values()];
}

/** Any error that is no answer of a server. */
const isLost = ({ error }: Answered): boolean => error !== null && error.name !== 'ReplyError';

const NOBODY = (slot: number, { display }: RedisTarget) =>
  new SourceError('unreachable', `${display}: no node of the cluster serves slot ${slot}`);

const astray = (answer: Answered | undefined, target: RedisTarget): Answered => ({
  ...{ value: null, nowMs: null, server: answer?.server ?? target },
  error: new SourceError(
    'refused',
    `${target.display}: its nodes send from one to the other (${answer?.error?.message ?? 'no answer'})`,
  ),
});
