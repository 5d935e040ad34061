import type { Context } from '../context.ts';
import { EXIT, type ExitCode, UsageError } from '../errors.ts';
import { paintFor } from '../output/paint-for.ts';
import { startProgress } from '../output/progress.ts';
import { reportHuman } from '../output/report-human.ts';
import { reportJson } from '../output/report-json.ts';
import { reportMarkdown } from '../output/report-markdown.ts';
import type { Streams } from '../output/streams.ts';
import { isDegraded } from '../output/triage-document.ts';
import type { GlobalFlags } from '../program.ts';
import type { Period, Report } from '../report/model.ts';
import type { Clock } from '../signals/asked.ts';
import { type Given, momentOf } from './moment.ts';
import { makerOf, mentionFile } from './pages.ts';
import { streamsFor } from './streams.ts';

export interface ReportFlags extends Omit<GlobalFlags, 'output'> {
  readonly output: GlobalFlags['output'] | 'html';
  readonly since?: Given;
  readonly until?: Given;
  /** Captures; without them the systems are asked. */
  readonly from?: readonly string[];
}

/** `ratelimit report`: what happened, from the systems and the journal, or from captures and the journal. */
export async function reportCommand(flags: ReportFlags, context: Context): Promise<ExitCode> {
  const streams = streamsFor(flags, context);
  const { clock } = context;
  const asked = { from: momentOf(flags.since, clock), to: momentOf(flags.until, clock) };
  let report: Report;
  if (flags.from === undefined) {
    const now = clock.now();
    const usual: Usual = { from: now - HOUR_MS, to: now, by: 'default', always: [] };
    const period = periodOf(asked, usual, clock);
    const stop = startProgress(
      streams,
      () => 'reading the systems, their history and the journal',
      flags.quiet,
    );
    const { liveReport } = await import('./report-live.ts');
    report = await liveReport(flags, period, context).finally(stop);
  } else {
    const { recordedReport } = await import('./report-recorded.ts');
    report = await recordedReport(flags.from, flags, context, (times) => {
      // An incident may have begun before the first capture, and been ended after the last.
      const [first, last] = [Math.min(...times), Math.max(...times)];
      const usual: Usual = { from: first - HOUR_MS, to: last + HOUR_MS, by: 'captures', always: times };
      return periodOf(asked, usual, clock);
    });
  }
  const code = exitCodeOf(report);
  const degraded = code === EXIT.degraded || code === EXIT.auth;
  streams.out(await render(report, flags.output, degraded, streams, context));
  if (flags.output === 'html') mentionFile(flags, streams, 'report');
  return code;
}

const HOUR_MS = 3_600_000;

/** What a time is, unless anything else is asked for, and what of it is never left out. */
interface Usual {
  readonly from: number;
  readonly to: number;
  readonly by: 'default' | 'captures';
  readonly always: readonly number[];
}

/** @throws UsageError for one that does not begin before it ends, or that is still to come */
function periodOf(
  asked: { readonly from: number | null; readonly to: number | null },
  usual: Usual,
  clock: Clock,
): Period {
  const end = Math.min(asked.to ?? usual.to, clock.now());
  // An hour before the end that was asked for, where nothing else says.
  const start = asked.from ?? (usual.by === 'captures' ? usual.from : end - HOUR_MS);
  const [fromMs, toMs] = [Math.min(start, ...usual.always), Math.max(end, ...usual.always)];
  if (fromMs >= toMs || (asked.from !== null && start >= end)) {
    throw new UsageError(
      `expected --since to be before ${asked.to === null ? 'now' : '--until'}, got ${clock.iso(start)} and ${clock.iso(end)}`,
    );
  }
  return { fromMs, toMs, by: asked.from === null && asked.to === null ? usual.by : 'asked' };
}

/** Precedence: refused credentials, then anything that could not be read, then that nothing happened. */
function exitCodeOf({ looks, charts, alerts, journal, summary, responses }: Report): ExitCode {
  const causes = [
    ...looks.flatMap(({ evidence }) =>
      Object.values(evidence.signals).flatMap(({ cause, sources }) => [
        cause,
        ...sources.map((one) => one.cause),
      ]),
    ),
    ...charts.map(({ cause }) => cause),
    alerts.cause,
  ];
  if (causes.includes('auth')) return EXIT.auth;
  const isUnknown =
    looks.some(({ evidence }) => isDegraded(evidence)) ||
    charts.some(({ cause }) => cause !== null) ||
    alerts.cause !== null ||
    journal.state === 'unreadable';
  if (isUnknown) return EXIT.degraded;
  return summary.state === 'nothing' && responses.length === 0 ? EXIT.nothing : EXIT.done;
}

async function render(
  report: Report,
  format: ReportFlags['output'],
  degraded: boolean,
  streams: Pick<Streams, 'colorOut' | 'columns'>,
  context: Context,
): Promise<string> {
  const { clock } = context;
  if (format === 'json') return reportJson(report, clock, degraded);
  if (format === 'markdown') return reportMarkdown(report, clock);
  if (format === 'html') {
    const { reportHtml } = await import('../output/html/report.ts');
    return reportHtml(report, clock, makerOf(context));
  }
  return reportHuman(report, clock, { paint: await paintFor(streams.colorOut), width: streams.columns });
}
