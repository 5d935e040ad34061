import { type LimitFor, limitFor, periodSeconds } from '../runbooks/limits.ts';
import type { LimitTable } from '../runbooks/limits-schema.ts';
import type { Runbook, SourceSpec } from '../runbooks/schema.ts';
import { rounded } from './rounded.ts';
import type { Limit, Row, Signal } from './types.ts';

/** Tiers that a warning names at most. */
const MOST_NAMED = 5;

/**
 * The signal with each entity's own limit, where the runbook names a table for it: the limit in the signal's unit, and
 * how much of it is used.
 */
export function withRowLimits(id: string, signal: Signal, runbook: Runbook): Signal {
  const spec = runbook.signals[id];
  const table = tableOf(id, runbook);
  if (spec === undefined || table === undefined) return signal;
  const factor = factorOf(spec.sources, table, signal.windowSeconds);
  const strangers = new Set<string>();
  const rows = signal.rows.map((row): Row => {
    const tier = tierOf(row, table);
    const isStranger = tier !== null && !Object.hasOwn(table.tiers, tier);
    if (isStranger) strangers.add(tier);
    const { value, from } = limitOfRow(row, table);
    const limit = limitOf(row.value, value, factor);
    if (isStranger && from === 'default') return { ...row, limit: { ...limit, problem: 'unknown-tier' } };
    const isMixed = from !== 'entry' && hasSeveral(row, table);
    return { ...row, limit: isMixed ? { ...limit, problem: 'several-tiers' } : limit };
  });
  const hidden = (signal.distinct ?? 0) - signal.rows.length;
  const warnings = [
    ...signal.warnings,
    ...(strangers.size === 0
      ? []
      : [
          `limits.${spec.limits} has no ${strangers.size === 1 ? 'tier' : 'tiers'} ${[...strangers].slice(0, MOST_NAMED).join(', ')}${strangers.size > MOST_NAMED ? ' and others' : ''}: whoever has one is held against the default`,
        ]),
    ...untold(signal.rows, table, spec.limits),
    ...(hidden > 0 && signal.status === 'measured' && mayReach(signal.rows, table, factor)
      ? [
          `${hidden} more of ${spec.title} are not held against their limits: the largest ${signal.rows.length} are`,
        ]
      : []),
  ];
  return { ...signal, rows, warnings };
}

const tableOf = (id: string, { signals, limits }: Runbook): LimitTable | undefined =>
  limits[signals[id]?.limits ?? ''];

/** What no source tells although limits rest on it: whose the events are, or of which tier. */
function untold(rows: readonly Row[], table: LimitTable, name: string | null): string[] {
  if (rows.length === 0) return [];
  if (rows.every(({ id }) => id === '')) {
    return [`limits.${name}: no series tells the ${table.each}, so nobody can be held against a limit`];
  }
  const label = table['tier-label'];
  const byDefault = rows.filter(
    (row) =>
      row.valid && tierOf(row, table) === null && limitFor(table, String(row.id), null).from === 'default',
  );
  return label !== null && byDefault.length > 0 && rows.every((row) => tierOf(row, table) === null)
    ? [`limits.${name}: no series has the label ${label}, so the default holds for whoever has no entry`]
    : [];
}

/** Of the smallest limit, from which on one that is not among the rows may be close to its own. */
const CLOSE = 0.5;

/** May one that has less than all of these be close to its limit, whichever it is? */
const mayReach = (rows: readonly Row[], table: LimitTable, factor: number): boolean =>
  Math.min(...rows.map(({ value }) => value)) >= leastClose(table, factor);

function leastClose({ default: all, tiers, entries }: LimitTable, factor: number): number {
  const limits = [all, ...Object.values(tiers), ...Object.values(entries)].flatMap((one) => one?.value ?? []);
  return CLOSE * factor * Math.min(...limits);
}

/**
 * From how much on an entity of a signal may be close to its limit, whichever it has, in the signal's unit.
 * @param windowSeconds of the signal
 * @returns infinity where its entities have no limits
 */
export function closeFrom(id: string, runbook: Runbook, windowSeconds: number): number {
  const table = tableOf(id, runbook);
  return table === undefined
    ? Number.POSITIVE_INFINITY
    : leastClose(table, factorOf(runbook.signals[id]?.sources ?? [], table, windowSeconds));
}

/** The limit of whoever a row is of. An id that is no valid one has that of everybody else: it must not borrow a larger one. */
export const limitOfRow = (row: Row, table: LimitTable): LimitFor =>
  limitFor(table, row.valid && typeof row.id === 'string' ? row.id : '', tierOf(row, table));

/** The tier that most of an entity's events carry; null where no source tells. */
function tierOf({ labels }: Row, table: LimitTable): string | null {
  const tiers = Object.entries(labels[table['tier-label'] ?? ''] ?? {});
  const [most] = tiers.sort((a, b) => b[1] - a[1]);
  return most === undefined || most[0] === '' ? null : most[0];
}

/** Of an entity's events, what a second tier must carry to count as one: a tier that has just been changed soon does. */
const SECOND_SHARE = 0.1;

/** Do its events carry tiers that have different limits, as when its tier was changed a moment ago? */
function hasSeveral({ labels }: Row, table: LimitTable): boolean {
  const tiers = Object.entries(labels[table['tier-label'] ?? ''] ?? {});
  const all = tiers.reduce((sum, [, part]) => sum + part, 0);
  const limits = tiers
    .filter(([, part]) => part >= SECOND_SHARE * all)
    .map(([tier]) => limitFor(table, '', tier).value);
  return new Set(limits).size > 1;
}

/** What a limit of the table is multiplied by to be in the signal's unit: rates are per second, counters of their window. */
export function factorOf(
  sources: readonly SourceSpec[],
  table: LimitTable,
  windowSeconds: number | null,
): number {
  const period = periodSeconds(table);
  if (period === null) return 1;
  if (sources.some(({ kind }) => kind === 'prometheus-rate')) return 1 / period;
  return sources.some(({ kind }) => kind === 'redis-counter' || kind === 'prometheus-count') &&
    windowSeconds !== null
    ? windowSeconds / period
    : 1;
}

function limitOf(used: number, value: number | null, factor: number): Limit {
  const allowed = value === null ? null : rounded(value * factor);
  return {
    value: allowed,
    ratio: allowed === null ? null : used / allowed,
    problem: allowed === null ? 'none' : null,
    ...{ stored: null, endsInSeconds: null, perHour: null },
  };
}
