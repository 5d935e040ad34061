import { labelled, type Screen } from './lines.ts';
import { measure } from './measure.ts';
import type { Paint } from './paint.ts';
import { renderTable } from './table.ts';
import { wrap } from './wrap.ts';

/** A cell's text, already escaped. */
export interface Cell {
  readonly text: string;
  readonly tone?: keyof Paint | undefined;
}

/** The first column holds the ids. */
export interface Listing {
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** Columns of numbers. */
  readonly right?: readonly number[];
}

/** Text columns are not made narrower than an absolute time. */
const LEGIBLE = '2026-11-22 10:40:12 UTC'.length;

/** A table whose ids and numbers are whole, so that they can be copied; null when the screen is too narrow for that. */
export function tableOf({ head, rows, right = [] }: Listing, { paint, width }: Screen): string | null {
  const natural = head.map((title, i) =>
    Math.max(measure(title), ...rows.map((row) => measure(row[i]?.text ?? ''))),
  );
  const isWhole = (i: number) => i === 0 || right.includes(i);
  const least = natural.map((wanted, i) => (isWhole(i) ? wanted : Math.min(wanted, LEGIBLE)));
  if (least.reduce((sum, each) => sum + each + 2, -2) > width) return null;
  // The table cuts its first column; numbers it leaves whole, and ids of one length look the same on either side.
  const pad = (text: string) => text + ' '.repeat((natural[0] ?? 0) - measure(text));
  const cell = ({ text, tone }: Cell, i: number) => {
    const shown = i === 0 ? pad(text) : text;
    return tone === undefined || text === '' ? shown : paint[tone](shown);
  };
  return renderTable({
    head: head.map((title, i) => (i === 0 ? pad(title) : title)),
    rows: rows.map((row) => row.map(cell)),
    align: head.map((_, i) => (isWhole(i) ? 'right' : 'left')),
    width,
    paint,
  });
}

/** The same on a narrow screen: each id, and what belongs to it below, a line each. */
export function stackOf({ head, rows }: Listing, { paint, width }: Screen): string {
  const lines = rows.flatMap(([id, ...cells]) => {
    const facts = cells.map(({ text }, i) => ({ name: head[i + 1] ?? '', value: text }));
    const shown = facts.filter(({ value }) => value !== '');
    return [paint.name(wrap(id?.text ?? '', width)), ...labelled(shown, width)];
  });
  return lines.join('\n');
}
