import { resolve } from 'node:path';
import type { Context } from '../context.ts';
import { completed } from '../evidence/capture.ts';
import type { Capture } from '../evidence/capture-schema.ts';
import { type Recorded, readCaptures } from '../evidence/captures.ts';
import type { History } from '../evidence/history.ts';
import { entriesOf } from '../journal/entries.ts';
import type { Entry } from '../journal/types.ts';
import { buildReport } from '../report/build.ts';
import { alertsOf } from '../report/captured-alerts.ts';
import type { Look, Period, Report } from '../report/model.ts';
import { loadRunbook, withThresholds } from '../runbooks/load.ts';
import type { Runbook } from '../runbooks/schema.ts';
import type { Clock } from '../signals/asked.ts';
import { judge } from '../verdict/judge.ts';
import type { ReportFlags } from './report.ts';
import { journalOf } from './report-journal.ts';

/**
 * A report by captures and this machine's journal. Nothing is asked of any system.
 * @param period makes it of the times of the captures
 * @throws ConfigError for captures that cannot be read, or are not of one system
 */
export async function recordedReport(
  paths: readonly string[],
  flags: ReportFlags,
  context: Context,
  period: (times: readonly number[]) => Period,
): Promise<Report> {
  const { clock, env } = context;
  // One file may be named in several ways.
  const files = [...new Map(paths.map((path) => [resolve(path), path])).values()];
  const all = await readCaptures(files, clock);
  const times = all.map(({ capture }) => clock.ms(capture.evidence.at));
  const whole = period(times);
  const last = all.at(-1)?.capture;
  const named = flags.runbook ?? (env.RATELIMIT_RUNBOOK || undefined);
  const plain = await loadRunbook(named ?? last?.runbook ?? 'aegis', context.runbooks);
  // Another runbook has thresholds of its own.
  const settings = (capture: Capture): Runbook =>
    named === undefined ? withThresholds(plain, capture.thresholds) : plain;
  const looks = all.map((one, index) => lookOf(one, settings(one.capture), times[index] ?? 0));
  const redacted = all.some(({ capture }) => capture.redacted);
  const { events, problems, missing } = await (await context.journal()).read();
  const read = { entries: redacted ? [] : entriesOf(events), problems, missing, warnings: [], team: false };
  const isHere = last === undefined ? () => false : hereOf(last, plain);
  const { done, journal } = journalOf(read, whole, isHere, clock);
  return buildReport({
    ...{ context: last?.context ?? null, runbook: last === undefined ? plain : settings(last) },
    ...{ madeAtMs: clock.now(), period: whole, redacted, looks, done, journal, kept: null },
    ranges: { from: 'capture', histories: historiesOf(all, clock) },
  });
}

/** What captures kept of the time before them, and of the alerts that they were about. */
function historiesOf(all: readonly Recorded[], clock: Clock): History[] {
  const kept = all.flatMap(({ capture: { history, alertHistory } }) =>
    alertHistory === null ? [] : [{ charts: history, alerts: alertHistory }],
  );
  const captured = all.flatMap(({ capture: { alert, evidence } }) => {
    if (alert === null) return [];
    const sinceMs = alert.startsAt === null ? null : clock.ms(alert.startsAt);
    return [{ atMs: clock.ms(evidence.at), alert, sinceMs }];
  });
  const known = kept.flatMap(({ alerts }) => alerts.periods);
  const periods = alertsOf(captured, known);
  if (periods.length === 0) return kept;
  const names = [...new Set(periods.map(({ name }) => name))];
  return [...kept, { charts: [], alerts: { names, periods, stepSeconds: 0, reason: null, cause: null } }];
}

function lookOf({ file, capture }: Recorded, runbook: Runbook, atMs: number): Look {
  const evidence = completed(capture, runbook);
  return { atMs, file, evidence, verdict: judge(evidence, runbook, capture.answers) };
}

/** Where they are unless anything else is said. */
const USUAL = { '--redis-url': 'redis://127.0.0.1:6379', '--prometheus-url': 'http://127.0.0.1:9090' };

/**
 * Was an entry about the system of a capture? Its context tells; without one, the Redis that it was read from. Of a note
 * it is the runbook, too, and for one that reads no Redis its Prometheus.
 */
function hereOf({ context, evidence }: Capture, { name }: Runbook): (entry: Entry) => boolean {
  if (context !== null) return (entry) => entry.context === context;
  const urlIn = (words: readonly string[], flag: keyof typeof USUAL) => {
    const at = words.indexOf(flag);
    return at < 0 ? USUAL[flag] : (words[at + 1] ?? USUAL[flag]);
  };
  const place = urlIn(evidence.reach, '--redis-url')
    .replace(/^([a-z+]+:\/\/)[^/@]*@/, '$1')
    .replace(/\?read=replica$/, '');
  const prometheus = urlIn(evidence.reads, '--prometheus-url');
  return (entry) =>
    entry.context === null &&
    entry.systems.redis === place &&
    (entry.note === undefined ||
      (entry.runbook === name && (entry.systems.prometheus ?? prometheus) === prometheus));
}
