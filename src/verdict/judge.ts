import type { Evidence, Signal } from '../evidence/types.ts';
import type { CategorySpec, Runbook } from '../runbooks/schema.ts';
import { evaluate, type Scene } from './conditions.ts';
import type { Because, Caveat, Confidence, Finding, Outcome, Subject, Verdict } from './types.ts';

const LEVELS: readonly Confidence[] = ['low', 'medium', 'high'];
const level = (steps: number): Confidence => LEVELS[Math.max(0, Math.min(2, steps))] ?? 'low';

/** Can this signal say that nothing is wrong? */
export const isLive = (signal: Signal | undefined): boolean =>
  signal !== undefined && (signal.status === 'measured' || (signal.status === 'empty' && signal.live));

/**
 * The verdict on the evidence: pure, so the same evidence and runbook always give the same verdict.
 * Every category is judged on its own; several can hold at once, worst first.
 */
export function judge(evidence: Evidence, runbook: Runbook): Verdict {
  const outcomes = new Map<string, Outcome>();
  const scene: Scene = {
    runbook,
    signals: evidence.signals,
    category: (id) => {
      const known = outcomes.get(id);
      if (known) return known;
      const spec = runbook.categories.find((category) => category.id === id);
      if (!spec) throw new Error(`runbook ${runbook.name} has no category ${id}`);
      const found = evaluate(spec.when, scene);
      outcomes.set(id, found);
      return found;
    },
  };

  const ordered = [...runbook.categories].sort((a, b) => a.rank - b.rank);
  const needed = new Set(runbook['quiet-needs'].flat());
  const blindInPart = [...needed].some((id) => evidence.signals[id]?.status === 'unknown');
  const findings: Finding[] = [];
  const ruledOut: { category: string; because: readonly Because[] }[] = [];
  const undecided: { category: string; because: readonly Because[]; blocks: boolean }[] = [];
  for (const spec of ordered) {
    const { state, because } = scene.category(spec.id);
    if (state === 'met') findings.push(finding(spec, scene, blindInPart));
    else if (state === 'not-met') ruledOut.push({ category: spec.id, because });
    else undecided.push({ category: spec.id, because, blocks: state === 'unknown' });
  }

  const explained = new Set(findings.flatMap((f) => f.because.map((b) => b.signal)));
  const oddities = runbook.abnormal.map((condition) => evaluate(condition, scene));
  const unexplained = oddities
    .filter((odd) => odd.state === 'met')
    .flatMap((odd) => odd.because)
    .filter((because) => !explained.has(because.signal));
  const blind = runbook['quiet-needs'].filter((group) => !group.some((id) => isLive(evidence.signals[id])));
  const rest = {
    findings,
    ruledOut,
    undecided: undecided.map(({ category, because }) => ({ category, because })),
    unexplained,
    blind,
  };

  const worst = findings[0];
  if (worst) return { category: worst.category, confidence: worst.confidence, ...rest };
  if (unexplained.length > 0 || blind.length > 0 || undecided.some((category) => category.blocks)) {
    return { category: 'inconclusive', confidence: 'low', ...rest };
  }
  const allSeen = Object.values(evidence.signals).every(
    (s) => s.status === 'measured' || s.status === 'empty',
  );
  return { category: 'quiet', confidence: allSeen ? 'high' : 'medium', ...rest };
}

function finding(spec: CategorySpec, scene: Scene, blindInPart: boolean): Finding {
  const held = scene.category(spec.id);
  const sure = spec['sure-when'] === null ? null : evaluate(spec['sure-when'], scene);
  let steps = sure === null || sure.state === 'met' ? 2 : LEVELS.indexOf(spec.otherwise);
  const caveats: Caveat[] = [];
  const withheld = new Set<string>();

  if (sure !== null && sure.state !== 'met') {
    const missing = sure.because.filter((because) => because.met !== true);
    caveats.push({ code: 'unconfirmed', text: null, because: missing });
  }
  const unseen = held.because.filter((because) => because.met === null);
  if (unseen.length > 0) {
    steps -= 1;
    caveats.push({ code: unseenCode(unseen), text: null, because: unseen });
  }
  for (const caveat of spec.caveats) {
    const check = evaluate(caveat.when, scene);
    if (check.state === 'met') {
      steps -= caveat.lowers;
      caveats.push({ code: caveat.code, text: caveat.text, because: check.because });
      for (const id of caveat.withholds) withheld.add(id);
    } else if (check.state === 'unknown' || check.state === 'absent') {
      if (check.state === 'unknown' && caveat.lowers > 0) steps -= 1;
      caveats.push({ code: `signal-${check.state}`, text: null, because: check.because });
    }
  }
  if (blindInPart) steps = Math.min(steps, 1);

  return {
    category: spec.id,
    confidence: level(steps),
    severity: spec.severity ?? scene.runbook.severity,
    subjects: distinct([...held.subjects, ...(sure?.subjects ?? [])], spec.about),
    because: mergeBecause(held.because, sure?.because ?? []),
    caveats,
    responses: spec.respond.map((step) => step.id).filter((id) => !withheld.has(id)),
  };
}

const unseenCode = (because: readonly Because[]): string =>
  because.some((b) => b.args.status === 'unknown') ? 'signal-unknown' : 'signal-absent';

function mergeBecause(first: readonly Because[], second: readonly Because[]): Because[] {
  const all = new Map([...first, ...second].map((because) => [JSON.stringify(because), because]));
  return [...all.values()];
}

/** Each subject once, those of the signal that the category is about first. */
function distinct(subjects: readonly Subject[], about: string): Subject[] {
  const all = new Map(subjects.map((subject) => [`${subject.kind} ${subject.id}`, subject]));
  return [...all.values()].sort((a, b) => Number(b.signal === about) - Number(a.signal === about));
}
