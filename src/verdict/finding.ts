import type { CategorySpec } from '../runbooks/schema.ts';
import { isPartial, outcome, type Scene } from './ask.ts';
import { evaluate } from './conditions.ts';
import { unique } from './logic.ts';
import type { Because, Caveat, Check, Confidence, Finding, Outcome, Response, Subject } from './types.ts';

const LEVELS: readonly Confidence[] = ['low', 'medium', 'high'];
const level = (steps: number): Confidence => LEVELS[Math.max(0, Math.min(2, steps))] ?? 'low';

/** What the checks of a category came to. */
interface Doubts {
  /** Steps of confidence that they cost. */
  readonly cost: number;
  readonly caveats: readonly Caveat[];
  readonly checks: readonly Check[];
  readonly withheld: readonly { readonly id: string; readonly except: readonly string[] }[];
  readonly deferred: readonly string[];
}

/** The finding of a category whose condition holds: how sure, who, why, and what speaks against it. */
export function findingOf(spec: CategorySpec, scene: Scene, isBlindInPart: boolean): Finding {
  const held = scene.category(spec.id);
  const sure = spec['sure-when'] === null ? null : evaluate(spec['sure-when'], scene);
  let steps = sure === null || sure.state === 'met' ? 2 : LEVELS.indexOf(spec.otherwise);
  const caveats: Caveat[] = [];
  if (sure !== null && sure.state !== 'met') {
    const missing = sure.because.filter((because) => because.met !== true);
    caveats.push({ code: 'unconfirmed', text: null, because: missing });
  }
  const rests = unique(sure === null ? [held] : [held, sure]);
  const unseen = [...held.because.filter((because) => because.met === null), ...partsUnread(rests, scene)];
  if (unseen.length > 0) {
    steps -= 1;
    caveats.push({ code: unseenCode(unseen), text: null, because: unseen });
  }
  const doubts = check(spec, held, scene);
  steps -= doubts.cost;
  if (isBlindInPart) steps = Math.min(steps, 1);
  return {
    category: spec.id,
    confidence: level(steps),
    severity: spec.severity ?? scene.runbook.severity,
    subjects: distinct([...held.subjects, ...(sure?.subjects ?? [])], spec.about),
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

/** What only some sources tell beside their numbers. */
const IS_EXTRA = /^(?:usual-|ended$)/;

/** Makes all checks of a category before its finding is believed. */
function check(spec: CategorySpec, held: Outcome, scene: Scene): Doubts {
  let cost = 0;
  const caveats: Caveat[] = [];
  const checks: Check[] = [];
  const unseen: Record<'unknown' | 'absent', Outcome[]> = { unknown: [], absent: [] };
  const withheld: { id: string; except: readonly string[] }[] = [];
  const deferred: string[] = [];
  for (const { code, text, when, lowers, withholds, defers } of spec.caveats) {
    const found = evaluate(when, scene);
    const { state, because } = found;
    if (state === 'absent' && because.every(({ code: asked }) => IS_EXTRA.test(asked))) {
      checks.push({ code, state: 'not-told', because });
    } else if (state === 'unknown' || state === 'absent') unseen[state].push(outcome(state, because));
    else if (state === 'not-met') checks.push({ code, state: 'clear', because });
    else if (state === 'unasked') checks.push({ code, state: 'not-configured', because });
    if (state !== 'met') continue;
    caveats.push({ code, text, because });
    // A doubt about some of the subjects is no doubt about the others; one about others is a doubt about them all.
    const kinds = new Set(held.subjects.map(({ kind }) => kind));
    const except = found.subjects.filter(({ kind }) => kinds.has(kind)).map(({ id }) => id);
    if (held.subjects.every(({ id }) => except.length === 0 || except.includes(id))) cost += lowers;
    withheld.push(...withholds.map((id) => ({ id, except })));
    deferred.push(...defers);
  }
  for (const state of ['unknown', 'absent'] as const) {
    if (unseen[state].length === 0) continue;
    caveats.push({ code: `signal-${state}`, text: null, because: unique(unseen[state]) });
  }
  // A check that could not be made leaves a doubt, whatever it would have said.
  return { cost: cost + (unseen.unknown.length > 0 ? 1 : 0), caveats, checks, withheld, deferred };
}

/** The responses to propose: what is deferred comes last, what is withheld from all not at all. */
function responsesOf({ respond }: CategorySpec, { withheld, deferred }: Doubts): Response[] {
  const inOrder = [
    ...respond.filter(({ id }) => !deferred.includes(id)),
    ...respond.filter(({ id }) => deferred.includes(id)),
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
