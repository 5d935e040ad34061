/** Keeps the `limit` items of highest rank that it was shown, in memory that does not grow beyond them. */
export class TopK<T> {
  readonly #limit: number;
  /** A binary min-heap by rank: the root is the next to be pushed out. */
  readonly #heap: { rank: number; item: T }[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** True when an item of this rank would be kept; lets the caller skip building the others. */
  admits(rank: number): boolean {
    return this.#heap.length < this.#limit || rank > (this.#heap[0]?.rank ?? 0);
  }

  add(rank: number, item: T): void {
    if (!this.admits(rank)) return;
    if (this.#heap.length < this.#limit) {
      this.#heap.push({ rank, item });
      this.#up(this.#heap.length - 1);
    } else {
      this.#heap[0] = { rank, item };
      this.#down(0);
    }
  }

  /** The items, highest rank first. */
  sorted(): T[] {
    return [...this.#heap].sort((a, b) => b.rank - a.rank).map((entry) => entry.item);
  }

  #rank(index: number): number {
    return this.#heap[index]?.rank ?? Number.POSITIVE_INFINITY;
  }

  #up(start: number): void {
    let at = start;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#rank(parent) <= this.#rank(at)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #down(start: number): void {
    let at = start;
    for (;;) {
      const left = 2 * at + 1;
      const child = this.#rank(left + 1) < this.#rank(left) ? left + 1 : left;
      if (this.#rank(at) <= this.#rank(child)) return;
      this.#swap(at, child);
      at = child;
    }
  }

  #swap(a: number, b: number): void {
    const [x, y] = [this.#heap[a], this.#heap[b]];
    if (x === undefined || y === undefined) return;
    this.#heap[a] = y;
    this.#heap[b] = x;
  }
}
