import type { CategorySpec, Runbook } from '../runbooks/schema.ts';

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

/** Categories that a verdict found, worst first. */
export const categoriesFound = (
  looks: readonly {
    readonly verdict: { readonly findings: readonly { readonly category: string }[] };
  }[],
  { categories }: Runbook,
): CategorySpec[] => {
  const found = new Set(looks.flatMap(({ verdict }) => verdict.findings.map(({ category }) => category)));
  return categories.filter(({ id }) => found.has(id)).sort((a, b) => a.rank - b.rank);
};
