import type { Interval } from '../incidents/timeline.ts';
import type { End, Growth, KeyState, SeriesState, Situation } from '../incidents/types.ts';
import { wholeNumber } from '../values/parse.ts';
import type { Store } from './store.ts';

interface Counter extends Growth {
  readonly name: string;
  readonly ttlSeconds: number | null;
  /** What has come in and is not counted yet: a part of a whole. */
  carry: number;
}

/** When something stood still, seconds from the start on; the last one may still go on. */
interface Stop {
  readonly until: readonly End[];
  readonly intervals: { from: number; to: number }[];
}

const latin1 = (bytes: Buffer): string => bytes.toString('latin1');

/**
 * What goes on while a drill lasts: counters grow with the time that has passed, and things come to rest once a remedy
 * ends them. Nothing runs in the background: `settle` brings all up to a moment.
 */
export class Traffic {
  readonly #store: Store;
  readonly #startMs: number;
  readonly #counters: Counter[];
  readonly #stops: Stop[];
  #lastMs: number;

  /** Puts the situation into the store, and goes on from there. */
  constructor({ keys, series }: Situation, store: Store, startMs: number) {
    this.#store = store;
    this.#startMs = startMs;
    this.#lastMs = startMs;
    for (const key of keys) store.set(latin1(key.name), contentOf(key), endOf(key.ttlSeconds, startMs));
    this.#counters = keys.flatMap(({ name, ttlSeconds, growth }) =>
      growth === null ? [] : [{ ...growth, name: latin1(name), ttlSeconds, carry: 0 }],
    );
    this.#stops = series.flatMap(({ until }) => (until.length === 0 ? [] : [{ until, intervals: [] }]));
  }

  /** Brings everything up to that moment. What is done to the store between two calls is done at the first of them. */
  settle(nowMs: number): void {
    // What expires in between may end a stop, or have a counter begin anew.
    for (let at = this.#nextExpiry(nowMs); this.#lastMs < nowMs; at = this.#nextExpiry(nowMs)) {
      for (const counter of this.#counters) this.#count(counter, at);
      for (const stop of this.#stops) this.#note(stop, at);
      this.#lastMs = at;
    }
  }

  /** When a series stood still so far. */
  stoppedOf({ until }: SeriesState): readonly Interval[] {
    return this.#stops.find((stop) => stop.until === until)?.intervals ?? [];
  }

  /** The next moment up to that one at which a key ends that matters here. */
  #nextExpiry(nowMs: number): number {
    const names = [
      ...this.#counters.flatMap(({ name, until }) => [name, ...until.map(({ key }) => latin1(key))]),
      ...this.#stops.flatMap(({ until }) => until.map(({ key }) => latin1(key))),
    ];
    let next = nowMs;
    for (const name of names) {
      const ends = this.#store.get(name, this.#lastMs)?.expiresAtMs ?? null;
      if (ends !== null && ends > this.#lastMs && ends < next) next = ends;
    }
    return next;
  }

  #holds(until: readonly End[]): boolean {
    return until.some(({ key, above }) => {
      const content = this.#store.get(latin1(key), this.#lastMs)?.content;
      if (content === undefined || above === null) return content !== undefined;
      return Buffer.isBuffer(content) && Number.parseFloat(content.toString('latin1')) > above;
    });
  }

  #count(counter: Counter, toMs: number): void {
    const { name, perSecond, until, atMost, renewed, ttlSeconds } = counter;
    if (this.#holds(until)) return;
    const due = counter.carry + (perSecond * (toMs - this.#lastMs)) / 1_000;
    const whole = Math.floor(due);
    counter.carry = due - whole;
    if (whole === 0) return;
    const stored = this.#store.get(name, this.#lastMs);
    const text =
      stored === null ? '0' : Buffer.isBuffer(stored.content) ? stored.content.toString('latin1') : '';
    const count = wholeNumber(text);
    // Somebody wrote something else there.
    if (count === null) return;
    const room = atMost === null ? whole : Math.max(0, atMost - count);
    if (room === 0) return;
    const lastCountMs = Math.round(toMs - (counter.carry / perSecond) * 1_000);
    const ends = stored === null || renewed ? endOf(ttlSeconds, lastCountMs) : stored.expiresAtMs;
    this.#store.set(name, Buffer.from(String(count + Math.min(whole, room))), ends);
  }

  #note({ until, intervals }: Stop, toMs: number): void {
    if (!this.#holds(until)) return;
    const [from, to] = [(this.#lastMs - this.#startMs) / 1_000, (toMs - this.#startMs) / 1_000];
    const last = intervals.at(-1);
    if (last?.to === from) last.to = to;
    else intervals.push({ from, to });
  }
}

const contentOf = ({ value }: KeyState) =>
  typeof value === 'string' ? Buffer.from(value) : new Map(Object.entries(value));

const endOf = (ttlSeconds: number | null, fromMs: number): number | null =>
  ttlSeconds === null ? null : Math.round(fromMs + ttlSeconds * 1_000);
