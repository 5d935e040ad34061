/** An event of a stream. */
export interface StreamEntry {
  readonly id: string;
  /** Names and values in turn. */
  readonly fields: readonly Buffer[];
}

/** What a key holds: a text, the fields of a hash, or the entries of a stream, oldest first. */
export type Content = Buffer | ReadonlyMap<string, string> | { readonly entries: StreamEntry[] };

interface Stored {
  readonly content: Content;
  /** Milliseconds since the epoch; null: never. */
  readonly expiresAtMs: number | null;
}

/** Keys in memory, by their bytes as latin1. It has no clock: whoever asks says what time it is. */
export class Store {
  readonly #keys = new Map<string, Stored>();

  get(key: string, nowMs: number): Stored | null {
    const stored = this.#keys.get(key);
    if (stored === undefined) return null;
    if (stored.expiresAtMs === null || stored.expiresAtMs > nowMs) return stored;
    this.#keys.delete(key);
    return null;
  }

  set(key: string, content: Content, expiresAtMs: number | null): void {
    this.#keys.set(key, { content, expiresAtMs });
  }

  delete(key: string, nowMs: number): boolean {
    return this.get(key, nowMs) !== null && this.#keys.delete(key);
  }

  /** All names. */
  names(nowMs: number): string[] {
    return [...this.#keys.keys()].filter((key) => this.get(key, nowMs) !== null);
  }
}

/** Redis's word for the kind of a value. */
export function typeOf(content: Content): 'string' | 'hash' | 'stream' {
  if (Buffer.isBuffer(content)) return 'string';
  return content instanceof Map ? 'hash' : 'stream';
}
