import type { Baseline } from '../../evidence/types.ts';
import { matchersOf } from '../../runbooks/match.ts';
import { query, type Sample } from './api.ts';
import { inQueries } from './names.ts';
import { countsOnce, type Share } from './plan.ts';
import { combine, increasePerSecond, offset, partOf } from './promql.ts';
import type { Of, Question } from './question.ts';
import { leavingOut, type Target, targetParts, targetsOf } from './targets.ts';

const AGO = { day: 86_400, week: 7 * 86_400 } as const;
type When = keyof typeof AGO;
const WHENS: readonly When[] = ['day', 'week'];

/** Entities that one of several Prometheus is asked for at most, for each of the two. */
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
 * @returns to be told whose is wanted; waits for the answer, for a moment at most
 */
export function startUsual(
  source: Of<'prometheus-rate'>,
  question: Question,
): (entities: readonly string[]) => Promise<Usual> {
  let tell: (entities: readonly string[]) => void = () => {};
  const named = new Promise<readonly string[]>((resolve) => {
    tell = resolve;
  });
  const asking = askUsual(source, question, named).catch((error: unknown) =>
    unseen(`what is usual could not be read: ${error instanceof Error ? error.message : String(error)}`),
  );
  return (entities) => {
    tell(entities);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Usual>((resolve) => {
      timer = setTimeout(() => resolve(unseen('what is usual was not told in time')), GRACE_MS);
    });
    return Promise.race([asking, late]).finally(() => clearTimeout(timer));
  };
}

/**
 * The totals are asked for at once. What each had is asked by name, which costs next to nothing; of one of several
 * Prometheus of the largest of then, since another one may name who is not there now.
 */
async function askUsual(
  { metric, match, by }: Of<'prometheus-rate'>,
  question: Question,
  named: Promise<readonly string[]>,
): Promise<Usual> {
  const { windowSeconds, isOneOfSeveral, without } = question;
  // Half of what was usual would make anything unusual.
  const { lacks: _, ...http } = question.http;
  const whenOf = (name: When) => ({ windowSeconds, agoSeconds: AGO[name] });
  const rate = (name: When, only: readonly string[]) =>
    leavingOut(increasePerSecond(metric, match, whenOf(name), only), metric, without, whenOf(name));
  const each = (name: When, only: readonly string[] = []) =>
    `${by === null ? 'sum' : `sum by (${by})`} (${rate(name, only)})`;
  const ask = (whens: readonly When[], parts: (name: When) => Readonly<Record<string, string>>) =>
    query(http, combine(Object.assign({}, ...whens.map(parts))));
  const totals = ask(WHENS, (name) => ({
    [`${name}-total`]: `sum(${rate(name, [])})`,
    ...(isOneOfSeveral
      ? { [name]: `topk(${TOP}, ${each(name)})`, ...targetParts(`${name}-targets`, metric, whenOf(name)) }
      : {}),
  }));
  const known = isOneOfSeveral || by === null ? null : named;
  const asked = known?.then((names) =>
    Promise.all(
      inQueries(names).map((some) =>
        ask(WHENS, (name) => ({ [name]: each(name, matchersOf({ [by ?? '']: some })) })),
      ),
    ),
  );
  // Nothing may have been counted of what was there.
  const silent = totals.then((answer) => {
    const whens = WHENS.filter((name) => partOf(answer, `${name}-total`).length === 0);
    const isThere = (name: When) => ({ [`${name}-there`]: `count(${metric}${offset(AGO[name])})` });
    return whens.length === 0 ? [] : ask(whens, isThere);
  });
  const [total, there, rows = []] = await Promise.all([totals, silent, asked]);
  const answer = [...total, ...rows.flat(), ...there];
  const names = known === null ? null : new Set(await known);
  return usualOf({ day: thenOf(answer, 'day', by, names), week: thenOf(answer, 'week', by, names) });
}

/** @param names who was asked for; null: the largest of then */
function thenOf(
  answer: readonly Sample[],
  name: When,
  by: string | null,
  names: ReadonlySet<string> | null,
): Then | null {
  const total = partOf(answer, `${name}-total`)[0]?.value;
  if (total === undefined && partOf(answer, `${name}-there`).length === 0) return null;
  const samples = partOf(answer, name);
  const values = new Map(samples.map(({ labels, value }) => [labels[by ?? ''] ?? '', value]));
  // Who is not among so many of the largest may have had any of the smaller values.
  const isTold = (id: string) => (names === null ? samples.length < TOP : names.has(id));
  return {
    total: total ?? 0,
    of: (id) => values.get(id) ?? (isTold(id) ? 0 : null),
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
