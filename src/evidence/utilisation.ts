import { type LimitFor, limitFor } from '../runbooks/limits.ts';
import type { LimitTable } from '../runbooks/limits-schema.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { factorOf, limitOfRow } from './limits.ts';
import { rounded } from './rounded.ts';
import type { Evidence, Id, Reset, Signal } from './types.ts';

/** One entity against its own limit, in the table's unit and period. */
export interface Use extends Pick<LimitFor, 'from' | 'tier'> {
  readonly id: Id;
  /** null: nothing of it was seen, where there may be more than what was. */
  readonly observed: number | null;
  /** null: none is known. */
  readonly limit: number | null;
  /** When the first of what was observed counts no more; null where the source does not tell. */
  readonly frees: Reset | null;
  /** Observed over limit; null where one of the two is not known. */
  readonly ratio: number | null;
}

/** What one signal tells of a table. */
export interface Observed {
  readonly signal: string;
  readonly title: string;
  readonly status: Signal['status'];
  readonly reason: string | null;
  readonly windowSeconds: number | null;
  /** The most used first, then entries of the table of which nothing was seen. */
  readonly uses: readonly Use[];
}

export interface TableInUse {
  readonly id: string;
  readonly table: LimitTable;
  readonly observed: readonly Observed[];
}

/** The runbook with no other signals than those that are held against a table. */
export const limitedOnly = (runbook: Runbook): Runbook => ({
  ...runbook,
  signals: Object.fromEntries(Object.entries(runbook.signals).filter(([, { limits }]) => limits !== null)),
});

/** Every table of limits with what was seen of it. */
export const utilisationOf = ({ limits, signals }: Runbook, evidence: Evidence): TableInUse[] =>
  Object.entries(limits).map(([id, table]) => ({
    ...{ id, table },
    observed: Object.entries(signals).flatMap(([name, spec]): Observed[] => {
      const signal = evidence.signals[name];
      if (spec.limits !== id || signal === undefined) return [];
      const { status, reason, windowSeconds } = signal;
      const factor = factorOf(spec.sources, table, windowSeconds);
      return [
        {
          signal: name,
          title: spec.title,
          status,
          reason,
          windowSeconds,
          uses: usesOf(signal, table, factor),
        },
      ];
    }),
  }));

function usesOf(signal: Signal, table: LimitTable, factor: number): Use[] {
  const seen = signal.rows.map((row): Use => {
    const named = limitOfRow(row, table);
    const ratio = row.limit?.ratio ?? null;
    return {
      id: row.id,
      observed: rounded(row.value / factor),
      limit: named.value,
      ratio,
      from: named.from,
      tier: named.tier,
      frees: row.frees ?? null,
    };
  });
  const isAll = isWhole(signal);
  const rest = Object.keys(table.entries)
    .filter((id) => !signal.rows.some((row) => row.id === id))
    .map((id): Use => {
      const named = limitFor(table, id, null);
      const ratio = named.value === null ? null : 0;
      const [observed, used] = isAll ? [0, ratio] : [null, null];
      return {
        id,
        observed,
        limit: named.value,
        ratio: used,
        from: named.from,
        tier: named.tier,
        frees: null,
      };
    });
  return [...seen.sort((a, b) => (b.ratio ?? -1) - (a.ratio ?? -1)), ...rest];
}

/** Was all read and kept? Then whoever was not seen has sent nothing. */
export const isWhole = ({ status, live, sources, distinct, rows }: Signal): boolean =>
  (status === 'measured' || (status === 'empty' && live)) &&
  sources.every((source) => source.status !== 'unknown') &&
  (distinct ?? Number.POSITIVE_INFINITY) <= rows.length &&
  // Of others there may have been some, too.
  !rows.some(({ atLeast }) => atLeast);
