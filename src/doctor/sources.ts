import type { Evidence } from '../evidence/types.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { labelOf, namesOf } from '../runbooks/sources.ts';
import { periodOf } from '../values/template.ts';
import type { NamedFacts } from './facts.ts';
import { isUnseen, type Scene, type Source, signalsIn } from './reach.ts';
import { type Check, type Code, checkOf, type Level } from './types.ts';

/** What became of every source of every signal, and who needs it. */
export function sourceChecks(scene: Scene, prometheus: readonly NamedFacts[]): Check[] {
  const { evidence, runbook, sources } = scene;
  const users = usersOf(runbook);
  return sources.map((source): Check => {
    const { signal, spec, report } = source;
    const { status, reason, cause, latencyMs, entities, sample } = report;
    const [code, level] = judge(source, prometheus);
    return checkOf({
      ...{ check: 'source', code, level, signal, source: labelOf(spec), status, reason, cause, latencyMs },
      ...{ entities, sample, freshSeconds: freshness(source, evidence, prometheus) },
      args: {
        title: runbook.signals[signal]?.title ?? signal,
        unit: 'per-second' in spec && spec['per-second'] ? '' : (runbook.signals[signal]?.unit ?? ''),
        categories: users.get(signal) ?? [],
        unseen: isUnseen(signal, scene) ? 'yes' : null,
        unspoken: scene.unspoken.has(source) ? 'yes' : null,
        drifted: scene.drifted.get(signal) ?? null,
        period: namesOf(spec).map(periodOf).find(Boolean) ?? null,
        ...('about' in spec ? { about: spec.about } : {}),
        ...(spec.kind === 'logs-count' ? { system: 'logs' } : {}),
      },
    });
  });
}

function judge({ spec, report }: Source, prometheus: readonly NamedFacts[]): [Code, Level] {
  switch (report.status) {
    case 'measured':
      return ['source-measured', 'fine'];
    case 'empty':
      return isStale(spec, prometheus) ? ['source-stale', 'warning'] : ['source-empty', 'fine'];
    case 'absent':
      return report.cause === 'not-configured' ? ['source-unasked', 'note'] : ['source-absent', 'note'];
    case 'unknown':
      return ['source-unknown', 'problem'];
  }
}

/** A metric that was there once, and of which no sample has come for minutes. */
function isStale(spec: Source['spec'], prometheus: readonly NamedFacts[]): boolean {
  if (!('metric' in spec) || prometheus.length === 0) return false;
  return prometheus.every(({ scraping }) => scraping.known) && ageOf(spec.metric, prometheus) === null;
}

/** Seconds since the newest sample in any of them; null: none tells. */
function ageOf(metric: string, prometheus: readonly NamedFacts[]): number | null {
  const ages = prometheus.flatMap(({ scraping }) =>
    scraping.known ? (scraping.value.ages[metric] ?? []) : [],
  );
  return ages.length > 0 ? Math.min(...ages) : null;
}

/** Seconds since what a source holds was last renewed, where something tells. */
function freshness(
  { signal, spec, report }: Source,
  evidence: Evidence,
  prometheus: readonly NamedFacts[],
): number | null {
  if ('metric' in spec) return ageOf(spec.metric, prometheus);
  const rows = evidence.signals[signal]?.rows ?? [];
  const seen = rows.flatMap(({ sources, lastSeenSeconds }) =>
    lastSeenSeconds !== null && sources.includes(report.label) ? [lastSeenSeconds] : [],
  );
  return seen.length > 0 ? Math.min(...seen) : null;
}

/** Which categories rest on a signal, in the runbook's order of rank. */
function usersOf({ categories }: Runbook): Map<string, string[]> {
  const users = new Map<string, string[]>();
  for (const { id, when, 'sure-when': sure } of [...categories].sort((a, b) => a.rank - b.rank)) {
    for (const signal of new Set(signalsIn([when, sure]))) {
      users.set(signal, [...(users.get(signal) ?? []), id]);
    }
  }
  return users;
}
