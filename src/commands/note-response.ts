import { UsageError } from '../errors.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { nearest, nearestFirst } from '../values/nearest.ts';
import { quote } from '../values/text.ts';

/** What a note says that it was a response to. */
export interface Named {
  readonly category: string | null;
  readonly step: string | null;
}

/**
 * A category and a step of the runbook, as they were named. A step that is one category's alone tells the category, too.
 * @throws UsageError for what the runbook does not have, with what it has, the nearest first
 */
export function responseNamed(
  { category, step }: { readonly category?: string; readonly step?: string },
  runbook: Pick<Runbook, 'name' | 'categories'>,
): Named {
  const { name, categories } = runbook;
  const within = category === undefined ? categories : categories.filter(({ id }) => id === category);
  if (category !== undefined && within.length === 0) {
    const ids = categories.map(({ id }) => id);
    throw unknown(`runbook ${name} has no category`, category, ids, 'Categories');
  }
  if (step === undefined) return { category: category ?? null, step: null };
  const having = (all: Runbook['categories']) =>
    all.filter(({ respond }) => respond.some(({ id }) => id === step)).map(({ id }) => id);
  const of = having(within);
  const [only, ...more] = of;
  if (only === undefined) {
    const elsewhere = having(categories);
    if (category !== undefined && elsewhere.length > 0) {
      throw new UsageError(
        `category ${category} has no response step ${quote(step)}`,
        `It is one of ${elsewhere.join(', ')}.`,
      );
    }
    const steps = [...new Set(within.flatMap(({ respond }) => respond.map(({ id }) => id)))];
    const whose = category === undefined ? `runbook ${name}` : `category ${category}`;
    throw unknown(`${whose} has no response step`, step, steps, 'Steps');
  }
  return { category: more.length > 0 ? null : only, step };
}

const unknown = (what: string, name: string, valid: readonly string[], title: string): UsageError => {
  const short = name.slice(0, 80);
  return new UsageError(
    `${what} ${quote(name)}${nearest(short, valid)}`,
    `${title}: ${nearestFirst(short, valid).join(', ')}.`,
  );
};
