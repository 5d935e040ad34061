import type { Row, Sample, Signal } from '../evidence/types.ts';
import type { Because } from '../verdict/types.ts';
import { alertJson } from './alert-text.ts';
import { escapeText } from './escape.ts';
import { toJson } from './json.ts';
import { questionsJson, remedyJson } from './questions.ts';
import { explain, explainCaveat } from './sentences.ts';
import { afterwards, allLinks, isDegraded, summarise, type TriageDocument } from './triage-document.ts';
import { warningsOf } from './triage-unseen.ts';

/** The document `ratelimit/triage/v1`. */
export const triageJson = (document: TriageDocument): string => toJson(triageData(document));

/** What the document holds. Its shape is a contract: keys are only ever added. */
export function triageData(document: TriageDocument): Readonly<Record<string, unknown>> {
  const { evidence, runbook, verdict, context } = document;
  const because = (list: readonly Because[]) =>
    list.map((b) => ({
      code: b.code,
      signal: b.signal,
      measured: b.measured,
      threshold: b.threshold,
      met: b.met,
      text: explain(b, runbook),
    }));
  return {
    schema: 'ratelimit/triage/v1',
    at: evidence.at,
    windowSeconds: evidence.windowSeconds,
    context,
    runbook: runbook.name,
    alert: document.alert && alertJson(document.alert),
    verdict: { category: verdict.category, confidence: verdict.confidence, summary: summarise(document) },
    findings: verdict.findings.map((finding) => ({
      category: finding.category,
      confidence: finding.confidence,
      severity: finding.severity,
      subjects: finding.subjects.map(({ kind, id }) => ({ kind, id })),
      because: because(finding.because),
      caveats: finding.caveats.map((caveat) => ({ code: caveat.code, text: explainCaveat(caveat, runbook) })),
      checks: finding.checks.map((check) => ({
        code: check.code,
        state: check.state,
        because: because(check.because),
      })),
      remedies: (document.remedies.get(finding.category) ?? []).map(remedyJson),
    })),
    ruledOut: verdict.ruledOut.map((rejected) => ({
      category: rejected.category,
      because: because(rejected.because),
    })),
    undecided: verdict.undecided.map((rejected) => ({
      category: rejected.category,
      because: because(rejected.because),
    })),
    questions: questionsJson(document),
    unexplained: because(verdict.unexplained),
    afterwards: afterwards(document),
    links: allLinks(document),
    signals: Object.fromEntries(
      Object.entries(evidence.signals).map(([id, signal]) => [id, signalJson(signal, document.top)]),
    ),
    scan: evidence.scan,
    warnings: [...alertWarnings(document), ...warningsOf(evidence)],
    degraded: isDegraded(evidence) || document.alert?.state === 'unknown',
    timings: { totalMs: document.totalMs },
  };
}

const alertWarnings = ({ alert }: TriageDocument): string[] =>
  alert === null ? [] : alert.warnings.map((warning) => `alert: ${escapeText(warning, 400)}`);

function signalJson(signal: Signal, top: number) {
  return {
    status: signal.status,
    reason: signal.reason,
    sources: signal.sources.map((source) => source.label),
    sourceStatus: signal.sources.map(({ label, status, reason, entities }) => ({
      label,
      status,
      reason,
      entities,
    })),
    unit: signal.unit,
    windowSeconds: signal.windowSeconds,
    total: signal.total,
    totalIsAtMost: signal.atMost,
    usualTotal: signal.baseline,
    distinct: signal.distinct,
    coverage: signal.coverage,
    estimate: signal.sample === null ? null : estimateJson(signal.sample),
    rows: signal.rows.slice(0, top).map(rowJson),
  };
}

/** `total` and `distinct` are estimates then: what was counted, and where the truth lies with 95 %. */
const estimateJson = ({ seen, total, distinct, missed }: Sample) => ({
  seenTotal: seen.total,
  seenDistinct: seen.distinct,
  total: total && { low: total[0], high: total[1] },
  distinct: { low: distinct[0], high: distinct[1] },
  chanceOfMissingAKey: missed,
});

function rowJson(row: Row) {
  const { id, value, share, lastSeenSeconds, labels, limit } = row;
  const { kind, sources, claimed, atLeast, usual, period, expires } = row;
  return {
    ...{ id, value, share, lastSeenSeconds, labels, limit },
    ...{ kind, sources, claimed, atLeast, usual, period, expires },
  };
}
