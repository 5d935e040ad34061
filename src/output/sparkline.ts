import type { Series } from '../report/types.ts';

const LEVELS = '▂▃▄▅▆▇█';
const NOTHING = '▁';
const GAP = '·';

/**
 * The last values as columns, newest at the right end, held against the largest of them. Nothing has a line of its own
 * that no amount has, however small; what is not known is a dot.
 */
export function sparkline(points: Series['points'], columns: number): string {
  const last = points.slice(-columns);
  const most = Math.max(0, ...last.map(([, value]) => value ?? 0));
  const marks = last.map(([, value]) => {
    if (value === null) return GAP;
    if (value <= 0) return NOTHING;
    return LEVELS[Math.max(0, Math.ceil((value / most) * LEVELS.length) - 1)] ?? GAP;
  });
  return marks.join('').padStart(columns);
}
