import { rounded } from '../../evidence/rounded.ts';
import type { Match } from '../../runbooks/match.ts';
import { SourceError } from '../source-error.ts';
import { query, type Sample } from './api.ts';
import type { HttpClient } from './http.ts';
import { inQueries, isShort } from './names.ts';
import { combine, partOf } from './promql.ts';
import type { Of } from './question.ts';

/** Entities that are fetched at most. More than are shown, since another Prometheus may have the rest of one. */
const TOP = 400;
/** Entities whose mix is fetched: all that are shown, since the limit of each may rest on it. */
const TOP_MIXED = 200;
/** Values of the mixed label per entity that are fetched at most. */
const TOP_MIX = 20;

interface Numbers {
  readonly total: number;
  readonly distinct: number;
  readonly entities: readonly {
    readonly id: string;
    readonly value: number;
    /** By the values of the mixed label; it may lack some. */
    readonly mix: Readonly<Record<string, number>>;
  }[];
}

/** Sums of all the parts, which the answer holds. @param by the label of the entities; null: there is a total only */
export function fold(parts: readonly Sample[], by: string | null, mix: string | null): Numbers {
  const sums = new Map<string, number>();
  for (const { labels, value } of parts) {
    const id = labels[by ?? ''] ?? '';
    sums.set(id, (sums.get(id) ?? 0) + value);
  }
  const mixes = mixesOf(parts, by, mix);
  const entities = [...sums]
    .map(([id, value]) => ({ id, value: rounded(value), mix: mixes.get(id) ?? {} }))
    .filter(({ value }) => value > 0);
  const total = rounded(parts.reduce((sum, { value }) => sum + value, 0));
  return { total, distinct: entities.length, entities: by === null ? [] : entities };
}

/**
 * Sums and ranks by Prometheus, where the parts are too many for one answer. Each is a pass over all series, so the mix
 * is asked of the largest alone, by their names.
 * @param rateOf the rate of every series that has one of these values of a label
 */
export async function ranked(
  { by, mix }: Of<'prometheus-rate'>,
  rateOf: (only: Match) => string,
  http: HttpClient,
): Promise<Numbers> {
  const label = by ?? '';
  const byEntity = `sum by (${label}) (${rateOf({})}) > 0`;
  const [sums, entities] = await Promise.all([
    query(http, combine({ total: `sum(${rateOf({})})`, count: `count(${byEntity})` })),
    query(http, `topk(${TOP}, ${byEntity})`),
  ]);
  const sorted = [...entities].sort((a, b) => b.value - a.value);
  const largest = sorted.slice(0, TOP_MIXED).map(({ labels }) => labels[label] ?? '');
  const mixed = await Promise.all(
    (mix === null ? [] : inQueries(largest.filter(isShort))).map((some) =>
      query(
        http,
        `topk by (${label}) (${TOP_MIX}, sum by (${label}, ${mix}) (${rateOf({ [label]: some })}) > 0)`,
      ),
    ),
  );
  const number = (name: string) => rounded(partOf(sums, name)[0]?.value ?? 0);
  // A total that was left out is not zero, and who spoilt it is not among the largest either.
  const [lack] = http.lacks ?? [];
  if (lack !== undefined && partOf(sums, 'total').length === 0) throw new SourceError('incomplete', lack);
  const mixes = mixesOf(mixed.flat(), by, mix);
  return {
    total: number('total'),
    distinct: number('count'),
    entities: sorted.map(({ labels, value }) => {
      const id = labels[label] ?? '';
      return { id, value: rounded(value), mix: mixes.get(id) ?? {} };
    }),
  };
}

/** By entity what each value of the mixed label has. */
function mixesOf(parts: readonly Sample[], by: string | null, mix: string | null) {
  const mixes = new Map<string, Record<string, number>>();
  if (by === null || mix === null) return mixes;
  for (const { labels, value } of parts) {
    const id = labels[by] ?? '';
    const mixed = mixes.get(id) ?? (Object.create(null) as Record<string, number>);
    const name = labels[mix] ?? '';
    mixed[name] = (mixed[name] ?? 0) + value;
    mixes.set(id, mixed);
  }
  return mixes;
}
