import type { Evidence, Signal } from '../evidence/types.ts';
import type { CategorySpec, Runbook } from '../runbooks/schema.ts';
import type { Scene } from './ask.ts';
import { evaluate } from './conditions.ts';
import { unique } from './logic.ts';
import { type Analysis, analyse } from './spread.ts';
import type {
  Because,
  Caveat,
  Confidence,
  Finding,
  Outcome,
  Rejected,
  Response,
  Subject,
  Verdict,
} from './types.ts';

const LEVELS: readonly Confidence[] = ['low', 'medium', 'high'];
const level = (steps: number): Confidence => LEVELS[Math.max(0, Math.min(2, steps))] ?? 'low';

/** Can this signal say that nothing is wrong? */
const isLive = (signal: Signal | undefined): boolean =>
  signal?.live === true && (signal.status === 'measured' || signal.status === 'empty');

/**
 * The verdict on the evidence: pure, so the same evidence and runbook always give the same verdict.
 * Every category is judged on its own; several can hold at once, worst first.
 */
export function judge(evidence: Evidence, runbook: Runbook): Verdict {
  const outcomes = new Map<string, Outcome>();
  const analyses = new Map<string, Analysis>();
  const scene: Scene = {
    runbook,
    signals: evidence.signals,
    analysis: (id) => {
      const known = analyses.get(id);
      if (known) return known;
      const signal = evidence.signals[id];
      const spread = runbook.signals[id]?.spread;
      if (!signal || !spread) throw new Error(`signal ${id} has no spread in runbook ${runbook.name}`);
      const made = analyse(signal, spread, runbook);
      analyses.set(id, made);
      return made;
    },
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
  const ruledOut: Rejected[] = [];
  const undecided: Rejected[] = [];
  for (const spec of ordered) {
    const { state, because } = scene.category(spec.id);
    if (state === 'met') findings.push(finding(spec, scene, blindInPart));
    else if (state === 'not-met') ruledOut.push({ category: spec.id, because });
    else undecided.push({ category: spec.id, because });
  }

  // A finding of low confidence never stands before a surer one; among equals the rank decides.
  findings.sort((a, b) => Number(a.confidence === 'low') - Number(b.confidence === 'low'));
  const oddities = runbook.abnormal.map((condition) => evaluate(condition, scene));
  // A finding explains a signal when it rests on what that signal measured; strangers it never explains.
  const held = findings.flatMap((found) => found.because).filter((because) => because.met === true);
  const explained = new Set(held.map((because) => because.signal));
  const unexplained = oddities
    .filter((odd) => odd.state === 'met')
    .flatMap((odd) => odd.because)
    .filter(({ code, signal }) => {
      const part = runbook.signals[signal ?? '']?.['total-of'] ?? null;
      return code === 'strangers' || !(explained.has(signal) || (part !== null && explained.has(part)));
    });
  const blind = runbook['quiet-needs'].filter((group) => !group.some((id) => isLive(evidence.signals[id])));
  const rest = {
    findings,
    ruledOut,
    undecided,
    unexplained,
    blind,
  };

  const worst = findings[0];
  if (worst) return { category: worst.category, confidence: worst.confidence, ...rest };
  // Quiet is a statement about everything: it may be said only when nothing was kept from us.
  const unread = Object.values(evidence.signals).some((signal) => signal.status === 'unknown');
  if (unexplained.length > 0 || blind.length > 0 || unread) {
    return { category: 'inconclusive', confidence: 'low', ...rest };
  }
  const allSeen = Object.values(evidence.signals).every(isLive);
  return { category: 'quiet', confidence: allSeen ? 'high' : 'medium', ...rest };
}

function finding(spec: CategorySpec, scene: Scene, blindInPart: boolean): Finding {
  const held = scene.category(spec.id);
  const sure = spec['sure-when'] === null ? null : evaluate(spec['sure-when'], scene);
  let steps = sure === null || sure.state === 'met' ? 2 : LEVELS.indexOf(spec.otherwise);
  const caveats: Caveat[] = [];
  const withheld: { readonly id: string; readonly except: readonly string[] }[] = [];

  if (sure !== null && sure.state !== 'met') {
    const missing = sure.because.filter((because) => because.met !== true);
    caveats.push({ code: 'unconfirmed', text: null, because: missing });
  }
  const unseen = held.because.filter((because) => because.met === null);
  if (unseen.length > 0) {
    steps -= 1;
    caveats.push({ code: unseenCode(unseen), text: null, because: unseen });
  }
  let unchecked = false;
  for (const caveat of spec.caveats) {
    const check = evaluate(caveat.when, scene);
    if (check.state === 'met') {
      // A doubt about some of the subjects is no doubt about the others.
      const except = check.subjects.map((subject) => subject.id);
      if (held.subjects.every(({ id }) => except.length === 0 || except.includes(id))) steps -= caveat.lowers;
      caveats.push({ code: caveat.code, text: caveat.text, because: check.because });
      withheld.push(...caveat.withholds.map((id) => ({ id, except })));
    } else if (check.state === 'unknown' || check.state === 'absent') {
      unchecked ||= check.state === 'unknown';
      caveats.push({ code: `signal-${check.state}`, text: null, because: check.because });
    }
  }
  // A check that could not be made leaves a doubt, whatever it would have said.
  if (unchecked) steps -= 1;
  if (blindInPart) steps = Math.min(steps, 1);

  return {
    category: spec.id,
    confidence: level(steps),
    severity: spec.severity ?? scene.runbook.severity,
    subjects: distinct([...held.subjects, ...(sure?.subjects ?? [])], spec.about),
    because: unique(sure === null ? [held] : [held, sure]),
    caveats,
    responses: spec.respond.flatMap(({ id }): Response[] => {
      const held = withheld.filter((one) => one.id === id);
      if (held.some(({ except }) => except.length === 0)) return [];
      return [{ id, except: held.flatMap(({ except }) => except) }];
    }),
  };
}

const unseenCode = (because: readonly Because[]): string =>
  because.some((b) => b.args.status === 'unknown') ? 'signal-unknown' : 'signal-absent';

/** Each subject once, those of the signal that the category is about first. */
function distinct(subjects: readonly Subject[], about: string): Subject[] {
  const all = new Map(subjects.map((subject) => [`${subject.kind} ${subject.id}`, subject]));
  return [...all.values()].sort((a, b) => Number(b.signal === about) - Number(a.signal === about));
}
