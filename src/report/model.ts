import type { AlertHistory } from '../evidence/history.ts';
import type { Cause, Evidence, Id, Status } from '../evidence/types.ts';
import type { Entry } from '../journal/types.ts';
import type { Runbook } from '../runbooks/schema.ts';
import type { Caveat, Confidence, Verdict } from '../verdict/types.ts';
import type { Chart, Mark, Series } from './types.ts';

/**
 * What happened in an incident, as far as it can be told. Plain data: times are milliseconds since the epoch, ids are
 * as their source holds them, and no sentence is here (those are made in `output/report-page.ts`).
 */
export interface Report {
  readonly context: string | null;
  readonly runbook: Runbook;
  readonly madeAtMs: number;
  readonly period: Period;
  /** True when an input had its addresses and ids replaced by others. */
  readonly redacted: boolean;
  /** In order of time. */
  readonly looks: readonly Look[];
  readonly summary: Summary;
  /** In order of time. */
  readonly timeline: readonly Happening[];
  /** Addresses, tenants and agents, in this order; within each the largest first. */
  readonly affected: readonly Affected[];
  /** How many more there were of a kind. */
  readonly affectedMore: Readonly<Record<string, number>>;
  /** What was done, in order of time; an undoing stands with what it undid. */
  readonly responses: readonly Response[];
  readonly charts: readonly ReportChart[];
  /** For every chart: remedies, undoings, notes, alerts, changes of the verdict. In order of time. */
  readonly marks: readonly Mark[];
  readonly alerts: AlertHistory;
  readonly journal: JournalView;
  /** What triage had kept of the time before; null: the report is made of captures that were named. */
  readonly kept: KeptView | null;
  readonly unknowns: readonly Unknown[];
  readonly caveats: readonly ReportCaveat[];
  /** The runbook's, in its words. */
  readonly followUps: readonly string[];
}

export interface Period {
  readonly fromMs: number;
  readonly toMs: number;
  /** `asked`: by --since and --until. `default`: nobody said. `captures`: from before the first to after the last. */
  readonly by: 'asked' | 'default' | 'captures';
}

/** The systems, seen at one time, and judged. */
export interface Look {
  readonly atMs: number;
  /** The capture that it comes from; null: the systems themselves, just now. */
  readonly file: string | null;
  readonly evidence: Evidence;
  readonly verdict: Verdict;
}

/** When something was, and what tells. */
export interface Moment {
  readonly atMs: number;
  readonly by: 'alert' | 'chart' | 'verdict';
  /** True at the edge of what was looked at: it was so already before that, or still so after it. */
  readonly open: boolean;
}

export interface Summary {
  /** Of the worst verdict; `quiet` or `inconclusive` where no look had a finding; null: nobody looked. */
  readonly category: string | null;
  /** Index of the look that said so with the most confidence. */
  readonly look: number | null;
  /** Other categories that were found, worst first. */
  readonly also: readonly string[];
  readonly severity: string | null;
  readonly confidence: Confidence | null;
  readonly began: Moment | null;
  /** null: it goes on, or that is not known; see `state`. */
  readonly ended: Moment | null;
  /**
   * `nothing`: nothing was found in the period, as far as anything was kept of it. `over`: the last look was quiet. `going-on`: the last look still had a
   * finding. `unknown`: see `why`.
   */
  readonly state: 'nothing' | 'over' | 'going-on' | 'unknown';
  readonly why:
    | 'not-looked'
    | 'not-seen'
    | 'inconclusive'
    | 'alert-fires'
    | 'chart-above'
    | 'seems-over'
    | 'rates-fell'
    | null;
  /** From `began` to `ended`, or to the last that is known; null: unknown. */
  readonly durationSeconds: number | null;
  readonly operators: readonly string[];
  /** Nothing is known of what came after. */
  readonly lastKnownMs: number;
}

export type Happening = { readonly atMs: number } & (
  | { readonly kind: 'alert-fires' | 'alert-resolves'; readonly alert: number; readonly open: boolean }
  /** Index of the look; `before`: the category of the look before, null at the first. */
  | { readonly kind: 'verdict'; readonly look: number; readonly before: string | null }
  /** All of a chart together goes above its level, or is below it again. Indices of the chart and of its level. */
  | {
      readonly kind: 'rises' | 'falls';
      readonly chart: number;
      readonly level: number;
      readonly open: boolean;
    }
  /** Index of the response. */
  | { readonly kind: 'remedy' | 'undo' | 'note'; readonly response: number }
);

