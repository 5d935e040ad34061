import type { Command } from 'commander';
import { wrap } from '../output/wrap.ts';
import { EXAMPLES, type Example } from './examples.ts';
import { TOPICS, type Topic } from './topics.ts';

/** What the help of a command begins with: how it is used. */
export function examplesText(command: Command, width: number): string {
  const lines = exampleLines(command, width - 2).map((line) => `  ${line}\n`);
  const title = examplesOf(command).length === 1 ? 'Example' : 'Examples';
  return lines.length === 0 ? '' : `${title}:\n${lines.join('')}`;
}

/** The examples of a command, fit to be pasted: what they are for is a comment. */
export function exampleLines(command: Command, width: number): string[] {
  const examples = examplesOf(command);
  const column = Math.max(...examples.map(([line]) => line.length)) + 3;
  return examples.flatMap(([line, what]) => {
    if (what === '') return [line];
    const beside = `${line.padEnd(column)}# ${what}`;
    return beside.length <= width ? [beside] : [`# ${what}`, line];
  });
}

const examplesOf = (command: Command): readonly Example[] => EXAMPLES[pathOf(command).join(' ')] ?? [];

/** A topic as a page of the help. @param width columns */
export function topicText({ title, before, rows, after }: Topic, width: number): string {
  const column = Math.max(0, ...rows.map(([term]) => term.length));
  // Terms that leave no room beside them stand above what they mean.
  const isWide = column > width / 2;
  const lines = rows.map(([term, meaning]) => {
    if (isWide) return `  ${term}\n${wrap(`      ${meaning}`, width, '      ')}`;
    const lead = `  ${/^\d+$/.test(term) ? term.padStart(column) : term.padEnd(column)}  `;
    return wrap(lead + meaning, width, ' '.repeat(lead.length));
  });
  const paragraphs = (texts: readonly string[]) => texts.map((text) => wrap(text, width));
  const parts = [
    ...paragraphs(before),
    ...(lines.length > 0 ? [lines.join('\n')] : []),
    ...paragraphs(after),
  ];
  return `${title}\n\n${parts.join('\n\n')}\n`;
}

/** What the help of the program ends with: its exit codes in full, and which topics there are. */
export function closingText(command: Command, width: number): string {
  if (command.parent !== null) return '\nExit codes: ratelimit help exit-codes';
  const { rows } = TOPICS['exit-codes'] ?? { rows: [] };
  const codes = topicText({ title: 'Exit codes:', before: [], rows, after: [] }, width).replace('\n\n', '\n');
  const topics = Object.keys(TOPICS).join(', ');
  return `\n${codes}\n${wrap(`More: ratelimit help <command>, or a topic: ${topics}`, width, '  ')}`;
}

/** The words that call a command, without the program's own name. */
export function pathOf(command: Command): string[] {
  return command.parent === null ? [] : [...pathOf(command.parent), command.name()];
}
