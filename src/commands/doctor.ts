import { systemsOf } from '../config/reach.ts';
import type { Context } from '../context.ts';
import { aclLine, SENTINEL_LINE } from '../doctor/acl.ts';
import { diagnose, type Findings, outcomeOf } from '../doctor/diagnose.ts';
import type { LogsFacts, NamedFacts, RedisFacts, Told } from '../doctor/facts.ts';
import { needsOf } from '../doctor/needs.ts';
import { EXIT, type ExitCode } from '../errors.ts';
import { collect } from '../evidence/collect.ts';
import type { DoctorDocument } from '../output/doctor-document.ts';
import { aclText, doctorText } from '../output/doctor-text.ts';
import { paintFor } from '../output/paint-for.ts';
import { startProgress } from '../output/progress.ts';
import { warningOf } from '../output/triage-unseen.ts';
import type { GlobalFlags } from '../program.ts';
import { guardToken } from '../remedies/guards.ts';
import { limitChanges } from '../runbooks/limit-changes.ts';
import { withSettings } from '../runbooks/load.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { namesOf, readsOf } from '../runbooks/sources.ts';
import { wantedLabels } from '../runbooks/wanted-labels.ts';
import type { Probes } from '../signals/probes.ts';
import { told } from '../signals/told.ts';
import { judge } from '../verdict/judge.ts';
import { entriesHere, readHistory } from './history.ts';
import { type Parts, withParts } from './parts.ts';
import { streamsFor } from './streams.ts';

export interface DoctorFlags extends GlobalFlags {
  /** Seconds. */
  readonly window: number;
  /** Only the lines that make the Redis users. */
  readonly acl: boolean;
}

const EXITS: Readonly<Record<ReturnType<typeof outcomeOf>, ExitCode>> = {
  refused: EXIT.auth,
  unknown: EXIT.degraded,
  problem: EXIT.failure,
  fine: EXIT.done,
};

/** `ratelimit doctor`: what triage would rest on, looked at before the page comes. */
export async function doctorCommand(flags: DoctorFlags, context: Context): Promise<ExitCode> {
  const streams = streamsFor(flags, context);
  return withParts(flags, context, async (given) => {
    const { config } = given;
    const runbook = withSettings(given.runbook, config);
    const parts = { ...given, runbook };
    const changes = limitChanges(given.runbook.limits, config.limits);
    const { journalStream, redis } = config;
    const isCluster = redis.topology.kind === 'cluster';
    const needs = needsOf(runbook, { journalStream, db: redis.db, isCluster });
    const sentinel = redis.topology.kind === 'sentinel' ? SENTINEL_LINE : null;
    if (flags.acl) {
      const lines = { triage: aclLine('triage', needs), operator: aclLine('operator', needs), sentinel };
      streams.out(aclText(lines, flags.output));
      return EXIT.done;
    }
    const what = `looking at ${systemsOf(config).join(' and ')}`;
    const stopProgress = startProgress(streams, what, flags.quiet);
    const examined = await examine(parts, needs, flags.window, context).finally(stopProgress);
    const { warnings, totalMs, ...found } = examined;
    const checks = diagnose({ ...found, limitChanges: changes });
    const version = found.redis?.info.known ? found.redis.info.value.version : null;
    // Before 7.0 a user's keys could not be given for reading alone.
    const isDirectional = version === null || Number.parseInt(version, 10) >= 7;
    const outcome = outcomeOf(checks);
    const document: DoctorDocument = {
      ...{ checks, config, runbook, evidence: found.evidence, outcome, warnings, totalMs },
      acl: {
        triage: aclLine('triage', needs),
        operator: aclLine('operator', needs, isDirectional),
        sentinel,
      },
    };
    streams.out(doctorText(document, flags.output, await paintFor(streams.colorOut), streams.columns));
    return EXITS[outcome];
  });
}

type Examined = Omit<Findings, 'limitChanges'> & {
  readonly warnings: readonly string[];
  readonly totalMs: number;
};

