import type { Stored } from '../journal/types.ts';
import type { Clock } from '../signals/asked.ts';
import { codeSpan, escapeMarkdown, literalMarkdown } from './escape.ts';
import { SENTENCE, showCommand } from './lines.ts';
import { showMoment } from './times.ts';

/** A table; cells are Markdown already. Nothing without rows. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line), ''];
}

/** A list under a title; nothing without items, which may be any text. */
export const markdownList = (title: string, items: readonly string[]): string[] =>
  items.length === 0
    ? []
    : [`**${title}**`, '', ...items.map((item) => `- ${escapeMarkdown(item, SENTENCE)}`), ''];

/** A command in a block of its own. */
export const markdownCommand = (title: string, words: readonly string[] | null): string[] =>
  words === null ? [] : [`**${literalMarkdown(title)}**`, '', '```sh', showCommand(words), '```', ''];

/** A stored value or an id in a code span. */
export const codeOf = (value: Stored, max = 200): string =>
  codeSpan(typeof value === 'string' ? value : `0x${value.hex}`, max);

/** A time, absolute only: Markdown is read later. In a code span, where it can be copied as it is. */
export const momentOf = (iso: string, clock: Clock): string => codeSpan(showMoment(iso, clock));

/** Paragraphs and blocks to one text that ends with one newline. */
export const markdownPage = (lines: readonly string[]): string => `${lines.join('\n').trimEnd()}\n`;
