import type { Config } from '../config/types.ts';
import { conditionsIn } from './conditions-in.ts';
import { type LimitChange, limitChanges } from './limit-changes.ts';
import { limitProblems, withLimits } from './limits.ts';
import type { LimitTable } from './limits-schema.ts';
import { thresholdProblems, withThresholds } from './load.ts';
import type { CategorySpec, Runbook } from './schema.ts';
import { labelOf } from './sources.ts';

/** A threshold as it is in use, and what the runbook itself says where a context has set another value. */
export interface ThresholdView {
  readonly name: string;
  /** null: not known. */
  readonly value: number | null;
  readonly unit: string;
  readonly because: string;
  /** Set by the context; `own` is then the runbook's value. */
  readonly overridden: boolean;
  readonly own: number | null;
}

interface SignalView {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  /** Key families and metrics. */
  readonly sources: readonly string[];
}

/** A table of limits as it is in use. */
export interface LimitsView {
  readonly id: string;
  readonly table: LimitTable;
  /** Ids of the signals whose entities are held against it. */
  readonly signals: readonly string[];
  /** What of it the context has set. */
  readonly changes: readonly LimitChange[];
}

/** A category with all that it refers to. */
export interface CategoryView {
  readonly spec: CategorySpec;
  /** Of the category, else of the runbook. */
  readonly severity: string;
  readonly signals: readonly SignalView[];
  readonly thresholds: readonly ThresholdView[];
  /** Tables that entities of its kind are held against. */
  readonly limits: readonly LimitsView[];
}

/** A runbook to be looked at. */
export interface RunbookView {
  /** With the context's thresholds and limits. */
  readonly runbook: Runbook;
  /** Worst first, by rank. */
  readonly categories: readonly CategoryView[];
  readonly thresholds: readonly ThresholdView[];
  readonly limits: readonly LimitsView[];
  readonly warnings: readonly string[];
}

/**
 * The runbook with a context's thresholds and limits, ready to be shown. Those that do not fit it are left out with a
 * warning: to read what a runbook says is possible whatever the context is for.
 */
export function viewOf(
  own: Runbook,
  { thresholds: overrides, limits }: Pick<Config, 'thresholds' | 'limits'>,
): RunbookView {
  const fitting = Object.entries(overrides).filter(
    ([name, value]) => thresholdProblems(own, { [name]: value }).length === 0,
  );
  const tables = Object.entries(limits).filter(
    ([name, table]) => limitProblems(own, { [name]: table }).length === 0,
  );
  const setTables = Object.fromEntries(tables);
  const runbook = withLimits(withThresholds(own, Object.fromEntries(fitting)), setTables);
  const changes = limitChanges(own.limits, setTables);
  const limitsViews = Object.entries(runbook.limits).map(([id, table]): LimitsView => {
    const held = Object.entries(runbook.signals).filter((one) => one[1].limits === id);
    return {
      ...{ id, table, signals: held.map(([signal]) => signal) },
      changes: changes.filter((one) => one.table === id),
    };
  });
  const set = new Set(fitting.map(([name]) => name));
  const thresholds = Object.entries(runbook.thresholds).map(([name, threshold]): ThresholdView => {
    const value = own.thresholds[name]?.value ?? null;
    return { name, ...threshold, overridden: set.has(name), own: value };
  });
  const categories = [...runbook.categories].sort((a, b) => a.rank - b.rank);
  return {
    runbook,
    thresholds,
    limits: limitsViews,
    categories: categories.map((spec) => categoryView(spec, runbook, thresholds, limitsViews)),
    warnings: [...thresholdProblems(own, overrides), ...limitProblems(own, limits)].map(
      (problem) => `${problem} (triage refuses that)`,
    ),
  };
}

function categoryView(
  spec: CategorySpec,
  runbook: Runbook,
  thresholds: readonly ThresholdView[],
  tables: readonly LimitsView[],
): CategoryView {
  const looks = [spec.when, spec['sure-when'], ...spec.caveats.map(({ when }) => when)]
    .flatMap((node) => conditionsIn(node, []))
    .filter(({ key }) => key !== 'besides')
    .map(({ key, value }) => ({ key, of: value.of, names: textsIn(value) }));
  const named = new Set([spec.about, ...looks.flatMap(({ names }) => names)]);
  // A volume in all is a number of its own; any other look at a signal rests on who stands out in it.
  const spreads = looks
    .filter(({ key, of }) => key !== 'volume' || of !== 'all')
    .flatMap(({ names }) => names.map((name) => runbook.signals[name]?.spread));
  const sources = [...named].flatMap((name) => runbook.signals[name]?.sources ?? []);
  const limits = sources.map((source) =>
    'ratio' in source ? source.ratio : 'limit' in source ? source.limit : null,
  );
  const kindOf = (signal: string) => runbook.signals[signal]?.entity?.kind;
  const numbers = new Set([...named, ...textsIn(spreads), ...textsIn(limits)]);
  return {
    spec,
    severity: spec.severity ?? runbook.severity,
    signals: Object.entries(runbook.signals).flatMap(([id, { title, unit, sources }]) =>
      named.has(id) ? [{ id, title, unit, sources: sources.map(labelOf) }] : [],
    ),
    thresholds: thresholds.filter(({ name }) => numbers.has(name)),
    // Whom it is about may have several, such as a rate and a burst.
    limits: tables.filter(({ signals }) => signals.some((signal) => kindOf(signal) === kindOf(spec.about))),
  };
}

/** Keys of a condition whose texts are no names of signals or thresholds. */
const WORDS = ['category', 'label', 'only', 'not-only', 'named', 'is', 'of', 'part', 'problem', 'tell'];

function textsIn(node: unknown): string[] {
  if (typeof node === 'string') return [node];
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) => (WORDS.includes(key) ? [] : textsIn(value)));
}
