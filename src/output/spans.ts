import { cut } from './cut.ts';
import { measure } from './measure.ts';
import type { Paint } from './paint.ts';

/** A part of a line, escaped already, in one colour. */
export interface Span {
  readonly text: string;
  readonly tone?: keyof Paint | undefined;
}

/** One line of a screen that must not be wider than it is. */
export type Line = readonly Span[];

export const span = (text: string, tone?: keyof Paint): Span => ({ text, tone });

const widthOf = (line: Line): number => line.reduce((sum, { text }) => sum + measure(text), 0);

/** The line, painted; what does not fit is cut, and that is seen. */
export const paintLine = (line: Line, width: number, paint: Paint): string =>
  within(line, width)
    .map(({ text, tone }) => (tone === undefined || text === '' ? text : paint[tone](text)))
    .join('');

/** One line with something at its right end, which stays whole: the left gives way. */
export function spread(left: Line, right: Line, width: number): Line {
  const room = width - widthOf(right);
  if (right.length === 0 || room < 2) return left;
  return [...filled(left, room - 1), span(' '), ...right];
}

/** Exactly so wide: cut, or filled with spaces. */
export function filled(line: Line, width: number): Line {
  const kept = within(line, width);
  return [...kept, span(' '.repeat(Math.max(0, width - widthOf(kept))))];
}

/** What fits, the last part cut. */
function within(line: Line, width: number): Span[] {
  let room = width;
  const kept: Span[] = [];
  for (const { text, tone } of line) {
    const shown = cut(text, room);
    kept.push({ text: shown, tone });
    room -= measure(shown);
    if (shown !== text) break;
  }
  return kept;
}
