import type { QuestionSpec } from '../runbooks/questions-schema.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { DONT_KNOW } from '../values/answers.ts';
import { formatDuration } from '../values/duration.ts';
import type { Because, Verdict } from '../verdict/types.ts';
import { escapeText } from './escape.ts';
import { formatNumber } from './numbers.ts';

export const questionOf = ({ questions }: Runbook, id: string): QuestionSpec | undefined =>
  questions.find((question) => question.id === id);

/** The categories that an open question leaves, this one among them; only it where none is open. */
export function namesOf({ questions, category: worst }: Verdict, category: string = worst): string[] {
  const open = questions.find((one) => one.open && one.candidates.some((it) => it.category === category));
  return open === undefined ? [category] : open.candidates.map((one) => one.category);
}

/** Further categories, each once; those that one open question leaves are one of them, `a or b`. */
export function othersOf(verdict: Verdict, first: readonly string[], others: readonly string[]): string[] {
  const rest = others.filter((category) => !first.includes(category));
  return [...new Set(rest.map((category) => namesOf(verdict, category).join(' or ')))];
}

/** What it is, in one word. */
export const eitherOf = (verdict: Verdict): string => namesOf(verdict).join(' or ');

/** What was answered, and by whom: a name may come from a file. */
export function answeredSentence({ met, args }: Because, runbook: Runbook): string {
  const id = String(args.question ?? '');
  const asked = questionOf(runbook, id)?.text ?? id;
  if (args.answer === undefined) return `the signals fit more than this, and nobody has answered: ${asked}`;
  const by = escapeText(String(args.by ?? ''), 80);
  if (args.answer === DONT_KNOW) return `the signals fit more than this, and ${by} does not know: ${asked}`;
  const answer = questionOf(runbook, id)?.answers.find((one) => one.id === args.answer)?.text ?? args.answer;
  const said = `${by} answered "${escapeText(String(answer), 160)}" to: ${asked}`;
  return met === null ? `${said} The signals do not fit that` : said;
}

export function recurredSentence({ measured, threshold, args }: Because): string {
  if (args.status !== undefined) {
    return `whether it came back could not be seen: ${escapeText(String(args.why ?? ''), 160)}`;
  }
  const times = measured ?? 0;
  const within = formatDuration(Number(args.within ?? 0));
  const by = args.remedies === undefined ? '' : ' and the journal';
  return `the same at ${formatNumber(times)} other ${times === 1 ? 'time' : 'times'} in the last ${within}, by earlier looks${by} (threshold ${formatNumber(threshold ?? 0)})`;
}
