import type { Runbook } from './schema.ts';

/** A label of a metric that the runbook names, and the value that it must have; null: it tells entities apart. */
interface Wanted {
  readonly signal: string;
  readonly metric: string;
  readonly label: string;
  readonly value: string | null;
}

/** Where `Scraping.labels` has the values of a metric's label. */
export const labelKey = (metric: string, label: string): string => `${metric} ${label}`;

/** So many values are looked at; with one more they are not all. */
export const MOST_VALUES = 5;

/** Every label by which the runbook's sources choose series or tell entities apart. */
export const wantedLabels = ({ signals }: Runbook): Wanted[] =>
  Object.entries(signals).flatMap(([signal, { sources }]) =>
    sources.flatMap((source) => {
      if (!('metric' in source)) return [];
      const { metric, by, match } = source;
      return [
        ...(by === null ? [] : [{ signal, metric, label: by, value: null }]),
        // Without a value it is of series that do not have the label.
        ...Object.entries(match).flatMap(([label, value]) =>
          value === '' ? [] : [{ signal, metric, label, value }],
        ),
      ];
    }),
  );
