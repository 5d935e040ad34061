import type { Config } from '../../src/config/types.ts';
import { diagnose, type Findings } from '../../src/doctor/diagnose.ts';
import type { LogsFacts, NamedFacts, RedisFacts, Rights, Survey, Told } from '../../src/doctor/facts.ts';
import { needsOf } from '../../src/doctor/needs.ts';
import type { Check, Code } from '../../src/doctor/types.ts';
import type { Evidence, Signal, SourceReport, Status } from '../../src/evidence/types.ts';
import { absent, empty, measured, rowOf, unknown } from '../../src/evidence/types.ts';
import type { Runbook, SourceSpec } from '../../src/runbooks/schema.ts';
import { labelOf, namesOf } from '../../src/runbooks/sources.ts';
import { judge } from '../../src/verdict/judge.ts';
import { clock } from './collecting.ts';
import { aegis, builtIn, evidence as plain } from './evidence.ts';

/** What of a runbook's names a system has; names are key templates and metrics. */
export interface System {
  /** Names that hold something. */
  readonly has?: readonly string[];
  /** `absent` for a Redis without any key of the namespace, `empty` for one that has some. */
  readonly otherKeys?: 'absent' | 'empty' | 'unknown';
  readonly otherMetrics?: 'absent' | 'unknown';
}

export const known = <T>(value: T): Told<T> => ({ known: true, value });
export const untold = (reason = 'refused'): { known: false; cause: 'auth'; reason: string } => ({
  ...{ known: false, cause: 'auth', reason },
});

/** The two contracts of Aegis, all of whose names hold something. */
export const speaks = (id: string): string[] => [
  ...(aegis.contracts.find((contract) => contract.id === id)?.speaks ?? []),
  ...['up', 'process_start_time_seconds'],
];

const CAUSE = 'refused';

function statusOf(
  spec: SourceSpec,
  { has = [], otherKeys = 'empty', otherMetrics = 'absent' }: System,
): Status {
  if (spec.kind === 'prometheus-query') return 'absent';
  const [name = ''] = namesOf(spec);
  if (has.includes(name)) return 'measured';
  return 'metric' in spec ? otherMetrics : otherKeys;
}

/** Evidence of a system as `collect` would make it, one entity to a source that holds something. */
function evidenceOf(system: System, runbook: Runbook = aegis): Evidence {
  const signals = Object.entries(runbook.signals).map(([id, spec]): [string, Signal] => {
    const sources = spec.sources.map((source): SourceReport => {
      const status = statusOf(source, system);
      const isMeasured = status === 'measured';
      return {
        ...{ label: labelOf(source), status, latencyMs: 7 },
        ...{ reason: isMeasured ? null : `it is ${status}`, entities: isMeasured ? 1 : null },
        cause: source.kind === 'prometheus-query' ? 'not-configured' : status === 'unknown' ? CAUSE : null,
        sample: isMeasured ? { id: 'one', value: 1 } : null,
      };
    });
    const of = (status: Status) => sources.some((source) => source.status === status);
    const isQuery = spec.sources.every(({ kind }) => kind === 'prometheus-query');
    const reading = of('measured')
      ? measured({ total: 1, distinct: 1, rows: [] })
      : of('unknown')
        ? unknown(CAUSE, 'it is unknown')
        : of('empty')
          ? empty()
          : absent('it is absent', isQuery ? 'not-configured' : null);
    return [id, { ...reading, unit: spec.unit, windowSeconds: 300, sources }];
  });
  return { ...plain({}, runbook), signals: Object.fromEntries(signals) };
}

const PLAIN = { bearerToken: null, basicAuth: null, headers: {}, tls: null };

export const configOf = (more: Partial<Config> = {}): Config => ({
  ...{ context: 'prod', file: '/etc/ratelimit.yaml', production: false, runbook: 'aegis' },
  redis: {
    ...{ host: 'redis', port: 6379, path: null, db: 0, username: null, password: null, tls: null },
    ...{ topology: { kind: 'server', reader: null }, read: 'primary' },
    display: 'redis://redis:6379',
  },
  prometheus: [{ url: 'http://prometheus:9090', ...PLAIN }],
  alertmanager: { url: 'http://alertmanager:9093', ...PLAIN },
  ...{
    api: null,
    logs: null,
    links: {},
    queries: {},
    thresholds: {},
    limits: {},
    timeoutSeconds: 5,
    neverBlock: [],
    maxBlockTtlSeconds: 86_400,
  },
  ...{ capCeiling: null, journalStream: null, keepLooks: true, origins: [] },
  from: {
    ...{ file: 'default', context: 'default', runbook: 'default' },
    ...{ redis: 'default', prometheus: 'default', alertmanager: 'default', api: 'default', logs: 'default' },
  },
  ...more,
});

