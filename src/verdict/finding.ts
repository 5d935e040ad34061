import type { CategorySpec } from '../runbooks/schema.ts';
import { isPartial, type Scene } from './ask.ts';
import { evaluate } from './conditions.ts';
import { check, type Doubts } from './doubts.ts';
import { unique } from './logic.ts';
import type { Because, Caveat, Confidence, Finding, Outcome, Response, Subject } from './types.ts';

/** From the least sure on. */
export const LEVELS: readonly Confidence[] = ['low', 'medium', 'high'];
/** So many steps from the least sure one, as far as there are any. */
export const level = (steps: number): Confidence => LEVELS[Math.max(0, Math.min(2, steps))] ?? 'low';

/** The finding of a category whose condition holds: how sure, who, why, and what speaks against it. */
export function findingOf(spec: CategorySpec, scene: Scene, isBlindInPart: boolean): Finding {
  const held = scene.category(spec.id);
  const sure = spec['sure-when'] === null ? null : evaluate(spec['sure-when'], scene);
  // What could not be read makes nothing sure.
  const isSure = sure === null || (sure.state === 'met' && sure.because.every(({ met }) => met !== null));
  let steps = isSure ? 2 : LEVELS.indexOf(spec.otherwise);
  const caveats: Caveat[] = [];
  if (sure !== null && !isSure) {
    const missing = sure.because.filter((because) => because.met !== true);
    caveats.push({ code: 'unconfirmed', text: null, because: missing });
  }
  const rests = unique(sure === null ? [held] : [held, sure]);
  const unseen = [...held.because.filter((because) => because.met === null), ...partsUnread(rests, scene)];
  if (unseen.length > 0) {
    steps -= 1;
    caveats.push({ code: unseenCode(unseen), text: null, because: unseen });
  }
  const subjects = distinct(confirmed(held, sure), spec.about);
  const doubts = check(spec, subjects, scene);
  steps -= doubts.cost;
  if (isBlindInPart) steps = Math.min(steps, 1);
  return {
    category: spec.id,
    confidence: level(steps),
    severity: spec.severity ?? scene.runbook.severity,
    subjects: named(subjects, doubts.acquitted),
    because: rests,
    caveats: [...caveats, ...doubts.caveats],
    checks: doubts.checks,
    responses: responsesOf(spec, doubts),
  };
}

/** Of the signals that it rests on, those of which one source could not be read. */
function partsUnread(rests: readonly Because[], scene: Scene): Because[] {
  const signals = new Set(
    rests.flatMap(({ signal, met }) => (met === true && signal !== null ? [signal] : [])),
  );
  return [...signals].flatMap((signal): Because[] => {
    const read = scene.signals[signal];
    if (read === undefined || !isPartial(read)) return [];
    return [
      { code: 'volume', signal, measured: null, threshold: null, met: null, args: { status: 'partial' } },
    ];
  });
}

/** The responses to propose: what is deferred comes last, what is withheld from all, or for a doubt that is not there, not at all. */
function responsesOf({ respond }: CategorySpec, { caveats, withheld, deferred }: Doubts): Response[] {
  const meant = respond.filter(({ with: one }) => one === null || caveats.some(({ code }) => code === one));
  const inOrder = [
    ...meant.filter(({ id }) => !deferred.includes(id)),
    ...meant.filter(({ id }) => deferred.includes(id)),
  ];
  return inOrder.flatMap(({ id }): Response[] => {
    const held = withheld.filter((one) => one.id === id);
    if (held.some(({ except }) => except.length === 0)) return [];
    return [{ id, except: held.flatMap(({ except }) => except) }];
  });
}

const unseenCode = (because: readonly Because[]): string =>
  because.some((b) => b.args.status === 'unknown' || b.args.status === 'partial')
    ? 'signal-unknown'
    : 'signal-absent';

/** Where what makes it sure names some of a signal's entities, the others of that signal are not those. */
function confirmed(held: Outcome, sure: Outcome | null): readonly Subject[] {
  if (sure?.state !== 'met') return held.subjects;
  const sureOf = new Set(sure.subjects.map(({ signal }) => signal));
  return [...held.subjects.filter(({ signal }) => !sureOf.has(signal)), ...sure.subjects];
}

/** Without those that are acquitted, unless that is all of them. */
function named(subjects: readonly Subject[], acquitted: readonly string[]): readonly Subject[] {
  const left = subjects.filter(({ id }) => !acquitted.includes(id));
  return left.length > 0 ? left : subjects;
}

/** Each subject once, those of the signal that the category is about first. */
function distinct(subjects: readonly Subject[], about: string): Subject[] {
  const sorted = [...subjects].sort((a, b) => Number(b.signal === about) - Number(a.signal === about));
  const all = new Map<string, Subject>();
  for (const subject of sorted) {
    const name = `${subject.kind} ${subject.id}`;
    // The number that is said is that of the signal that the category is about.
    if (!all.has(name)) all.set(name, subject);
  }
  return [...all.values()];
}
