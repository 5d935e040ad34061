import type { Rights, Told } from './facts.ts';
import type { Need, Use } from './needs.ts';
import { type Check, checkOf, unknownCheck } from './types.ts';

/** What only reads: without it triage is blind. */
const LOOKS: ReadonlySet<Use> = new Set(['triage', 'blocks', 'caps', 'kill-switch', 'doctor']);

/** What the Redis user may do, held against what each part of the program needs. */
export function permissionChecks(rights: Told<Rights>, needs: readonly Need[]): Check[] {
  if (!rights.known) return [unknownCheck('permission', 'rights-unknown', rights, { source: 'Redis' })];
  const { user, how, mayAnything, rights: found } = rights.value;
  const allowed = new Map(found.map(({ command, key, allowed }) => [idOf(command, key), allowed]));
  const uses = [...new Set(needs.map(({ use }) => use))];
  const checks = uses.map((use): Check => {
    const own = needs.filter((need) => need.use === use);
    const answers = own.map(({ command, key }) => ({
      command,
      key,
      allowed: allowed.get(idOf(command, key)),
    }));
    const refused = answers.filter((one) => one.allowed === false);
    const base = { check: 'permission', source: use, args: { use, user, how, ...lacksOf(refused) } } as const;
    if (refused.length > 0) {
      const isBlind = use === 'triage';
      return checkOf({
        ...{
          ...base,
          code: 'rights-refused',
          level: isBlind ? 'problem' : LOOKS.has(use) ? 'warning' : 'note',
        },
        // Whoever only looks need not be allowed to write: that is no refusal of anything that was asked for.
        cause: isBlind ? 'auth' : null,
      });
    }
    if (answers.some((one) => one.allowed == null)) {
      return checkOf({ ...base, code: 'rights-unknown', level: 'note', status: 'unknown' });
    }
    return checkOf({ ...base, code: 'rights-granted', level: 'fine' });
  });
  if (mayAnything !== true) return checks;
  return [
    ...checks,
    checkOf({ check: 'permission', code: 'rights-wide', level: 'note', source: 'Redis', args: { user } }),
  ];
}

const idOf = (command: string, key: string | null): string => JSON.stringify([command, key]);

/** Commands that are refused everywhere, and keys that are. */
function lacksOf(refused: readonly { readonly command: string; readonly key: string | null }[]) {
  const keys = [...new Set(refused.flatMap(({ key }) => key ?? []))];
  return { commands: [...new Set(refused.map(({ command }) => command))], keys };
}
