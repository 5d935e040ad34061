import { showCommand } from './lines.ts';
import { measure } from './measure.ts';

/**
 * A command on as many lines as it needs, each but the last ending in a backslash, so that they can be pasted together;
 * null: a word is too long for that. Words are quoted one by one, so that no line ends within one.
 */
export function commandLines(words: readonly string[], width: number): string[] | null {
  const lines: string[] = [];
  let line = '';
  for (const word of words.map((one) => showCommand([one]))) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (measure(longer) + 2 <= width || line === '') line = longer;
    else {
      lines.push(`${line} \\`);
      line = word;
    }
  }
  const all = [...lines, line];
  const only = all.length === 1 || measure(showCommand(words)) <= width ? [showCommand(words)] : all;
  return only.every((one) => measure(one) <= width) ? only : null;
}
