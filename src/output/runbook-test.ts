import type { Label, Trial } from '../labels/types.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { type Confusion, confusionLines, confusionMarkdown, confusionOf } from './confusion.ts';
import { escapeMarkdown, escapeText, literalMarkdown } from './escape.ts';
import { toJson } from './json.ts';
import { linesOf, marked, type Screen, SENTENCE, warningLines } from './lines.ts';
import type { Format } from './lists.ts';
import { markdownList, markdownPage } from './markdown.ts';
import { formatNumber } from './numbers.ts';
import { mismatchText, type Reason, reasonsOf, verdictText } from './runbook-test-reasons.ts';
import { wrap } from './wrap.ts';

/** What came of judging labelled captures by a runbook. */
export interface Tested {
  readonly folder: string;
  readonly runbook: Runbook;
  /** In the order of their names. */
  readonly trials: readonly Trial[];
  /** Captures and labels that could not be used: sentences with the file. */
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** Failures with their reasons, the confusion matrix and the counts, `ratelimit/runbook-test/v1`. */
export function testedText(tested: Tested, format: Format, screen: Screen): string {
  const matrix = matrixOf(tested);
  if (format === 'json') return asJson(tested, matrix);
  return format === 'markdown' ? asMarkdown(tested, matrix) : asScreen(tested, matrix, screen);
}

const failed = ({ mismatches }: Trial): boolean => mismatches.length > 0;

/** A capture with several right answers counts for the one that came out, when it is one of them. */
const rowOf = ({ category }: Label, verdict: string): string =>
  category.includes(verdict) ? verdict : (category[0] ?? '');

function matrixOf({ trials, runbook }: Tested): Confusion {
  const judged = trials.map(({ label, verdict }) => {
    return { label: rowOf(label, verdict.category), verdict: verdict.category };
  });
  const categories = [...runbook.categories].sort((a, b) => a.rank - b.rank).map(({ id }) => id);
  return confusionOf(judged, [...categories, 'quiet', 'inconclusive']);
}

function countsOf({ trials, problems }: Tested) {
  const failures = trials.filter(failed).length;
  return {
    judged: trials.length,
    passed: trials.length - failures,
    failed: failures,
    wrongAtHighConfidence: trials.filter(({ wrongAtHighConfidence }) => wrongAtHighConfidence).length,
    problems: problems.length,
  };
}

/** `7 captures judged by runbook aegis: 5 passed, 2 failed; 1 wrong at high confidence`. */
function summaryOf(tested: Tested): string {
  const counts = countsOf(tested);
  const number = (count: number, one: string, many = `${one}s`) =>
    `${formatNumber(count)} ${count === 1 ? one : many}`;
  const bad = counts.problems > 0 ? `; ${number(counts.problems, 'problem')} beside that` : '';
  return `${number(counts.judged, 'capture')} judged by runbook ${tested.runbook.name}: ${counts.passed} passed, ${counts.failed} failed; ${counts.wrongAtHighConfidence} wrong at high confidence${bad}`;
}

function asScreen(tested: Tested, matrix: Confusion, screen: Screen): string {
  const { paint, width } = screen;
  const { failed: failures, problems } = countsOf(tested);
  const tone = failures + problems > 0 ? paint.bad : paint.good;
  return linesOf([
    ...tested.trials.filter(failed).flatMap((trial) => [...failureLines(trial, tested.runbook, screen), '']),
    ...confusionLines(matrix, screen),
    ...(tested.trials.length > 0 ? [''] : []),
    ...tested.problems.map((problem) => marked('!', escapeText(problem, SENTENCE), screen, 'bad')),
    ...warningLines(tested.warnings, screen),
    tone(wrap(summaryOf(tested), width, '  ')),
  ]);
}

function failureLines(trial: Trial, runbook: Runbook, screen: Screen): string[] {
  const { paint, width } = screen;
  const { label, wrongAtHighConfidence } = trial;
  const worst = wrongAtHighConfidence ? ', wrong at high confidence' : '';
  const why = label.why === null ? [] : [wrap(`  because ${escapeText(label.why, SENTENCE)}`, width, '    ')];
  return [
    paint.bad(wrap(`${nameOf(trial)} failed${worst}`, width, '  ')),
    ...trial.mismatches.map((mismatch) => wrap(`  ${mismatchText(mismatch)}`, width, '    ')),
    ...why,
    wrap(`  The verdict is ${verdictText(trial)}:`, width, '    '),
    ...reasonsOf(trial, runbook).map(({ mark, text }) => wrap(`    ${mark} ${text}`, width, '      ')),
  ];
}

const nameOf = ({ name }: Trial): string => escapeText(name, 256);

function asMarkdown(tested: Tested, matrix: Confusion): string {
  const reason = ({ mark, text }: Reason) => `  - ${literalMarkdown(`${mark} ${text}`)}`;
  return markdownPage([
    `## ${literalMarkdown(summaryOf(tested))}`,
    '',
    ...confusionMarkdown(matrix),
    ...tested.trials
      .filter(failed)
      .flatMap((trial) => [
        `**${escapeMarkdown(trial.name, 256)} failed${trial.wrongAtHighConfidence ? ', wrong at high confidence' : ''}**`,
        '',
        ...trial.mismatches.map((mismatch) => `- ${literalMarkdown(mismatchText(mismatch))}`),
        ...(trial.label.why === null ? [] : [`- because ${escapeMarkdown(trial.label.why, SENTENCE)}`]),
        `- The verdict is ${literalMarkdown(verdictText(trial))}:`,
        ...reasonsOf(trial, tested.runbook).map(reason),
        '',
      ]),
    ...markdownList('Problems', tested.problems),
    ...markdownList('Warnings', tested.warnings),
  ]);
}

function asJson(tested: Tested, matrix: Confusion): string {
  const { folder, runbook, trials, problems, warnings } = tested;
  return toJson({
    schema: 'ratelimit/runbook-test/v1',
    folder,
    runbook: runbook.name,
    counts: countsOf(tested),
    captures: trials.map((trial) => ({
      name: trial.name,
      passed: !failed(trial),
      wrongAtHighConfidence: trial.wrongAtHighConfidence,
      label: trial.label.category,
      verdict: { category: trial.verdict.category, confidence: trial.verdict.confidence },
      mismatches: trial.mismatches.map((mismatch) => ({ ...mismatch, text: mismatchText(mismatch) })),
      why: trial.label.why,
      reasons: failed(trial) ? reasonsOf(trial, runbook) : [],
    })),
    matrix,
    problems,
    warnings,
  });
}
