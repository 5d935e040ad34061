import type { Row, Signal } from '../evidence/types.ts';
import { formatDuration } from '../values/duration.ts';
import type { Finding } from '../verdict/types.ts';
import { codeSpan, escapeMarkdown } from './escape.ts';
import { formatAmount, formatShare } from './numbers.ts';
import { quoteCommand } from './quote.ts';
import { explain, explainAll, explainCaveat } from './sentences.ts';
import {
  afterwards,
  describeMix,
  describeSignal,
  failing,
  headlineOf,
  summarise,
  type TriageDocument,
  unseen,
  warningsOf,
} from './triage-document.ts';

/** The verdict for an incident channel. Everything from outside renders as plain text there. Ends with a newline. */
export function triageMarkdown(document: TriageDocument): string {
  const { verdict, runbook, evidence } = document;
  const text = (value: string) => escapeMarkdown(value, Number.POSITIVE_INFINITY);
  const list = (title: string, items: readonly string[]) =>
    items.length === 0 ? [] : [`**${title}**`, '', ...items.map((item) => `- ${text(item)}`), ''];
  const rejected = (one: (typeof verdict.ruledOut)[number]) =>
    `${one.category}: ${explainAll(failing(one.because), runbook)}`;

  const lines = [
    `## ${text(`${verdict.findings[0]?.severity ?? ''} ${verdict.category} (confidence ${verdict.confidence})`.trim())}`,
    '',
    text(summarise(document)),
    '',
    ...verdict.findings.flatMap((finding) => [
      ...(verdict.findings.length > 1
        ? [`### ${text(finding.category)}`, '', text(headlineOf(finding, document)), '']
        : []),
      ...list(
        'Why',
        finding.because.filter((b) => b.met === true).map((b) => explain(b, runbook)),
      ),
      ...list('What speaks against it', [
        ...finding.because.filter((b) => b.met === false).map((b) => explain(b, runbook)),
        ...finding.caveats.map((caveat) => `${caveat.code}: ${explainCaveat(caveat, runbook)}`),
      ]),
    ]),
    ...list(
      'Abnormal, and not explained by a category',
      verdict.unexplained.map((because) => explain(because, runbook)),
    ),
    ...list('Ruled out', verdict.ruledOut.map(rejected)),
    ...list('Could not be judged', verdict.undecided.map(rejected)),
    ...Object.entries(evidence.signals).flatMap(([id, signal]) => table(id, signal, document)),
    ...list(
      'Could not be seen',
      unseen(document).map(({ id, status, why }) => `${id} is ${status}: ${why}`),
    ),
    ...list('Warnings', warningsOf(evidence)),
    ...verdict.findings.flatMap((finding) => next(finding, document)),
    ...list('Afterwards', afterwards(document)),
    `_${text(`runbook ${runbook.name}, ${evidence.at}, window ${formatDuration(evidence.windowSeconds)}`)}_`,
  ];
  return `${lines.join('\n')}\n`;
}

function table(id: string, signal: Signal, { runbook, top }: TriageDocument): string[] {
  if (signal.status !== 'measured' || signal.rows.length === 0) return [];
  const spec = runbook.signals[id];
  const head = [spec?.entity?.one ?? 'name', signal.unit, 'share', 'mix'];
  const cells = (row: Row) => [
    codeSpan(typeof row.id === 'string' ? row.id : `0x${row.id.hex}`, 64),
    escapeMarkdown(formatAmount(row.value, signal.unit === 'USD' ? 'USD' : '').trimEnd()),
    row.share === null ? '' : escapeMarkdown(formatShare(row.share)),
    escapeMarkdown(describeMix(row), 120),
  ];
  return [
    `**${escapeMarkdown(spec?.title ?? id)}**: ${escapeMarkdown(describeSignal(id, signal, runbook), 120)}`,
    '',
    `| ${head.join(' | ')} |`,
    `|${head.map(() => '---').join('|')}|`,
    ...signal.rows.slice(0, top).map((row) => `| ${cells(row).join(' | ')} |`),
    '',
  ];
}

function next(finding: Finding, document: TriageDocument): string[] {
  const remedies = document.remedies.get(finding.category) ?? [];
  const commands = remedies.flatMap((remedy) => (remedy.argv === null ? [] : [quoteCommand(remedy.argv)]));
  const steps = [...new Set(remedies.map((remedy) => remedy.text))];
  return [
    `**Next, for ${escapeMarkdown(finding.category)}**`,
    '',
    ...steps.map((step, index) => `${index + 1}. ${escapeMarkdown(step, Number.POSITIVE_INFINITY)}`),
    '',
    ...(commands.length > 0 ? ['```sh', ...commands, '```', ''] : []),
  ];
}
