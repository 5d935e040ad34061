import { nearest } from '../values/nearest.ts';
import { CODES } from './codes.ts';
import type { Runbook } from './schema.ts';

type Path = readonly (string | number)[];

/** What is wrong with the questions of a runbook: names that refer to nothing, or that two have. */
export function checkQuestions(
  { questions }: Runbook,
  expect: (kind: 'category', name: unknown, path: Path) => void,
  report: (path: Path, message: string) => void,
): void {
  /** The question that decides about a category. */
  const decides = new Map<string, string>();
  questions.forEach(({ id, answers, 'known-by': codes }, at) => {
    const path = ['questions', at];
    if (questions.findIndex((other) => other.id === id) !== at) {
      report([...path, 'id'], `there are two questions "${id}"`);
    }
    codes.forEach((code, place) => {
      if (!CODES.some((one) => one === code)) {
        report([...path, 'known-by', place], `there is no outcome "${code}"${nearest(code, CODES)}`);
      }
    });
    answers.forEach((answer, index) => {
      const here = [...path, 'answers', index];
      expect('category', answer.category, [...here, 'category']);
      if (answers.findIndex((other) => other.id === answer.id) !== index) {
        report([...here, 'id'], `there are two answers "${answer.id}"`);
      }
      const other = decides.get(answer.category);
      if (other !== undefined && other !== id) {
        report([...here, 'category'], `question "${other}" decides about "${answer.category}" already`);
      }
      decides.set(answer.category, id);
      answer['rules-out']?.forEach((category, place) => {
        if (category === answer.category || !answers.some((one) => one.category === category)) {
          report(
            [...here, 'rules-out', place],
            `"${category}" is not the category of another answer, so there is nothing to rule out`,
          );
        }
      });
    });
    if (new Set(answers.map(({ category }) => category)).size < 2) {
      report([...path, 'answers'], 'all answers point to one category, so there is nothing to ask');
    }
  });
}
