import type { Runbook } from '../runbooks/schema.ts';
import { namesOf } from '../runbooks/sources.ts';
import { nearest } from '../values/nearest.ts';
import type { Incident } from './schema.ts';

/**
 * Metrics of an incident that its runbook does not read, a sentence each: most often one that is misspelt, so that the
 * incident would be judged without it.
 */
export function unreadMetrics(
  { series }: Pick<Incident, 'series'>,
  { name, signals, rules }: Runbook,
): string[] {
  const read = Object.values(signals).flatMap(({ sources }) => sources.flatMap(namesOf));
  const ofRules = rules.flatMap(({ expr }) => expr ?? []).join('\n');
  const metrics = [...new Set(series.map(({ metric }) => metric))];
  return metrics
    .filter((metric) => !read.includes(metric) && !ofRules.includes(metric))
    .map((metric) => `no source of runbook ${name} reads the metric ${metric}${nearest(metric, read)}`);
}