/** Asks everything at once, under the one deadline; the look at the keys comes last, with what is left of it. */
async function examine(
  parts: Parts,
  needs: Findings['needs'],
  windowSeconds: number,
  context: Context,
): Promise<Examined> {
  const { config, runbook, keyspace } = parts;
  const { clock, interrupt } = context;
  const startedAt = clock.now();
  const deadlineMs = config.timeoutSeconds * 1_000;
  const [adapters, probes] = await Promise.all([context.adapters(), context.probes()]);
  const asks = readsOf(runbook);
  const deadline = AbortSignal.timeout(deadlineMs);
  const end = AbortSignal.any([deadline, interrupt]);
  end.addEventListener('abort', () => keyspace.close(), { once: true });
  const inTime = <T>(asking: () => Promise<Told<T>>) => askedIn(deadline, asking);
  try {
    const [evidence, server, prometheus, logs, alertmanager, api, history] = await Promise.all([
      collect(adapters, { config, runbook, windowSeconds, clock }, interrupt),
      asks.redis ? askServer(probes, parts, needs, clock, inTime) : null,
      asks.prometheus ? askPrometheus(probes, parts, { windowSeconds, clock, signal: end }) : [],
      askLogs(probes, parts, { clock, signal: end }),
      askAlertmanager(config, context),
      Promise.race([askApi(probes, parts, context), silentAfter(deadline)]),
      readHistory(context, parts),
    ]);
    const leftMs = startedAt + deadlineMs - clock.now();
    const redis =
      server === null
        ? null
        : { ...server, survey: await inTime(() => survey(probes, parts, leftMs, clock)) };
    interrupt.throwIfAborted();
    return {
      ...{ config, runbook, evidence, redis, prometheus, logs, alertmanager, api, needs, clock },
      ...{ verdict: judge(evidence, runbook), isJournalIntact: history.intact },
      entries: entriesHere(history, parts),
      warnings: [...new Set([...history.warnings, ...warningsOf(evidence)])],
      totalMs: clock.now() - startedAt,
    };
  } catch (error) {
    // What a connection says that was hung up on purpose is no answer of a system.
    interrupt.throwIfAborted();
    throw error;
  }
}

const LATE = { cause: 'timeout', reason: 'no answer before the deadline' } as const;

/** The deadline is one for all questions: those that come after it are not asked. */
async function askedIn<T>(deadline: AbortSignal, asking: () => Promise<Told<T>>): Promise<Told<T>> {
  if (deadline.aborted) return { known: false, ...LATE };
  const answer = await asking();
  return deadline.aborted && !answer.known ? { known: false, ...LATE } : answer;
}

/** What is said of the API when the deadline has passed. */
const silentAfter = (deadline: AbortSignal): Promise<Findings['api']> =>
  new Promise((resolve) => {
    deadline.addEventListener('abort', () => resolve({ state: 'unreachable', ...LATE }), { once: true });
  });

const warningsOf = ({ signals }: Findings['evidence']): string[] =>
  Object.entries(signals).flatMap(([id, { warnings, sources }]) =>
    // Why a source could not be read is said of the source.
    warnings
      .filter((warning) => !sources.some(({ reason }) => reason === warning))
      .map((warning) => warningOf(id, warning)),
  );

/** One after the other, so that no question delays the clock's answer. */
async function askServer(
  probes: Probes,
  { keyspace, config }: Parts,
  needs: Findings['needs'],
  clock: Context['clock'],
  inTime: <T>(asking: () => Promise<Told<T>>) => Promise<Told<T>>,
): Promise<Omit<RedisFacts, 'survey'>> {
  const skew = await inTime(() => probes.redisClock(keyspace, clock));
  // A server that is not there is not asked again.
  if (!skew.known && skew.cause !== 'auth') return { servers: skew, clock: skew, info: skew, rights: skew };
  return {
    servers: await inTime(() => probes.redisServers(keyspace)),
    clock: skew,
    info: await inTime(() => probes.redisInfo(keyspace)),
    rights: await inTime(() => probes.redisRights(keyspace, needs, config.redis.username)),
  };
}

