import { escapeCharacter, escapeText, replaceHidden } from './escape.ts';
import { measure } from './measure.ts';
import type { Paint } from './paint.ts';
import { quoteCommand } from './quote.ts';
import { wrap } from './wrap.ts';

/** What a screen of text is made for. */
export interface Screen {
  readonly paint: Paint;
  /** Columns. */
  readonly width: number;
}

/** Longest sentence from outside that is shown, in characters: an API's answer as it came is one. */
export const SENTENCE = 2_500;

type Tone = keyof Paint;

/** `  ! the sentence`, wrapped under itself; the mark has the colour. The sentence is escaped already. */
export function marked(
  mark: string,
  sentence: string,
  { paint, width }: Screen,
  tone: Tone = 'warn',
): string {
  return wrap(`  ${mark} ${sentence}`, width, '    ').replace(mark, () => paint[tone](mark));
}

/** Warnings as they came, a line each. */
export const warningLines = (warnings: readonly string[], screen: Screen): string[] =>
  warnings.map((warning) => marked('!', escapeText(warning, SENTENCE), screen));

/** Room that a value of several lines needs to stand beside its name. */
const LEGIBLE = 24;

/**
 * `  name   value`, the values below one another; a value for which the screen is too narrow stands below its name.
 * Names and values are escaped already.
 */
export function labelled(
  rows: readonly { readonly name: string; readonly value: string }[],
  width: number,
  indent = '  ',
): string[] {
  const column = Math.max(0, ...rows.map(({ name }) => measure(name)));
  const lead = indent.length + column + 2;
  return rows.flatMap(({ name, value }) => {
    const beside = wrap(value, width - lead).split('\n');
    const fits = beside.every((line) => measure(line) <= width - lead);
    if (!fits || (beside.length > 1 && width - lead < LEGIBLE)) {
      return [`${indent}${name}`, wrap(`${indent}  ${value}`, width, `${indent}  `)];
    }
    const label = `${indent}${name}${' '.repeat(column - measure(name) + 2)}`;
    return beside.map((line, index) => (index === 0 ? label : ' '.repeat(lead)) + line);
  });
}

/**
 * A command to paste, on one line. It can quote the operator's own words: what would act on the terminal is shown
 * as an escape, and such a command is there to be read, not to be pasted.
 */
export const showCommand = (words: readonly string[]): string =>
  replaceHidden(quoteCommand(words), escapeCharacter);

/** `a`, `a and b`, `a, b, c and 3 more`. */
export function listed(names: readonly string[], limit = 3): string {
  if (names.length < 2 || names.length > limit) return someOf(names, limit);
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** `a, b and 3 more`. */
export function someOf(names: readonly string[], limit = 3): string {
  const more = names.length - limit;
  return `${names.slice(0, limit).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Each on a line of its own, the last one too. */
export const linesOf = (all: readonly string[]): string => all.map((line) => `${line}\n`).join('');

/** The last words of a text painted, unless they were wrapped. */
export const paintEnd = (text: string, end: string, tone: (text: string) => string): string =>
  text.endsWith(end) ? text.slice(0, text.length - end.length) + tone(end) : text;

/** `One IP stands out`. */
export const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);
