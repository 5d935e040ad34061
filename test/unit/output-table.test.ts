import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { escapeText } from '../../src/output/escape.ts';
import { makePaint } from '../../src/output/paint.ts';
import { renderTable } from '../../src/output/table.ts';

const paint = makePaint(false);
const head = ['IP', 'FAILURES', 'SHARE', 'NOTE'];
const align = ['left', 'right', 'right', 'left'] as const;

test('reads well in a monochrome log', () => {
  const rows = [
    ['203.0.113.42', '4812', '71%', 'one address, still active'],
    ['2001:db8:85a3::8a2e:370:7334', '12', '0.2%', ''],
  ];
  expect(renderTable({ head, rows, align, width: 80, paint })).toMatchInlineSnapshot(`
    "IP                            FAILURES  SHARE  NOTE
    203.0.113.42                      4812    71%  one address, still active
    2001:db8:85a3::8a2e:370:7334        12   0.2%"
  `);
});

test('cuts ids in the middle and wraps text, and leaves numbers alone', () => {
  const rows = [[`tenant-${'0123456789'.repeat(5)}`, '4812', '71%', 'an advice that is rather long to read']];
  expect(renderTable({ head, rows, align, width: 50, paint })).toMatchInlineSnapshot(`
    "IP               FAILURES  SHARE  NOTE
    tenant-…3456789      4812    71%  an advice that
                                      is rather long
                                      to read"
  `);
});

test('wraps all other text before it cuts an address', () => {
  const rows = [
    ['203.0.113.42', 'subject', '3,708', '12:33:15 to 12:41:50', 'blocked 12:39:51'],
    ['198.51.100.124', 'affected', '51', '12:32:39 to 12:41:49', ''],
  ];
  const table = renderTable({
    ...{ head: ['IP', 'part', 'highest', 'seen', 'done'], rows, paint },
    ...{ align: ['left', 'left', 'right', 'left', 'left'], width: 56 },
  });
  expect(table).toMatchInlineSnapshot(`
    "IP              part      highest  seen       done
    203.0.113.42    subject     3,708  12:33:15   blocked
                                       to         12:39:51
                                       12:41:50
    198.51.100.124  affected       51  12:32:39
                                       to
                                       12:41:49"
  `);
});

test('full-width characters keep the columns in line', () => {
  const rows = [
    ['漢字テナント', '1'],
    ['😀🫠한국', '22'],
    ['cafe\u0301 ไทย', '333'],
  ];
  const lines = renderTable({ head: ['ID', 'N'], rows, align: ['left', 'right'], width: 40, paint }).split(
    '\n',
  );
  expect(new Set(lines.map((line) => stringWidth(line)))).toEqual(new Set([17]));
});

describe('shapes', () => {
  test('no head, no rows, ragged rows', () => {
    expect(renderTable({ head: [], rows: [['a', 'b'], ['c']], width: 40, paint })).toBe('a  b\nc');
    expect(renderTable({ head: ['A', 'B'], rows: [], width: 40, paint })).toBe('A  B');
    expect(renderTable({ head: [], rows: [], width: 40, paint })).toBe('');
  });

  test('does not part an escape or a surrogate pair', () => {
    const one = (id: string) => renderTable({ head: [], rows: [[id, '1']], width: 14, paint });
    expect(one('aaaa\\u{202e}bbbbbbbb')).toBe('aaaa…bbbbb   1');
    expect(one('😀😀😀😀😀😀😀')).toBe('😀😀😀…😀😀  1');
  });

  test('a control character that slipped through is not written', () => {
    const text = renderTable({ head: [], rows: [['a\x1b]0;title\x07b\nc', '1']], width: 40, paint });
    expect(text).toBe('a\ufffd]0;title\ufffdb\ufffdc  1');
  });
});

describe('paint', () => {
  const colored = makePaint(true);

  test('takes no width, and goes around each line of a cut or wrapped cell', () => {
    const rows = [[colored.name('x'.repeat(60)), colored.bad('some words that have to wrap here')]];
    const text = renderTable({ head: ['ID', 'WORDS'], rows, width: 40, paint: colored });
    for (const line of text.split('\n')) expect(stringWidth(line)).toBeLessThanOrEqual(40);
    expect(text).toContain(colored.bad('some words that'));
    expect(text).toContain(colored.dim('WORDS'));
    const plain = rows.map((row) => row.map((cell) => stripVTControlCharacters(cell)));
    expect(stripVTControlCharacters(text)).toBe(
      renderTable({ head: ['ID', 'WORDS'], rows: plain, width: 40, paint }),
    );
  });

  test('on parts of a cell is kept when the cell fits, else dropped', () => {
    const cell = `4812 ${colored.dim('(71%)')}`;
    expect(renderTable({ head: [], rows: [[cell]], width: 40, paint })).toBe(cell);
    expect(renderTable({ head: [], rows: [[cell]], width: 6, paint })).toBe('481…%)');
  });
});

test('no line is ever too wide or ends with a space, and all lines of a row are there', () => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 80 }),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({
      unit: fc.constantFrom('漢', '😀', '🫠', 'e\u0301', ' ', 'x', '\u202e', '🇫', '1'),
      maxLength: 80,
    }),
  );
  const cell = fc.tuple(text, fc.constantFrom(undefined, 'bad', 'dim')).map(([raw, style]) => {
    const safe = escapeText(raw, 60);
    return style === undefined ? safe : makePaint(true)[style](safe);
  });
  const row = (size: number) => fc.array(cell, { minLength: size, maxLength: size });
  const table = fc.integer({ min: 1, max: 6 }).chain((size) =>
    fc.record({
      head: row(size),
      rows: fc.array(row(size), { maxLength: 5 }),
      align: fc.array(fc.constantFrom<'left' | 'right'>('left', 'right'), {
        minLength: size,
        maxLength: size,
      }),
      width: fc.integer({ min: 3 * size, max: 120 }),
    }),
  );
  fc.assert(
    fc.property(table, (options) => {
      const lines = renderTable({ ...options, paint: makePaint(true) }).split('\n');
      expect(lines.length).toBeGreaterThanOrEqual(1 + options.rows.length);
      for (const line of lines) {
        expect(terminalWidth(line)).toBeLessThanOrEqual(options.width);
        expect(stripVTControlCharacters(line)).not.toMatch(/ $/);
      }
    }),
    { numRuns: 500 },
  );
});

/** string-width takes even © and ↔ for emoji; terminals give two columns only to those that are emoji by default. */
function terminalWidth(line: string): number {
  return stringWidth(stripVTControlCharacters(line).replace(/(?!\p{Emoji_Presentation})\p{Emoji}/gu, 'x'));
}
