import type { Row, Signal } from '../evidence/types.ts';
import { formatDuration } from '../values/duration.ts';
import type { Finding } from '../verdict/types.ts';
import { alertText } from './alert-text.ts';
import { columnsFor, notableRows } from './columns.ts';
import { codeSpan, escapeMarkdown, literalMarkdown } from './escape.ts';
import { answerText, howToAnswer, openQuestions } from './questions.ts';
import { quoteCommand } from './quote.ts';
import { explain, explainAll, explainCaveat } from './sentences.ts';
import {
  afterwards,
  checksOf,
  describeSignal,
  failing,
  headlineOf,
  linkOf,
  linksOf,
  summarise,
  type TriageDocument,
  verdictName,
} from './triage-document.ts';
import { unseen, warningsOf } from './triage-unseen.ts';

/**
 * The verdict for an incident channel. Everything from outside renders as plain text there. Ends with a newline.
 * @param heading how deep its headings begin
 */
export function triageMarkdown(document: TriageDocument, heading = '##'): string {
  const { verdict, runbook, evidence } = document;
  const text = literalMarkdown;
  const list = (title: string, items: readonly string[]) =>
    items.length === 0 ? [] : [`**${title}**`, '', ...items.map((item) => `- ${text(item)}`), ''];
  const rejected = (one: (typeof verdict.ruledOut)[number]) =>
    `${one.category}: ${explainAll(failing(one.because), runbook)}`;

  const lines = [
    `${heading} ${text(verdictName(verdict))}`,
    '',
    text(summarise(document)),
    '',
    ...alertPart(document),
    ...openQuestions(document).flatMap((question) =>
      list(question.text, [question.because, ...question.answers.map(answerText), howToAnswer(question)]),
    ),
    ...(document.replayed ? ['**Recorded evidence**: look again before you act.', ''] : []),
    ...verdict.findings.flatMap((finding) => [
      ...(verdict.findings.length > 1
        ? [`${heading}# ${text(finding.category)}`, '', text(headlineOf(finding, document)), '']
        : []),
      ...list(
        'Why',
        finding.because.filter((b) => b.met === true).map((b) => explain(b, runbook)),
      ),
      ...list('What speaks against it', [
        ...finding.because.filter((b) => b.met === false).map((b) => explain(b, runbook)),
        ...finding.caveats.map((caveat) => `${caveat.code}: ${explainCaveat(caveat, runbook)}`),
      ]),
      ...list('Checked', checksOf(finding, runbook)),
    ]),
    ...list(
      'Abnormal, and not explained by a category',
      verdict.unexplained.map((because) => explain(because, runbook)),
    ),
    ...list('Ruled out', verdict.ruledOut.map(rejected)),
    ...list('Could not be judged', verdict.undecided.map(rejected)),
    ...Object.entries(evidence.signals).flatMap(([id, signal]) => table(id, signal, document)),
    ...list('Could not be seen', unseen(document)),
    ...list('Warnings', warningsOf(evidence)),
    ...verdict.findings.flatMap((finding) => next(finding, document)),
    ...list('Afterwards', afterwards(document)),
    ...list('Links', linksOf(document)),
    `runbook ${runbook.name}, ${codeSpan(evidence.at)}, window ${formatDuration(evidence.windowSeconds)}`,
  ];
  return `${lines.join('\n')}\n`;
}

function alertPart({ alert, replayed, context, runbook }: TriageDocument): string[] {
  if (alert === null) return [];
  const { title, facts, remarks } = alertText(alert, { replayed, context, runbook: runbook.name });
  const items = [...facts, ...remarks].map((item) => `- ${literalMarkdown(item)}`);
  return [`**${literalMarkdown(title)}**`, '', ...items, ...(items.length > 0 ? [''] : [])];
}

function table(id: string, signal: Signal, { runbook, top }: TriageDocument): string[] {
  const spec = runbook.signals[id];
  if (signal.status !== 'measured') return [];
  const title = `**${literalMarkdown(spec?.title ?? id)}**: ${literalMarkdown(describeSignal(id, signal, runbook))}`;
  const rows = notableRows(id, signal, runbook).slice(0, top);
  if (rows.length === 0 || spec?.show === 'line') return [title, ''];
  const [, ...columns] = columnsFor(id, signal, runbook);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    title,
    '',
    line([spec?.entity?.one ?? 'name', ...columns.map((column) => column.head)]),
    line(['---', ...columns.map((column) => (column.right ? '--:' : '---'))]),
    ...rows.map((row) =>
      line([codeSpan(rawId(row.id)), ...columns.map(({ cell }) => literalMarkdown(cell(row)))]),
    ),
    '',
  ];
}

const rawId = (id: Row['id']): string => (typeof id === 'string' ? id : `0x${id.hex}`);

function next(finding: Finding, document: TriageDocument): string[] {
  const remedies = document.remedies.get(finding.category) ?? [];
  const commands = document.replayed
    ? []
    : remedies.flatMap((remedy) => (remedy.argv === null ? [] : [quoteCommand(remedy.argv)]));
  const steps = [...new Set(remedies.map((remedy) => `${remedy.text}${linkOf(remedy)}`))];
  return [
    `**Next, for ${escapeMarkdown(finding.category)}**`,
    '',
    ...steps.map((step, index) => `${index + 1}. ${literalMarkdown(step)}`),
    '',
    ...(commands.length > 0 ? ['```sh', ...commands, '```', ''] : []),
  ];
}
