import type { Runbook } from '../runbooks/schema.ts';
import { codeSpan, escapeMarkdown, escapeText, literalMarkdown } from './escape.ts';
import { toJson } from './json.ts';
import { linesOf, type Screen, SENTENCE } from './lines.ts';
import type { Format } from './lists.ts';
import { markdownPage } from './markdown.ts';
import { formatNumber } from './numbers.ts';
import { wrap } from './wrap.ts';

/** What came of reading a runbook: the runbook, or all that is wrong with it. */
export interface Checked {
  /** As it was given: a path, a name, or `-` for stdin. */
  readonly file: string;
  readonly runbook: Runbook | null;
  /** Sentences with file, line and key. */
  readonly problems: readonly string[];
  /** What is valid and may not be meant: sentences with the key. */
  readonly notes: readonly string[];
}

/** Is it a valid runbook, and what is in it, or else every problem; `ratelimit/runbook-validate/v1`. */
export function checkedText(
  { file, runbook, problems, notes }: Checked,
  format: Format,
  screen: Screen,
): string {
  const counts = runbook === null ? null : countsOf(runbook);
  if (format === 'json') {
    const { name = null, title = null } = runbook ?? {};
    const valid = runbook !== null;
    return toJson({
      schema: 'ratelimit/runbook-validate/v1',
      file,
      valid,
      name,
      title,
      counts,
      problems,
      notes,
    });
  }
  const shown = file === '-' ? 'stdin' : escapeText(file, SENTENCE);
  const sentence =
    runbook === null || counts === null
      ? `${shown} is not a valid runbook: ${counted(problems.length, 'problem')}`
      : `${shown} is a valid runbook: ${runbook.name} (${escapeText(runbook.title, 80)}), ${inWords(counts)}.`;
  if (format === 'markdown') {
    const list = [...problems, ...notes].map((problem) => `- ${escapeMarkdown(problem, SENTENCE)}`);
    return markdownPage([literalMarkdown(sentence), '', ...list]);
  }
  const { paint, width } = screen;
  const tone = runbook === null ? paint.bad : paint.good;
  // Problems stay on their lines, so that an editor can jump to them.
  return linesOf([
    tone(wrap(sentence, width, '  ')),
    ...problems.map((problem) => escapeText(problem, SENTENCE)),
    ...notes.map((note) => wrap(`  - ${escapeText(note, SENTENCE)}`, width, '    ')),
  ]);
}

function countsOf({ signals, thresholds, categories, remedies, rules }: Runbook) {
  return {
    signals: Object.keys(signals).length,
    thresholds: Object.keys(thresholds).length,
    categories: categories.length,
    remedies: Object.values(remedies).filter((remedy) => remedy !== null).length,
    rules: rules.length,
  };
}

const inWords = ({ signals, thresholds, categories, remedies, rules }: ReturnType<typeof countsOf>): string =>
  [
    counted(signals, 'signal'),
    counted(thresholds, 'threshold'),
    counted(categories, 'category', 'categories'),
    counted(remedies, 'remedy', 'remedies'),
    counted(rules, 'alerting rule'),
  ].join(', ');

const counted = (count: number, one: string, many = `${one}s`): string =>
  `${formatNumber(count)} ${count === 1 ? one : many}`;

/** Where a runbook to start from was written, or the runbook itself; `ratelimit/runbook-new/v1`. */
export function newRunbookText(
  made: { readonly file: string | null; readonly name: string; readonly yaml: string },
  format: Format,
): string {
  const { file, name, yaml } = made;
  if (format === 'json') {
    return toJson({ schema: 'ratelimit/runbook-new/v1', file, name, yaml: file === null ? yaml : null });
  }
  if (file !== null) {
    const shown = format === 'markdown' ? codeSpan(file, SENTENCE) : escapeText(file, SENTENCE);
    return `${shown} written\n`;
  }
  return format === 'markdown' ? `\`\`\`yaml\n${yaml}\`\`\`\n` : yaml;
}
