import { measure } from './measure.ts';

/** Breaks text at spaces so that no line is wider than `width`; later lines start with `indent`. Long words stay whole. */
export function wrap(text: string, width: number, indent = ''): string {
  const lead = /^ */.exec(text)?.[0] ?? '';
  const lines: string[] = [];
  let line = '';
  for (const word of text.slice(lead.length).split(' ')) {
    if (line === '') line = lead + word;
    else if (measure(line) + 1 + measure(word) <= width) line = `${line} ${word}`;
    else {
      lines.push(line);
      line = indent + word;
    }
  }
  return [...lines, line].join('\n');
}
