import type { Cause } from '../evidence/types.ts';
import { formatDuration } from '../values/duration.ts';
import type { Finding } from '../verdict/types.ts';
import { alertText } from './alert-text.ts';
import { columnsFor, notableRows } from './columns.ts';
import { escapeText } from './escape.ts';
import { capital } from './lines.ts';
import type { Paint } from './paint.ts';
import { answerText, howToAnswer, openQuestions } from './questions.ts';
import { quoteCommand } from './quote.ts';
import { explain, explainAll, explainCaveat } from './sentences.ts';
import { renderTable } from './table.ts';
import {
  afterwards,
  categoryOf,
  checksInShort,
  describeSignal,
  failing,
  findingName,
  headlineOf,
  linkOf,
  linksOf,
  summarise,
  type TriageDocument,
  toneOf,
  verdictName,
} from './triage-document.ts';
import { unseen, warningsOf } from './triage-unseen.ts';
import { wrap } from './wrap.ts';

/** Of a category that is no finding, so many reasons are shown; all of them are in the JSON. */
const REASONS = 3;

/** The triage screen: verdict first, reads well at 80 columns and in a monochrome log. Ends with a newline. */
export function triageHuman(document: TriageDocument, paint: Paint, width: number): string {
  const { verdict, runbook } = document;
  const line = (mark: string, text: string) => wrap(`  ${mark} ${text}`, width, '    ');
  const sections: string[] = [
    ...alertBlock(document, paint, width),
    firstLine(document, paint),
    ...openBlocks(document, paint, width),
  ];

  for (const [index, finding] of verdict.findings.entries()) {
    // The first line has said the worst one already.
    if (index > 0) {
      sections.push(
        paint.strong(wrap(`${findingName(finding)}: ${headlineOf(finding, document)}`, width, '  ')),
      );
    }
    const category = categoryOf(document, finding.category);
    const against = finding.because.filter((because) => because.met === false);
    sections.push(
      block(paint.strong(`Why ${finding.category}${category ? ` (${category.cause})` : ''}`), [
        // What must hold and what makes it sure may be the same thing.
        ...new Set(finding.because.filter((b) => b.met === true).map((b) => line('+', explain(b, runbook)))),
      ]),
      block(paint.strong('What speaks against it'), [
        ...against.map((because) => line('-', explain(because, runbook))),
        ...finding.caveats.map((caveat) => line('!', `${caveat.code}: ${explainCaveat(caveat, runbook)}`)),
      ]),
      block(
        paint.strong('Checked'),
        checksInShort(finding).map((check) => line('-', check)),
      ),
    );
  }
  const rejected = (list: typeof verdict.ruledOut) =>
    list.map(({ category, because }) =>
      line('-', `${category}: ${explainAll(failing(because), runbook, REASONS)}`),
    );
  sections.push(
    block(paint.strong('Abnormal, and not explained by a category'), [
      ...verdict.unexplained.map((because) => line('!', explain(because, runbook))),
    ]),
    block(paint.strong('Ruled out'), rejected(verdict.ruledOut)),
    block(paint.strong('Could not be judged'), rejected(verdict.undecided)),
    ...tables(document, paint, width),
    block(paint.strong('Beside that'), asides(document, line)),
    block(paint.strong('Could not be seen'), [
      ...unseen(document).map((one) => line('?', one)),
      ...waysToSee(document, paint),
    ]),
    block(
      paint.strong('Warnings'),
      warningsOf(document.evidence).map((warning) => line('!', warning)),
    ),
    ...verdict.findings.map((finding) => next(finding, document, paint, width)),
    block(
      paint.strong('Afterwards'),
      afterwards(document).map((step) => line('*', step)),
    ),
    block(
      paint.strong('Links'),
      linksOf(document).map((link) => line('*', link)),
    ),
    // Said again where the eye is when a long screen has scrolled.
    `${paint.strong(verdictName(verdict))}\n${paint.dim(footer(document))}`,
  );
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

/** Of what the doctor knows more than that it could not be read. */
const DOCTORS: ReadonlySet<Cause | null> = new Set(['unreachable', 'auth', 'malformed', 'refused']);

/** How more can be seen of a live system. */
function waysToSee({ evidence, replayed }: TriageDocument, paint: Paint): string[] {
  if (replayed) return [];
  const causes = Object.values(evidence.signals).flatMap(({ cause, sources }) => [
    cause,
    ...sources.map((source) => source.cause),
  ]);
  const doctor = quoteCommand(['ratelimit', 'doctor', ...evidence.reads]);
  return [
    ...(causes.includes('timeout') ? ['  * they have more time with --timeout, such as --timeout 30s'] : []),
    ...(causes.some((cause) => DOCTORS.has(cause))
      ? ['  * what answers, what does not, and what can be done about it:', `    ${paint.name(doctor)}`]
      : []),
  ];
}

/** What paged, before what it is. */
function alertBlock(
  { alert, replayed, context, runbook }: TriageDocument,
  paint: Paint,
  width: number,
): string[] {
  if (alert === null) return [];
  const { title, facts, remarks } = alertText(alert, { replayed, context, runbook: runbook.name });
  const tone = alert.state === 'unknown' ? paint.warn : paint.strong;
  const line = (mark: string) => (text: string) => wrap(`  ${mark} ${text}`, width, '    ');
  return [[tone(wrap(title, width, '  ')), ...facts.map(line('-')), ...remarks.map(line('!'))].join('\n')];
}

function firstLine(document: TriageDocument, paint: Paint): string {
  return `${paint[toneOf(document.verdict)](verdictName(document.verdict))}: ${summarise(document)}`;
}

/** What only the operator can tell, and what follows from each answer. */
const openBlocks = (document: TriageDocument, paint: Paint, width: number): string[] =>
  openQuestions(document).map((question) =>
    block(paint.strong(wrap(question.text, width)), [
      wrap(`  ${question.because}`, width, '  '),
      ...question.answers.map((one) => wrap(`  - ${answerText(one)}`, width, '    ')),
      wrap(`  ${howToAnswer(question)}`, width, '  '),
    ]),
  );

const block = (title: string, lines: readonly string[]): string =>
  lines.length === 0 ? '' : [title, ...lines].join('\n');

/** One table per signal that has something to show. */
function tables(document: TriageDocument, paint: Paint, width: number): string[] {
  return Object.entries(document.evidence.signals).flatMap(([id, signal]) => {
    const spec = document.runbook.signals[id];
    if (signal.status !== 'measured' || spec?.show === 'line') return [];
    const title = `${paint.strong(capital(spec?.title ?? id))}: ${describeSignal(id, signal, document.runbook)}`;
    const rows = notableRows(id, signal, document.runbook);
    if (rows.length === 0) return [title];
    const columns = columnsFor(id, signal, document.runbook);
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

/** What to do next: commands ready to paste on lines of their own, then the steps by hand. */
function next(finding: Finding, document: TriageDocument, paint: Paint, width: number): string {
  const remedies = document.remedies.get(finding.category) ?? [];
  const which = document.verdict.findings.length > 1 ? `, for ${finding.category}` : '';
  const then = document.replayed ? ' (recorded evidence: triage the live system before you act)' : '';
  const title = `Next${which}${then}`;
  const steps = [...new Set(remedies.map(({ id }) => id))];
  const lines = remedies.flatMap((remedy, index) => {
    const again = remedies[index - 1]?.id === remedy.id;
    const step = steps.indexOf(remedy.id) + 1;
    const text = again ? [] : [wrap(`  ${step}. ${remedy.text}${linkOf(remedy)}`, width, '     ')];
    // What was recorded earlier may be over: scripts get the commands as data, people do not get them to paste.
    return remedy.argv === null || document.replayed
      ? text
      : [...text, `     ${paint.name(quoteCommand(remedy.argv))}`];
  });
  return block(paint.strong(wrap(title, width)), lines);
}

function footer({ runbook, context, evidence, totalMs, replayed }: TriageDocument): string {
  const where = context === null ? '' : `, context ${escapeText(context)}`;
  const when = `${evidence.at.slice(0, 19).replace('T', ' ')} UTC`;
  const how = replayed ? 'recorded evidence' : `${totalMs} ms`;
  return `runbook ${runbook.name}${where}, ${when}, window ${formatDuration(evidence.windowSeconds)}, ${how}`;
}
