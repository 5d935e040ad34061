import { literalMarkdown } from './escape.ts';
import type { ShownJournal } from './journal-facts.ts';
import { marked, type Screen, warningLines } from './lines.ts';

const TAMPERED = "this machine's journal shows signs of having been changed: do not rely on it";

/** In Markdown. */
export const tampered = ({ intact }: ShownJournal): string[] =>
  intact ? [] : [`**${literalMarkdown(TAMPERED)}**`, ''];

/** Tampering and warnings, on a screen. */
export const trouble = ({ intact, warnings }: ShownJournal, screen: Screen): string[] => [
  ...(intact ? [] : [marked('!', TAMPERED, screen, 'bad')]),
  ...warningLines(warnings, screen),
];
