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
  /** What to do when the system ignores the block. */
  readonly whenIgnored: string;
}

const STEP_MS = 200;
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
    const living = this.#counters.filter(({ first }) => first !== null);
    if (living.length === 0) {
      return { verified: 'stored', text: 'no failures are being counted there, so no effect can be seen' };
    }
    const after = new Map<Counter, Sample[]>(living.map((counter) => [counter, []]));
    const settle = settleMs(seconds);
    let left = seconds * 1_000;
    await pause(settle, stop);
    left -= settle;
    for (;;) {
      const { samples } = await this.#sample(living);
      for (const [counter, sample] of samples) after.get(counter)?.push(sample);
      if (left <= 0 || stop.aborted) break;
      progress(`watching whether the failures stop, ${(left / 1_000).toFixed(0)} s more`);
      const step = Math.min(STEP_MS, left);
      await pause(step, stop);
      left -= step;
    }
    return this.#verification(after, stop.aborted);
  }

  #verification(after: ReadonlyMap<Counter, Sample[]>, isInterrupted: boolean): Verification {
    const tracks = new Map<string, Track[]>();
    for (const [counter, samples] of after) {
      const { target, stopsAt } = counter;
      const track = { before: this.#before.get(counter) ?? [], after: samples, stopsAt };
      tracks.set(target, [...(tracks.get(target) ?? []), track]);
    }
    const conclusions = new Map([...tracks].map(([target, list]) => [target, conclude(list)] as const));
    const all = [...conclusions.values()];
    const worst =
      all.find(({ verified }) => verified === 'not-enforced') ??
      all.find(({ verified }) => verified === 'stored') ??
      all[0];
    const text = worst?.text ?? '';
    const ignored = `The system does not seem to read this list. ${this.#world.whenIgnored}`;
    const count = all.filter(({ verified }) => verified === worst?.verified).length;
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
