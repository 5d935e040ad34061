import type { Proposal } from '../remedies/propose.ts';
import type { QuestionSpec } from '../runbooks/questions-schema.ts';
import { DONT_KNOW } from '../values/answers.ts';
import type { Question } from '../verdict/questions.ts';
import { capital } from './lines.ts';
import type { Paint } from './paint.ts';
import { questionOf } from './question-sentences.ts';
import { quoteCommand } from './quote.ts';
import { explainCaveat } from './sentences.ts';
import { headlineOf, type TriageDocument } from './triage-document.ts';
import { wrap } from './wrap.ts';

/** An answer as it is told: what it is then, and what follows. */
export interface ToldAnswer {
  readonly id: string;
  readonly text: string;
  /** null: it stays undecided. */
  readonly category: string | null;
  readonly follows: string;
}

export interface ToldQuestion {
  readonly id: string;
  readonly text: string;
  readonly because: string;
  readonly open: boolean;
  readonly answered: string | null;
  readonly by: string | null;
  readonly answers: readonly ToldAnswer[];
}

const UNDECIDED: ToldAnswer = {
  ...{ id: DONT_KNOW, text: 'I do not know', category: null },
  follows: 'It stays undecided, and what is to be done in each case is shown.',
};

/** The answers that the signals leave possible. Not to know is always one. */
const answersTo = ({ answers }: QuestionSpec, { candidates }: Question): ToldAnswer[] => [
  ...answers.filter(({ category }) => candidates.some((one) => one.category === category)),
  UNDECIDED,
];

/** What arose, in the words of the runbook. */
const questionsOf = ({ verdict, runbook }: TriageDocument): ToldQuestion[] =>
  verdict.questions.flatMap((question) => {
    const spec = questionOf(runbook, question.id);
    if (spec === undefined) return [];
    const { id, text, because } = spec;
    const { answer, open } = question;
    const said = { answered: answer?.answer ?? null, by: answer?.by ?? null };
    return [{ id, text, because, open, ...said, answers: answersTo(spec, question) }];
  });

/** Questions that nobody has answered so that it decides. */
export const openQuestions = (document: TriageDocument): ToldQuestion[] =>
  questionsOf(document).filter(({ open }) => open);

/** `none: No, nobody knows of one -> automated-signups: Tell the CRM team ...` */
export const answerText = ({ id, text, category, follows }: ToldAnswer): string =>
  `${id}: ${text} -> ${category ?? 'undecided'}: ${follows}`;

/** The flag that answers it. */
export const howToAnswer = ({ id }: ToldQuestion): string =>
  `Triage again with --answer ${id}=<answer>, or on a terminal, where it is asked.`;

/** What the operator reads above the menu: what was found, what follows from each answer, and what speaks against it. */
export function beforeQuestion(
  document: TriageDocument,
  spec: QuestionSpec,
  question: Question,
  { paint, width }: { readonly paint: Paint; readonly width: number },
): string {
  const { candidates } = question;
  const fits = candidates.map(({ category }) => category).join(' and ');
  const found = document.verdict.findings.find(({ category }) => category === candidates[0]?.category);
  const lines = answersTo(spec, question).flatMap(({ text, category, follows }) => {
    const doubts = candidates.find((one) => one.category === category)?.caveats ?? [];
    return [
      wrap(`  - ${text} -> ${category ?? 'undecided'}: ${follows}`, width, '    '),
      ...doubts.map((doubt) =>
        wrap(`    ! ${doubt.code}: ${explainCaveat(doubt, document.runbook)}`, width, '      '),
      ),
    ];
  });
  const what = found === undefined ? '' : `${capital(headlineOf(found, document))}. `;
  const first = `${what}The signals fit ${fits}. ${spec.because}`;
  return `${[paint.strong(wrap(first, width)), ...lines].join('\n')}\n`;
}

/** Enter takes the first: whoever presses it without reading has decided nothing. */
export function answerChoices(
  spec: QuestionSpec,
  question: Question,
): { readonly name: string; readonly value: string }[] {
  const all = answersTo(spec, question);
  return [...all.slice(-1), ...all.slice(0, -1)].map(({ id, text, category }) => ({
    name: category === null ? text : `${text} (${category})`,
    value: id,
  }));
}

/** As `triage -o json` has them; the responses of an answer while its category is a finding. */
export const questionsJson = (document: TriageDocument): readonly Readonly<Record<string, unknown>>[] =>
  questionsOf(document).map(({ id, text, because, answered, by, answers }) => ({
    ...{ id, text, because, answered, by },
    answers: answers.map((one) => ({
      ...{ id: one.id, text: one.text, category: one.category, follows: one.follows },
      remedies: (document.remedies.get(one.category ?? '') ?? []).map(remedyJson),
    })),
  }));

/** A response as scripts get it. */
export const remedyJson = ({ id, kind, argv, text, link }: Proposal) => ({
  ...{ id, kind, command: argv === null ? null : quoteCommand(argv) },
  ...{ text, link },
});
