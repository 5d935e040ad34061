/** Keys that can be told apart for sure; beyond it a key that SCAN returns twice may be counted twice. */
const CAPACITY = 1 << 18;

/**
 * SCAN may return a key more than once while Redis resizes its table. Remembers keys by a 53-bit hash, up to a fixed
 * number of them, so that memory stays bounded.
 */
export class SeenKeys {
  readonly #hashes = new Set<number>();
  #overflow = false;

  /** True when the key was not seen before, as far as is remembered. */
  isNew(key: string): boolean {
    const hash = hash53(key);
    if (this.#hashes.has(hash)) return false;
    if (this.#hashes.size < CAPACITY) this.#hashes.add(hash);
    else this.#overflow = true;
    return true;
  }

  /** True when more keys went by than are remembered. */
  get overflowed(): boolean {
    return this.#overflow;
  }
}

/** Two 32-bit FNV-1a style hashes with different seeds, joined to 53 bits. Not for secrets: only to spot repeats. */
function hash53(text: string): number {
  let a = 0x811c9dc5;
  let b = 0xc9dc5118;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x85ebca6b);
  }
  b ^= b >>> 15;
  return (b >>> 11) * 0x1_0000_0000 + (a >>> 0);
}
