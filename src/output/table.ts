import Table from 'cli-table3';
import { cut, split, take } from './cut.ts';
import { measure } from './measure.ts';
import type { Paint } from './paint.ts';

interface TableOptions {
  /** Column titles; none for a table without a head. */
  readonly head: readonly string[];
  /** Cells, already escaped by `escapeText`; they may be painted. */
  readonly rows: readonly (readonly string[])[];
  readonly align?: readonly ('left' | 'right')[];
  /** Columns of the terminal. At least 3 for each column of the table. */
  readonly width: number;
  readonly paint: Paint;
}

type Align = 'left' | 'right';
/** The lines of one cell. */
type Cell = readonly string[];

const GAP = '  ';
/** Text columns keep this width as long as they can, so that numbers are cut last: a cut number misleads. */
const LEGIBLE = 8;
/** Addresses (39 of IPv6) and UUIDs: other text wraps before such an id is cut, which nobody could search for or paste. */
const WHOLE = 39;

/**
 * A borderless table, its columns two spaces apart, without trailing spaces and without a final newline. No line is
 * wider than `width`: other text wraps first, ids (the first column) are cut in the middle, numbers (right-aligned) are cut.
 */
export function renderTable({ head, rows, align = [], width, paint }: TableOptions): string {
  const count = Math.max(head.length, ...rows.map((row) => row.length));
  const columns = Array.from({ length: count }, (_, i) => align[i] ?? 'left');
  const all = (head.length > 0 ? [head, ...rows] : rows).map((row) => columns.map((_, i) => row[i] ?? ''));
  const widths = shareWidth(all, columns, width - GAP.length * (count - 1));
  const cells = all.map((row) =>
    row.map((text, i) => fitCell(text, widths[i] ?? 1, i, columns[i] ?? 'left')),
  );
  if (head.length > 0) cells[0] = (cells[0] ?? []).map((cell) => cell.map((line) => line && paint.dim(line)));
  return layOut(cells, widths, columns);
}

/**
 * cli-table3 measures by an old Unicode table and can halve a surrogate pair, so it gets a stand-in of the right width
 * for each line of a cell; the texts then take their places, in the same order.
 */
function layOut(cells: readonly (readonly Cell[])[], widths: number[], columns: Align[]): string {
  const table = new Table({
    chars: BORDERLESS,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
    colWidths: [...widths],
    colAligns: columns,
  });
  const texts: string[] = [];
  for (const row of cells) {
    table.push(row.map((cell) => cell.map((line) => 'x'.repeat(measure(plain(line)))).join('\n')));
    const height = Math.max(0, ...row.map((cell) => cell.length));
    for (let i = 0; i < height; i++)
      texts.push(...row.map((cell) => cell[i] ?? '').filter((line) => line !== ''));
  }
  let next = 0;
  return table
    .toString()
    .replace(/ +$/gm, '')
    .replace(/x+/g, () => texts[next++] ?? '');
}

const BORDERLESS = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', right: '', 'right-mid': '' },
  ...{ mid: '', 'mid-mid': '', middle: GAP },
};

/**
 * Widths that fit in `room`: the widest text columns give first, ids of a usual length after the others, and numbers
 * only when there is no other way.
 */
function shareWidth(rows: readonly (readonly string[])[], columns: readonly Align[], room: number): number[] {
  const natural = columns.map((_, i) => Math.max(1, ...rows.map((row) => measure(plain(row[i] ?? '')))));
  const isText = (i: number) => columns[i] === 'left';
  const isOther = (i: number) => isText(i) && (i > 0 || (natural[0] ?? 0) > WHOLE);
  const capped = (cap: number, gives: (i: number) => boolean) =>
    natural.map((width, i) => (gives(i) ? Math.min(width, cap) : width));
  const fits = (widths: readonly number[]) => widths.reduce((sum, width) => sum + width, 0) <= room;
  for (const gives of [isOther, isText]) {
    for (let cap = Math.max(room, LEGIBLE); cap >= LEGIBLE; cap--) {
      if (fits(capped(cap, gives))) return capped(cap, gives);
    }
  }
  for (let cap = room; cap > 1; cap--) if (fits(capped(cap, () => true))) return capped(cap, () => true);
  return capped(1, () => true);
}

function fitCell(text: string, width: number, column: number, align: Align): Cell {
  const body = plain(text);
  if (measure(body) <= width && !/\p{Cc}/u.test(body)) return [text];
  const safe = body.replace(/\p{Cc}/gu, '\ufffd');
  const lines = column > 0 && align === 'left' ? wrap(safe, width) : [cut(safe, width, column === 0)];
  // Paint around the whole cell goes around each line of it; paint on parts of it would spill into other columns.
  const at = text.indexOf(safe);
  return at < 0 ? lines : lines.map((line) => text.slice(0, at) + line + text.slice(at + safe.length));
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && measure(`${line} ${word}`) <= width) {
      line += ` ${word}`;
      continue;
    }
    if (line !== '') lines.push(line);
    let rest = split(word);
    while (measure(rest.join('')) > width) {
      const part = take(rest, width);
      lines.push(part.join('') || '…');
      rest = rest.slice(part.length || 1);
    }
    line = rest.join('');
  }
  return [...lines, line].map((each) => each.trimEnd()).filter((each) => each !== '');
}

const SGR = new RegExp(String.raw`${String.fromCodePoint(0x1b)}\[[\d;]*m`, 'g');

function plain(text: string): string {
  return text.replace(SGR, '');
}
