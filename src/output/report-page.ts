import type { ReportChart } from '../report/model.ts';

/**
 * All that a report says, in the order in which it is read; Markdown, HTML and the terminal lay it out and add no words.
 * Every text is escaped for a terminal already (hidden characters are shown as escapes), and is neither Markdown nor
 * HTML yet.
 */
export interface ReportPage {
  /** `Incident report: credential stuffing from one IP`. */
  readonly title: string;
  /** Sentences for somebody who reads no further. */
  readonly summary: readonly string[];
  /** `Severity`, `Began`, `Ended`, `Duration`, `Operators`, ... */
  readonly facts: readonly Fact[];
  readonly timeline: readonly Moment[];
  /** Source IPs, tenants, agents: a table each. */
  readonly affected: readonly PageTable[];
  readonly responses: readonly PageResponse[];
  /** In the order of the report's charts. */
  readonly charts: readonly PageChart[];
  /** Lists of sentences, each under its title; those without any are left out. */
  readonly unknown: readonly string[];
  readonly caveats: readonly string[];
  readonly followUps: readonly string[];
  /** How the report came about: what was read, which period, what was left out. */
  readonly notes: readonly string[];
}

export interface Fact {
  readonly name: string;
  readonly value: string;
}

export interface Moment {
  /** `2026-05-29 03:12:04 UTC`. */
  readonly at: string;
  readonly atMs: number;
  readonly kind: 'remedy' | 'undo' | 'alert' | 'verdict' | 'chart';
  readonly text: string;
}

export interface PageTable {
  readonly title: string;
  readonly head: readonly string[];
  /** Columns of numbers stand right. */
  readonly right: readonly boolean[];
  readonly rows: readonly (readonly string[])[];
  /** `and 12 more`; null: all are there. */
  readonly more: string | null;
}

export interface PageResponse {
  /** `block-ip 203.0.113.42`. */
  readonly title: string;
  readonly facts: readonly Fact[];
  /** A sentence each: the mean before and after. */
  readonly effects: readonly string[];
}

export interface PageChart {
  readonly chart: ReportChart;
  /** What it shows and how much of it: peak and when, means, what is missing. */
  readonly caption: readonly string[];
}
