import type { Evidence, Id, Row, Signal, Status } from '../evidence/types.ts';
import type { Confidence, Finding, Verdict } from '../verdict/types.ts';
import type { Watched } from './signals.ts';

/** An entity as one look saw it. */
export interface Seen {
  readonly id: Id;
  readonly kind: string | null;
  /** In the signal's unit. */
  readonly value: number;
}

/** What one signal showed at one look. */
export interface Measure {
  readonly status: Status;
  readonly total: number | null;
  /** The largest entities, by `keyOf`. */
  readonly seen: ReadonlyMap<string, Seen>;
  /** Keys of those worth a line, in order. */
  readonly notable: readonly string[];
  /** Did what is not among `seen` have nothing? Otherwise it is not known how much it had. */
  readonly whole: boolean;
}

/** One look at the systems, as far as it is held against the next one. */
export interface Look {
  /** When it began, milliseconds since the epoch. */
  readonly atMs: number;
  readonly tookMs: number;
  readonly category: string;
  readonly confidence: Confidence;
  readonly findings: readonly Pick<Finding, 'category' | 'confidence' | 'subjects'>[];
  /** Categories that could not be judged: they may hold. */
  readonly undecided: ReadonlySet<string>;
  /** Of the watched signals. */
  readonly measures: ReadonlyMap<string, Measure>;
}

/** What a look is made of. */
export interface Judged {
  readonly atMs: number;
  readonly tookMs: number;
  readonly evidence: Evidence;
  readonly verdict: Verdict;
  readonly watched: Watched;
  /** The rows of a signal that are worth a line. */
  readonly notable: (id: string, signal: Signal) => readonly Row[];
}

/** Entities that are remembered of a signal and a look: all looks together must stay small. */
const KEPT = 50;

/** What tells one row of a signal from another, from look to look. */
export const keyOf = ({ id, kind, period }: Pick<Row, 'id' | 'kind' | 'period'>): string =>
  [kind ?? '', period ?? '', typeof id === 'string' ? id : `0x${id.hex}`].join('\n');

export function lookOf({ atMs, tookMs, evidence, verdict, watched, notable }: Judged): Look {
  const measures = [...watched.tables, ...watched.entries].flatMap((id): [string, Measure][] => {
    const signal = evidence.signals[id];
    return signal === undefined ? [] : [[id, measureOf(signal, notable(id, signal))]];
  });
  return {
    ...{ atMs, tookMs, category: verdict.category, confidence: verdict.confidence },
    findings: verdict.findings.map(({ category, confidence, subjects }) => ({
      ...{ category, confidence, subjects },
    })),
    undecided: new Set(verdict.undecided.map(({ category }) => category)),
    measures: new Map(measures),
  };
}

function measureOf(signal: Signal, notable: readonly Row[]): Measure {
  const { status, total, rows, distinct, coverage } = signal;
  const worth = notable.slice(0, KEPT);
  const kept = [...new Set([...worth, ...rows.slice(0, KEPT)])];
  const isAll = coverage === 1 && distinct !== null && distinct <= kept.length;
  return {
    ...{ status, total },
    seen: new Map(kept.map((row) => [keyOf(row), { id: row.id, kind: row.kind, value: row.value }])),
    notable: worth.map(keyOf),
    whole: status === 'empty' || (status === 'measured' && isAll),
  };
}
