import type { Row, Signal } from '../../evidence/types.ts';
import { formatDuration } from '../../values/duration.ts';
import { type Column, columnsFor, notableRows } from '../columns.ts';
import { capital } from '../lines.ts';
import { formatAmount, formatNumber } from '../numbers.ts';
import { roundEstimate } from '../signal-text.ts';
import { categoryOf, describeSignal, type TriageDocument } from '../triage-document.ts';
import { type Html, html, NOTHING } from './markup.ts';
import { bar, bullets, card, type KeyNumber, type TableColumn, table } from './parts.ts';

/** The signals that the findings are about, worst first. */
const aboutSignals = (document: TriageDocument): string[] =>
  document.verdict.findings.flatMap(({ category }) => categoryOf(document, category)?.about ?? []);

const MOST_NUMBERS = 4;

/** What the verdict is about, in a few large numbers. */
export function numbersOf(document: TriageDocument): KeyNumber[] {
  const { runbook, evidence } = document;
  const ids = [...new Set([...aboutSignals(document), ...runbook['quiet-needs'].flat()])];
  return ids
    .flatMap((id): KeyNumber[] => {
      const signal = evidence.signals[id];
      // Of a part of the keyspace in which nothing was seen no total can be told.
      if (signal === undefined || signal.total === null || signal.sample?.total === null) return [];
      if (signal.unit === 's left') return [];
      return [
        { title: runbook.signals[id]?.title ?? id, ...amountOf(signal, runbook.signals[id]?.entity ?? null) },
      ];
    })
    .slice(0, MOST_NUMBERS);
}

function amountOf(
  { total, atMost, distinct, sample, unit, windowSeconds }: Signal,
  entity: { readonly one: string; readonly many: string } | null,
): Omit<KeyNumber, 'title'> {
  const about = sample === null ? '' : 'about ';
  const round = (value: number) => (sample === null ? value : roundEstimate(value));
  const from =
    distinct === null || entity === null
      ? ''
      : `from ${about}${formatNumber(round(distinct))} ${distinct === 1 ? entity.one : entity.many}`;
  const window = windowSeconds === null ? '' : `in ${formatDuration(windowSeconds)}`;
  return {
    value: `${atMost ? 'at most ' : about}${formatAmount(round(total ?? 0), unit)}`,
    note: [from, window].filter((text) => text !== '').join(' '),
  };
}

/** One table per signal that has something to show, those of the findings first, then what has only a total. */
export function tables(document: TriageDocument): Html[] {
  const { evidence, runbook, top } = document;
  const about = new Set(aboutSignals(document));
  const all = Object.entries(evidence.signals);
  const shown = [...all.filter(([id]) => about.has(id)), ...all.filter(([id]) => !about.has(id))]
    .filter(([id, { status }]) => status === 'measured' && runbook.signals[id]?.show !== 'line')
    .map(([id, signal]) => ({
      ...{ id, signal, rows: notableRows(id, signal, runbook) },
      title: capital(runbook.signals[id]?.title ?? id),
      text: describeSignal(id, signal, runbook),
    }));
  const lines = shown
    .filter(({ rows }) => rows.length === 0)
    .map(({ title, text }) => html`<b>${title}</b>: ${text}`);
  return [
    ...shown
      .filter(({ rows }) => rows.length > 0)
      .map(({ id, signal, rows, title, text }) => {
        const hidden = rows.length - Math.min(rows.length, top);
        const more =
          hidden > 0 ? html`<p class="origin">and ${hidden} more (--top ${rows.length})</p>\n` : NOTHING;
        const [first, ...others] = columnsFor(id, signal, runbook);
        const columns = first === undefined ? [] : [named(first), ...barsOf(signal), ...others];
        return html`<div class="card">\n<p><b>${title}</b>: ${text}</p>\n${table(title, columns, rows.slice(0, top))}${more}</div>\n`;
      }),
    card(bullets(lines)),
  ];
}

/** Ids in letters of one width, so that two that differ in one look different. */
const named = ({ head, cell }: Column): TableColumn<Row> => ({
  head,
  cell: (row) => html`<span class="id">${cell(row)}</span>`,
});

/** The share of the limit where there is one, else of all. */
function barsOf({ rows, unit }: Signal): TableColumn<Row>[] {
  if (rows.some(({ limit }) => limit?.ratio != null)) {
    const cell = ({ limit }: Row) =>
      limit?.ratio == null ? '' : bar(limit.ratio, limit.ratio >= 1 ? 'bad' : 'plain');
    return [{ head: 'of the limit', cell }];
  }
  if (unit === 's' || unit === 's left') return [];
  if (rows.some(({ share }) => share !== null)) {
    return [{ head: 'of all', cell: ({ share }) => (share === null ? '' : bar(share)) }];
  }
  return [];
}

/** Signals that are only context, in a line each. */
export const asides = ({ evidence, runbook }: TriageDocument): Html =>
  bullets(
    Object.entries(evidence.signals)
      .filter(([id, { status }]) => status === 'measured' && runbook.signals[id]?.show === 'line')
      .map(([id, signal]) => `${runbook.signals[id]?.title ?? id}: ${describeSignal(id, signal, runbook)}`),
  );
