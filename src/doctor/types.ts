import type { Cause, Id, Status } from '../evidence/types.ts';

/**
 * `problem`: triage or a remedy would fail or mislead; needs action. `warning`: it can mislead at times. `note`: worth
 * knowing. `fine`: as it should be.
 */
export type Level = 'problem' | 'warning' | 'note' | 'fine';

/** What a check is about. */
export type Subject =
  | 'source'
  | 'quiet'
  | 'contract'
  | 'category'
  | 'drift'
  | 'permission'
  | 'clock'
  | 'redis'
  | 'prometheus'
  | 'logs'
  | 'alertmanager'
  | 'api'
  | 'deny-list'
  | 'journal'
  | 'configuration';

/** Of the sources. */
export type SourceCode =
  | 'source-measured'
  | 'source-empty'
  | 'source-stale'
  | 'source-absent'
  | 'source-unknown'
  | 'source-unasked';

/** Of what triage can make of them. */
export type ViewCode =
  | 'quiet-possible'
  | 'quiet-blind'
  | 'quiet-deceptive'
  | 'quiet-unknown'
  | 'contract-spoken'
  | 'contract-unseen'
  | 'contract-none'
  | 'kept-elsewhere'
  | 'kept-nowhere'
  | 'category-judged'
  | 'category-in-part'
  | 'category-impossible'
  | 'category-unknown'
  | 'family-drifted'
  | 'metric-drifted'
  | 'no-drift'
  | 'drift-unknown'
  | 'drift-incomplete';

/** Of Redis and Prometheus. */
export type ServerCode =
  | 'namespace-empty'
  | 'other-database'
  | 'redis-version'
  | 'redis-unknown'
  | 'servers-found'
  | 'server-lost'
  | 'role-primary'
  | 'role-replica'
  | 'replica-cut'
  | 'evictable'
  | 'evicts-nothing'
  | 'eviction-unknown'
  | 'memory-full'
  | 'pass-quick'
  | 'pass-slow'
  | 'prometheus-version'
  | 'version-unknown'
  | 'window-long-enough'
  | 'window-short'
  | 'scraped-twice'
  | 'scraped-once'
  | 'scraping-unknown'
  | 'label-missing'
  | 'value-missing'
  | 'other-prometheus'
  | 'instances-seen'
  | 'clock-agrees'
  | 'clock-skewed'
  | 'clock-unknown';

/** Of the store of the logs. */
export type LogsCode =
  | 'logs-version'
  | 'logs-ready'
  | 'logs-not-ready'
  | 'logs-ready-unknown'
  | 'logs-streams'
  | 'logs-no-streams'
  | 'logs-streams-unknown'
  | 'logs-absent';

/** Of what the remedies need, and of what this program was told. */
export type OwnCode =
  | 'rights-granted'
  | 'rights-refused'
  | 'rights-unknown'
  | 'rights-wide'
  | 'alertmanager-answers'
  | 'alertmanager-unknown'
  | 'api-answers'
  | 'api-refuses'
  | 'api-forbids'
  | 'api-fails'
  | 'api-unclear'
  | 'api-unreachable'
  | 'api-plain-http'
  | 'api-no-token'
  | 'api-absent'
  | 'blocks-enforced'
  | 'blocks-ignored'
  | 'blocks-unproven'
  | 'blocks-never-verified'
  | 'journal-changed'
  | 'configured'
  | 'thresholds-overridden'
  | 'limits-overridden'
  | 'limits-unseen'
  | 'query-unasked';

/** What a check has found. The sentences are made in `output/doctor-*-sentences.ts`. */
export type Code = SourceCode | ViewCode | ServerCode | LogsCode | OwnCode;

export type Args = Readonly<Record<string, string | number | null | readonly string[]>>;

/** One thing that was looked at, and what came of it. */
export interface Check {
  readonly check: Subject;
  readonly code: Code;
  readonly level: Level;
  /** null: it is not about one signal. */
  readonly signal: string | null;
  /** Key family, metric or system; null: not about one. */
  readonly source: string | null;
  /** Of a source what triage would call it; of other checks what `level` says, or that it is not known or not there. */
  readonly status: Status | 'ok' | 'warning' | 'problem';
  /** Why it is unknown; `auth` decides the exit code. */
  readonly cause: Cause | null;
  /** The system's own words, or ours for a source. */
  readonly reason: string | null;
  readonly sample: { readonly id: Id; readonly value: number | null } | null;
  /** How long its answer took. */
  readonly latencyMs: number | null;
  /** Seconds since what it holds was last renewed; null where it does not tell. */
  readonly freshSeconds: number | null;
  /** Keys or series that it holds; null: not counted. */
  readonly entities: number | null;
  /** What the sentence needs. */
  readonly args: Args;
}

/** A check with what is said of few of them left out. */
export function checkOf(
  given: Pick<Check, 'check' | 'code' | 'level'> & Partial<Omit<Check, 'check' | 'code' | 'level'>>,
): Check {
  const { level } = given;
  return {
    ...{ signal: null, source: null, cause: null, reason: null, sample: null },
    ...{ latencyMs: null, freshSeconds: null, entities: null, args: {} },
    status: level === 'problem' || level === 'warning' ? level : 'ok',
    ...given,
  };
}

/** Something that could not be found out. */
export const unknownCheck = (
  check: Subject,
  code: Code,
  { cause, reason }: { readonly cause: Cause; readonly reason: string },
  more: Partial<Check> = {},
): Check => checkOf({ check, code, level: 'note', status: 'unknown', cause, reason, ...more });
