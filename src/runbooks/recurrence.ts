import type { Runbook } from './schema.ts';

/** Is any condition of the runbook on what earlier looks found? Nobody else pays for looking that up. */
export const asksForEarlier = ({ categories, abnormal }: Runbook): boolean =>
  [...categories, ...abnormal].some(holdsRecurred);

const holdsRecurred = (node: unknown): boolean =>
  typeof node === 'object' &&
  node !== null &&
  Object.entries(node).some(([key, value]) => key === 'recurred' || holdsRecurred(value));
