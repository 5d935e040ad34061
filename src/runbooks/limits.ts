import type { LimitOverrides } from '../config/types.ts';
import { nearest } from '../values/nearest.ts';
import { PERIOD_SECONDS } from '../values/periods.ts';
import { ownLimit } from './limit-changes.ts';
import type { LimitTable } from './limits-schema.ts';
import type { Runbook } from './schema.ts';

/** Where a limit comes from that holds for an entity. */
export interface LimitFor {
  /** In the table's own unit and period; null: none is known. */
  readonly value: number | null;
  readonly from: 'entry' | 'tier' | 'default' | 'none';
  /** The tier that decided. */
  readonly tier: string | null;
}

/** Why a limit is as a context has it. @param own what the runbook has there */
const byContext = (own: number | string | null): string =>
  `Set by the context${own === null ? '' : `; the runbook says ${own}`}.`;

/** What keeps a context's limits from being this runbook's, as sentences with the name. */
export function limitProblems({ name: runbook, limits }: Runbook, overrides: LimitOverrides): string[] {
  const names = Object.keys(limits);
  return Object.entries(overrides).flatMap(([name, { tiers = {}, entries = {} }]) => {
    const own = Object.hasOwn(limits, name) ? limits[name] : undefined;
    if (own === undefined) {
      return [`limits.${name}: runbook ${runbook} has no such table of limits${nearest(name, names)}`];
    }
    const known = [...Object.keys(own.tiers), ...Object.keys(tiers)];
    return Object.entries(entries).flatMap(([id, value]) =>
      typeof value === 'number' || known.includes(value)
        ? []
        : [
            `limits.${name}.entries.${id}: expected a number or one of the tiers ${known.join(', ')}; got ${JSON.stringify(value)}${nearest(value, known)}`,
          ],
    );
  });
}

/** The runbook with a context's limits in place of its own. What does not fit it was refused before, or is left out. */
export function withLimits(runbook: Runbook, overrides: LimitOverrides): Runbook {
  const limits = Object.entries(runbook.limits).map(([name, own]) => {
    const set = Object.hasOwn(overrides, name) ? overrides[name] : undefined;
    return [name, set === undefined ? own : overridden(own, set)] as const;
  });
  return { ...runbook, limits: Object.fromEntries(limits) };
}

function overridden(
  own: LimitTable,
  { default: all, tiers = {}, entries = {} }: LimitOverrides[string],
): LimitTable {
  return {
    ...own,
    default:
      all === undefined ? own.default : { value: all, because: byContext(ownLimit(own, 'default', null)) },
    tiers: {
      ...own.tiers,
      ...mapped(tiers, (value, name) => ({ value, because: byContext(ownLimit(own, 'tiers', name)) })),
    },
    entries: {
      ...own.entries,
      ...mapped(entries, (value, id) => ({
        ...(typeof value === 'number' ? { value, tier: null } : { value: null, tier: value }),
        because: byContext(ownLimit(own, 'entries', id)),
      })),
    },
  };
}

const mapped = <From, To>(
  record: Readonly<Record<string, From>>,
  change: (value: From, name: string) => To,
) => Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value, name)]));

/** Seconds that a table's limits are for; null: they are on a level. */
export const periodSeconds = ({ per }: LimitTable): number | null =>
  per === null ? null : PERIOD_SECONDS[per];

/** The limit of one entity: its own entry, else that of its tier, else the default. @param tier as its series tell it */
export function limitFor(table: LimitTable, id: string, tier: string | null): LimitFor {
  const entry = Object.hasOwn(table.entries, id) ? table.entries[id] : undefined;
  if (entry !== undefined && entry.value !== null) return { value: entry.value, from: 'entry', tier: null };
  const named = entry?.tier ?? tier;
  const found = named !== null && Object.hasOwn(table.tiers, named) ? table.tiers[named] : undefined;
  if (found !== undefined)
    return { value: found.value, from: entry === undefined ? 'tier' : 'entry', tier: named };
  const all = table.default;
  return all === null
    ? { value: null, from: 'none', tier: null }
    : { value: all.value, from: 'default', tier: null };
}
