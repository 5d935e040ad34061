import { setTimeout as delay } from 'node:timers/promises';
import type { Verified } from '../journal/types.ts';
import type { Keyspace } from '../signals/redis/keyspace.ts';
import { conclude, isExpectedToRise, type Sample, type Track } from './conclude.ts';
import type { Verification, Watch } from './types.ts';

/** A failure counter of an address. */
export interface Counter {
  /** The change that it tells about: the key of the address's block. */
  readonly target: string;
  readonly key: string;
  /** From this value on the system stops counting; null: it never does. */
  readonly stopsAt: number | null;
  /** What it was when the plan was made; null: no such counter. */
  readonly first: number | null;
}

interface World {
  readonly keyspace: Keyspace;
  /** When that was, by the server's clock in milliseconds. */
  readonly firstMs: number;
  /** How long the block lasts. */
  readonly ttlSeconds: number;
  /** What to do when the system ignores the block. */
  readonly whenIgnored: string;
}

const STEP_MS = 200;
/** So many counters are looked at less often. */
const MANY = 1_000;
const MANY_STEP_MS = 1_000;
/** Longest look before the write at how fast the failures come. */
const BASELINE_MS = 1_000;
const RECENT_MS = 2_000;
/** What was under way when the block was written may still be counted. */
const SETTLE_MS = 500;

/** Watches the failure counters of blocked addresses: do they stop? */
export class CounterWatch implements Watch {
  readonly #counters: readonly Counter[];
  readonly #world: World;
  readonly #before = new Map<Counter, Sample[]>();

  constructor(counters: readonly Counter[], world: World) {
    this.#counters = counters;
    this.#world = world;
    for (const counter of counters) {
      this.#before.set(counter, [{ atMs: world.firstMs, value: counter.first }]);
    }
  }

  /** Looks on until every counter that exists is known to rise, or for a second. */
  async before(seconds: number): Promise<void> {
    const living = this.#counters.filter(({ first }) => first !== null);
    if (living.length === 0) return;
    const limit = Math.min(BASELINE_MS, seconds * 1_000);
    let start: number | null = null;
    for (;;) {
      const { atMs, samples } = await this.#sample(living);
      for (const [counter, sample] of samples) this.#remember(counter, sample);
      const isKnown = living.every((counter) => {
        const before = this.#before.get(counter) ?? [];
        return isExpectedToRise(before, seconds - settleMs(seconds) / 1_000);
      });
      start ??= atMs;
      if (isKnown || atMs - start >= limit) return;
      await pause(Math.min(STEP_MS, limit));
    }
  }

  async after(seconds: number, progress: (text: string) => void, stop: AbortSignal): Promise<Verification> {
    // A block that ends meanwhile proves nothing from there on.
    const watched = Math.min(seconds, this.#world.ttlSeconds / 2);
    const step = this.#counters.length > MANY ? MANY_STEP_MS : STEP_MS;
    const settle = settleMs(watched);
    const after = new Map<Counter, Sample[]>(this.#counters.map((counter) => [counter, []]));
    let left = watched * 1_000 - settle;
    await pause(settle, stop);
    for (;;) {
      const { samples } = await this.#sample(this.#counters);
      for (const [counter, sample] of samples) after.get(counter)?.push(sample);
      if (left <= 0 || stop.aborted) break;
      progress(`watching whether the failures stop, ${(left / 1_000).toFixed(0)} s more`);
      await pause(Math.min(step, left), stop);
      left -= step;
    }
    return (await this.#gone()) ?? this.#verification(after, stop.aborted);
  }

  /** Blocks that are not there any more; null: all are. */
  async #gone(): Promise<Verification | null> {
    const targets = [...new Set(this.#counters.map(({ target }) => target))];
    const { held, foreign } = await this.#world.keyspace.lookAnyway(targets);
    const gone = targets.filter((_, index) => held[index] == null && !foreign.has(index));
    if (gone.length === 0) return null;
    const which = targets.length > 1 ? `${gone.length} of ${targets.length} blocks are` : 'the block is';
    return {
      verified: 'not-enforced',
      text: `${which} not there any more: somebody removed it, or Redis evicted it`,
      each: new Map(gone.map((target) => [target, 'not-enforced'])),
    };
  }

  #verification(all: ReadonlyMap<Counter, Sample[]>, isInterrupted: boolean): Verification {
    const tracks = new Map<string, Track[]>();
    for (const [counter, samples] of all) {
      const { target, stopsAt } = counter;
      const before = this.#before.get(counter) ?? [];
      const isThere = [...before, ...samples].some(({ value }) => value !== null);
      if (isThere) tracks.set(target, [...(tracks.get(target) ?? []), { before, after: samples, stopsAt }]);
    }
    if (tracks.size === 0) {
      return { verified: 'stored', text: 'no failures were counted there, so no effect can be seen' };
    }
    const conclusions = new Map([...tracks].map(([target, list]) => [target, conclude(list)] as const));
    const found = [...conclusions.values()];
    const worst =
      found.find(({ verified }) => verified === 'not-enforced') ??
      found.find(({ verified }) => verified === 'stored') ??
      found[0];
    const text = worst?.text ?? '';
    const ignored = `The system does not seem to read this list. ${this.#world.whenIgnored}`;
    const count = found.filter(({ verified }) => verified === worst?.verified).length;
    const blocked = new Set(this.#counters.map(({ target }) => target)).size;
    const of = blocked > 1 ? `${count} of ${blocked} addresses: ` : '';
    return {
      verified: worst?.verified ?? 'stored',
      text: `${isInterrupted ? 'interrupted; ' : ''}${of}${text}${worst?.verified === 'not-enforced' ? `. ${ignored}` : ''}`,
      each: new Map([...conclusions].map(([target, { verified }]): [string, Verified] => [target, verified])),
    };
  }

  /** What was counted long before the write, while somebody was asked, says nothing about now. */
  #remember(counter: Counter, sample: Sample): void {
    const recent = (this.#before.get(counter) ?? []).filter(({ atMs }) => sample.atMs - atMs <= RECENT_MS);
    this.#before.set(counter, [...recent, sample]);
  }

  async #sample(counters: readonly Counter[]) {
    const { nowMs, values } = await this.#world.keyspace.numbers(counters.map(({ key }) => key));
    const samples = counters.map((counter, index): [Counter, Sample] => [
      counter,
      { atMs: nowMs, value: values[index] ?? null },
    ]);
    return { atMs: nowMs, samples };
  }
}

const settleMs = (seconds: number): number => Math.min(SETTLE_MS, seconds * 200);

/** Waits; not longer than until `stop`. */
async function pause(ms: number, stop?: AbortSignal): Promise<void> {
  await delay(ms, undefined, stop ? { signal: stop } : {}).catch((error: unknown) => {
    if (!stop?.aborted) throw error;
  });
}
