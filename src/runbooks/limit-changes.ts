import type { LimitOverrides } from '../config/types.ts';
import type { LimitTable } from './limits-schema.ts';

type Part = 'default' | 'tiers' | 'entries';

/** A limit that a context sets. */
export interface LimitChange {
  readonly table: string;
  readonly part: Part;
  /** The tier or the entity's id; null: the default. */
  readonly name: string | null;
  /** What the context says: a number, or of an entry the name of a tier. */
  readonly value: number | string;
  /** What the runbook itself has there; null: nothing. */
  readonly own: number | string | null;
}

/** What a context sets of the runbook's limits. @param limits the runbook's own */
export function limitChanges(
  limits: Readonly<Record<string, LimitTable>>,
  overrides: LimitOverrides,
): LimitChange[] {
  return Object.entries(overrides).flatMap(([table, { default: all, tiers = {}, entries = {} }]) => {
    const own = Object.hasOwn(limits, table) ? limits[table] : undefined;
    if (own === undefined) return [];
    const change = (part: Part, name: string | null, value: number | string): LimitChange => {
      return { table, part, name, value, own: ownLimit(own, part, name) };
    };
    return [
      ...(all === undefined ? [] : [change('default', null, all)]),
      ...Object.entries(tiers).map(([name, value]) => change('tiers', name, value)),
      ...Object.entries(entries).map(([id, value]) => change('entries', id, value)),
    ];
  });
}

/** What a table has in one place: a number, or the tier of an entry; null: nothing. */
export function ownLimit(table: LimitTable, part: Part, name: string | null): number | string | null {
  if (part === 'default' || name === null) return table.default?.value ?? null;
  if (!Object.hasOwn(table[part], name)) return null;
  if (part === 'tiers') return table.tiers[name]?.value ?? null;
  const entry = table.entries[name];
  return entry?.value ?? entry?.tier ?? null;
}

/** Where a configuration has it: `limits.caller-tps.entries.globex`. */
export const placeOfChange = ({ table, part, name }: LimitChange): string =>
  ['limits', table, part, ...(name === null ? [] : [name])].join('.');
