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
      (one) => chosen !== undefined && excludes(spec, chosen, one) && !isApart(chosen, one),
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

/** Those of which one rules another one out, on the same evidence. */
function inQuestion(spec: QuestionSpec, findings: readonly Finding[]): Finding[] {
  const about = findings.filter(({ category }) => spec.answers.some((one) => one.category === category));
  return about.filter((one) =>
    about.some((other) => (excludes(spec, one, other) || excludes(spec, other, one)) && !isApart(one, other)),
  );
}

/** Does an answer to the first one's category mean that it is not the other? */
const excludes = ({ answers }: QuestionSpec, { category }: Finding, other: Finding): boolean =>
  category !== other.category &&
  answers.some(
    (answer) => answer.category === category && (answer['rules-out']?.includes(other.category) ?? true),
  );

/** Each is about others, so that both are so. Of what names nobody that cannot be said. */
const isApart = (one: Finding, other: Finding): boolean =>
  one.subjects.length > 0 &&
  other.subjects.length > 0 &&
  !one.subjects.some((a) => other.subjects.some((b) => a.kind === b.kind && a.id === b.id));

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
