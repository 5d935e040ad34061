import { visible } from '../escape.ts';

/** Markup that was written here. What comes from outside gets into it as text alone, so it is made by `html` only. */
export class Html {
  readonly markup: string;
  constructor(markup: string) {
    this.markup = markup;
  }
}

type Part = Html | string | number | readonly Html[];

const ENTITIES: Readonly<Record<string, string>> = {
  ...{ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' },
};

/**
 * Text that shows as itself, as an element's text and as an attribute's value in quotes. Characters that a page would
 * not show, or that would reorder it, become `\xNN` as in every other format; only line breaks stay.
 */
export const escapeHtml = (text: string): string =>
  visible(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

/** A template of markup: what is put into it is escaped, unless it is markup itself. Attributes have double quotes. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Html =>
  new Html(
    strings.map((own, index) => own + (index < parts.length ? inner(parts[index] ?? '') : '')).join(''),
  );

function inner(part: Part): string {
  if (part instanceof Html) return part.markup;
  if (typeof part === 'string' || typeof part === 'number') return escapeHtml(String(part));
  return part.map(({ markup }) => markup).join('');
}

export const NOTHING: Html = html``;

/** Is there nothing to see? */
export const isBlank = ({ markup }: Html): boolean => markup.trim() === '';
