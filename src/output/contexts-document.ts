import type { ExitCode, RatelimitError } from '../errors.ts';
import { groupedBy } from '../values/grouped.ts';
import type { Across, Judged, Shared } from '../verdict/across.ts';
import { escapeText } from './escape.ts';
import { listed, someOf } from './lines.ts';
import { eitherOf, namesOf, othersOf } from './question-sentences.ts';
import { isDegraded, type TriageDocument } from './triage-document.ts';

/** What became of one context. */
export type ContextRun = Judged & { readonly exitCode: ExitCode } & (
    | { readonly document: TriageDocument; readonly error: null }
    | { readonly document: null; readonly error: RatelimitError }
  );

/** All that a triage of several contexts has to say; each format renders this and decides nothing. */
export interface ContextsDocument extends Across<ContextRun> {
  /** In the order given. */
  readonly runs: readonly ContextRun[];
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly totalMs: number;
}

/** Longest list of names that is spelt out in a sentence. */
const NAMED = 4;

/** `eu, us, ap, sa and 3 more`. Names of contexts and categories are checked, and need no escape. */
const named = (names: readonly string[]): string => listed(names, NAMED);

export const countOf = (contexts: readonly unknown[]): string =>
  `${contexts.length} ${contexts.length === 1 ? 'context' : 'contexts'}`;

/** What is under way, while some of so many contexts are being read. */
export const stillReading = (names: readonly string[], all: number): string =>
  `still reading ${names.length} of ${all} contexts: ${named(names)}`;

/**
 * The line over all contexts: those of one verdict together, worst first, and what several have in common before the
 * rest. Alone it must be worth the page.
 */
export function summariseAll(document: ContextsDocument): string {
  const { runs, worstFirst, shared } = document;
  const found = worstFirst.filter(hasFinding);
  const others = worstFirst.filter((run) => !hasFinding(run));
  const clauses = [
    ...together(found, stateOf, runs),
    ...commonOf(shared),
    ...together(found, alsoIn, runs),
    ...together(others, stateOf, runs),
  ];
  return `${countOf(runs)}: ${clauses.join('; ')}`;
}

const hasFinding = ({ verdict }: ContextRun): boolean => (verdict?.findings.length ?? 0) > 0;

/** `eu and us <words>`: contexts of which the same is said, in one clause, as they were given; '' says nothing. */
function together(
  some: readonly ContextRun[],
  say: (run: ContextRun) => string,
  runs: readonly ContextRun[],
): string[] {
  const groups = new Map<string, ContextRun[]>();
  for (const run of some) groups.set(say(run), [...(groups.get(say(run)) ?? []), run]);
  return [...groups]
    .filter(([words]) => words !== '')
    .map(([words, group]) => {
      const names = runs.filter((run) => group.includes(run)).map(({ context }) => context);
      return `${named(names)} ${words}`;
    });
}

/** A context's verdict in a few words: `P2 single-ip-credential-stuffing (high)`. */
function stateOf({ document }: ContextRun): string {
  if (document === null) return 'could not be triaged';
  const { verdict, evidence } = document;
  const [worst] = verdict.findings;
  const unread = isDegraded(evidence) ? ', not all of it could be read' : '';
  if (worst !== undefined) return `${worst.severity} ${eitherOf(verdict)} (${worst.confidence}${unread})`;
  if (verdict.category === 'inconclusive') return `inconclusive (${whyUnclear(document)})`;
  return `${verdict.category} (${verdict.confidence}${unread})`;
}

/** What was found beside the worst. */
function alsoIn({ verdict }: ContextRun): string {
  if (verdict === null) return '';
  const [, ...others] = verdict.findings.map(({ category }) => category);
  const rest = othersOf(verdict, namesOf(verdict), others);
  return rest.length === 0 ? '' : `also ${named(rest)}`;
}

function whyUnclear({ verdict, evidence }: TriageDocument): string {
  if (verdict.unexplained.length > 0) return 'abnormal, and no category fits';
  const sources = Object.values(evidence.signals).flatMap((signal) => signal.sources);
  if (sources.some(({ cause }) => cause === 'auth')) return 'access was refused';
  if (!isDegraded(evidence)) return 'no live source for what quiet rests on';
  const isBlind = sources.every(({ status }) => status === 'unknown' || status === 'absent');
  return isBlind ? 'could not be read' : 'not all of it could be read';
}

/** Most subjects of several contexts that are named in a sentence. */
const COMMON = 3;

/** What several contexts have in common, a clause for each set of contexts. */
function commonOf(shared: readonly Shared[]): string[] {
  const sets = groupedBy(shared, ({ kind, contexts }) => JSON.stringify([kind, contexts]));
  const clauses = [...sets.values()].map((some) => {
    const [first] = some;
    const ids = some.map(({ id }) => escapeText(id, 48));
    const what = `${kindOf(first?.kind ?? '')}${some.length > 1 ? 's' : ''}`;
    return `the same ${what} in ${named(first?.contexts ?? [])}: ${someOf(ids, COMMON)}`;
  });
  const rest = clauses.length - COMMON;
  return rest > 0 ? [...clauses.slice(0, COMMON), 'and more that several have in common'] : clauses;
}

const kindOf = (kind: string): string => (kind === 'ip' ? 'IP' : kind);

/** What the operator must know to believe the verdicts, a sentence each. */
export const remarksOf = ({ same }: ContextsDocument): string[] =>
  same.map(({ system, contexts }) => {
    const which = system === 'redis' ? 'Redis' : 'Prometheus';
    return `${named(contexts)} read the same ${which}: what it holds is one thing, seen by each of them`;
  });

/** True when one of the contexts could not be read in full, or not at all. */
export const isDegradedAnywhere = ({ runs }: ContextsDocument): boolean =>
  runs.some(({ document }) => document === null || isDegraded(document.evidence));

/** True when a verdict proposes a command. */
export const hasCommands = ({ runs }: ContextsDocument): boolean =>
  runs.some(({ document }) =>
    [...(document?.remedies.values() ?? [])].flat().some(({ argv }) => argv !== null),
  );
