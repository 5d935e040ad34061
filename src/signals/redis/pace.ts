/** How hard the pass over the keyspace may press. */
export type PaceName = 'gentle' | 'normal' | 'fast';

interface Limits {
  /** Server time that one call may take: for so long every other client waits. */
  readonly sliceMs: number;
  /** Rest after a call, as a multiple of the server time that it took. */
  readonly rest: number;
  /** Keys that one call visits at the most. */
  readonly most: number;
  /** True when the next call is under way while the last one's keys are looked at. */
  readonly overlap: boolean;
}

const PACES: Readonly<Record<PaceName, Limits>> = {
  gentle: { sliceMs: 0.4, rest: 0.5, most: 2_000, overlap: false },
  normal: { sliceMs: 1.5, rest: 0.1, most: 5_000, overlap: false },
  fast: { sliceMs: 4, rest: 0, most: 10_000, overlap: true },
};

const FIRST = 200;
const LEAST = 10;
/** A call that takes so many times as long as expected, and so many slices, says that the server is under pressure. */
const JUMP = 8;
const JUMP_SLICES = 8;
const MOST_REST_MS = 250;

/**
 * Decides how many keys a SCAN visits and how long to rest afterwards, from how long the calls take: more while they
 * are faster than their slice of the server's time, fewer when they are slower, and half at once when one takes far
 * longer than the others.
 */
export class Pace {
  readonly limits: Limits;
  /** What a call costs that does nothing, milliseconds: the way there and back. */
  #wayMs: number;
  readonly #perKey = new Cost();
  readonly #perValue = new Cost();
  #count = FIRST;

  /** @param wayMs how long a call took that does nothing */
  constructor(name: PaceName, wayMs: number) {
    this.limits = PACES[name];
    this.#wayMs = wayMs;
  }

  /** Keys that the next call is to visit. */
  get count(): number {
    return this.#count;
  }

  /** A SCAN that visited so many keys took so long. @returns milliseconds to rest */
  scanned(count: number, tookMs: number): number {
    const { sliceMs, most } = this.limits;
    const known = this.#perKey.each;
    const serverMs = this.#serverMs(tookMs);
    this.#perKey.note(serverMs, count);
    if (known !== null && serverMs > JUMP * known * count && serverMs > JUMP_SLICES * sliceMs) {
      this.#count = Math.max(LEAST, Math.floor(this.#count / 2));
      return Math.min(MOST_REST_MS, serverMs);
    }
    const each = this.#perKey.each ?? 0;
    const wanted = each > 0 ? sliceMs / each : most;
    const [low, high] = [this.#count / 2, this.#count * 2];
    this.#count = Math.round(Math.max(LEAST, Math.min(most, high, Math.max(low, wanted))));
    return this.#restAfter(each * count);
  }

  /** So many values were read, and it took so long. @returns milliseconds to rest */
  fetched(count: number, tookMs: number): number {
    if (count === 0) return 0;
    this.#perValue.note(this.#serverMs(tookMs), count);
    return this.#restAfter((this.#perValue.each ?? 0) * count);
  }

  /** The server refused for now: the next call asks for less. */
  refused(): void {
    this.#count = Math.max(LEAST, Math.floor(this.#count / 2));
  }

  #serverMs(tookMs: number): number {
    this.#wayMs = Math.min(this.#wayMs, tookMs);
    return tookMs - this.#wayMs;
  }

  #restAfter(serverMs: number): number {
    return Math.min(MOST_REST_MS, this.limits.rest * serverMs);
  }
}

/** Calls that are looked back at. */
const RECENT = 12;

/**
 * Server time for one key. Whatever happens on the way, here or in the network, only ever adds to how long a call takes,
 * so the least of the recent calls is what the server itself needs.
 */
class Cost {
  readonly #recent: number[] = [];

  note(serverMs: number, count: number): void {
    this.#recent.push(serverMs / count);
    if (this.#recent.length > RECENT) this.#recent.shift();
  }

  /** Milliseconds; null: nothing was measured yet. */
  get each(): number | null {
    return this.#recent.length === 0 ? null : Math.min(...this.#recent);
  }
}
