/** Names that can be told apart for sure; beyond it one that comes by twice may be counted twice. */
const CAPACITY = 1 << 18;
/** Half full at most, so that a look-up takes a step or two. */
const SLOTS = CAPACITY * 2;

/**
 * SCAN may return a key more than once while Redis resizes its table. Remembers names by a 53-bit hash in a table of
 * fixed size (4 MiB), so that memory stays bounded.
 */
export class SeenKeys {
  /** null: no name has come by yet, as is so with most families of most systems. */
  #table: Float64Array | null = null;
  /** Of its own in every run: names are chosen by strangers, who must not know which of them collide. */
  readonly #seed = Math.trunc(Math.random() * 0x1_0000_0000);
  #size = 0;
  #overflow = false;

  /** True when the name was not seen before, as far as is remembered. */
  isNew(name: string): boolean {
    const place = this.place(name);
    return place === null || place < 0;
  }

  /** Where a name is remembered; a new one is given a place, told as its complement (`~place`). null: there is no room. */
  place(name: string): number | null {
    // 0 marks an empty slot.
    const hash = hash53(name, this.#seed) + 1;
    let slot = (Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0) % SLOTS;
    this.#table ??= new Float64Array(SLOTS);
    const table = this.#table;
    for (let held = table[slot]; held !== 0; held = table[slot]) {
      if (held === hash) return slot;
      slot = (slot + 1) % SLOTS;
    }
    if (this.#size >= CAPACITY) {
      this.#overflow = true;
      return null;
    }
    table[slot] = hash;
    this.#size += 1;
    return ~slot;
  }

  /** True when more names went by than are remembered. */
  get overflowed(): boolean {
    return this.#overflow;
  }
}

/** What was counted for whom, so that an entity with a key in each of two families is counted once (9 MiB). */
export class Counted {
  readonly #seen = new SeenKeys();
  /** For each place what was counted, and of up to eight families a bit each: where it was met. null: nothing was yet. */
  #held: { readonly values: Float64Array; readonly families: Uint8Array } | null = null;
  /** True when the last one that was raised had come from the same family before: SCAN returned it again. */
  isAgain = false;

  /**
   * Keeps the larger of what was counted and this value.
   * @param from which family it is of
   * @returns what was counted so far; null: nothing, as far as is remembered
   */
  raise(entity: string, value: number, from = 0): number | null {
    const place = this.#seen.place(entity);
    this.isAgain = false;
    if (place === null) return null;
    this.#held ??= { values: new Float64Array(SLOTS), families: new Uint8Array(SLOTS) };
    const { values, families } = this.#held;
    const slot = place < 0 ? ~place : place;
    const before = place < 0 ? null : (values[slot] ?? 0);
    const met = families[slot] ?? 0;
    this.isAgain = (met & (1 << from)) !== 0;
    families[slot] = met | (1 << from);
    values[slot] = Math.max(before ?? 0, value);
    return before;
  }

  /** True when more entities went by than are remembered. */
  get overflowed(): boolean {
    return this.#seen.overflowed;
  }
}

/** Two 32-bit FNV-1a style hashes with different seeds, joined to 53 bits. Not for secrets: only to spot repeats. */
function hash53(text: string, seed: number): number {
  let a = 0x811c9dc5 ^ seed;
  let b = 0xc9dc5118 ^ Math.imul(seed, 0x9e3779b1);
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x85ebca6b);
  }
  b ^= b >>> 15;
  return (b >>> 11) * 0x1_0000_0000 + (a >>> 0);
}
