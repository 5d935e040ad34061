import type { Evidence } from '../evidence/types.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { labelOf, namesOf } from '../runbooks/sources.ts';
import { periodOf } from '../values/template.ts';
import type { PrometheusFacts } from './facts.ts';
import { isUnseen, type Scene, type Source, signalsIn } from './reach.ts';
import { type Check, type Code, checkOf, type Level } from './types.ts';

/** What became of every source of every signal, and who needs it. */
export function sourceChecks(scene: Scene, prometheus: PrometheusFacts | null): Check[] {
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
      },
    });
  });
}

function judge({ spec, report }: Source, prometheus: PrometheusFacts | null): [Code, Level] {
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
function isStale(spec: Source['spec'], prometheus: PrometheusFacts | null): boolean {
  if (!('metric' in spec) || prometheus === null || !prometheus.scraping.known) return false;
  const { ages } = prometheus.scraping.value;
  return ages[spec.metric] === undefined;
}

/** Seconds since what a source holds was last renewed, where something tells. */
function freshness(
  { signal, spec, report }: Source,
  evidence: Evidence,
  prometheus: PrometheusFacts | null,
): number | null {
  if ('metric' in spec)
    return prometheus?.scraping.known ? (prometheus.scraping.value.ages[spec.metric] ?? null) : null;
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
