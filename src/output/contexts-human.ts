import {
  type ContextRun,
  type ContextsDocument,
  countOf,
  hasCommands,
  remarksOf,
  summariseAll,
} from './contexts-document.ts';
import { escapeText } from './escape.ts';
import { marked, type Screen, SENTENCE, warningLines } from './lines.ts';
import { triageHuman } from './triage-human.ts';
import { wrap } from './wrap.ts';

/** In place of the menu, which could only be about one of them. */
const NO_MENU = 'Each command above names its context; with several there is no menu.';

/**
 * The screen of several contexts: the line over all, each verdict under its heading, worst first, and the line again.
 * Ends with a newline.
 * @param isTerminal false: the line stays whole, for whoever takes the first line of a pipe
 */
export function contextsHuman(document: ContextsDocument, screen: Screen, isTerminal: boolean): string {
  const { paint, width } = screen;
  const { worstFirst, runs, overall, at, totalMs } = document;
  const over = wrap(summariseAll(document), isTerminal ? width : Number.POSITIVE_INFINITY, '  ');
  const tone = overall.severity !== null ? paint.bad : overall.category === 'quiet' ? paint.good : paint.warn;
  const count = countOf(runs);
  const when = `${at.slice(0, 19).replace('T', ' ')} UTC`;
  const sections = [
    // The count stands at the beginning, where nothing is wrapped.
    tone(count) + over.slice(count.length),
    warningLines(remarksOf(document), screen).join('\n'),
    ...worstFirst.map((run) => `${heading(run, screen)}\n\n${body(run, screen)}`),
    paint.strong(rule('', width)),
    hasCommands(document) ? wrap(NO_MENU, width) : '',
    `${paint.strong(over)}\n${paint.dim(`${count}, ${when}, ${totalMs} ms`)}`,
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

/** A heading is found again in a long screen, in a monochrome log too. */
const heading = ({ context }: ContextRun, { paint, width }: Screen): string =>
  paint.strong(rule(`=== ${context} `, width));

const rule = (text: string, width: number): string => text.padEnd(Math.min(width, 80), '=');

function body(run: ContextRun, screen: Screen): string {
  if (run.document !== null) return triageHuman(run.document, screen.paint, screen.width).trimEnd();
  const { message, hint } = run.error;
  const told = marked('!', `could not be triaged: ${escapeText(message, SENTENCE)}`, screen, 'bad');
  return hint === '' ? told : `${told}\n${wrap(`    ${escapeText(hint, SENTENCE)}`, screen.width, '    ')}`;
}
