import { type Match, valuesOf } from './match.ts';
import type { Runbook } from './schema.ts';

/** A label of a metric that the runbook names, and the values of which it must have one; none: it tells entities apart. */
interface Wanted {
  readonly signal: string;
  readonly metric: string;
  readonly label: string;
  readonly values: readonly string[];
  /** The runbook reads series of the metric without it, too: where there are none with it, nothing is wrong. */
  readonly optional: boolean;
}

/** Where `Scraping.labels` has the values of a metric's label. */
export const labelKey = (metric: string, label: string): string => `${metric} ${label}`;

/** So many values are looked at; with one more they are not all. */
export const MOST_VALUES = 5;

/** The labels by which a selector chooses, and that the metric must have for an empty answer to say something. */
export function neededLabels(runbook: Runbook, metric: string, match: Match): string[] {
  const without = readWithout(runbook);
  return Object.entries(match).flatMap(([label, value]) =>
    valuesOf(value).includes('') || without.has(labelKey(metric, label)) ? [] : [label],
  );
}

/** Why an empty answer of a living metric says nothing. */
export const withoutLabel = (metric: string, labels: readonly string[]): string =>
  `no series of ${metric} has the label ${labels.join(' or ')}: it may be called otherwise, which is not zero`;

const metricSources = ({ signals }: Runbook) =>
  Object.entries(signals).flatMap(([signal, spec]) =>
    spec.sources.flatMap((source) => ('metric' in source ? [{ signal, source }] : [])),
  );

/** Labels that series are read without, too: without a value it is of series that do not have the label. */
const readWithout = (runbook: Runbook): ReadonlySet<string> =>
  new Set(
    metricSources(runbook).flatMap(({ source: { metric, match } }) =>
      Object.entries(match).flatMap(([label, value]) =>
        valuesOf(value).includes('') ? [labelKey(metric, label)] : [],
      ),
    ),
  );

/** Every label by which the runbook's sources choose series or tell entities apart. */
export function wantedLabels(runbook: Runbook): Wanted[] {
  const without = readWithout(runbook);
  return metricSources(runbook).flatMap(({ signal, source: { metric, by, match } }) => {
    const want = (label: string, values: readonly string[], isTold = false): Wanted => {
      return { signal, metric, label, values, optional: isTold || without.has(labelKey(metric, label)) };
    };
    const chosen = Object.entries(match).flatMap(([label, value]) => {
      const values = valuesOf(value).filter((one) => one !== '');
      // That no series has it is told of `by` already.
      return values.length === 0 ? [] : [want(label, values, label === by)];
    });
    return [...(by === null ? [] : [want(by, [])]), ...chosen];
  });
}
