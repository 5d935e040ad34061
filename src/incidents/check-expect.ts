import type { Runbook } from '../runbooks/schema.ts';
import { nearest } from '../values/nearest.ts';
import type { Expect } from './expect-schema.ts';

/** What is wrong between the truth about an incident and the runbook that is to find it, as sentences. */
export function checkExpect(expect: Expect, runbook: Runbook): string[] {
  const categories = runbook.categories.map(({ id }) => id);
  const responses = [...new Set(runbook.categories.flatMap(({ respond }) => respond.map(({ id }) => id)))];
  const unknown = (key: string, what: string, names: readonly string[], valid: readonly string[]) =>
    names
      .filter((name) => !valid.includes(name))
      .map(
        (name) => `expect.${key}: runbook ${runbook.name} has no ${what} "${name}"${nearest(name, valid)}`,
      );
  return [
    ...unknown('category', 'category', expect.category, [...categories, 'quiet', 'inconclusive']),
    ...unknown('also', 'category', expect.also ?? [], categories),
    ...unknown('not-proposed', 'response', expect['not-proposed'] ?? [], responses),
  ];
}
