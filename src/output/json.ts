import { replaceHidden } from './escape.ts';

/**
 * A value as JSON, indented by two spaces, with a final newline. Strings parse back to exactly what they were, and the
 * text is inert in a terminal: what `escapeText` would hide is written as `\uXXXX`.
 * @throws TypeError for what JSON cannot hold (cycles, bigints)
 */
export const toJson = (value: unknown): string => inert(JSON.stringify(value, null, 2) ?? 'null');

/** The same on one line, for documents that follow one another. @throws as `toJson` */
export const toJsonLine = (value: unknown): string => inert(JSON.stringify(value) ?? 'null');

const inert = (json: string): string => `${isPlain(json) ? json : replaceHidden(json, escapeUnits)}\n`;

/** Most documents hold nothing else, and then need no look at each character. */
function isPlain(json: string): boolean {
  return /^[\n -~]*$/.test(json);
}

function escapeUnits(character: string): string {
  // JSON.stringify leaves no newline inside a string: the ones that are left are the indentation's.
  if (character === '\n') return character;
  let escaped = '';
  for (let i = 0; i < character.length; i++) {
    escaped += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
  }
  return escaped;
}
