import type { Answer, Answers } from '../evidence/answers.ts';
import type { Question } from '../verdict/questions.ts';
import type { Look } from './model.ts';

/**
 * What operators said before to questions that arise again, of the same categories and subjects: what was told of one
 * address says nothing of another one.
 * @param before in order of time
 */
export function answersBefore(questions: readonly Question[], before: readonly Look[]): Answers {
  const told = new Map<string, Answer>();
  for (const question of before.flatMap(({ verdict }) => verdict.questions)) {
    if (question.answer !== null) told.set(sameQuestion(question), question.answer);
  }
  return Object.fromEntries(
    questions.flatMap((question): [string, Answer][] => {
      const answer = told.get(sameQuestion(question));
      return answer === undefined ? [] : [[question.id, answer]];
    }),
  );
}

/** What is the same of a question that arises again: its categories, and whom they are about. */
export const sameQuestion = ({ id, candidates }: Question): string =>
  JSON.stringify([
    id,
    candidates.map(({ category, subjects }) => [
      category,
      subjects.map(({ kind, id: subject }) => `${kind} ${subject}`).sort(),
    ]),
  ]);