/** Of the deadline, what the look at the keyspace may take at the most, milliseconds. */
const SURVEY_MS = 2_000;

function survey(
  probes: Probes,
  { keyspace, runbook }: Parts,
  leftMs: number,
  clock: Context['clock'],
): Promise<RedisFacts['survey']> {
  return probes.surveyKeys(keyspace, {
    namespace: runbook.namespace ?? '',
    templates: templatesIn(runbook),
    budgetMs: Math.min(SURVEY_MS, leftMs),
    clock,
  });
}

/** Every key that some part of the runbook reads or writes. */
function templatesIn({ signals, remedies }: Runbook): string[] {
  const { 'block-ip': block, 'kill-switch': halt } = remedies;
  const ofSignals = Object.values(signals).flatMap(({ sources }) =>
    sources.flatMap((source) => (source.kind.startsWith('redis-') ? namesOf(source) : [])),
  );
  const ofBlocks = block === null ? [] : [block.key, ...block.counters.map(({ key }) => key), ...block.peers];
  const ofSwitch = halt === null ? [] : [...(halt.key === null ? [] : [halt.key]), ...halt.reasons];
  return [...new Set([...ofSignals, ...ofBlocks, ...ofSwitch])];
}

/** What every Prometheus has of itself and of what it scrapes. */
const COMMON = ['up', 'process_start_time_seconds'];

function askPrometheus(
  probes: Probes,
  { config, runbook }: Parts,
  how: { readonly windowSeconds: number; readonly clock: Context['clock']; readonly signal: AbortSignal },
): Promise<NamedFacts[]> {
  const named = Object.values(runbook.signals).flatMap(({ sources }) =>
    sources.flatMap((source) => ('metric' in source ? [source.metric] : [])),
  );
  const all = [...new Set(named)];
  const metrics = all.filter((metric) => !COMMON.includes(metric));
  return Promise.all(
    config.prometheus.map(async (target) => ({
      ...(await probes.prometheusHealth(target, { all, metrics, labels: wantedLabels(runbook), ...how })),
      host: config.prometheus.length > 1 ? new URL(target.url).host : null,
    })),
  );
}

/** The store of the logs, where the runbook reads any and one is configured; a kind of its own is a case of its own. */
function askLogs(
  probes: Probes,
  { config: { logs }, runbook: { signals } }: Parts,
  how: { readonly clock: Context['clock']; readonly signal: AbortSignal },
): Promise<LogsFacts> | null {
  const streams = Object.values(signals).flatMap(({ sources }) =>
    sources.flatMap((source) => (source.kind === 'logs-count' ? [logs?.selector ?? source.streams] : [])),
  );
  if (logs === null || streams.length === 0) return null;
  const each = new Map(streams.map((one) => [JSON.stringify(Object.entries(one).sort()), one]));
  const selectors = [...each.values()].filter((one) => Object.keys(one).length > 0);
  switch (logs.kind) {
    case 'loki':
      return probes.lokiHealth(logs.http, { selectors, ...how });
  }
}

/** One that nobody has configured is not asked: who pages without one need not have it. */
async function askAlertmanager(
  { alertmanager: target, from, timeoutSeconds }: Parts['config'],
  { alertmanager, clock }: Context,
): Promise<Findings['alertmanager']> {
  if (from.alertmanager === 'default') return null;
  const startedAt = clock.now();
  const client = await alertmanager(target, timeoutSeconds * 1_000);
  return told(async () => {
    const { length: firing } = await client.alerts();
    return { firing, latencyMs: clock.now() - startedAt };
  });
}

function askApi(
  probes: Probes,
  { config, runbook, api }: Parts,
  { clock }: Context,
): Promise<Findings['api']> {
  return probes.apiHealth({
    ...{ target: config.api, api, clock },
    path: runbook.remedies['kill-switch']?.path ?? null,
    inTheClear: config.api === null ? null : (guardToken(config.api)?.message ?? null),
  });
}
