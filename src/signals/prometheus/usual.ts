import type { Baseline } from '../../evidence/types.ts';
import { query, type Sample } from './api.ts';
import { countsOnce, type Share } from './plan.ts';
import { combine, increasePerSecond, partOf } from './promql.ts';
import type { Of, Question } from './question.ts';
import { leavingOut, type Target, targetParts, targetsOf } from './targets.ts';

const AGO = { day: 86_400, week: 7 * 86_400 } as const;
type When = keyof typeof AGO;
const WHENS: readonly When[] = ['day', 'week'];

/** Entities that are fetched at most for each of the two. */
const TOP = 500;
/** Old samples may lie in slow storage: the verdict does not wait for them longer than that once the rest is there. */
const GRACE_MS = 1_000;

/** What it was at one time; null: nothing is recorded of then. */
interface Then {
  readonly total: number;
  /** The value of an entity; null: not known. */
  of(id: string): number | null;
  /** What it came from, where several Prometheus are asked; null: too many to tell. */
  readonly targets: readonly Target[] | null;
}

/** What is usual at this hour. */
export interface Usual {
  readonly baseline: Baseline;
  /** Yesterday's or last week's value of an entity, whichever was more; null: not known. */
  of(id: string): number | null;
  readonly then: Readonly<Record<When, Then | null>>;
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
  const { windowSeconds, isOneOfSeveral, without } = question;
  // Half of what was usual would make anything unusual.
  const { lacks: _, ...http } = question.http;
  const sums = by === null ? 'sum' : `sum by (${by})`;
  const parts = WHENS.flatMap((name): [string, string][] => {
    const when = { windowSeconds, agoSeconds: AGO[name] };
    const ago = `offset ${AGO[name]}s`;
    const rate = leavingOut(increasePerSecond(metric, match, when), metric, without, when);
    return [
      [`${name}-there`, `count(${metric} ${ago})`],
      [`${name}-total`, `sum(${rate})`],
      [name, `topk(${TOP}, ${sums} (${rate}))`],
      ...(isOneOfSeveral ? Object.entries(targetParts(`${name}-targets`, metric, when)) : []),
    ];
  });
  const answer = await query(http, combine(Object.fromEntries(parts)));
  return usualOf({ day: thenOf(answer, 'day', by), week: thenOf(answer, 'week', by) });
}

function thenOf(answer: readonly Sample[], name: When, by: string | null): Then | null {
  if (partOf(answer, `${name}-there`).length === 0) return null;
  const samples = partOf(answer, name);
  const values = new Map(samples.map(({ labels, value }) => [labels[by ?? ''] ?? '', value]));
  return {
    total: partOf(answer, `${name}-total`)[0]?.value ?? 0,
    // Who is not among so many may have had any of the smaller values.
    of: (id) => values.get(id) ?? (samples.length < TOP ? 0 : null),
    targets: targetsOf(answer, `${name}-targets`),
  };
}

function usualOf(then: Usual['then'], warnings: readonly string[] = []): Usual {
  return {
    baseline: { day: then.day?.total ?? null, week: then.week?.total ?? null },
    of: (id) => {
      const values = WHENS.flatMap((when) => then[when]?.of(id) ?? []);
      return values.length > 0 ? Math.max(...values) : null;
    },
    then,
    warnings,
  };
}

/**
 * What was usual for several Prometheus together. It is not known of a time that one of those that count now has nothing
 * of, nor of one at which they shared their targets otherwise than now: half of it, or twice, is no comparison.
 */
export function joinedUsual(all: readonly { readonly usual: Usual; readonly share: Share }[]): Usual {
  const warnings = [...new Set(all.flatMap(({ usual }) => usual.warnings))];
  const at = (when: When): Then | null => {
    const told = all.filter(({ usual }) => usual.then[when] !== null);
    const counting = all.filter(({ share }) => share.counts);
    const seen = told.map(({ usual }) => usual.then[when]?.targets ?? null);
    const isWhole = counting.every((one) => told.includes(one));
    if (told.length === 0 || !isWhole) return null;
    const shares = told.map(({ share }) => share);
    if (!countsOnce(seen, shares)) {
      warnings.push(
        `what is usual is not known of a ${when} ago: the Prometheus shared their targets otherwise`,
      );
      return null;
    }
    const parts = counting.flatMap(({ usual }) => usual.then[when] ?? []);
    return {
      total: parts.reduce((sum, { total }) => sum + total, 0),
      of: (id) => {
        const values = parts.map((part) => part.of(id));
        return values.includes(null) ? null : values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
      },
      targets: null,
    };
  };
  return usualOf({ day: at('day'), week: at('week') }, warnings);
}

const unseen = (warning: string): Usual => usualOf({ day: null, week: null }, [warning]);
