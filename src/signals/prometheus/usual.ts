import type { Baseline } from '../../evidence/types.ts';
import { selector } from '../../runbooks/sources.ts';
import { query, type Sample } from './api.ts';
import { combine, partOf } from './promql.ts';
import type { Of, Question } from './read.ts';

const AGO = { day: 86_400, week: 7 * 86_400 } as const;
type When = keyof typeof AGO;
const WHENS: readonly When[] = ['day', 'week'];

/** Entities that are fetched at most for each of the two. */
const TOP = 500;
/** Old samples may lie in slow storage: the verdict does not wait for them longer than that once the rest is there. */
const GRACE_MS = 1_000;

/** What is usual at this hour. */
interface Usual {
  readonly baseline: Baseline;
  /** Yesterday's or last week's value of an entity, whichever was more; null: not known. */
  of(id: string): number | null;
  readonly warnings: readonly string[];
}

/**
 * Asks what a rate was at the same hour yesterday and a week ago. The question is under way when this returns; a
 * comparison that cannot be had is a warning and nothing worse.
 * @returns waits for the answer, for a moment at most
 */
export function startUsual(source: Of<'prometheus-rate'>, question: Question): () => Promise<Usual> {
  const asking = askUsual(source, question).catch((error: unknown) =>
    unseen(`what is usual could not be read: ${error instanceof Error ? error.message : String(error)}`),
  );
  return () => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Usual>((resolve) => {
      timer = setTimeout(() => resolve(unseen('what is usual was not told in time')), GRACE_MS);
    });
    return Promise.race([asking, late]).finally(() => clearTimeout(timer));
  };
}

async function askUsual({ metric, match, by }: Of<'prometheus-rate'>, question: Question): Promise<Usual> {
  const { http, windowSeconds } = question;
  const series = selector(metric, match);
  const sums = by === null ? 'sum' : `sum by (${by})`;
  const parts = WHENS.flatMap((when) => {
    const ago = `offset ${AGO[when]}s`;
    return [
      [`${when}-there`, `count(${metric} ${ago})`],
      [when, `topk(${TOP}, ${sums} (rate(${series}[${windowSeconds}s] ${ago})))`],
    ];
  });
  const answer = await query(http, combine(Object.fromEntries(parts)));
  const known = WHENS.filter((when) => partOf(answer, `${when}-there`).length > 0);
  return {
    baseline: { day: totalOf(answer, 'day', known), week: totalOf(answer, 'week', known) },
    of: (id) => {
      const values = known.flatMap((when) => {
        const samples = partOf(answer, when);
        const own = samples.find(({ labels }) => (labels[by ?? ''] ?? '') === id);
        // Who is not among so many may have had any of the smaller values.
        return own?.value ?? (samples.length < TOP ? 0 : []);
      });
      return values.length > 0 ? Math.max(...values) : null;
    },
    warnings: [],
  };
}

const totalOf = (answer: readonly Sample[], when: When, known: readonly When[]): number | null =>
  known.includes(when) ? partOf(answer, when).reduce((sum, { value }) => sum + value, 0) : null;

const unseen = (warning: string): Usual => ({
  baseline: { day: null, week: null },
  of: () => null,
  warnings: [warning],
});
