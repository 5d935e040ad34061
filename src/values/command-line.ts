import { hasControl } from './text.ts';

/** A stretch of a word: quoted singly, quoted doubly, one escaped character, or plain. */
const PIECE = /'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])|([^\s'"\\|&;<>()]+)/y;

/**
 * The words of a command line as a POSIX shell reads them: quotes and backslashes are taken off, `#` begins a comment.
 * Nothing is expanded: there are no variables, no globs and no commands within commands.
 * @returns the words, or the sentence that says what is wrong with the line
 */
export function splitCommand(line: string): string[] | string {
  if (hasControl(line.replaceAll('\t', ' '))) return 'the line holds control characters';
  const words: string[] = [];
  let word: string | null = null;
  for (let at = 0; at < line.length; ) {
    const char = line[at] ?? '';
    if (/\s/.test(char) || (char === '#' && word === null)) {
      if (word !== null) words.push(word);
      word = null;
      if (char === '#') break;
      at += 1;
      continue;
    }
    PIECE.lastIndex = at;
    const [piece, single, double, escaped, plain] = PIECE.exec(line) ?? [];
    if (piece === undefined) return problemAt(char);
    // Within double quotes a backslash is itself before anything but these.
    word = (word ?? '') + (single ?? double?.replaceAll(/\\([\\"$`])/g, '$1') ?? escaped ?? plain ?? '');
    at += piece.length;
  }
  return word === null ? words : [...words, word];
}

const problemAt = (char: string): string =>
  char === "'" || char === '"'
    ? `the quote ${char} has no other half`
    : char === '\\'
      ? 'the line ends with a backslash'
      : `${char} is for a shell: give one command a line, and nothing beside it`;
