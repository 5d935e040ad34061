import type { Bin, Evidence, Row, Scan, Signal } from '../evidence/types.ts';

// What may be in the part of the keyspace that was not visited.

type Signals = Evidence['signals'];

/** More than any runbook calls a few. */
const CROWD = 25;
/** So many times as loud as all that was seen. */
const LOUDER = 10;
const LOUD = 1_000;
/** Sizes of what may be hidden, each twice the one before: one that just stands out may be the one that explains a total. */
const LEAST = 10;
const SIZES = 16;

/** Was this signal cut short by the end of the pass? */
export const isCutShort = ({ sources }: Signal, { reason }: Scan): boolean =>
  reason !== null && sources.some((source) => source.status === 'unknown' && source.reason === reason);

/** What the rest of the keyspace may be. */
export interface Worlds {
  /** There is nothing more. */
  readonly visited: Signals;
  /** It is like what was visited. */
  readonly alike: Signals;
  /** It hides one entity, or many, louder than all that were seen, or of some other size. */
  readonly louder: readonly Signals[];
}

/**
 * The keyspaces that fit what was seen of it. What holds in all of them is proven, what holds in the first two is
 * likely, and what holds in none of them is ruled out.
 */
export function worldsOf(signals: Signals, scan: Scan): Worlds {
  const each = (complete: (visited: Signal, signal: Signal) => Signal): Signals =>
    Object.fromEntries(
      Object.entries(signals).map(([id, signal]) => [
        id,
        isCutShort(signal, scan) ? complete(visitedPart(signal, scan), signal) : signal,
      ]),
    );
  const hiding = (ids: (visited: Signal) => readonly string[], value: (visited: Signal) => number) =>
    each((visited, { sample }) =>
      sample === null ? visited : withHidden(visited, ids(visited), value(visited)),
    );
  const crowd = (visited: Signal) => [...anybody(CROWD), ...named(signals, visited)];
  const one = () => anybody(1);
  const many = () => anybody(CROWD);
  const sizes = Array.from({ length: SIZES }, (_, index) => LEAST * 2 ** index);
  return {
    visited: each((visited) => visited),
    alike: each((visited, { sample }) =>
      sample === null ? visited : scaled(visited, 1 / (1 - sample.missed)),
    ),
    louder: [
      hiding(one, loudest),
      hiding(crowd, loudest),
      ...sizes.map((size) => hiding(one, () => size)),
      // Many of a size make less of a difference between one size and the next.
      ...sizes.filter((_, index) => index % 3 === 0).map((size) => hiding(many, () => size)),
    ],
  };
}

/** More than all that was seen. */
const loudest = ({ total, rows }: Signal): number =>
  Math.max(LOUD, LOUDER * (total ?? 0), LOUDER * (rows[0]?.value ?? 0));

/** The signal as if the visited part were all there is. */
function visitedPart(signal: Signal, { reason }: Scan): Signal {
  const { sample } = signal;
  const sources = signal.sources.map((source) =>
    source.reason === reason ? { ...source, status: 'measured' as const, reason: null, cause: null } : source,
  );
  // Other sources of the signal may have answered in full; then only they speak.
  if (sample === null) return { ...signal, sources };
  const { total, distinct } = sample.seen;
  const isEmpty = distinct === 0;
  return {
    ...signal,
    ...{ sources, sample: null, coverage: 1, live: true, reason: null, cause: null },
    ...{
      status: isEmpty ? 'empty' : 'measured',
      total,
      distinct: signal.distinct === null && !isEmpty ? null : distinct,
    },
  };
}

/** All of it as many times over; the rows stay those that are known. */
function scaled(signal: Signal, times: number): Signal {
  const { total, distinct, strangers } = signal;
  const bins = (list: readonly Bin[]): Bin[] =>
    list.map((bin) => ({
      from: bin.from,
      ...{ count: bin.count * times, total: bin.total * times, squares: bin.squares * times },
    }));
  return {
    ...signal,
    total: total === null ? null : total * times,
    distinct: distinct === null ? null : Math.round(distinct * times),
    distribution: signal.distribution === null ? null : bins(signal.distribution),
    strangers: {
      ...strangers,
      distinct: Math.round(strangers.distinct * times),
      total: strangers.total * times,
      bins: bins(strangers.bins),
    },
  };
}

const anybody = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `unseen-${index + 1}`);

/** Whom the other signals know, and this one has not seen so far: it may be them that the rest is about. */
function named(signals: Signals, { rows }: Signal): string[] {
  const own = new Set(rows.map(({ id }) => id));
  const others = Object.values(signals).flatMap((signal) => signal.rows.filter(({ valid }) => valid));
  return [...new Set(others.map(({ id }) => id))].filter(
    (id): id is string => typeof id === 'string' && !own.has(id),
  );
}

/** These entities beside those that were seen. */
function withHidden(signal: Signal, ids: readonly string[], value: number): Signal {
  const count = ids.length;
  // Where none was seen so far it is not known whether they have limits.
  const mayHaveLimits = signal.rows.length === 0 || signal.rows.some(({ limit }) => limit !== null);
  const sources = signal.sources.map(({ label }) => label);
  const limit = mayHaveLimits ? OVER_LIMIT : null;
  const hidden = ids.map((id) => hiddenRow(id, value, sources, limit));
  const bin = { from: value, count, total: count * value, squares: count * value * value };
  // A mere total has no entities; it is only larger.
  const isTotal = signal.distinct === null;
  return {
    ...signal,
    status: 'measured',
    total: (signal.total ?? 0) + count * value,
    distinct: isTotal ? null : (signal.distinct ?? 0) + count,
    rows: isTotal ? signal.rows : [...signal.rows, ...hidden].sort((a, b) => b.value - a.value),
    distribution: signal.distribution === null ? null : withBin(signal.distribution, bin),
  };
}

/** Written out, since thousands are made. */
const hiddenRow = (id: string, value: number, sources: Row['sources'], limit: Row['limit']): Row => ({
  id,
  valid: true,
  kind: null,
  sources,
  claimed: false,
  public: true,
  value,
  atLeast: false,
  share: null,
  usual: null,
  lastSeenSeconds: 0,
  expires: true,
  labels: NO_LABELS,
  limit,
  period: null,
});

/** In the order of the bins; into the one that is there for such values, if one is. */
function withBin(bins: readonly Bin[], bin: Bin): Bin[] {
  const at = bins.findIndex(
    ({ from }, index) => from <= bin.from && bin.from < (bins[index + 1]?.from ?? from + 1),
  );
  const into = bins[at];
  if (into === undefined) return [...bins, bin].sort((a, b) => a.from - b.from);
  const both = {
    from: into.from,
    count: into.count + bin.count,
    total: into.total + bin.total,
    squares: into.squares + bin.squares,
  };
  return bins.map((one, index) => (index === at ? both : one));
}

const NO_LABELS = {};
const OVER_LIMIT = {
  ...{ value: 1, ratio: LOUDER, problem: null, stored: null },
  ...{ endsInSeconds: null, perHour: null },
};
