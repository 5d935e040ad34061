import type { Answers } from '../evidence/answers.ts';
import type { Evidence, Scan, Signal } from '../evidence/types.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { isPartial, type Scene } from './ask.ts';
import { evaluate } from './conditions.ts';
import { findingOf } from './finding.ts';
import { agreed } from './incomplete.ts';
import { settle } from './questions.ts';
import { type Analysis, analyse } from './spread.ts';
import type { Because, Finding, Outcome, Rejected, Verdict } from './types.ts';
import { worldsOf } from './worlds.ts';

/** Can this signal say that nothing is wrong? */
const isLive = (signal: Signal | undefined): boolean =>
  signal?.live === true && (signal.status === 'measured' || signal.status === 'empty');

/** What the conditions of a runbook come to, whatever of it may be believed. */
export type Judged = Pick<Verdict, 'findings' | 'ruledOut' | 'undecided' | 'unexplained'>;

/**
 * The verdict on the evidence: pure, so the same evidence and runbook always give the same verdict.
 * Every category is judged on its own; several can hold at once, worst first.
 * @param answers what the operator said to the runbook's questions
 */
export function judge(evidence: Evidence, runbook: Runbook, answers: Answers = {}): Verdict {
  const { signals, scan } = evidence;
  const seen =
    scan === null || scan.coverage >= 1
      ? judgeSignals(evidence, runbook)
      : judgePart(evidence, scan, runbook);
  const judged = settle(seen, runbook, answers);
  // A finding of low confidence never stands before a surer one; among equals the rank decides.
  const findings = [...judged.findings].sort(
    (a, b) => Number(a.confidence === 'low') - Number(b.confidence === 'low'),
  );
  const blind = runbook['quiet-needs'].filter((group) => !group.some((id) => isLive(signals[id])));
  const rest = { ...judged, findings, blind };
  const worst = findings[0];
  if (worst) return { category: worst.category, confidence: worst.confidence, ...rest };
  // Quiet is a statement about everything: it may be said only when nothing was kept from us.
  const unread = Object.keys(runbook.signals).some((id) => {
    const signal = signals[id];
    return signal === undefined || signal.status === 'unknown' || isPartial(signal);
  });
  if (judged.unexplained.length > 0 || blind.length > 0 || unread) {
    return { category: 'inconclusive', confidence: 'low', ...rest };
  }
  const needed = runbook['quiet-needs'].flat();
  const allJudged = judged.undecided.length === 0 && needed.every((id) => isLive(signals[id]));
  return { category: 'quiet', confidence: allJudged ? 'high' : 'medium', ...rest };
}

/** Of a keyspace of which only a part was visited, what holds whatever the rest is, and what is likely. */
function judgePart(evidence: Facts, scan: Scan, runbook: Runbook): Judged {
  const { signals } = evidence;
  const { visited, alike, louder } = worldsOf(signals, scan);
  const of = (world: Evidence['signals']) => judgeSignals({ ...evidence, signals: world }, runbook);
  const order = byRank(runbook).map(({ id }) => id);
  return agreed(of(visited), of(alike), louder.map(of), { scan, signals, order });
}

/** What conditions are on. */
type Facts = Pick<Evidence, 'signals' | 'earlier'>;

/** The worst first. */
const byRank = ({ categories }: Runbook) => [...categories].sort((a, b) => a.rank - b.rank);

function judgeSignals(facts: Facts, runbook: Runbook): Judged {
  const { signals } = facts;
  const scene = sceneOf(facts, runbook);
  const isBlindInPart = runbook['quiet-needs'].flat().some((id) => signals[id]?.status === 'unknown');
  const findings: Finding[] = [];
  const ruledOut: Rejected[] = [];
  const undecided: Rejected[] = [];
  for (const spec of byRank(runbook)) {
    const { state, because } = scene.category(spec.id);
    if (state === 'met') findings.push(findingOf(spec, scene, isBlindInPart));
    else if (state === 'not-met') ruledOut.push({ category: spec.id, because });
    else undecided.push({ category: spec.id, because });
  }
  return { findings, ruledOut, undecided, unexplained: oddities(findings, scene) };
}

function sceneOf({ signals, earlier }: Facts, runbook: Runbook): Scene {
  const outcomes = new Map<string, Outcome>();
  const analyses = new Map<string, Analysis>();
  const scene: Scene = {
    ...{ runbook, signals, earlier },
    analysis: (id) => {
      const known = analyses.get(id);
      if (known) return known;
      const signal = signals[id];
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
  return scene;
}

/**
 * What is abnormal and no finding explains. A finding explains a signal when it rests on what that signal measured, or
 * on one that the runbook says explains it; strangers it never explains.
 */
function oddities(findings: readonly Finding[], scene: Scene): Because[] {
  const { runbook } = scene;
  // That something is not so explains nothing.
  const held = findings
    .flatMap((found) => found.because)
    .filter(({ met, code }) => met === true && code !== 'unless');
  const explained = new Set(held.map((because) => because.signal));
  return runbook.abnormal.flatMap((odd) => {
    const found = evaluate(odd.when, scene);
    if (found.state !== 'met' || odd['explained-by'].some((id) => explained.has(id))) return [];
    return found.because.filter(({ code, signal }) => {
      const part = runbook.signals[signal ?? '']?.['total-of'] ?? null;
      return code === 'strangers' || !(explained.has(signal) || (part !== null && explained.has(part)));
    });
  });
}
