import { showCommand } from '../lines.ts';
import { type Html, html, isBlank, NOTHING } from './markup.ts';

/** How something is meant: it has a colour of its own, and never the colour alone. */
export type Tone = 'bad' | 'warn' | 'good' | 'plain' | 'faint';

/** 1 is the page's own. */
export type Level = 1 | 2 | 3 | 4 | 5;

/** One level down. */
export const below = (level: Level): Level => Math.min(5, level + 1) as Level;

/** A heading of that level. */
export function heading(level: Level, text: string | Html): Html {
  switch (level) {
    case 1:
      return html`<h1>${text}</h1>\n`;
    case 2:
      return html`<h2>${text}</h2>\n`;
    case 3:
      return html`<h3>${text}</h3>\n`;
    case 4:
      return html`<h4>${text}</h4>\n`;
    case 5:
      return html`<h5>${text}</h5>\n`;
  }
}

/** What belongs under a heading; nothing when there is nothing. */
export function section(level: Level, title: string, content: readonly Html[]): Html {
  if (content.every(isBlank)) return NOTHING;
  return html`<section>\n${heading(level, title)}${content}</section>\n`;
}

/** A box around something that may be longer than a sheet of paper; nothing around nothing. */
export const card = (content: Html): Html =>
  isBlank(content) ? NOTHING : html`<div class="card long">\n${content}</div>\n`;

/** A list, each item after a sign of how it is meant; nothing without items. */
export function bullets(
  items: readonly (string | Html)[],
  kind: 'for' | 'against' | 'plain' = 'plain',
): Html {
  if (items.length === 0) return NOTHING;
  return html`<ul class="${kind}">\n${items.map((item) => html`<li>${item}</li>\n`)}</ul>\n`;
}

/** What is long, behind a line that opens it. It is open on paper. */
export function folded(title: string, content: readonly Html[]): Html {
  if (content.every(isBlank)) return NOTHING;
  return html`<details>\n<summary>${title}</summary>\n${content}</details>\n`;
}

/** Words up to this length stay whole on a narrow screen, so that a flag is read as one. */
const WHOLE = 28;

/** A command to paste, on one line, selected as a whole by a click. */
export function command(argv: readonly string[]): Html {
  const words = showCommand(argv)
    .split(' ')
    .map((word, index) => {
      const space = index === 0 ? '' : ' ';
      return word.length > WHOLE ? html`${space}${word}` : html`${space}<span>${word}</span>`;
    });
  return html`<pre class="command"><code>${words}</code></pre>\n`;
}

/** A number to see from afar. */
export interface KeyNumber {
  readonly title: string;
  readonly value: string;
  readonly note: string;
}

/** Numbers side by side; nothing without any. */
export function keyNumbers(numbers: readonly KeyNumber[]): Html {
  if (numbers.length === 0) return NOTHING;
  const one = ({ title, value, note }: KeyNumber) =>
    html`<div><dt>${title}</dt><dd><b>${value}</b>${note === '' ? NOTHING : html` <span>${note}</span>`}</dd></div>\n`;
  return html`<dl class="numbers">\n${numbers.map(one)}</dl>\n`;
}

/** A bar of that share of its whole (0 to 1), with a line across it at `at`; the number stands beside it as text. */
export function bar(share: number, tone: Tone = 'plain', at: number | null = null): Html {
  const tick =
    at === null
      ? NOTHING
      : html`<rect class="gap" x="${percent(at - 0.016)}" width="1.8" height="12"/><rect class="tick" x="${percent(at - 0.01)}" width="0.6" height="12"/>`;
  return html`<svg class="bar ${tone}" viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden="true"><rect class="track" y="2" width="100" height="8"/><rect class="part" y="2" width="${percent(share)}" height="8"/>${tick}</svg>`;
}

/** Not so little that nothing would be seen of it. */
function percent(share: number): string {
  if (!(share > 0)) return '0';
  return Math.min(100, Math.max(0.6, share * 100)).toFixed(1);
}

export interface TableColumn<Row> {
  readonly head: string;
  readonly right?: boolean | undefined;
  readonly cell: (row: Row) => string | Html;
}

/** A table; the first column names the rows. Wider than the screen, it scrolls by itself. @param label what it holds, for who cannot see it */
export function table<Row>(label: string, columns: readonly TableColumn<Row>[], rows: readonly Row[]): Html {
  const side = ({ right }: TableColumn<Row>) => (right ? html` class="right"` : NOTHING);
  const head = columns.map((column) => html`<th scope="col"${side(column)}>${column.head}</th>`);
  const line = (row: Row) => {
    const cells = columns.map((column, index) =>
      index === 0
        ? html`<th scope="row">${column.cell(row)}</th>`
        : html`<td${side(column)}>${column.cell(row)}</td>`,
    );
    return html`<tr>${cells}</tr>\n`;
  };
  return html`<div class="table" role="region" aria-label="${label}" tabindex="0"><table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${rows.map(line)}</tbody>\n</table></div>\n`;
}
