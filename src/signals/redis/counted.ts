import { hash53 } from './seen.ts';

/** Entities that can be told apart for sure; beyond it one with keys in two families may be counted twice. */
const CAPACITY = 1 << 18;
/** Half full at most, so that a look-up takes a step or two. */
const SLOTS = CAPACITY * 2;

/**
 * What was counted for whom, so that an entity with a key in each of two families is counted once. Holds a 53-bit hash
 * and a number an entity, in tables of fixed size (8 MiB), so that memory stays bounded.
 */
export class Counted {
  readonly #names = new Float64Array(SLOTS);
  readonly #values = new Float64Array(SLOTS);
  /** Of its own in every run: names are chosen by strangers, who must not know which of them collide. */
  readonly #seed = Math.trunc(Math.random() * 0x1_0000_0000);
  #size = 0;
  #overflow = false;

  /** Keeps the larger of what was counted and this value. @returns what was counted so far; null: nothing, as far as is remembered */
  raise(entity: string, value: number): number | null {
    // 0 marks an empty slot.
    const hash = hash53(entity, this.#seed) + 1;
    let slot = (Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0) % SLOTS;
    for (let held = this.#names[slot]; held !== 0; held = this.#names[slot]) {
      if (held === hash) {
        const before = this.#values[slot] ?? 0;
        this.#values[slot] = Math.max(before, value);
        return before;
      }
      slot = (slot + 1) % SLOTS;
    }
    if (this.#size < CAPACITY) {
      this.#names[slot] = hash;
      this.#values[slot] = value;
      this.#size += 1;
    } else {
      this.#overflow = true;
    }
    return null;
  }

  /** True when more entities went by than are remembered. */
  get overflowed(): boolean {
    return this.#overflow;
  }
}
