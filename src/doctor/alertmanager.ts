import type { AlertmanagerFacts } from './facts.ts';
import { type Check, checkOf } from './types.ts';

/** Can triage ask about the alert that paged? Nothing when no Alertmanager is configured. */
export function alertmanagerChecks(facts: AlertmanagerFacts | null): Check[] {
  if (facts === null) return [];
  const base = { check: 'alertmanager', source: 'Alertmanager' } as const;
  if (!facts.known) {
    const { cause, reason } = facts;
    return [
      checkOf({ ...base, code: 'alertmanager-unknown', level: 'problem', status: 'unknown', cause, reason }),
    ];
  }
  const { firing, latencyMs } = facts.value;
  return [checkOf({ ...base, code: 'alertmanager-answers', level: 'fine', latencyMs, args: { firing } })];
}
