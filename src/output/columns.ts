import type { Row, Signal } from '../evidence/types.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { formatDuration } from '../values/duration.ts';
import { escapeText } from './escape.ts';
import { formatAmount, formatShare } from './numbers.ts';
import { describeMix, showId } from './triage-document.ts';

export interface Column {
  readonly head: string;
  readonly right?: boolean;
  readonly cell: (row: Row) => string;
}

/** Rows worth a line: all of them, or where the runbook says from which ratio of the limit on, those and unusable limits. */
export function notableRows(id: string, signal: Signal, runbook: Runbook): readonly Row[] {
  const name = runbook.signals[id]?.['near-limit'] ?? null;
  if (name === null) return signal.rows;
  const near = runbook.thresholds[name]?.value ?? 0;
  return signal.rows.filter(({ limit }) => (limit?.ratio ?? 0) >= near || limit?.problem === 'invalid');
}

/** The columns that a signal's rows have something to say in; cells are escaped. The first is the id. */
export function columnsFor(id: string, signal: Signal, runbook: Runbook): Column[] {
  const { rows, unit } = signal;
  const entity = runbook.signals[id]?.entity?.one ?? 'name';
  const columns: Column[] = [
    { head: entity, cell: (row) => showId(row.id) + (row.valid ? '' : ' (not valid)') },
  ];
  if (unit === 's' || unit === 's left') {
    columns.push({
      head: unit === 's' ? 'age' : 'time left',
      right: true,
      cell: (row) => (row.value > 0 ? formatDuration(row.value) : unit === 's' ? '0s' : 'no end'),
    });
  } else {
    columns.push({
      head: unit === 'USD' ? 'spent' : unit,
      right: true,
      cell: (row) => `${plain(row.value, unit)}${row.atLeast ? '+' : ''}`,
    });
  }
  if (rows.some(({ period }) => period !== null)) {
    const since = { day: 'today', month: 'this month' };
    columns.push({ head: 'since', cell: ({ period }) => (period === null ? '' : since[period]) });
  }
  if (rows.some((row) => row.share !== null) && unit !== 'USD') {
    columns.push({
      head: 'share',
      right: true,
      cell: (row) => (row.share === null ? '' : formatShare(row.share)),
    });
  }
  if (rows.some((row) => row.usual !== null)) {
    columns.push({
      head: 'usual',
      right: true,
      cell: (row) => (row.usual === null ? '' : plain(row.usual, unit)),
    });
  }
  if (rows.some((row) => row.limit !== null)) {
    columns.push({ head: 'limit', right: true, cell: (row) => limitCell(row, unit) });
    columns.push({
      head: 'used',
      right: true,
      cell: (row) => (row.limit?.ratio == null ? '' : formatShare(row.limit.ratio)),
    });
  }
  if (rows.some((row) => row.limit?.perHour != null)) {
    columns.push({
      head: 'mean per hour',
      right: true,
      cell: (row) => (row.limit?.perHour == null ? '' : plain(row.limit.perHour, unit)),
    });
  }
  if (rows.some((row) => row.lastSeenSeconds !== null)) {
    columns.push({
      head: 'last seen',
      right: true,
      cell: (row) => (row.lastSeenSeconds === null ? '' : `${formatDuration(row.lastSeenSeconds)} ago`),
    });
  }
  for (const mix of new Set(rows.flatMap((row) => Object.keys(row.labels)))) {
    const cell = ONE_VALUE.has(mix) ? (row: Row) => valueCell(row, mix) : (row: Row) => describeMix(row, mix);
    columns.push({ head: mix.replaceAll('_', ' '), cell });
  }
  if (rows.some((row) => row.claimed)) {
    columns.push({ head: 'named by', cell: (row) => (row.claimed ? 'client' : '') });
  }
  return columns;
}

/** Labels that have one value each. */
const ONE_VALUE: ReadonlySet<string> = new Set(['reason', 'by']);

const valueCell = (row: Row, label: string): string =>
  escapeText(Object.keys(row.labels[label] ?? {})[0] ?? '', 40);

function limitCell({ limit }: Row, unit: string): string {
  if (limit === null || limit.problem === 'none') return unit === 'USD' ? 'no cap' : 'no limit';
  if (limit.problem === 'invalid') return `no cap (${escapeText(limit.stored ?? '', 16)})`;
  return plain(limit.value ?? 0, unit);
}

/** Without the unit where the column's head has it. */
const plain = (value: number, unit: string): string =>
  unit === 'USD' ? formatAmount(value, unit) : formatAmount(value, '').trimEnd();
