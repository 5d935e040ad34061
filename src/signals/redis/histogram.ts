import type { Bin } from '../../evidence/types.ts';

/** Whole numbers up to here have a bin each, so that thresholds among them are exact. */
const EXACT = 256;
/** Above it a bin is 1/16 of a doubling wide, about 4 %. */
const PER_DOUBLING = 16;

/** Counts, sums and sums of squares by value, in memory that does not grow with the number of entities. */
export class Histogram {
  readonly #bins = new Map<number, { count: number; total: number; squares: number }>();

  /** @param value a positive number */
  add(value: number): void {
    const from = binOf(value);
    const bin = this.#bins.get(from) ?? { count: 0, total: 0, squares: 0 };
    bin.count += 1;
    bin.total += value;
    bin.squares += value * value;
    this.#bins.set(from, bin);
  }

  /** Takes back what was added. */
  remove(value: number): void {
    const bin = this.#bins.get(binOf(value));
    if (bin === undefined) return;
    bin.count -= 1;
    bin.total -= value;
    bin.squares -= value * value;
    if (bin.count === 0) this.#bins.delete(binOf(value));
  }

  bins(): Bin[] {
    return [...this.#bins].map(([from, bin]) => ({ from, ...bin })).sort((a, b) => a.from - b.from);
  }
}

function binOf(value: number): number {
  if (value < EXACT) return Math.floor(value);
  return 2 ** (Math.floor(Math.log2(value) * PER_DOUBLING) / PER_DOUBLING);
}
