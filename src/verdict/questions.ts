import type { Answer, Answers } from '../evidence/answers.ts';
import type { QuestionSpec } from '../runbooks/questions-schema.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { LEVELS, level } from './finding.ts';
import type { Because, Finding, Rejected } from './types.ts';

/** A question that arose: the signals fit more than one of the categories that it tells apart. */
export interface Question {
  readonly id: string;
  /** The findings that it is between, as sure as the signals make them. */
  readonly candidates: readonly Finding[];
  /** null: nobody has answered. */
  readonly answer: Answer | null;
  /** Nobody has, or with an answer that does not decide. */
  readonly open: boolean;
}

interface Judged {
  readonly findings: readonly Finding[];
  readonly ruledOut: readonly Rejected[];
}

/**
 * What the operator's answers decide. Without one all that the signals fit remains, each at low confidence: whichever
 * alone would be called would be a guess. With one, its category remains, and those that it excludes are ruled out by it.
 */
export function settle<J extends Judged>(
  judged: J,
  { questions, categories }: Runbook,
  answers: Answers,
): J & { readonly questions: readonly Question[] } {
  let { findings, ruledOut } = judged;
  const asked: Question[] = [];
  for (const spec of questions) {
    const candidates = inQuestion(spec, findings);
    if (candidates.length === 0) continue;
    const answer = (Object.hasOwn(answers, spec.id) ? answers[spec.id] : undefined) ?? null;
    const said = spec.answers.find(({ id }) => id === answer?.answer);
    const chosen = candidates.find(({ category }) => category === said?.category);
    const because = becauseOf(spec, answer);
    asked.push({ id: spec.id, candidates, answer, open: chosen === undefined });
    const others = candidates.filter(
      (one) => chosen !== undefined && said !== undefined && rulesOut(said, one.category),
    );
    findings = findings.flatMap((finding): Finding[] => {
      if (!candidates.includes(finding)) return [finding];
      if (chosen === undefined) return [undecided(finding, because)];
      // What the answer leaves beside its own category rests on it as well.
      return others.includes(finding) ? [] : [decided(finding, because, categories)];
    });
    const against = { ...because, met: false };
    ruledOut = [...ruledOut, ...others.map(({ category }) => ({ category, because: [against] }))];
  }
  return { ...judged, findings, ruledOut, questions: asked };
}

/** Those of which one rules another one out, without those that are known. */
function inQuestion({ answers, 'known-by': codes }: QuestionSpec, findings: readonly Finding[]): Finding[] {
  const isKnown = ({ because }: Finding) =>
    because.some(({ code, met }) => met === true && codes.some((one) => one === code));
  const about = findings.filter(
    (finding) => answers.some(({ category }) => category === finding.category) && !isKnown(finding),
  );
  const excludes = (one: Finding, other: Finding) =>
    answers.some((answer) => answer.category === one.category && rulesOut(answer, other.category));
  return about.filter((one) => about.some((other) => excludes(one, other) || excludes(other, one)));
}

/** Does this answer mean that it is not that category? */
const rulesOut = (answer: QuestionSpec['answers'][number], category: string): boolean =>
  category !== answer.category && (answer['rules-out']?.includes(category) ?? true);

const becauseOf = ({ id }: QuestionSpec, answer: Answer | null): Because => ({
  ...{ code: 'answered', signal: null, measured: null, threshold: null, met: null },
  args: { question: id, ...(answer === null ? {} : { answer: answer.answer, by: answer.by }) },
});

/** An answer is somebody's word and not a measurement: a step less sure, so never high, and doubts count beside that. */
function decided(finding: Finding, because: Because, categories: Runbook['categories']): Finding {
  const steps = categories.find(({ id }) => id === finding.category)?.respond ?? [];
  const settled = steps.filter((step) => step['until-answered']).map(({ id }) => id);
  return {
    ...finding,
    confidence: level(LEVELS.indexOf(finding.confidence) - 1),
    because: [{ ...because, met: true }, ...finding.because],
    responses: finding.responses.filter(({ id }) => !settled.includes(id)),
  };
}

const undecided = (finding: Finding, because: Because): Finding => ({
  ...finding,
  confidence: 'low',
  caveats: [{ code: 'open-question', text: null, because: [because] }, ...finding.caveats],
});
