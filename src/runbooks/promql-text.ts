/** A quoted string or a comment. */
const QUOTED = String.raw`"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\`[^\`]*\`|#[^\n]*`;

const PIECE = new RegExp(String.raw`${QUOTED}|[\s\S]`, 'g');

const CLOSES: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/**
 * What is wrong with a PromQL expression, as far as that shows without Prometheus: quotes and brackets without their
 * other half, or nothing but comments. What its names and functions mean is for promtool to say.
 * @returns a sentence, or null
 */
export function promqlProblem(expression: string): string | null {
  const open: string[] = [];
  let isEmpty = true;
  for (const [piece] of expression.matchAll(PIECE)) {
    if (piece.startsWith('#') || /^\s$/.test(piece)) continue;
    isEmpty = false;
    if (/^["'`]$/.test(piece)) return `expected PromQL, got a quote ${piece} without its other half`;
    if (piece in CLOSES) open.push(piece);
    else if (Object.values(CLOSES).includes(piece)) {
      const last = open.pop();
      if (last === undefined) return `expected PromQL, got a ${piece} that nothing opens`;
      if (CLOSES[last] !== piece)
        return `expected PromQL, got a ${piece} where ${CLOSES[last]} closes ${last}`;
    }
  }
  if (isEmpty) return 'expected PromQL, got none';
  const left = open.pop();
  return left === undefined ? null : `expected PromQL, got a ${left} that nothing closes`;
}

/**
 * A place for a number or a duration by its name; what stands in quotes or comments is none. No selector of PromQL looks
 * like a place: those hold `=`, or nothing.
 */
const PLACE = new RegExp(String.raw`${QUOTED}|\{([a-z][a-z0-9]*(?:-[a-z0-9]+)*)\}`, 'g');

/** The names of its places, each once. */
export const placesIn = (expression: string): string[] => [
  ...new Set([...expression.matchAll(PLACE)].flatMap(([, name]) => name ?? [])),
];

/** The expression with its places filled; what has no number stays as it is. */
export const fillPlaces = (expression: string, numberOf: (name: string) => string | null): string =>
  expression.replaceAll(PLACE, (piece, name?: string) =>
    name === undefined ? piece : (numberOf(name) ?? piece),
  );
