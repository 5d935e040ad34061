import { EXIT, type ExitCode, type RatelimitError } from '../../src/errors.ts';
import type { Reading } from '../../src/evidence/types.ts';
import type { ContextRun, ContextsDocument } from '../../src/output/contexts-document.ts';
import { across } from '../../src/verdict/across.ts';
import { aegis } from './evidence.ts';
import { documentOf } from './triage.ts';

/** A context whose signals read so, of systems of its own unless `places` says otherwise. */
export function judgedRun(
  context: string,
  readings: Readonly<Record<string, Reading>>,
  places: Partial<ContextRun['places']> = {},
): ContextRun {
  const made = documentOf(readings);
  // As documentOf has it, but for the name.
  const evidence = { ...made.evidence, reach: ['--context', context] };
  const document = { ...made, evidence, context };
  return {
    ...{ context, runbook: document.runbook, verdict: document.verdict, document, error: null },
    exitCode: EXIT.done,
    places: { redis: `redis of ${context}`, prometheus: `prometheus of ${context}`, ...places },
  };
}

/** A context that could not be triaged. */
export const failedRun = (context: string, error: RatelimitError): ContextRun => ({
  ...{ context, runbook: aegis, verdict: null, document: null, error, exitCode: error.exitCode as ExitCode },
  places: { redis: `redis of ${context}`, prometheus: `prometheus of ${context}` },
});

/** All that a run over these contexts has to say. */
export const overAll = (...runs: ContextRun[]): ContextsDocument => ({
  ...{ runs, ...across(runs), at: '2026-05-29T03:12:04.000Z', totalMs: 300 },
});
