import type { LookName } from './names.ts';

/** A look in the folder, and how large it is. */
export interface Sized extends LookName {
  readonly bytes: number;
}

/** What a report may hold in memory at once. */
export interface Room {
  readonly files: number;
  readonly bytes: number;
}

/**
 * Those that are read where there is no room for all: the first, the last, those whose category is another one than
 * before, and of the others as many as fit, evenly over the time. In order of time.
 * @param all in order of time
 */
export function chosen<Look extends Sized>(all: readonly Look[], room: Room): Look[] {
  const indices = all.map((_, index) => index);
  const isTurn = (index: number) => all[index]?.category !== all[index - 1]?.category;
  const edges = [0, all.length - 1];
  const order = new Set([
    ...edges.filter((index) => index in all),
    ...evenly(indices.filter(isTurn)),
    ...evenly(indices.filter((index) => !isTurn(index))),
  ]);
  const taken = new Set<number>();
  let bytes = 0;
  for (const index of order) {
    const size = all[index]?.bytes ?? 0;
    if (taken.size === room.files) break;
    if (bytes + size > room.bytes) continue;
    taken.add(index);
    bytes += size;
  }
  return all.filter((_, index) => taken.has(index));
}

/** The same in an order of which every beginning is spread over the whole: the middle, then the middles of the halves. */
function evenly(all: readonly number[]): number[] {
  const order: number[] = [];
  let parts: (readonly number[])[] = [all];
  while (parts.length > 0) {
    const next: (readonly number[])[] = [];
    for (const part of parts) {
      const middle = Math.floor(part.length / 2);
      const [one] = part.slice(middle);
      if (one === undefined) continue;
      order.push(one);
      next.push(part.slice(0, middle), part.slice(middle + 1));
    }
    parts = next;
  }
  return order;
}
