import type { Because, Code } from '../../verdict/types.ts';

/** Conditions that measure something in the unit of their threshold; of the others a bar would compare two things. */
const SAME_UNIT: ReadonlySet<Code> = new Set([
  ...([
    'spread-one',
    'spread-few',
    'spread-many',
    'rest-volume',
    'rest-sources',
    'volume',
    'sources',
  ] as const),
  ...([
    'each-at-most',
    'one-shot',
    'mix-only',
    'mix-mixed',
    'started',
    'strangers',
    'reaches',
    'count',
  ] as const),
  ...(['diverse', 'made-only', 'made-mixed', 'ended', 'one-network', 'outgrown', 'covers'] as const),
]);

/** What was measured and what it was held against, in one unit; null: a condition is not about two such numbers. */
export function comparedIn(because: Because): { readonly measured: number; readonly against: number } | null {
  const { code, measured, args } = because;
  const against = thresholdOf(because);
  if (measured === null || against === null || against <= 0 || measured < 0) return null;
  const isPlain = code === 'over-limit' ? args.other === undefined : SAME_UNIT.has(code) || isUsual(code);
  return isPlain ? { measured, against } : null;
}

const isUsual = (code: Code): boolean => code === 'usual-above' || code === 'usual-same';

/** Of what is usual, so many times. */
function thresholdOf({ code, threshold, args }: Because): number | null {
  if (!isUsual(code)) return threshold;
  const { usual, times } = args;
  return typeof usual === 'number' && typeof times === 'number' ? usual * times : null;
}
