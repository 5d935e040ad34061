import type { CategorySpec, Runbook } from '../runbooks/schema.ts';
import { sameQuestion } from './answers.ts';
import type { Look } from './model.ts';

/** The signal whose events another one counts as a whole, or in another way: itself where there is none. */
export function rootOf(signal: string, { signals }: Runbook): string {
  let root = signal;
  // A runbook with a circle in it has as many steps as it has signals.
  for (const _ of Object.keys(signals)) {
    const whole = signals[root]?.['total-of'] ?? null;
    if (whole === null) break;
    root = whole;
  }
  return root;
}

/** The roots of what a category is told by. */
export function rootsOf({ about, when }: CategorySpec, runbook: Runbook): Set<string> {
  return new Set([about, ...signalsIn(when)].map((signal) => rootOf(signal, runbook)));
}

function signalsIn(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) =>
    key === 'signal' && typeof value === 'string' ? [value] : signalsIn(value),
  );
}

/**
 * Categories that a verdict found, worst first. Of those that a question left open only what it was answered with, or,
 * where nobody answered, all of them after what is known.
 */
export function categoriesFound(looks: readonly Look[], { categories }: Runbook): CategorySpec[] {
  const questions = looks.flatMap(({ verdict }) => verdict.questions);
  const answered = new Set(questions.filter(({ open }) => !open).map(sameQuestion));
  const known = new Set<string>();
  const open = new Set<string>();
  for (const { verdict } of looks) {
    const asked = verdict.questions.filter((one) => one.open);
    const isAmong = (some: typeof asked, category: string) =>
      some.some(({ candidates }) => candidates.some((one) => one.category === category));
    const settled = asked.filter((one) => answered.has(sameQuestion(one)));
    for (const { category } of verdict.findings) {
      if (!isAmong(asked, category)) known.add(category);
      else if (!isAmong(settled, category)) open.add(category);
    }
  }
  return categories
    .filter(({ id }) => known.has(id) || open.has(id))
    .sort((a, b) => Number(known.has(b.id)) - Number(known.has(a.id)) || a.rank - b.rank);
}
