import { showCommand } from './lines.ts';
import { measure } from './measure.ts';

/**
 * A command on as many lines as it needs, each but the last ending in a backslash, so that they can be pasted together;
 * null: a word is too long for that. Words are quoted one by one, so that no line ends within one.
 * @param used so much of the first line is taken
 */
export function commandLines(words: readonly string[], width: number, used: number): string[] | null {
  const room = (line: number) => (line === 0 ? width - used : width);
  const whole = showCommand(words);
  if (measure(whole) <= room(0)) return [whole];
  const lines: string[] = [];
  let line = '';
  for (const word of words.map((one) => showCommand([one]))) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (measure(longer) + 2 <= room(lines.length) || line === '') line = longer;
    else {
      lines.push(`${line} \\`);
      line = word;
    }
  }
  const all = [...lines, line];
  return all.every((one, index) => measure(one) <= room(index)) ? all : null;
}
