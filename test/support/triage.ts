import type { Reading } from '../../src/evidence/types.ts';
import type { TriageDocument } from '../../src/output/triage-document.ts';
import { proposeAll } from '../../src/remedies/propose.ts';
import type { Runbook } from '../../src/runbooks/schema.ts';
import { judge } from '../../src/verdict/judge.ts';
import type { Finding, Verdict } from '../../src/verdict/types.ts';
import { aegis, evidence } from './evidence.ts';

type Readings = Readonly<Record<string, Reading>>;

/** The verdict when these signals read so and all others show nothing abnormal. */
export const triage = (readings: Readings, runbook = aegis): Verdict =>
  judge(evidence(readings, runbook), runbook);

/** Categories of the findings, worst first. */
export const categoriesOf = (verdict: Verdict): string[] => verdict.findings.map(({ category }) => category);

/** The finding of a category; an error that names what was found instead when there is none. */
export function findingOf(verdict: Verdict, category: string): Finding {
  const finding = verdict.findings.find((one) => one.category === category);
  if (!finding)
    throw new Error(`no finding ${category} among: ${categoriesOf(verdict).join(', ') || 'none'}`);
  return finding;
}

export const subjectIds = (finding: Finding): string[] => finding.subjects.map(({ id }) => id);
export const caveatCodes = (finding: Finding): string[] => finding.caveats.map(({ code }) => code);

/** All that a run on these readings has to say, as the command puts it together. */
export function documentOf(readings: Readings, top = 10, runbook: Runbook = aegis): TriageDocument {
  const facts = { ...evidence(readings, runbook), reach: ['--context', 'prod'] };
  const verdict = judge(facts, runbook);
  return {
    evidence: facts,
    runbook,
    verdict,
    context: 'prod',
    alert: null,
    top,
    remedies: proposeAll(verdict, runbook, facts),
    totalMs: 212,
    replayed: false,
  };
}
