import { type Link, ORIGIN } from './head.ts';

/** One line of the journal, as far as the chain is concerned. */
export interface ChainLine {
  readonly hash: string;
  /** null, as `prev`: the line does not say. */
  readonly seq: number | null;
  readonly prev: string | null;
  /** What is wrong with the line by itself, or null. */
  readonly problem: string | null;
}

/**
 * What does not fit together, as sentences in the order of the lines, at most one a line: lines that are unreadable,
 * changed, missing or out of place. It shows mistakes and hands in the file; whoever rewrites all of the chain, and
 * the head, goes unseen.
 * @param head what was written last, or before last; null when that is not known
 */
export function chainProblems(lines: readonly ChainLine[], head: Link | null): string[] {
  const problems = new Map<number, string>();
  const report = (number: number, problem: string) => {
    if (!problems.has(number)) problems.set(number, problem);
  };
  let last = ORIGIN.seq;
  let hash = ORIGIN.hash;
  let unreadable = 0;
  for (const [index, line] of lines.entries()) {
    const number = index + 1;
    if (line.problem !== null) report(number, `line ${number}: ${line.problem}`);
    if (line.seq === null) unreadable += 1;
    else {
      const expected = last + 1;
      if (line.seq > expected + unreadable)
        report(number, `${events(expected, line.seq - 1, unreadable)} missing before line ${number}`);
      else if (line.seq < expected) report(number, `line ${number}: event ${line.seq} does not belong here`);
      else if (line.prev !== null && line.prev !== hash)
        report(Math.max(index, 1), changed(Math.max(index, 1)));
      last = Math.max(last, line.seq);
      unreadable = 0;
    }
    hash = line.hash;
  }
  if (head !== null && head.seq > last + unreadable) {
    const where = lines.length === 0 ? ': there is no line' : ` after line ${lines.length}`;
    report(lines.length + 1, `${events(last + 1, head.seq, unreadable)} missing${where}`);
  }
  const index = lines.findLastIndex(({ seq }) => seq === head?.seq);
  if (head !== null && index >= 0 && lines[index]?.hash !== head.hash) report(index + 1, changed(index + 1));
  return [...problems].sort(([a], [b]) => a - b).map(([, problem]) => problem);
}

const changed = (number: number) => `line ${number} was changed after it was written`;

function events(from: number, to: number, unreadable: number): string {
  const which = from === to ? `event ${from} is` : `events ${from} to ${to} are`;
  return unreadable > 0 ? `${which} unreadable or` : which;
}