/** An entity that was part of it. */
export interface Affected {
  /** `ip`, `tenant`, `agent`, ... */
  readonly kind: string;
  readonly id: Id;
  /** The client itself chose this name. */
  readonly claimed: boolean;
  /** Was it a finding's subject, rather than only among the numbers? */
  readonly subject: boolean;
  readonly signal: string;
  readonly unit: string;
  readonly peak: { readonly value: number; readonly atMs: number; readonly atLeast: boolean } | null;
  /** As far as it was looked; null: only the journal names it. */
  readonly firstMs: number | null;
  readonly lastMs: number | null;
  /** Indices of the responses that were about it. */
  readonly responses: readonly number[];
}

export interface Subject {
  readonly kind: string;
  readonly id: string;
}

/** Something that was done, or only noted. */
export interface Response {
  readonly entry: Entry;
  /** Of a note when it happened, as far as it says so. */
  readonly atMs: number;
  /** False of a note that answers nothing: it tells what somebody saw, and nothing was done. */
  readonly isDeed: boolean;
  /** Whom it was about, as its targets name them. */
  readonly subjects: readonly Subject[];
  /** What it was taken back by; null: it was not, or not in this time. */
  readonly undo: { readonly entry: Entry; readonly atMs: number } | null;
  readonly effects: readonly Effect[];
}

/** A mean before and after something was done. That one follows the other does not make it the cause. */
export interface Effect {
  /** Index of the chart. */
  readonly chart: number;
  /** The series; null: all of the chart together. */
  readonly series: string | null;
  readonly before: Mean | null;
  readonly after: Mean | null;
  /**
   * Why one of them is not known; null: both are. `too-soon`: every point after it still looks back on the time before
   * it.
   */
  readonly reason: 'no-samples-before' | 'no-samples-after' | 'too-soon' | null;
  /** Another response fell between the two, so that this may be its effect. */
  readonly mixed: boolean;
}

export interface Mean {
  readonly value: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly points: number;
}

/** A chart, and what is to be known to read numbers from it. */
export interface ReportChart extends Chart {
  /** Seconds that each point looks back on; 0: it is of that moment. */
  readonly windowSeconds: number;
  /** `range`: Prometheus was asked. `capture`: by what captures kept of that. `looks`: a point for each look. */
  readonly from: 'range' | 'capture' | 'looks';
  /** The kind of its series; null: they are no entities. */
  readonly kind: string | null;
  /** What there is beside `series`, in all, as one more line; null: nothing, or it is not known. */
  readonly others: Series | null;
  /** All of it together, of which effects are told; null: there is no such sum. */
  readonly total: Series | null;
  /** Of a failure that `reason` tells of; null: none. */
  readonly cause: Cause | null;
}

/** What the journal of this machine had to say. */
export interface JournalView {
  /** `missing`: there is none, so nothing was done from this machine. */
  readonly state: 'read' | 'missing' | 'unreadable';
  /** False: it shows signs of having been changed; `problems` says where. */
  readonly intact: boolean;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  /** Entries of the period that are about other contexts or systems, and left out. */
  readonly elsewhere: number;
  /** Does it hold the team's entries, too? */
  readonly team: boolean;
}

/** The looks that triage and watch kept on this machine, of the time that the report is about. */
export interface KeptView {
  /** Of the same systems, and read. */
  readonly read: number;
  /** Of the same systems, and left out: they are too many. */
  readonly left: number;
  /** Of other contexts, systems or runbooks. */
  readonly elsewhere: number;
  /** Those that could not be read, or their folder. */
  readonly skipped: readonly { readonly file: string; readonly reason: string }[];
}

/** A signal or one of its sources that could not be seen, in one look or several. */
export interface Unknown {
  readonly signal: string;
  /** null: the signal as a whole. */
  readonly source: string | null;
  readonly status: Extract<Status, 'unknown' | 'absent'>;
  readonly reason: string | null;
  /** Indices of the looks. */
  readonly looks: readonly number[];
}

/** A doubt that a finding came with. */
export interface ReportCaveat {
  readonly category: string;
  readonly caveat: Caveat;
  /** Indices of the looks. */
  readonly looks: readonly number[];
}
