import type { AlertPeriod } from '../evidence/history.ts';
import type { Affected, Effect, Look, Mean, Moment, Report, ReportChart, Response } from '../report/model.ts';
import type { Series } from '../report/types.ts';
import type { Clock } from '../signals/asked.ts';
import { toJson } from './json.ts';
import { effectText } from './report-effects.ts';
import { reportPage } from './report-page.ts';
import { explainCaveat } from './sentences.ts';
import { isDegraded } from './triage-document.ts';

/** The document `ratelimit/report/v1`. Its shape is a contract: keys are only ever added. */
export function reportJson(report: Report, clock: Clock, degraded: boolean): string {
  const page = reportPage(report, clock);
  const at = (ms: number) => clock.iso(ms);
  const { context, runbook, period, summary, looks, alerts, journal } = report;
  const moment = (one: Moment | null) => one && { at: at(one.atMs), by: one.by, open: one.open };
  return toJson({
    ...{ schema: 'ratelimit/report/v1', title: page.title, context, runbook: runbook.name },
    ...{ madeAt: at(report.madeAtMs), from: at(period.fromMs), to: at(period.toMs), periodBy: period.by },
    redacted: report.redacted,
    summary: {
      ...{ text: page.summary, category: summary.category, also: summary.also },
      ...{ severity: summary.severity, confidence: summary.confidence },
      ...{ began: moment(summary.began), ended: moment(summary.ended) },
      ...{ state: summary.state, why: summary.why, durationSeconds: summary.durationSeconds },
      ...{ operators: summary.operators, lastKnownAt: at(summary.lastKnownMs) },
    },
    timeline: page.timeline.map(({ atMs, kind, text }) => ({ at: at(atMs), kind, text })),
    affected: report.affected.map((one) => affectedJson(one, report, at)),
    affectedMore: report.affectedMore,
    responses: report.responses.map((one) => responseJson(one, report, clock)),
    charts: report.charts.map(chartJson),
    alerts: {
      ...{ names: alerts.names, stepSeconds: alerts.stepSeconds, reason: alerts.reason },
      periods: alerts.periods.map((one) => alertJson(one, at)),
    },
    looks: looks.map((look) => lookJson(look, at)),
    journal,
    keptLooks: report.kept,
    unknown: report.unknowns.map(({ signal, source, status, reason, looks: indices }) => ({
      ...{ signal, source, status, reason, looks: indices.flatMap((index) => timeOf(looks[index], at)) },
    })),
    caveats: report.caveats.map(({ category, caveat, looks: indices }) => ({
      ...{ category, code: caveat.code, text: explainCaveat(caveat, runbook) },
      looks: indices.flatMap((index) => timeOf(looks[index], at)),
    })),
    ...{ followUps: page.followUps, notes: page.notes, degraded },
  });
}

type At = (ms: number) => string;

const timeOf = (look: Look | undefined, at: At): string[] => (look === undefined ? [] : [at(look.atMs)]);

const orNull = (ms: number | null, at: At): string | null => (ms === null ? null : at(ms));

function affectedJson(one: Affected, { responses }: Report, at: At) {
  const { kind, id, claimed, subject, signal, unit, peak, firstMs, lastMs } = one;
  return {
    ...{ kind, id, claimed, subject, signal: signal === '' ? null : signal, unit: unit === '' ? null : unit },
    peak: peak && { value: peak.value, at: at(peak.atMs), atLeast: peak.atLeast },
    ...{ firstSeenAt: orNull(firstMs, at), lastSeenAt: orNull(lastMs, at) },
    responses: one.responses.flatMap((index) => responses[index]?.entry.id ?? []),
  };
}

function responseJson(response: Response, report: Report, clock: Clock) {
  const { entry, subjects, undo, effects } = response;
  return {
    ...{ id: entry.id, at: entry.at, remedy: entry.remedy, operator: entry.operator, reason: entry.reason },
    ...{ status: entry.status, verified: entry.verified, verification: entry.verification, subjects },
    note: entry.note ?? null,
    undo: undo && {
      ...{ id: undo.entry.id, at: undo.entry.at, operator: undo.entry.operator, reason: undo.entry.reason },
    },
    effects: effects.map((effect) => effectJson(effect, report, clock)),
  };
}

function effectJson(effect: Effect, report: Report, clock: Clock) {
  const mean = (one: Mean | null) =>
    one && {
      ...{ value: one.value, from: clock.iso(one.fromMs), to: clock.iso(one.toMs), points: one.points },
    };
  return {
    chart: report.charts[effect.chart]?.id ?? null,
    ...{ series: effect.series, before: mean(effect.before), after: mean(effect.after) },
    ...{ reason: effect.reason, mixed: effect.mixed, text: effectText(effect, report, clock) },
  };
}

/** Points are `[seconds since the epoch, value or null]`: there are many. */
const pointsJson = ({ points }: Series) => points.map(([ms, value]) => [ms / 1_000, value]);

function chartJson(chart: ReportChart) {
  const { id, title, unit, kind, levels, stepSeconds, windowSeconds, from, reason } = chart;
  return {
    ...{ signal: id, title, unit, kind, stepSeconds, windowSeconds, pointsFrom: from, reason, levels },
    series: chart.series.map((one) => ({ id: one.id, points: pointsJson(one) })),
    others: chart.others && pointsJson(chart.others),
    total: chart.total && pointsJson(chart.total),
  };
}

const alertJson = ({ name, labels, fromMs, toMs, open }: AlertPeriod, at: At) => ({
  ...{ name, labels, from: at(fromMs), to: orNull(toMs, at), open },
});

function lookJson({ atMs, file, verdict, evidence }: Look, at: At) {
  return {
    ...{ at: at(atMs), file, category: verdict.category, confidence: verdict.confidence },
    findings: verdict.findings.map(({ category, confidence, severity, subjects }) => ({
      ...{ category, confidence, severity, subjects: subjects.map(({ kind, id }) => ({ kind, id })) },
    })),
    degraded: isDegraded(evidence),
  };
}
