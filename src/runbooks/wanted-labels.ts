import { valuesOf } from './match.ts';
import type { Runbook } from './schema.ts';

/** A label of a metric that the runbook names, and the values of which it must have one; none: it tells entities apart. */
interface Wanted {
  readonly signal: string;
  readonly metric: string;
  readonly label: string;
  readonly values: readonly string[];
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
      const chosen = Object.entries(match).flatMap(([label, value]): Wanted[] => {
        const values = valuesOf(value);
        // Series without the label will do, so there need be none with it.
        return values.includes('') ? [] : [{ signal, metric, label, values }];
      });
      const isChosen = chosen.some(({ label }) => label === by);
      return by === null || isChosen ? chosen : [{ signal, metric, label: by, values: [] }, ...chosen];
    }),
  );
