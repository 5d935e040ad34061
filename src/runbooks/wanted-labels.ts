import type { Runbook } from './schema.ts';

/** A label of a metric that the runbook names, and the value that it must have; null: it tells entities apart. */
interface Wanted {
  readonly signal: string;
  readonly metric: string;
  readonly label: string;
  readonly value: string | null;
  /** The runbook reads series of the metric without it, too: where there are none with it, nothing is wrong. */
  readonly optional: boolean;
}

/** Where `Scraping.labels` has the values of a metric's label. */
export const labelKey = (metric: string, label: string): string => `${metric} ${label}`;

/** So many values are looked at; with one more they are not all. */
export const MOST_VALUES = 5;

/** The labels with a value that a selector chooses by, and that the metric must have for an empty answer to say something. */
export const neededLabels = (
  runbook: Runbook,
  metric: string,
  match: Readonly<Record<string, string>>,
): string[] =>
  wantedLabels(runbook).flatMap((one) =>
    one.metric === metric && one.value !== null && !one.optional && match[one.label] === one.value
      ? [one.label]
      : [],
  );

/** Why an empty answer of a living metric says nothing. */
export const withoutLabel = (metric: string, labels: readonly string[]): string =>
  `no series of ${metric} has the label ${labels.join(' or ')}: it may be called otherwise, which is not zero`;

/** Every label by which the runbook's sources choose series or tell entities apart. */
export function wantedLabels({ signals }: Runbook): Wanted[] {
  const sources = Object.entries(signals).flatMap(([signal, spec]) =>
    spec.sources.flatMap((source) => ('metric' in source ? [{ signal, source }] : [])),
  );
  // Without a value it is of series that do not have the label.
  const without = new Set(
    sources.flatMap(({ source: { metric, match } }) =>
      Object.entries(match).flatMap(([label, value]) => (value === '' ? [labelKey(metric, label)] : [])),
    ),
  );
  return sources.flatMap(({ signal, source: { metric, by, match } }) => {
    const want = (label: string, value: string | null): Wanted => {
      return { signal, metric, label, value, optional: without.has(labelKey(metric, label)) };
    };
    return [
      ...(by === null ? [] : [want(by, null)]),
      ...Object.entries(match).flatMap(([label, value]) => (value === '' ? [] : [want(label, value)])),
    ];
  });
}
