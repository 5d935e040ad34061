/** What ends something: that key is there, or holds a number above this one (null: whatever it holds). */
export interface End {
  readonly key: Buffer;
  readonly above: number | null;
}

/** How a counter goes on in a drill. */
export interface Growth {
  readonly perSecond: number;
  /** Every count sets the time to live anew. */
  readonly renewed: boolean;
  /** Above it the system does not count; null: it always does. */
  readonly atMost: number | null;
  /** While any of them holds it does not go on. */
  readonly until: readonly End[];
}

/** One key of Redis at the moment of the incident. */
export interface KeyState {
  readonly name: Buffer;
  readonly value: string | Readonly<Record<string, string>>;
  /** null: no expiry. */
  readonly ttlSeconds: number | null;
  readonly growth: Growth | null;
}

/** A stretch of time, in seconds from the moment of the incident on (negative is the past), and the level in it. */
export interface Span {
  readonly from: number;
  /** `Infinity`: it goes on. */
  readonly to: number;
  /** Of a counter its rise per second, of a gauge its value. */
  readonly level: number;
}

/** One series of Prometheus. */
export interface SeriesState {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly kind: 'counter' | 'gauge';
  /** In order of time; between them nothing is recorded. */
  readonly spans: readonly Span[];
  /** While any of them holds it stands still: a counter does not rise, a gauge is 0. */
  readonly until: readonly End[];
}

/** A line that a log holds over and over, at one pace. */
export interface LogState {
  /** Labels of its stream. */
  readonly stream: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, string>>;
  readonly format: 'json' | 'logfmt';
  /** Seconds from the moment of the incident on to the first (negative is the past), and between one and the next. */
  readonly from: number;
  readonly every: number;
}

/** All that the systems hold at one moment. */
export interface Situation {
  readonly keys: readonly KeyState[];
  readonly series: readonly SeriesState[];
  readonly logs: readonly LogState[];
}
