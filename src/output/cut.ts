import { measure } from './measure.ts';

/** Text that is at most so wide; a longer one loses its end, or its middle where both ends tell ids apart. */
export function cut(text: string, width: number, inTheMiddle = false): string {
  if (measure(text) <= width) return text;
  if (width < 1) return '';
  const units = split(text);
  const tail = inTheMiddle ? take(units.toReversed(), Math.floor((width - 1) / 2)).toReversed() : [];
  const start = take(units, width - 1 - measure(tail.join('')));
  return `${start.join('')}…${tail.join('')}`;
}

/** What must not be parted: an escape of `escapeText`, or a character with its combining marks. */
export function split(text: string): string[] {
  return text.match(/\\(?:\\|x[\da-f]{2}|u\{[\da-f]+\})|\P{M}\p{M}*|\p{M}+/gsu) ?? [];
}

/** As many units from the start as fit. */
export function take(units: readonly string[], width: number): string[] {
  let room = width;
  const end = units.findIndex((unit) => {
    room -= measure(unit);
    return room < 0;
  });
  return units.slice(0, end < 0 ? units.length : end);
}
