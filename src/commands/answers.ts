import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import type { Answer, Answers } from '../evidence/answers.ts';
import { paintFor } from '../output/paint-for.ts';
import { questionOf } from '../output/question-sentences.ts';
import { answerChoices, beforeQuestion } from '../output/questions.ts';
import type { Streams } from '../output/streams.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { DONT_KNOW } from '../values/answers.ts';
import { nearest } from '../values/nearest.ts';
import { quote } from '../values/text.ts';
import type { Verdict } from '../verdict/types.ts';
import { type Case, documentOf } from './triage-run.ts';

/**
 * The answers of `--answer`, by question.
 * @param given `question=answer` each
 * @param by who says so
 * @throws UsageError for a question or an answer that the runbook does not have, and for two answers to one question
 */
export function givenAnswers(given: readonly string[], { name, questions }: Runbook, by: string): Answers {
  const answers = new Map<string, Answer>();
  for (const text of given) {
    const at = text.indexOf('=');
    const [id, answer] = at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + 1)];
    const ids = questions.map((question) => question.id);
    const spec = questions.find((question) => question.id === id);
    if (spec === undefined) {
      throw new UsageError(
        `--answer ${quote(text)}: runbook ${name} has no question ${quote(id)}${nearest(id, ids)}`,
        ids.length === 0 ? 'It asks nothing.' : `Questions: ${ids.join(', ')}.`,
      );
    }
    const known = [...spec.answers.map((one) => one.id), DONT_KNOW];
    if (answer === null || !known.includes(answer)) {
      const got = answer === null ? 'no answer' : `the answer ${quote(answer)}`;
      throw new UsageError(
        `--answer ${quote(text)}: expected ${id}=<answer>, got ${got}${nearest(answer ?? '', known)}`,
        `${spec.text} Answers: ${known.join(', ')}.`,
      );
    }
    if (answers.has(id)) throw new UsageError(`--answer was given twice for the question ${id}`);
    answers.set(id, { answer, by });
  }
  return Object.fromEntries(answers);
}

/** Said where an answer of `--answer` decided nothing. */
export const unaskedText = (given: readonly string[], { questions }: Verdict): string =>
  given
    .map((text) => text.slice(0, text.indexOf('=')))
    .filter((id) => !questions.some((question) => question.id === id))
    .map((id) => `! --answer ${id}: the signals leave no such question open, so the answer changes nothing\n`)
    .join('');

/**
 * Asks what the signals cannot decide, each question once: one answer may leave no other open.
 * @returns the answers, with those that were there
 * @throws InterruptedError when the operator leaves
 */
export async function askOperator(found: Case, context: Context, streams: Streams): Promise<Answers> {
  let { answers } = found;
  for (;;) {
    const document = documentOf({ ...found, answers }, { top: 1, replayed: false });
    const open = document.verdict.questions.find(({ answer }) => answer === null);
    const spec = open === undefined ? undefined : questionOf(found.runbook, open.id);
    if (open === undefined || spec === undefined) return answers;
    const paint = await paintFor(streams.colorErr);
    streams.err(beforeQuestion(document, spec, open, { paint, width: streams.columns }));
    const prompter = await context.prompter(paint);
    const answer = await prompter.choose(spec.text, answerChoices(spec, open));
    answers = { ...answers, [spec.id]: { answer, by: context.user() } };
  }
}
