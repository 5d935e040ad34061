import type { DoctorDocument } from './doctor-document.ts';
import { headline } from './doctor-headline.ts';
import { tell } from './doctor-tell.ts';
import { toJson } from './json.ts';

/** The document `ratelimit/doctor/v1`. Its shape is a contract: keys are only ever added. */
export function doctorJson(document: DoctorDocument): string {
  const { checks, config, runbook, evidence, outcome, acl, warnings, totalMs } = document;
  return toJson({
    schema: 'ratelimit/doctor/v1',
    at: evidence.at,
    windowSeconds: evidence.windowSeconds,
    context: config.context,
    runbook: runbook.name,
    outcome,
    summary: headline(document),
    checks: checks.map((check) => {
      const { text, advice } = tell(check, document);
      return {
        ...{ check: check.check, code: check.code, level: check.level },
        ...{ signal: check.signal, source: check.source, status: check.status },
        ...{ cause: check.cause, reason: check.reason, sample: check.sample, latencyMs: check.latencyMs },
        ...{ freshSeconds: check.freshSeconds, entities: check.entities, measured: check.args },
        ...{ text, advice },
      };
    }),
    acl,
    warnings,
    timings: { totalMs },
  });
}
