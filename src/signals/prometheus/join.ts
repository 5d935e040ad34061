import { rounded } from '../../evidence/rounded.ts';
import { measured, type Reading, type Row } from '../../evidence/types.ts';

/** How the same entity's values in two Prometheus become one, and what makes it the same. */
export interface Uniting {
  readonly value: 'sum' | 'largest' | 'smallest';
  /** `name-and-mix`: an instance of two jobs is two. */
  readonly same: 'name' | 'name-and-mix';
}

const UNITE: Readonly<Record<Uniting['value'], (a: number, b: number) => number>> = {
  sum: (a, b) => rounded(a + b),
  largest: Math.max,
  smallest: Math.min,
};

/** What several Prometheus hold of one source, as if one held it. None of the readings is unknown. */
export function joined(readings: readonly [Reading, ...Reading[]], uniting: Uniting): Reading {
  const telling = readings.filter(({ status }) => status === 'measured');
  const [first] = telling;
  if (first === undefined) {
    // What lives says more than what is stale, and that more than what is not there.
    const said = readings.find(({ live }) => live) ?? readings.find(({ status }) => status === 'empty');
    return said ?? readings[0];
  }
  if (telling.length === 1) return { ...first, live: readings.some(({ live }) => live) };
  const unite = UNITE[uniting.value];
  const rows = new Map<string, Row>();
  let [twice, lost] = [0, 0];
  for (const row of telling.flatMap((reading) => reading.rows)) {
    const name = JSON.stringify([row.kind, row.id, uniting.same === 'name' ? null : row.labels]);
    const known = rows.get(name);
    const value = known === undefined ? row.value : unite(known.value, row.value);
    if (known !== undefined) [twice, lost] = [twice + 1, lost + known.value + row.value - value];
    rows.set(name, known === undefined ? row : both(known, row, value, uniting));
  }
  const total = sum(telling.map((reading) => reading.total));
  const distinct = sum(telling.map((reading) => reading.distinct));
  return measured({
    total: total === null ? null : rounded(total - lost),
    distinct: distinct === null ? null : distinct - twice,
    rows: [...rows.values()],
    live: readings.some(({ live }) => live),
    warnings: [...new Set(telling.flatMap(({ warnings }) => warnings))],
  });
}

function both(a: Row, b: Row, value: number, { value: how, same }: Uniting): Row {
  const names = [...new Set([...Object.keys(a.labels), ...Object.keys(b.labels)])];
  const labels = names.map((label) => {
    const all: Record<string, number> = Object.assign(Object.create(null), a.labels[label]);
    for (const [name, part] of Object.entries(b.labels[label] ?? {})) {
      const known = all[name];
      all[name] = known === undefined || same === 'name-and-mix' ? part : UNITE[how](known, part);
    }
    return [label, all] as const;
  });
  const limit = a.limit ?? b.limit;
  return {
    ...a,
    value,
    labels: Object.fromEntries(labels),
    ...earliest(a, b),
    limit: limit === null || limit.value === null ? limit : { ...limit, ratio: value / limit.value },
  };
}

/** What was counted first, in whichever of them. */
function earliest({ frees: a }: Row, { frees: b }: Row): Pick<Row, 'frees'> {
  const first = a === undefined || (b !== undefined && b.inSeconds < a.inSeconds) ? b : a;
  return first === undefined ? {} : { frees: first };
}

function sum(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length > 0 ? known.reduce((all, value) => all + value, 0) : null;
}
