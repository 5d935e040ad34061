import { rounded } from './rounded.ts';
import { type Baseline, type Reading, type Row, type Sample, type Status, unknown } from './types.ts';

/** What one source more can say decides: numbers, then that it could not be read, then that there are none. */
const ORDER: readonly Status[] = ['measured', 'unknown', 'empty', 'absent'];

/**
 * What several sources of one signal say together. An entity that several of them name counts once, with its largest
 * value; what is exact stands before what is only an upper bound.
 */
export function merge(readings: readonly Reading[]): Reading {
  const [first] = readings;
  if (first === undefined) return unknown('refused', 'nothing reads this kind of source');
  if (readings.length === 1) return first;
  const status = ORDER.find((one) => readings.some((reading) => reading.status === one));
  const same = readings.filter((reading) => reading.status === status);
  const exact = same.filter(({ atMost }) => !atMost);
  const telling = exact.length > 0 ? exact : same;
  const warnings = [
    ...new Set([
      ...readings.flatMap((reading) => reading.warnings),
      // What was kept from us is said even when another source spoke.
      ...readings.flatMap(({ status: own, reason }) =>
        own === 'unknown' && status !== 'unknown' ? [reason ?? ''] : [],
      ),
    ]),
  ];
  const [one] = telling;
  const numbers = telling.length > 1 && status === 'measured' ? joined(telling) : (one ?? first);
  const reasons = telling.flatMap(({ reason }) => reason ?? []);
  return {
    ...numbers,
    reason: reasons.length > 0 ? [...new Set(reasons)].join('; ') : null,
    live: status !== 'unknown' && readings.some(({ live }) => live),
    warnings,
  };
}

/** Numbers of several sources, each entity once. */
function joined(readings: readonly Reading[]): Reading {
  const [first] = readings as [Reading, ...Reading[]];
  const rows = new Map<string, Row>();
  let [total, distinct] = [sum(readings, 'total'), sum(readings, 'distinct')];
  for (const row of readings.flatMap((reading) => reading.rows)) {
    const name = JSON.stringify([row.kind, row.id]);
    const known = rows.get(name);
    if (known !== undefined) {
      total = total === null ? null : total - Math.min(known.value, row.value);
      distinct = distinct === null ? null : distinct - 1;
    }
    rows.set(name, known === undefined ? row : both(known, row));
  }
  const hasEntities = readings.some(({ distinct: counted }) => counted !== null);
  // Totals without entities count the same events: the one that saw the most of them.
  const most = hasEntities ? total : Math.max(...readings.map((reading) => reading.total ?? 0));
  const all = most === null ? null : rounded(most);
  const list = [...rows.values()].sort((a, b) => b.value - a.value);
  return {
    ...first,
    total: all,
    distinct,
    baseline: baselineOf(readings),
    coverage: Math.min(...readings.map(({ coverage }) => coverage ?? 1)),
    sample: samplesOf(readings),
    rows: list.map((row) =>
      row.share === null || all === null ? row : { ...row, share: all > 0 ? row.value / all : null },
    ),
    distribution: null,
    strangers: {
      distinct: readings.reduce((count, { strangers }) => count + strangers.distinct, 0),
      total: readings.reduce((count, { strangers }) => count + strangers.total, 0),
      largest: Math.max(...readings.map(({ strangers }) => strangers.largest)),
      bins: readings.flatMap(({ strangers }) => strangers.bins),
    },
  };
}

/** One entity as two sources see it. */
function both(a: Row, b: Row): Row {
  const [more, less] = a.value >= b.value ? [a, b] : [b, a];
  const seen = [a.lastSeenSeconds, b.lastSeenSeconds].filter((seconds) => seconds !== null);
  return {
    ...more,
    sources: [...new Set([...a.sources, ...b.sources])],
    claimed: a.claimed && b.claimed,
    usual: a.usual === null && b.usual === null ? null : Math.max(a.usual ?? 0, b.usual ?? 0),
    lastSeenSeconds: seen.length > 0 ? Math.min(...seen) : null,
    expires: more.expires ?? less.expires,
    labels: { ...less.labels, ...more.labels },
    limit: more.limit ?? less.limit,
  };
}

/** What was counted stands beside what was estimated as what it is. */
function samplesOf(readings: readonly Reading[]): Sample | null {
  if (readings.every(({ sample }) => sample === null)) return null;
  const parts = readings.map(({ sample, total, distinct }): Sample => {
    const seen = { total: total ?? 0, distinct: distinct ?? 0 };
    return (
      sample ?? { seen, total: [seen.total, seen.total], distinct: [seen.distinct, seen.distinct], missed: 0 }
    );
  });
  const add = (pick: (part: Sample) => number) => parts.reduce((all, part) => all + pick(part), 0);
  return {
    seen: { total: add(({ seen }) => seen.total), distinct: add(({ seen }) => seen.distinct) },
    total: [
      add(({ total, seen }) => total?.[0] ?? seen.total),
      add(({ total, seen }) => total?.[1] ?? seen.total),
    ],
    distinct: [add(({ distinct }) => distinct[0]), add(({ distinct }) => distinct[1])],
    missed: Math.max(...parts.map(({ missed }) => missed)),
  };
}

function baselineOf(readings: readonly Reading[]): Baseline | null {
  const known = readings.flatMap(({ baseline }) => baseline ?? []);
  if (known.length === 0) return null;
  const most = (when: keyof Baseline) => {
    const values = known.flatMap((baseline) => baseline[when] ?? []);
    return values.length > 0 ? Math.max(...values) : null;
  };
  return { day: most('day'), week: most('week') };
}

function sum(readings: readonly Reading[], what: 'total' | 'distinct'): number | null {
  const values = readings.flatMap((reading) => reading[what] ?? []);
  return values.length > 0 ? values.reduce((all, value) => all + value, 0) : null;
}
