import type { Config } from '../config/types.ts';
import type { Evidence } from '../evidence/types.ts';
import type { Entry } from '../journal/types.ts';
import type { LimitChange } from '../runbooks/limit-changes.ts';
import type { Runbook } from '../runbooks/schema.ts';
import type { Clock } from '../signals/asked.ts';
import type { Verdict } from '../verdict/types.ts';
import { alertmanagerChecks } from './alertmanager.ts';
import { apiChecks } from './api.ts';
import { categoryChecks } from './categories.ts';
import { clockChecks } from './clocks.ts';
import { configurationChecks } from './configuration.ts';
import { contractChecks, unspokenSources } from './contracts.ts';
import { denyListChecks } from './deny-list.ts';
import { driftChecks, driftedSignals } from './drift.ts';
import type { AlertmanagerFacts, ApiFacts, LogsFacts, NamedFacts, RedisFacts } from './facts.ts';
import { labelChecks } from './labels.ts';
import { limitChecks } from './limits.ts';
import { logsChecks } from './logs.ts';
import type { Need } from './needs.ts';
import { permissionChecks } from './permissions.ts';
import { prometheusChecks } from './prometheus.ts';
import { isUnseen, type Scene, sourcesOf } from './reach.ts';
import { redisChecks } from './redis.ts';
import { sourceChecks } from './sources.ts';
import { type Check, checkOf } from './types.ts';

/** All that was looked at. */
export interface Findings {
  readonly config: Config;
  readonly runbook: Runbook;
  readonly evidence: Evidence;
  readonly verdict: Verdict;
  /** null: the runbook asks nothing of it. */
  readonly redis: RedisFacts | null;
  /** Each that is asked; none: the runbook asks nothing of it. */
  readonly prometheus: readonly NamedFacts[];
  /** null: the runbook asks nothing of logs, or none are configured. */
  readonly logs: LogsFacts | null;
  /** null: none is configured. */
  readonly alertmanager: AlertmanagerFacts | null;
  readonly api: ApiFacts;
  readonly needs: readonly Need[];
  /** What the context sets of the runbook's limits. */
  readonly limitChanges: readonly LimitChange[];
  /** What was done to this very system. */
  readonly entries: readonly Entry[];
  /** False when this machine's journal shows signs of having been changed. */
  readonly isJournalIntact: boolean;
  readonly clock: Clock;
}

/** What all of that means for triage and for the remedies: pure, no clock and no I/O of its own. */
export function diagnose(found: Findings): Check[] {
  const { config, runbook, evidence, verdict, redis, prometheus, clock } = found;
  const sources = sourcesOf(evidence, runbook);
  const drift = driftChecks(runbook, evidence, sources, { redis, prometheus });
  const unspoken = unspokenSources(runbook, sources);
  const scene = { evidence, runbook, sources, unspoken, drifted: driftedSignals(drift, evidence) };
  const { db, topology } = config.redis;
  const { timeoutSeconds } = config;
  const world = { runbook, evidence, sources, db, topology: topology.kind, timeoutSeconds };
  return [
    ...quietChecks(verdict, scene),
    ...drift,
    ...contractChecks(runbook, sources),
    ...categoryChecks(scene),
    ...sourceChecks(scene, prometheus),
    ...(redis === null
      ? []
      : [
          ...redisChecks(redis, world),
          ...permissionChecks(redis.rights, found.needs),
          ...clockChecks('Redis', redis.clock, clock),
        ]),
    ...prometheus.flatMap((one) => {
      const source = one.host === null ? 'Prometheus' : `Prometheus ${one.host}`;
      return [
        ...prometheusChecks(one, { source, windowSeconds: evidence.windowSeconds, asked: prometheus.length }),
        ...(one.scraping.known ? labelChecks(runbook, one.scraping.value, source) : []),
        ...clockChecks(source, one.clock, clock),
      ];
    }),
    ...logsChecks(found.logs, runbook, clock),
    ...alertmanagerChecks(found.alertmanager),
    ...apiChecks(found.api, runbook),
    ...denyListChecks(runbook.remedies['block-ip'], found.entries),
    ...(found.isJournalIntact
      ? []
      : [checkOf({ check: 'journal', code: 'journal-changed', level: 'warning' })]),
    ...configurationChecks(config, runbook),
    ...limitChecks(found.limitChanges, runbook, evidence),
  ];
}

/** Could triage say that all is quiet, and would that be true? */
function quietChecks({ blind }: Verdict, scene: Scene): Check[] {
  const { evidence, runbook, drifted } = scene;
  const groups = runbook['quiet-needs'];
  const troubles = groups.flatMap((group): Check[] => {
    const check = { check: 'quiet', signal: group[0] ?? null, args: { signals: group } } as const;
    const status = (id: string) => evidence.signals[id]?.status;
    if (!blind.includes(group)) {
      // What triage takes for an empty source that is alive may be one that nothing is written to.
      const tells = (id: string) =>
        status(id) === 'measured' || (status(id) === 'empty' && !drifted.has(id) && !isUnseen(id, scene));
      return group.some(tells) ? [] : [checkOf({ ...check, code: 'quiet-deceptive', level: 'problem' })];
    }
    // That it could not be read is said of the source already.
    return group.some((id) => status(id) === 'unknown')
      ? [checkOf({ ...check, code: 'quiet-unknown', level: 'note', status: 'unknown' })]
      : [checkOf({ ...check, code: 'quiet-blind', level: 'problem' })];
  });
  if (troubles.length > 0) return troubles;
  return [
    checkOf({ check: 'quiet', code: 'quiet-possible', level: 'fine', args: { groups: groups.length } }),
  ];
}

/** What a script is told, worst first: refused, unknown, a problem. */
export type Outcome = 'refused' | 'unknown' | 'problem' | 'fine';

/** What triage and the remedies rest on: that something else was refused is told, and no reason to fail. */
const NEEDED: ReadonlySet<Check['check']> = new Set(['source', 'permission', 'alertmanager', 'api']);

export function outcomeOf(checks: readonly Check[]): Outcome {
  if (checks.some(({ check, cause }) => cause === 'auth' && NEEDED.has(check))) return 'refused';
  if (checks.some(({ check, status }) => check === 'source' && status === 'unknown')) return 'unknown';
  return checks.some(({ level }) => level === 'problem') ? 'problem' : 'fine';
}
