import type { Row, Signal } from '../evidence/types.ts';
import type { Series } from '../report/types.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { keyOf } from '../watch/looks.ts';
import { pointsOf, totalPoints } from '../watch/series.ts';
import { notableRows } from './columns.ts';
import { cut } from './cut.ts';
import { capital } from './lines.ts';
import { measure } from './measure.ts';
import { formatAmount, formatNumber } from './numbers.ts';
import { filled, type Line, type Span, span } from './spans.ts';
import { sparkline } from './sparkline.ts';
import { categoryOf, describeSignal, showId, type TriageDocument } from './triage-document.ts';
import type { Watching } from './watch-view.ts';

/** A signal with its largest entities: a title, and a line for each. */
export interface Table {
  readonly lines: readonly Line[];
  /** Is a finding about it? */
  readonly isCentral: boolean;
}

/** Columns of a table, beside the names. */
interface Layout {
  readonly width: number;
  readonly spark: number;
  readonly change: number;
}

const VALUE_WIDTH = 19;
/** From here on there is room to say by how much something changed. */
const WIDE = 60;

/** So many columns of a screen show the time line. */
export const sparkWidth = (columns: number): number => Math.min(60, Math.max(8, columns - 50));

/** The tables, in the runbook's order; a signal that shows nothing has only a title. */
export function tablesOf(view: Watching, columns: number): Table[] {
  const { document, watched } = view;
  const { findings } = document.verdict;
  const central = new Set(findings.map(({ category }) => categoryOf(document, category)?.about));
  const needed = new Set(document.runbook['quiet-needs'].flat());
  const layout = { width: columns, spark: sparkWidth(columns), change: columns >= WIDE ? 9 : 1 };
  return watched.tables.flatMap((id): Table[] => {
    const signal = document.evidence.signals[id];
    if (signal === undefined) return [];
    const isCentral = central.has(id);
    if (signal.status !== 'measured' && !(signal.status === 'empty' && isOnlyVoice(id, document))) return [];
    const rows = notableRows(id, signal, document.runbook).slice(0, document.top);
    if (rows.length === 0 && !needed.has(id) && !isCentral) return [];
    return [{ isCentral, lines: [titleLine(id, signal, view, layout), ...rowLines(id, rows, view, layout)] }];
  });
}

/** Of what must be seen to tell quiet from trouble, is this the only signal that says anything? Then it is told that there is none. */
const isOnlyVoice = (id: string, { runbook, evidence }: TriageDocument): boolean =>
  runbook['quiet-needs'].some(
    (group) =>
      group.includes(id) &&
      !group.some((other) => other !== id && evidence.signals[other]?.status === 'measured') &&
      group.find((other) => evidence.signals[other]?.status === 'empty') === id,
  );

function titleLine(id: string, signal: Signal, { document, history }: Watching, layout: Layout): Line {
  const points = totalPoints(history.looks, id);
  const name = capital(document.runbook.signals[id]?.title ?? id);
  const width = layout.width - layout.spark - layout.change - 2;
  const says = saysInShort(id, signal, document.runbook);
  const what = says.find((text) => measure(name) + 2 + measure(text) <= width);
  // A number that is cut would mislead.
  const left = [span(name, 'strong'), span(what === undefined ? '' : `: ${what}`)];
  const end = signal.total === null ? [] : ending(points, signal, layout);
  return [...filled(left, width), ...end];
}

/** What a signal measured, the longest way of saying it first. */
function saysInShort(id: string, signal: Signal, runbook: Runbook): string[] {
  if (signal.status === 'empty') return ['none'];
  const about = signal.sample === null ? '' : 'about ';
  const each = signal.unit.endsWith('/s') ? '/s' : '';
  const total = signal.total === null ? [] : [`${about}${amountOf(signal.total, signal.unit)}${each}`];
  const among = signal.distinct === null ? null : formatNumber(signal.distinct);
  const from = among === null ? [] : total.length === 0 ? [among] : [`${total[0]} from ${among}`];
  return [describeSignal(id, signal, runbook), ...from, ...total];
}

function rowLines(id: string, rows: readonly Row[], view: Watching, layout: Layout): Line[] {
  const signal = view.document.evidence.signals[id];
  if (signal === undefined) return [];
  const values = rows.map((row) => cut(valueText(row, signal.unit), VALUE_WIDTH));
  const widest = Math.max(0, ...values.map(measure));
  const nameWidth = layout.width - layout.spark - layout.change - widest - 5;
  const blocked = blockedIds(view);
  return rows.map((row, index) => {
    const value = values[index] ?? '';
    const points = pointsOf(view.history.looks, id, keyOf(row));
    const isBlocked = typeof row.id === 'string' && blocked.has(row.id);
    const note = isBlocked ? ' blocked' : row.valid ? '' : ' (not valid)';
    const name = cut(showId(row.id, 128), Math.max(4, nameWidth - note.length), true);
    return [
      span('  '),
      ...filled([span(name), span(note, isBlocked ? 'name' : 'warn')], nameWidth),
      span(`${' '.repeat(widest - measure(value) + 1)}${value}`),
      ...ending(points, signal, layout),
    ];
  });
}

/** ` ▲ +118  ▂▃▅█`: what changed since the look before, and the time line. */
function ending(points: Series['points'], { unit }: Signal, { spark, change }: Layout): Span[] {
  const { text, tone } = changeOf(points, unit, change > 1);
  return [
    span(' '),
    ...filled([span(text, tone)], change),
    span(' '),
    span(sparkline(points, spark), 'name'),
  ];
}

/** More is worse of all that is watched: failures, rejections, money. */
function changeOf(points: Series['points'], unit: string, withAmount: boolean): Span {
  const [before = null, now = null] = points.slice(-2).map(([, value]) => value);
  if (points.length < 2 || before === null || now === null) return span('');
  const amount = amountOf(Math.abs(now - before), unit);
  if (amount === amountOf(0, unit)) return span('=', 'dim');
  const more = now > before;
  const shown = withAmount ? ` ${more ? '+' : '-'}${amount}` : '';
  return span(`${more ? '▲' : '▼'}${shown}`, more ? 'warn' : 'good');
}

/** `4,812`, `26+`, `$112.50 of $100.00`. */
function valueText({ value, atLeast, limit }: Row, unit: string): string {
  const of = limit?.value == null ? '' : ` of ${amountOf(limit.value, unit)}`;
  return `${amountOf(value, unit)}${atLeast ? '+' : ''}${of}`;
}

const amountOf = (value: number, unit: string): string =>
  unit === 'USD' ? formatAmount(value, unit) : formatNumber(value);

/** Addresses on the deny list that the runbook's remedy writes. */
function blockedIds({ document }: Watching): ReadonlySet<string> {
  const key = document.runbook.remedies['block-ip']?.key;
  const lists = Object.entries(document.runbook.signals).filter(([, { sources }]) =>
    sources.some((source) => source.kind === 'redis-entry' && source.key === key),
  );
  const rows = lists.flatMap(([id]) => document.evidence.signals[id]?.rows ?? []);
  return new Set(rows.flatMap((row) => (typeof row.id === 'string' ? [row.id] : [])));
}
