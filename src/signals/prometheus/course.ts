import { matchersOf } from '../../runbooks/match.ts';
import type { HttpClient } from './http.ts';
import { NOTHING, type Told } from './lines.ts';
import { inQueries } from './names.ts';
import { combine, increasePerSecond, partOf, perhapsBorn, perSecond } from './promql.ts';
import type { Of } from './question.ts';
import { type Grid, pointsOf, queryRange, type Run, type Values } from './range.ts';
import { type Ask, ofAll, probe } from './range-sources.ts';
import { leavingOut, type Target } from './targets.ts';

/** Waits until it is known whose course is wanted; null: nobody can tell. */
export type Named = () => Promise<readonly string[] | null>;

/**
 * A counter's increase per second, as triage reads it, of some entities alone, over a window as short as its scrapes allow.
 * Of the total only this is right: when there is any, and when there is none.
 */
export const askCourse =
  (source: Of<'prometheus-rate'>, named: Named): Ask =>
  (clients, grid) =>
    ofAll(clients, async (http, isOneOfSeveral) => {
      const [{ windowSeconds, targets }, names] = await Promise.all([
        probe(http, source.metric, grid, isOneOfSeveral),
        named(),
      ]);
      if (windowSeconds === null || names === null) return { ...NOTHING, targets: [], again: null };
      const ask = async (own: HttpClient, without: readonly Target[]): Promise<Told> => {
        const way: Way = { source, http: own, grid, windowSeconds, without };
        const asked = source.by === null ? [] : inQueries(names);
        const lines = new Map((await Promise.all(asked.map((some) => linesOf(way, some)))).flat());
        const total = anyOf(lines.values(), grid);
        const isAlways = !total.includes(null);
        return { ...NOTHING, lines, total: isAlways ? total : await totalOf(way), windowSeconds };
      };
      return { ...(await ask(http, [])), targets, again: ask };
    });

interface Way {
  readonly source: Of<'prometheus-rate'>;
  readonly http: HttpClient;
  readonly grid: Grid;
  readonly windowSeconds: number;
  readonly without: readonly Target[];
}

/**
 * The lines of some entities. Whether a counter began at zero rests on all others of its target, at each moment, so that
 * is only asked of those that have one that was not there before.
 */
async function linesOf(way: Way, names: readonly string[]): Promise<(readonly [string, Values])[]> {
  const { source, http, grid } = way;
  const by = source.by ?? '';
  const answer = await queryRange(
    http,
    combine({
      lines: `sum by (${by}) (${expression(way, increasePerSecond, names)})`,
      born: `count by (${by}) (${expression(way, perhapsBorn, names)})`,
    }),
    grid,
  );
  const nameOf = ({ labels }: Run) => labels[by] ?? '';
  const lines = new Map(partOf(answer, 'lines').map((run) => [nameOf(run), run.values]));
  const born = partOf(answer, 'born').map(nameOf);
  if (born.length > 0) {
    const whole = await queryRange(http, `sum by (${by}) (${expression(way, perSecond, born)})`, grid);
    for (const run of whole) lines.set(nameOf(run), run.values);
  }
  return [...lines];
}

/** When anything was counted of anybody: of others than those that were asked for, too. */
async function totalOf(way: Way): Promise<Values | null> {
  const [run] = await queryRange(way.http, `sum(${expression(way, increasePerSecond)})`, way.grid);
  return run?.values ?? null;
}

function expression(
  { source: { metric, match, by }, windowSeconds, without }: Way,
  of: typeof perSecond,
  names: readonly string[] | null = null,
): string {
  const when = { windowSeconds };
  const only = names === null ? [] : matchersOf({ [by ?? '']: names });
  return leavingOut(of(metric, match, when, only), metric, without, when);
}

/** The sum at each moment; null where there is nothing. */
const anyOf = (lines: Iterable<Values>, grid: Grid): (number | null)[] => {
  const total = Array<number | null>(pointsOf(grid)).fill(null);
  for (const values of lines) {
    for (const [index, value] of values.entries()) {
      if (value !== null) total[index] = (total[index] ?? 0) + value;
    }
  }
  return total;
};
