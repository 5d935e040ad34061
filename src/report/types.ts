/** One line of a chart. */
export interface Series {
  /** Exactly as the source holds it: untrusted, to be escaped where it is shown. */
  readonly id: string;
  /** In order of time; null: no sample then, which is a gap and not zero. */
  readonly points: readonly (readonly [atMs: number, value: number | null])[];
}

/** How something that a signal measures went over time. */
export interface Chart {
  /** The signal's id. */
  readonly id: string;
  readonly title: string;
  /** Of the values, such as `rejects/s` or `USD`. */
  readonly unit: string;
  /** Largest first; empty: see `reason`. */
  readonly series: readonly Series[];
  /** Levels that the values are held against, such as a threshold or a cap. */
  readonly levels: readonly { readonly label: string; readonly value: number }[];
  /** Between points; null where they come from captures, at whatever times those were taken. */
  readonly stepSeconds: number | null;
  /** Why there is nothing to see, or not all of it; null: it is whole. */
  readonly reason: string | null;
}

/** Something that happened at one moment, marked in every chart. */
export interface Mark {
  readonly atMs: number;
  readonly kind: 'remedy' | 'undo' | 'note' | 'alert' | 'verdict';
  readonly label: string;
}
