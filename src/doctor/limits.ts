import type { Evidence } from '../evidence/types.ts';
import { isWhole } from '../evidence/utilisation.ts';
import { type LimitChange, placeOfChange } from '../runbooks/limit-changes.ts';
import type { LimitTable } from '../runbooks/limits-schema.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { type Check, checkOf } from './types.ts';

const BASE = { check: 'configuration', level: 'note' } as const;

/** Which limits of the runbook the context sets, and which of these nobody is held against, as far as was seen. */
export function limitChecks(changes: readonly LimitChange[], runbook: Runbook, evidence: Evidence): Check[] {
  if (changes.length === 0) return [];
  const overridden = changes.map(
    (change) => `${placeOfChange(change)} = ${change.value} (${ownText(change)})`,
  );
  return [
    checkOf({ ...BASE, code: 'limits-overridden', args: { overridden } }),
    ...Object.entries(runbook.limits).flatMap(([name, table]) =>
      unseenChecks(
        name,
        table,
        changes.filter((change) => change.table === name),
        { runbook, evidence },
      ),
    ),
  ];
}

const ownText = ({ own, value }: LimitChange): string =>
  own === null ? 'the runbook has none' : `the runbook says ${own === value ? 'the same' : own}`;

/** Entities and tiers that the context gives a limit, and that no series has. Said only where all of them were read. */
function unseenChecks(
  name: string,
  table: LimitTable,
  changes: readonly LimitChange[],
  { runbook, evidence }: { readonly runbook: Runbook; readonly evidence: Evidence },
): Check[] {
  const held = Object.entries(runbook.signals).flatMap(([id, spec]) => {
    const signal = evidence.signals[id];
    return spec.limits === name && signal !== undefined ? [{ id, spec, signal }] : [];
  });
  // Where nothing at all was measured, that is what is wrong, and it is said of the source.
  const whole = held.filter(({ signal }) => signal.status === 'measured' && isWhole(signal));
  const [first] = whole;
  if (first === undefined) return [];
  const rows = held.flatMap(({ signal }) => signal.rows);
  const ids = new Set(rows.map(({ id }) => id));
  const entries = named(changes, 'entries').filter((id) => !ids.has(id));
  const label = table['tier-label'];
  const tellsTier = whole.some(({ spec }) => spec.sources.some((one) => 'mix' in one && one.mix === label));
  const tiers = new Set([
    ...rows.flatMap((row) => Object.keys(row.labels[label ?? ''] ?? {})),
    ...Object.values(table.entries).map(({ tier }) => tier),
  ]);
  const strangers = named(changes, 'tiers').filter((tier) => !tiers.has(tier));
  const args = {
    table: name,
    each: table.each,
    windowSeconds: first.signal.windowSeconds ?? evidence.windowSeconds,
  };
  const check = (part: 'entries' | 'tiers', names: readonly string[]) =>
    names.length === 0
      ? []
      : [checkOf({ ...BASE, code: 'limits-unseen', signal: first.id, args: { ...args, part, names } })];
  return [...check('entries', entries), ...check('tiers', label === null || tellsTier ? strangers : [])];
}

const named = (changes: readonly LimitChange[], part: LimitChange['part']): string[] =>
  changes.flatMap((change) => (change.part === part && change.name !== null ? [change.name] : []));
