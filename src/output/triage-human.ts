import type { Row, Signal } from '../evidence/types.ts';
import type { Remedy } from '../remedies/propose.ts';
import { formatDuration } from '../values/duration.ts';
import type { Finding } from '../verdict/types.ts';
import { escapeText } from './escape.ts';
import { formatAmount, formatShare } from './numbers.ts';
import type { Paint } from './paint.ts';
import { quoteCommand } from './quote.ts';
import { explain, explainAll, explainCaveat } from './sentences.ts';
import { renderTable } from './table.ts';
import {
  afterwards,
  categoryOf,
  describeMix,
  describeSignal,
  failing,
  headlineOf,
  showId,
  summarise,
  type TriageDocument,
  unseen,
  warningsOf,
} from './triage-document.ts';
import { wrap } from './wrap.ts';

/** The triage screen: verdict first, reads well at 80 columns and in a monochrome log. Ends with a newline. */
export function triageHuman(document: TriageDocument, paint: Paint, width: number): string {
  const { verdict, runbook } = document;
  const line = (mark: string, text: string) => wrap(`  ${mark} ${text}`, width, '    ');
  const sections: string[] = [firstLine(document, paint)];

  for (const [index, finding] of verdict.findings.entries()) {
    // The first line has said the worst one already.
    if (index > 0) {
      sections.push(paint.strong(`${label(finding)}: ${headlineOf(finding, document)}`));
    }
    const category = categoryOf(document, finding.category);
    const against = finding.because.filter((because) => because.met === false);
    sections.push(
      block(paint.strong(`Why ${finding.category}${category ? ` (${category.cause})` : ''}`), [
        ...finding.because.filter((b) => b.met === true).map((b) => line('+', explain(b, runbook))),
      ]),
      block(paint.strong('What speaks against it'), [
        ...against.map((because) => line('-', explain(because, runbook))),
        ...finding.caveats.map((caveat) => line('!', `${caveat.code}: ${explainCaveat(caveat, runbook)}`)),
      ]),
    );
  }
  const rejected = (list: typeof verdict.ruledOut) =>
    list.map(({ category, because }) => line('-', `${category}: ${explainAll(failing(because), runbook)}`));
  sections.push(
    block(paint.strong('Abnormal, and not explained by a category'), [
      ...verdict.unexplained.map((because) => line('!', explain(because, runbook))),
    ]),
    block(paint.strong('Ruled out'), rejected(verdict.ruledOut)),
    block(paint.strong('Could not be judged'), rejected(verdict.undecided)),
    ...tables(document, paint, width),
    block(paint.strong('Beside that'), asides(document, line)),
    block(
      paint.strong('Could not be seen'),
      unseen(document).map(({ id, status, why }) => line('?', `${id} is ${status}: ${why}`)),
    ),
    block(
      paint.strong('Warnings'),
      warningsOf(document.evidence).map((warning) => line('!', warning)),
    ),
    ...verdict.findings.map((finding) => next(finding, document, paint, width)),
    block(
      paint.strong('Afterwards'),
      afterwards(document).map((step) => line('*', step)),
    ),
    paint.dim(footer(document)),
  );
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function firstLine(document: TriageDocument, paint: Paint): string {
  const { verdict } = document;
  const [worst] = verdict.findings;
  const name = worst ? label(worst) : `${verdict.category} (confidence ${verdict.confidence})`;
  const tone = worst ? paint.bad : verdict.category === 'quiet' ? paint.good : paint.warn;
  return `${tone(name)}: ${summarise(document)}`;
}

const label = (finding: Finding) =>
  `${finding.severity} ${finding.category} (confidence ${finding.confidence})`;

const block = (title: string, lines: readonly string[]): string =>
  lines.length === 0 ? '' : [title, ...lines].join('\n');

/** One table per signal that has something to show. */
function tables(document: TriageDocument, paint: Paint, width: number): string[] {
  return Object.entries(document.evidence.signals).flatMap(([id, signal]) => {
    const spec = document.runbook.signals[id];
    if (signal.status !== 'measured' || spec?.show === 'line') return [];
    const title = `${paint.strong(capital(spec?.title ?? id))}: ${describeSignal(id, signal, document.runbook)}`;
    const near = spec?.['near-limit'] ? (document.runbook.thresholds[spec['near-limit']]?.value ?? 0) : null;
    const rows = signal.rows.filter(
      (row) => near === null || (row.limit?.ratio ?? 0) >= near || row.limit?.problem === 'invalid',
    );
    if (rows.length === 0) return [title];
    const columns = columnsFor(signal, spec?.entity?.one ?? 'name');
    const table = renderTable({
      head: columns.map((column) => column.head),
      rows: rows.slice(0, document.top).map((row) => columns.map((column) => column.cell(row))),
      align: columns.map((column) => (column.right ? 'right' : 'left')),
      width: width - 2,
      paint,
    });
    const hidden = rows.length - Math.min(rows.length, document.top);
    const more = hidden > 0 ? [paint.dim(`  and ${hidden} more (--top ${rows.length})`)] : [];
    return [[title, ...table.split('\n').map((text) => `  ${text}`), ...more].join('\n')];
  });
}

/** Signals that are only context, in a line each. */
function asides(document: TriageDocument, line: (mark: string, text: string) => string): string[] {
  return Object.entries(document.evidence.signals)
    .filter(([id, { status }]) => status === 'measured' && document.runbook.signals[id]?.show === 'line')
    .map(([id, signal]) => {
      const title = document.runbook.signals[id]?.title ?? id;
      return line('-', `${title}: ${describeSignal(id, signal, document.runbook)}`);
    });
}

interface Column {
  readonly head: string;
  readonly right?: boolean;
  readonly cell: (row: Row) => string;
}

function columnsFor(signal: Signal, entity: string): Column[] {
  const { rows, unit } = signal;
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
      cell: (row) => plain(row.value, unit),
    });
  }
  if (rows.some((row) => row.share !== null) && unit !== 'USD') {
    columns.push({
      head: 'share',
      right: true,
      cell: (row) => (row.share === null ? '' : formatShare(row.share)),
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
  const [mix] = rows.flatMap((row) => Object.keys(row.labels));
  if (mix !== undefined) {
    columns.push({
      head: mix,
      cell: mix === 'reason' ? (row) => reasonCell(row) : (row) => describeMix(row),
    });
  }
  return columns;
}

const reasonCell = (row: Row): string => escapeText(Object.keys(row.labels.reason ?? {})[0] ?? '', 40);

function limitCell({ limit }: Row, unit: string): string {
  if (limit === null || limit.problem === 'none') return 'no cap';
  if (limit.problem === 'invalid') return `no cap (${escapeText(limit.stored ?? '', 16)})`;
  return plain(limit.value ?? 0, unit);
}

/** Without the unit where the column's head has it. */
const plain = (value: number, unit: string): string =>
  unit === 'USD' ? formatAmount(value, unit) : formatAmount(value, '').trimEnd();

/** What to do next: commands ready to paste on lines of their own, then the steps by hand. */
function next(finding: Finding, document: TriageDocument, paint: Paint, width: number): string {
  const remedies = document.remedies.get(finding.category) ?? [];
  const which = document.verdict.findings.length > 1 ? `, for ${finding.category}` : '';
  const then = document.replayed ? ' (the evidence is recorded: look again before you act on it)' : '';
  const title = `Next${which}${then}`;
  const lines = remedies.flatMap((remedy, index) => {
    const again = remedies[index - 1]?.id === remedy.id;
    const text = again ? [] : [wrap(`  ${index + 1}. ${remedy.text}${linkOf(remedy)}`, width, '     ')];
    return remedy.argv === null ? text : [...text, `     ${paint.name(quoteCommand(remedy.argv))}`];
  });
  return block(paint.strong(title), lines);
}

const linkOf = ({ link }: Remedy): string => (link === null ? '' : ` See ${link.title}: ${link.see}.`);

function footer({ runbook, context, evidence, totalMs, replayed }: TriageDocument): string {
  const where = context === null ? '' : `, context ${escapeText(context)}`;
  const when = `${evidence.at.slice(0, 19).replace('T', ' ')} UTC`;
  const how = replayed ? 'recorded evidence' : `${totalMs} ms`;
  return `runbook ${runbook.name}${where}, ${when}, window ${formatDuration(evidence.windowSeconds)}, ${how}`;
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);
