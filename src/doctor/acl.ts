import type { Need } from './needs.ts';

/** Whom a line is for: somebody who only looks, or somebody who applies remedies too. */
export type Role = 'triage' | 'operator';

/** Uses that change a system. */
const REMEDIES: ReadonlySet<Need['use']> = new Set(['block-ip', 'unblock-ip', 'raise-cap']);
/** How the doctor finds out what a user may do without doing it. */
const ASKS = ['acl|whoami', 'acl|dryrun'];

/**
 * The line that makes a Redis user with exactly the rights that these needs come to: `ACL SETUSER triage reset on ...`.
 * @param directional false for a Redis before 7.0, which cannot tell reading from writing a key
 */
export function aclLine(role: Role, needs: readonly Need[], directional = true): string {
  const isTheirs = ({ use, writes }: Need) => role === 'operator' || (!writes && !REMEDIES.has(use));
  const own = needs.filter(isTheirs);
  const patternsOf = (needs: readonly Need[]) =>
    unique(needs.flatMap(({ key }) => (key === null ? [] : patternOf(key))));
  const written = new Set(patternsOf(own.filter(({ writes }) => writes)));
  const patterns = patternsOf(own).map((pattern) => {
    const isReadOnly = role === 'operator' && directional && !written.has(pattern);
    return `${isReadOnly ? '%R' : ''}~${pattern}`;
  });
  const commands = [...own.map(({ command }) => command), ...ASKS];
  return [
    ...['ACL', 'SETUSER', role, 'reset', 'on', '>PASSWORD'],
    ...patterns,
    ...unique(commands).map((command) => `+${command}`),
  ].join(' ');
}

/** The line that makes a user of the sentinels, who may be told where the primary and its replicas are, and no more. */
export const SENTINEL_LINE =
  'ACL SETUSER ratelimit reset on >PASSWORD +sentinel|get-master-addr-by-name +sentinel|replicas';

/**
 * A key template as a pattern of Redis: its places as stars, its own glob characters as themselves. A pattern cannot hold
 * a space, so any one character stands in for it.
 */
export const patternOf = (template: string): string =>
  template
    .split(/\{[^}]*\}/)
    .map((part) => part.replaceAll(/[\\*?[\]^]/g, '\\$&').replaceAll(/\s/g, '?'))
    .join('*');

const unique = <T>(list: readonly T[]): T[] => [...new Set(list)];
