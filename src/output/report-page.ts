import type { Report, ReportChart } from '../report/model.ts';
import type { Series } from '../report/types.ts';
import type { Clock } from '../signals/asked.ts';
import { formatDuration } from '../values/duration.ts';
import { escapeText } from './escape.ts';
import { capital, SENTENCE } from './lines.ts';
import { affectedTables, nobodyOf } from './report-affected.ts';
import { caveatsText, notesOf, unknownsText } from './report-notes.ts';
import { responseText } from './report-responses.ts';
import { factsOf, summaryText, titleOf } from './report-summary.ts';
import { timelineText } from './report-timeline.ts';
import { amountOf, momentText } from './report-words.ts';

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
  /** `When it was looked at, no tenant and no agent stood out.`; null: there is no such kind. */
  readonly unaffected: string | null;
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
  readonly kind: 'remedy' | 'undo' | 'note' | 'alert' | 'verdict' | 'chart';
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
  /** `block-ip 203.0.113.42`, `note, step tell-crm`. */
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

/** A report in the words and the order of its page. */
export function reportPage(report: Report, clock: Clock): ReportPage {
  return {
    title: titleOf(report),
    summary: summaryText(report, clock),
    facts: factsOf(report, clock),
    timeline: timelineText(report, clock),
    affected: affectedTables(report, clock),
    unaffected: nobodyOf(report),
    responses: report.responses.map((response) => responseText(response, report, clock)),
    charts: report.charts.map((chart) => ({ chart, caption: captionOf(chart, clock) })),
    unknown: unknownsText(report),
    caveats: caveatsText(report),
    followUps: report.followUps,
    notes: notesOf(report, clock),
  };
}

/** What a chart shows in words, for whoever cannot see it, and what is missing in it. */
function captionOf(chart: ReportChart, clock: Clock): string[] {
  const { total, series, reason, stepSeconds, windowSeconds } = chart;
  const peak = peakIn(total === null ? series : [total]);
  const whose = total === null && peak !== null ? ` (${escapeText(peak.id, 64)})` : '';
  const what = total === null ? 'Highest' : 'Highest in all';
  const gaps = [...(total === null ? series : [total])].some(({ points }) =>
    points.some(([, value]) => value === null),
  );
  const resolution = [
    stepSeconds === null ? 'a point for each look' : `a point every ${formatDuration(stepSeconds)}`,
    ...(windowSeconds === 0 ? [] : [`each over the ${formatDuration(windowSeconds)} before it`]),
    ...(gaps && peak !== null ? ['where a line is missing nothing is recorded'] : []),
  ];
  return [
    ...(peak === null
      ? ['Nothing to see.']
      : peak.value === 0
        ? ['None in this time.']
        : [
            `${what}: ${amountOf(peak.value, chart)}${whose} at ${momentText(peak.atMs, clock)}.`,
            `${capital(resolution.join(', '))}.`,
          ]),
    ...(reason === null ? [] : [`${capital(escapeText(reason, SENTENCE))}.`]),
  ];
}

interface Peak {
  readonly id: string;
  readonly atMs: number;
  readonly value: number;
}

/** The largest value of some lines, the first of several that are as large; null: nothing is known. */
function peakIn(lines: readonly Series[]): Peak | null {
  let best: Peak | null = null;
  for (const { id, points } of lines) {
    for (const [atMs, value] of points) {
      if (value !== null && (best === null || value > best.value)) best = { id, atMs, value };
    }
  }
  return best;
}
