import type { Runbook } from '../runbooks/schema.ts';
import type { Confidence, Subject, Verdict } from './types.ts';

/** What a context's signals were read from: the same text for two contexts that read the same system. */
interface Places {
  readonly redis: string;
  readonly prometheus: string;
  /** Where logs are read, and which; none: nowhere. */
  readonly logs?: string;
}

/** One of several contexts that were triaged at once. */
export interface Judged {
  readonly context: string;
  /** What it was judged by. */
  readonly runbook: Runbook;
  /** null: it could not be judged at all. */
  readonly verdict: Verdict | null;
  readonly places: Places;
}

/** The verdict over all contexts. */
export interface Overall {
  /** The worst category of all; `inconclusive` before `quiet`. */
  readonly category: string;
  readonly confidence: Confidence;
  /** null: nothing was found anywhere. */
  readonly severity: string | null;
  /** Those that it holds for, in the order given. */
  readonly contexts: readonly string[];
}

/** A subject of findings in several contexts. */
export interface Shared {
  readonly kind: string;
  readonly id: string;
  readonly contexts: readonly string[];
}

/** Contexts that read one and the same system. */
export interface SameSystem {
  readonly system: 'redis' | 'prometheus';
  readonly contexts: readonly string[];
}

/** What several contexts say together. */
export interface Across<One extends Judged> {
  readonly worstFirst: readonly One[];
  readonly overall: Overall;
  readonly shared: readonly Shared[];
  readonly same: readonly SameSystem[];
}

export const across = <One extends Judged>(all: readonly One[]): Across<One> => ({
  worstFirst: worstFirst(all),
  overall: overall(all),
  shared: sharedSubjects(all),
  same: sameSystems(all),
});

/** How sure, surest first. */
const DOUBT: Readonly<Record<Confidence, number>> = { high: 0, medium: 1, low: 2 };

/** Worst first: what was found, then what is abnormal or unseen, then what is quiet. Among equals as given. */
const worstFirst = <One extends Judged>(all: readonly One[]): One[] =>
  all
    .map((one) => ({ one, place: placeAmong(one) }))
    .sort((a, b) => compare(a.place, b.place))
    .map(({ one }) => one);

/**
 * Where a context stands, the lower the worse. As within one verdict, a finding of low confidence never stands before a
 * surer one; ranks decide after the severity, since another runbook has ranks of its own.
 */
function placeAmong({ verdict, runbook }: Judged): readonly (number | string)[] {
  if (verdict === null) return [1, 1];
  const [worst] = verdict.findings;
  if (worst !== undefined) {
    const { confidence, category, severity } = worst;
    const rank = runbook.categories.find(({ id }) => id === category)?.rank ?? 0;
    return [0, Number(confidence === 'low'), severity, rank, DOUBT[confidence], -verdict.findings.length];
  }
  if (verdict.category === 'quiet') return [2, -DOUBT[verdict.confidence]];
  return [1, verdict.unexplained.length > 0 ? 0 : 2];
}

function compare(a: readonly (number | string)[], b: readonly (number | string)[]): number {
  for (const [index, one] of a.entries()) {
    const other = b[index];
    if (other === undefined || one === other) continue;
    return one < other ? -1 : 1;
  }
  return 0;
}

/**
 * One verdict over all. A category is found as surely as where it is surest; that all is quiet is only as sure as the
 * least sure of them; and a context that could not be judged keeps the others from being quiet.
 */
function overall(all: readonly Judged[]): Overall {
  const names = (which: (verdict: Verdict | null) => boolean) =>
    all.filter(({ verdict }) => which(verdict)).map(({ context }) => context);
  const worst = worstFirst(all)[0]?.verdict?.findings[0];
  if (worst !== undefined) {
    const { category, confidence, severity } = worst;
    const has = (verdict: Verdict | null) =>
      verdict?.findings.some((finding) => finding.category === category) ?? false;
    return { category, confidence, severity, contexts: names(has) };
  }
  const unclear = names((verdict) => verdict?.category !== 'quiet');
  if (unclear.length > 0) {
    return { category: 'inconclusive', confidence: 'low', severity: null, contexts: unclear };
  }
  const confidences = all.flatMap(({ verdict }) => verdict?.confidence ?? []);
  const confidence = confidences.sort((a, b) => DOUBT[b] - DOUBT[a])[0] ?? 'low';
  return { category: 'quiet', confidence, severity: null, contexts: names(() => true) };
}

/**
 * Subjects that findings in several contexts name, those of most contexts first. Contexts that read the same system
 * count as one: what they have in common is seen once, under two names.
 */
function sharedSubjects(all: readonly Judged[]): Shared[] {
  const seen = new Map<string, { subject: Subject; contexts: Set<string>; places: Set<string> }>();
  for (const { context, verdict, runbook, places } of all) {
    for (const subject of verdict?.findings.flatMap(({ subjects }) => subjects) ?? []) {
      const key = JSON.stringify([subject.kind, subject.id]);
      const one = seen.get(key) ?? { subject, contexts: new Set(), places: new Set() };
      if (one.contexts.has(context)) continue;
      one.contexts.add(context);
      one.places.add(placeOf(subject, runbook, places));
      seen.set(key, one);
    }
  }
  return [...seen.values()]
    .filter(({ places }) => places.size > 1)
    .map(({ subject: { kind, id }, contexts }) => ({ kind, id, contexts: [...contexts] }))
    .sort((a, b) => b.contexts.length - a.contexts.length);
}

/** The systems that a subject was read from. */
function placeOf({ signal }: Subject, { signals }: Runbook, places: Places): string {
  const kinds = signals[signal]?.sources.map(({ kind }) => kind) ?? [];
  const systems = (['redis', 'prometheus', 'logs'] as const).filter((system) =>
    kinds.some((kind) => kind.startsWith(`${system}-`)),
  );
  return JSON.stringify(systems.map((system) => places[system]));
}

/** Contexts of which several read the same Redis or the same Prometheus. */
const sameSystems = (all: readonly Judged[]): SameSystem[] =>
  (['redis', 'prometheus'] as const).flatMap((system) => {
    const groups = new Map<string, string[]>();
    for (const { context, places } of all) {
      groups.set(places[system], [...(groups.get(places[system]) ?? []), context]);
    }
    return [...groups.values()]
      .filter((contexts) => contexts.length > 1)
      .map((contexts) => ({ system, contexts }));
  });
