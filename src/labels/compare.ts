import type { Verdict } from '../verdict/types.ts';
import type { Label, Mismatch, Trial } from './types.ts';

/**
 * Holds a verdict against its label.
 * @param proposed ids of the responses that are proposed, for all findings
 */
export function compare(name: string, label: Label, verdict: Verdict, proposed: readonly string[]): Trial {
  return {
    name,
    label,
    verdict,
    mismatches: mismatchesOf(label, verdict, proposed),
    wrongAtHighConfidence: isConfidentlyWrong(label, verdict),
  };
}

function mismatchesOf(label: Label, verdict: Verdict, proposed: readonly string[]): Mismatch[] {
  const [first, ...others] = verdict.findings;
  const also = others.map(({ category }) => category);
  const subjects = (first?.subjects ?? []).map(({ id }) => id);
  const caveats = (first?.caveats ?? []).map(({ code }) => code);
  const unwanted = label.notProposed.filter((id) => proposed.includes(id));
  const all: readonly (Mismatch & { readonly holds: boolean })[] = [
    {
      code: 'category',
      expected: label.category,
      got: [verdict.category],
      holds: label.category.includes(verdict.category),
    },
    { code: 'also', expected: label.also ?? [], got: also, holds: isSame(label.also, also) },
    {
      code: 'confidence',
      expected: label.confidence ?? [],
      got: [verdict.confidence],
      holds: label.confidence?.includes(verdict.confidence) ?? true,
    },
    {
      code: 'subjects',
      expected: label.subjects ?? [],
      got: subjects,
      holds: isSame(label.subjects, subjects),
    },
    {
      code: 'caveats',
      expected: label.caveats,
      got: caveats,
      holds: label.caveats.every((code) => caveats.includes(code)),
    },
    { code: 'not-proposed', expected: label.notProposed, got: unwanted, holds: unwanted.length === 0 },
  ];
  return all.flatMap(({ holds, ...mismatch }) => (holds ? [] : [mismatch]));
}

/** In any order, each as often as it is there; null is not checked. */
const isSame = (expected: readonly string[] | null, got: readonly string[]): boolean =>
  expected === null || [...expected].sort().join('\0') === [...got].sort().join('\0');

/** Another category than the label's, a subject or a further finding that the label excludes, said with high confidence. */
function isConfidentlyWrong({ category, subjects, also }: Label, verdict: Verdict): boolean {
  const [first, ...others] = verdict.findings;
  const isSure = verdict.confidence === 'high';
  return (
    (isSure && !category.includes(verdict.category)) ||
    (isSure && subjects !== null && (first?.subjects ?? []).some(({ id }) => !subjects.includes(id))) ||
    (also !== null && others.some((one) => one.confidence === 'high' && !also.includes(one.category)))
  );
}
