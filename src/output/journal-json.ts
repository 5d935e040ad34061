import type { ShownJournal } from './journal-facts.ts';
import { toJson } from './json.ts';
import { changeJson } from './remedy-json.ts';

/** The document `ratelimit/journal/v1`, of one entry too. Its shape is a contract: keys are only ever added. */
export function journalJson({ entries, intact, warnings }: ShownJournal): string {
  const shown = entries.map((entry) => ({
    ...{ id: entry.id, seq: entry.seq, at: entry.at, remedy: entry.remedy },
    ...{ status: entry.status, resolved: entry.resolved },
    ...{ verified: entry.verified, verification: entry.verification },
    ...{ operator: entry.operator, reason: entry.reason, context: entry.context, runbook: entry.runbook },
    systems: {
      ...{ redis: entry.systems.redis, api: entry.systems.api },
      prometheus: entry.systems.prometheus ?? null,
    },
    changes: entry.changes.map(changeJson),
    ...{ undoes: entry.undoes, undoneBy: entry.undoneBy, now: entry.now, team: entry.team },
    note: entry.note ?? null,
  }));
  return toJson({ schema: 'ratelimit/journal/v1', entries: shown, intact, warnings });
}
