import type { Context } from '../context.ts';
import { answersBefore } from '../report/answers.ts';
import { buildReport } from '../report/build.ts';
import type { Look, Period, Report } from '../report/model.ts';
import type { Clock } from '../signals/asked.ts';
import { judge } from '../verdict/judge.ts';
import { hereFor } from './here.ts';
import { readHistory } from './history.ts';
import { withParts } from './parts.ts';
import type { ReportFlags } from './report.ts';
import { journalOf } from './report-journal.ts';
import { keptLooks } from './report-kept.ts';
import { type Case, historyBetween, readCase, targetOf } from './triage-run.ts';

/** As triage looks at it. */
const WINDOW_SECONDS = 300;
/** A look at the present says nothing of a time that ended long before it. */
const PRESENT_MS = 60_000;

/** A report by the systems as they are now, by what triage kept of how they were, by Prometheus's memory and the journal. */
export async function liveReport(flags: ReportFlags, period: Period, context: Context): Promise<Report> {
  const { clock } = context;
  const startedAt = clock.now();
  return withParts(flags, context, async (parts) => {
    const target = await targetOf(parts.config, context);
    const isPresent = startedAt - period.toMs <= PRESENT_MS;
    const [found, history, past, { looks: before, kept }] = await Promise.all([
      isPresent ? readCase(target, { window: WINDOW_SECONDS, pace: 'gentle' }, context, startedAt) : null,
      historyBetween(period, target, context),
      readHistory(context, parts),
      keptLooks(parts.config, period, context),
    ]);
    const now = found === null ? [] : [lookOf(found, before, clock)];
    const looks = [...before, ...now];
    const isHere = hereFor({ config: parts.config, runbook: target.runbook });
    const team = parts.config.journalStream !== null && past.remarks.length === 0;
    const read = { ...past, warnings: past.remarks, team };
    const { done, journal } = journalOf(read, period, isHere, clock);
    return buildReport({
      ...{ context: parts.config.context, runbook: target.runbook, madeAtMs: startedAt, period },
      ...{ redacted: false, looks, done, journal, kept },
      ranges: { from: 'range', histories: [history] },
    });
  });
}

/** The systems as they are now. Nothing is asked for a report; what an operator said of the same before still holds. */
function lookOf({ evidence, runbook }: Case, before: readonly Look[], clock: Clock): Look {
  const { questions } = judge(evidence, runbook);
  const verdict = judge(evidence, runbook, answersBefore(questions, before));
  return { atMs: clock.ms(evidence.at), file: null, evidence, verdict };
}
