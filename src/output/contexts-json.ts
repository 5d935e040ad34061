import { type ContextsDocument, isDegradedAnywhere, remarksOf, summariseAll } from './contexts-document.ts';
import { errorData } from './error.ts';
import { toJson } from './json.ts';
import { triageData } from './triage-json.ts';

/** The document `ratelimit/triage-contexts/v1`. Its shape is a contract: keys are only ever added. */
export function contextsJson(document: ContextsDocument): string {
  const { at, runs, overall, shared, totalMs } = document;
  const { category, confidence, severity, contexts } = overall;
  return toJson({
    schema: 'ratelimit/triage-contexts/v1',
    at,
    verdict: { category, confidence, severity, contexts, summary: summariseAll(document) },
    shared,
    contexts: runs.map((run) => ({
      context: run.context,
      exitCode: run.exitCode,
      triage: run.document === null ? null : triageData(run.document),
      error: run.error === null ? null : errorData(run.error),
    })),
    warnings: remarksOf(document),
    degraded: isDegradedAnywhere(document),
    timings: { totalMs },
  });
}
