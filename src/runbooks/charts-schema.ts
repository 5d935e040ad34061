import { z } from 'zod';
import { identifier, label, mapping, signalName, text, thresholdName } from './fields.ts';

/** A chart of a report: how a signal went over time. A signal's name alone is one, too. */
const chart = z.preprocess(
  (value) => (typeof value === 'string' ? { signal: value } : value),
  mapping({
    signal: signalName,
    /** null: the signal's own. */
    title: text(80).nullable().default(null),
    /** The label whose values are lines, in place of the one that the signal's sources have. */
    by: label.nullable().default(null),
    /** The threshold that the whole of it is held against. */
    level: thresholdName.nullable().default(null),
    /**
     * A query of the operator's own that tells the signal's history, where its sources hold only the present: `queries`
     * of the context may hold it under this name. Its samples have the label `by`.
     */
    query: mapping({ setting: identifier, by: label, about: text(200) })
      .nullable()
      .default(null),
  }),
);

/** The charts of a report, in the order in which they are shown; a signal has one at most. */
export const chartsSchema = z.array(chart).max(12).default([]);