const AT = '2026-05-29T03:12:04.000Z';
const agrees = known({ aheadMs: 3, plusMinusMs: 2, at: AT });

export const surveyOf = (more: Partial<Survey> = {}): Survey => ({
  ...{ keys: 10, known: {}, unread: [], isComplete: true, elsewhere: [], tookMs: 3 },
  ...more,
});

export const allRights = (config: Config, allowed: boolean | null = true): Rights => ({
  ...{ user: 'triage', how: 'dry-run', mayAnything: false },
  rights: needsOf(aegis, { journalStream: config.journalStream, db: config.redis.db }).map(
    ({ command, key }) => ({ command, key, allowed }),
  ),
});

export const redisFacts = (more: Partial<RedisFacts> = {}): RedisFacts => ({
  servers: known({ names: ['redis:6379'], lost: [] }),
  clock: agrees,
  info: known({
    ...{ of: null, totalBytes: 1_000_000 },
    ...{
      version: '7.0.15',
      valkey: null,
      isLoading: false,
      role: 'master',
      linkUp: null,
      policy: 'noeviction',
      maxmemoryBytes: 0,
    },
    ...{ usedBytes: 1_000_000, evicted: 0, keys: { 0: 10 } },
  }),
  rights: known(allRights(configOf())),
  survey: known(surveyOf()),
  ...more,
});

export const prometheusFacts = (more: Partial<NamedFacts> = {}): NamedFacts => ({
  host: null,
  clock: agrees,
  version: known('2.42.0'),
  scraping: known({
    ...{ intervals: { acp_auth_failures_total: 15 }, ages: {}, duplicates: [], labels: {} },
    instances: { count: 1, names: ['gw-1:8000'] },
    prometheuses: { count: 1, names: ['prometheus:9090'] },
  }),
  names: known({ names: [], isComplete: true }),
  ...more,
});

export const logsFacts = (more: Partial<LogsFacts> = {}): LogsFacts => ({
  clock: agrees,
  version: known({ name: '2.9.7', latencyMs: 3 }),
  ready: { state: 'ready', latencyMs: 2 },
  streams: [],
  ...more,
});

/** Evidence of tps-limits, all of it read, where these callers are all that there are. */
export function callers(all: readonly { readonly id: string; readonly tier: string }[]): Evidence {
  const runbook = builtIn('tps-limits');
  const rows = all.map(({ id, tier }) =>
    rowOf({ id, valid: true, value: 10, labels: { tier: { [tier]: 10 } } }),
  );
  const reading = measured({ total: 10 * rows.length, distinct: rows.length, rows });
  const facts = evidenceOf({}, runbook);
  const signals = Object.entries(facts.signals).map(([id, signal]) =>
    id === 'requests-by-caller' ? [id, { ...signal, ...reading }] : [id, signal],
  );
  return { ...facts, signals: Object.fromEntries(signals) };
}

/** All that a run looked at: a system that is well, but for what is given. */
export function findings(system: System, more: Partial<Findings> = {}): Findings {
  const runbook = more.runbook ?? aegis;
  const config = more.config ?? configOf();
  const evidence = more.evidence ?? evidenceOf(system, runbook);
  return {
    ...{ config, runbook, evidence, verdict: judge(evidence, runbook), clock },
    ...{
      redis: redisFacts(),
      prometheus: [prometheusFacts()],
      logs: null,
      limitChanges: [],
      alertmanager: null,
      api: { state: 'not-configured' },
    },
    needs: needsOf(runbook, { journalStream: config.journalStream, db: config.redis.db }),
    ...{ entries: [], isJournalIntact: true },
    ...more,
  };
}

/** The checks of such a run. */
export const checksOf = (system: System, more: Partial<Findings> = {}): Check[] =>
  diagnose(findings(system, more));

export const codesOf = (checks: readonly Check[]): Code[] => [...new Set(checks.map(({ code }) => code))];

/** The one check of a code; throws when there is none or another one. */
export function only(checks: readonly Check[], code: Code): Check {
  const found = checks.filter((check) => check.code === code);
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  throw new Error(`${found.length} checks of ${code} among ${codesOf(checks).join(', ')}`);
}
