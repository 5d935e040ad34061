import type { Evidence, Signal, SourceReport } from '../evidence/types.ts';
import type { Condition } from '../runbooks/conditions-schema.ts';
import type { Runbook, SourceSpec } from '../runbooks/schema.ts';

// What of the signals can be seen on this system at all, whatever they say just now.

/** A source of a signal with what became of it. */
export interface Source {
  readonly signal: string;
  readonly spec: SourceSpec;
  readonly report: SourceReport;
}

/** All sources that were asked, in the runbook's order. */
export const sourcesOf = (evidence: Evidence, runbook: Runbook): Source[] =>
  Object.entries(runbook.signals).flatMap(([signal, { sources }]) =>
    sources.flatMap((spec, index) => {
      const report = evidence.signals[signal]?.sources[index];
      return report === undefined ? [] : [{ signal, spec, report }];
    }),
  );

/** Is it known to be there? An empty key family may as well never have been; a metric without such series is there. */
export const isThere = ({ spec, report }: Source): boolean =>
  report.status === 'measured' || (report.status === 'empty' && spec.kind.startsWith('prometheus-'));

/** As triage takes it: `live`, or why a condition on it could not be judged. */
type Sight = 'live' | 'unknown' | 'absent' | 'unasked' | 'stale';

function sightOf(signal: Signal | undefined): Sight {
  if (signal === undefined || signal.status === 'unknown') return 'unknown';
  if (signal.status === 'absent') return signal.cause === 'not-configured' ? 'unasked' : 'absent';
  return signal.status === 'empty' && !signal.live ? 'stale' : 'live';
}

/** What a condition lacks here: a signal, its name, or a label or a limit of it. */
export interface Lack {
  readonly signal: string;
  readonly what: 'signal' | 'name' | 'label' | 'limit';
  readonly label: string | null;
  readonly sight: Sight;
}

/** Can it be judged? `partly`: by another way than all that the runbook has for it. */
export interface Reach {
  readonly state: 'whole' | 'partly' | 'none' | 'unknown';
  readonly lacks: readonly Lack[];
}

const WHOLE: Reach = { state: 'whole', lacks: [] };

/** What is to be seen here. */
export interface Scene {
  readonly evidence: Evidence;
  readonly runbook: Runbook;
  readonly sources: readonly Source[];
  /** Sources that this system is known not to have, though they may seem to be merely empty. */
  readonly unspoken: ReadonlySet<Source>;
  /** Signals without numbers that may be kept under another name, with that name. */
  readonly drifted: ReadonlyMap<string, string>;
}

/** Whether a condition can be judged on what is to be seen here, whichever way it would turn out. */
export function reachOf(condition: Condition, scene: Scene): Reach {
  if ('all' in condition) return every(condition.all.map((part) => reachOf(part, scene)));
  if ('any' in condition) {
    return some(condition.any.map((part) => ({ ...reachOf(part, scene), isStandIn: isStandIn(part) })));
  }
  // What another category explains, or what is not told, can always be said; it only makes less sure.
  if ('unless' in condition || 'silent' in condition) return WHOLE;
  const [[key, node] = ['', {}]] = Object.entries(condition) as [string, Record<string, unknown>][];
  const asked = String((key === 'listed' || key === 'shared' ? node.by : null) ?? node.signal);
  const signal = signalReach(asked, scene);
  if (signal.state !== 'whole') return signal;
  const label = labelOf(key, node);
  if (label !== null) return labelReach(asked, label, scene);
  if (key === 'over-limit') return limitReach(asked, scene);
  return signal;
}

/** Is every source of a signal known not to be here? */
export function isUnseen(signal: string, { sources, unspoken }: Scene): boolean {
  const own = sources.filter((source) => source.signal === signal);
  return own.length > 0 && own.every((one) => one.report.status === 'absent' || unspoken.has(one));
}

function signalReach(signal: string, scene: Scene): Reach {
  if (scene.drifted.has(signal)) {
    return { state: 'none', lacks: [{ signal, what: 'name', label: null, sight: 'absent' }] };
  }
  const told = sightOf(scene.evidence.signals[signal]);
  const sight = told === 'live' && isUnseen(signal, scene) ? 'absent' : told;
  if (sight === 'live') return WHOLE;
  return {
    state: sight === 'unknown' ? 'unknown' : 'none',
    lacks: [{ signal, what: 'signal', label: null, sight }],
  };
}

/** The label whose mix a condition is about; null: none. */
function labelOf(key: string, node: Readonly<Record<string, unknown>>): string | null {
  if (key === 'mix') return String(node.label);
  if (key !== 'spread' || typeof node.mix !== 'object' || node.mix === null) return null;
  return String((node.mix as { label: unknown }).label);
}

/** A label is told by the sources that ask for it; those that hold nothing yet would tell it as well. */
function labelReach(signal: string, label: string, { sources }: Scene): Reach {
  const own = sources.filter(({ signal: of, spec }) => of === signal && 'mix' in spec && spec.mix === label);
  if (own.some(isThere)) return WHOLE;
  const isUnknown = own.some(({ report }) => report.status === 'unknown');
  const sight = isUnknown ? 'unknown' : 'absent';
  return { state: isUnknown ? 'unknown' : 'none', lacks: [{ signal, what: 'label', label, sight }] };
}

function limitReach(signal: string, { sources, runbook }: Scene): Reach {
  const own = sources.filter(({ signal: of }) => of === signal);
  const hasLimit = own.some(({ spec }) => {
    if (spec.kind === 'redis-spend') return spec.cap !== null;
    return 'limit' in spec && spec.limit !== null && runbook.thresholds[spec.limit]?.value !== null;
  });
  if (hasLimit || runbook.signals[signal]?.limits != null) return WHOLE;
  return { state: 'none', lacks: [{ signal, what: 'limit', label: null, sight: 'absent' }] };
}

/** All of them are needed. */
function every(parts: readonly Reach[]): Reach {
  const order = ['none', 'unknown', 'partly', 'whole'] as const;
  const state = order.find((one) => parts.some((part) => part.state === one)) ?? 'whole';
  return { state, lacks: unique(parts) };
}

/** A way to judge that is only taken where another source tells nothing. */
const isStandIn = (condition: Condition): boolean =>
  'all' in condition && condition.all.some((part) => 'unlabelled' in part || 'silent' in part);

/** Any of them will do; what the others lack is said, unless they only stand in or nobody set them up. */
function some(parts: readonly (Reach & { readonly isStandIn: boolean })[]): Reach {
  const isEnough = ({ state }: Reach) => state === 'whole' || state === 'partly';
  if (!parts.some(isEnough)) {
    return {
      state: parts.some(({ state }) => state === 'unknown') ? 'unknown' : 'none',
      lacks: unique(parts),
    };
  }
  const isNeeded = !parts.some((part) => isEnough(part) && !part.isStandIn);
  const lacks = unique(parts.filter((part) => isNeeded || !part.isStandIn)).filter(
    ({ sight }) => sight !== 'unasked',
  );
  return { state: lacks.length > 0 ? 'partly' : 'whole', lacks };
}

function unique(parts: readonly Reach[]): Lack[] {
  const all = new Map<string, Lack>();
  for (const lack of parts.flatMap(({ lacks }) => lacks)) all.set(JSON.stringify(lack), lack);
  return [...all.values()];
}

/** The names of the signals that a condition is on. */
export function signalsIn(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(signalsIn);
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) => {
    const isName = typeof value === 'string' && ['signal', 'by', 'before', 'beside'].includes(key);
    return isName ? [value] : signalsIn(value);
  });
}
