import { quote } from 'shell-quote';

/**
 * Words that no POSIX shell changes: the safe set of Python's `shlex.quote`. zsh expands a leading `=`.
 */
const PLAIN = /^(?!=)[\w@%+=:,./-]+$/;

/**
 * A command line that a POSIX shell splits back into exactly `argv`, for the operator to paste. Plain words (flags,
 * addresses, URLs) stay bare. Control characters are kept, since the words must be exact.
 * @throws RangeError for a word with a NUL character, which no argument can hold
 */
export function quoteCommand(argv: readonly string[]): string {
  return argv.map(quoteWord).join(' ');
}

function quoteWord(word: string, index: number): string {
  if (word.includes('\0')) throw new RangeError('a command argument cannot hold a NUL character');
  // In the first place `A=b` would be an assignment.
  const isAssignment = index === 0 && word.includes('=');
  if (PLAIN.test(word) && !isAssignment) return word;
  // shell-quote writes `it's` as "it's", but most other words with a backslash at every sign.
  return word.includes("'") ? quote([word]) : `'${word}'`;
}
