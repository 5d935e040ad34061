/** Keys that can be told apart for sure; beyond it a key that SCAN returns twice may be counted twice. */
const CAPACITY = 1 << 18;
/** Half full at most, so that a look-up takes a step or two. */
const SLOTS = CAPACITY * 2;

/**
 * SCAN may return a key more than once while Redis resizes its table. Remembers keys by a 53-bit hash in a table of
 * fixed size (4 MiB), so that memory stays bounded.
 */
export class SeenKeys {
  readonly #table = new Float64Array(SLOTS);
  /** Of its own in every run: names are chosen by strangers, who must not know which of them collide. */
  readonly #seed = Math.trunc(Math.random() * 0x1_0000_0000);
  #size = 0;
  #overflow = false;

  /** True when the key was not seen before, as far as is remembered. */
  isNew(key: string): boolean {
    // 0 marks an empty slot.
    const hash = hash53(key, this.#seed) + 1;
    let slot = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0;
    slot %= SLOTS;
    for (let held = this.#table[slot]; held !== 0; held = this.#table[slot]) {
      if (held === hash) return false;
      slot = (slot + 1) % SLOTS;
    }
    if (this.#size < CAPACITY) {
      this.#table[slot] = hash;
      this.#size += 1;
    } else {
      this.#overflow = true;
    }
    return true;
  }

  /** True when more keys went by than are remembered. */
  get overflowed(): boolean {
    return this.#overflow;
  }
}

/** Two 32-bit FNV-1a style hashes with different seeds, joined to 53 bits. Not for secrets: only to spot repeats. */
export function hash53(text: string, seed: number): number {
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
