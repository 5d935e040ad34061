import type { Node } from './servers.ts';

/** From here on a replica is said to be behind, seconds: a primary is heard of every ten seconds at least. */
const LATE_SECONDS = 30;

/** Has it been without its primary for so long that what it does not hold may be there all the same? */
export const isOutdated = ({ behind }: Pick<Node, 'behind'>): boolean =>
  behind !== null && (behind.seconds === null ? behind.linkDown : behind.seconds >= LATE_SECONDS);

/** What is to be said of a replica that may hold what is no longer so. */
export function stalenessOf({ name, behind }: Pick<Node, 'name' | 'behind'>): string[] {
  if (behind === null) return [];
  const since = behind.seconds === null ? '' : ` for ${behind.seconds} s`;
  if (behind.linkDown) {
    return [`${name} is a replica that has lost its primary${since}: what it holds may be that old`];
  }
  if ((behind.seconds ?? 0) < LATE_SECONDS) return [];
  return [`${name} is a replica that has not heard of its primary${since}: what it holds may be that old`];
}
