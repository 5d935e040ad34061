import type { AlertHistory } from '../evidence/history.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { affectedOf } from './affected.ts';
import { chartsOf, type Ranges } from './charts.ts';
import { closedAlerts, labelled } from './closed-alerts.ts';
import type { JournalView, KeptView, Look, Period, Report, ReportCaveat, Unknown } from './model.ts';
import { type Done, responsesOf } from './responses.ts';
import { stretchesOf } from './stretches.ts';
import { summaryOf } from './summary.ts';
import { marksOf, timelineOf } from './timeline.ts';

/** All that a report is made of. */
interface Input {
  readonly context: string | null;
  readonly runbook: Runbook;
  readonly madeAtMs: number;
  readonly period: Period;
  readonly redacted: boolean;
  readonly looks: readonly Look[];
  readonly ranges: Ranges;
  readonly done: readonly Done[];
  readonly journal: JournalView;
  readonly kept: KeptView | null;
}

/** A response of the runbook that says to write what this is. */
const THIS = /\bratelimit report\b/;

/** What happened, as far as it can be told. Pure: of the same input it is the same. */
export function buildReport(input: Input): Report {
  const { runbook, ranges, period } = input;
  const looks = [...input.looks].sort((a, b) => a.atMs - b.atMs);
  const done = [...input.done].sort((a, b) => a.atMs - b.atMs);
  const charts = chartsOf(runbook, looks, ranges);
  const alerts = alertsOf(ranges, runbook);
  const levels = runbook.charts.map(({ level }) => level);
  const stretches = stretchesOf(charts, levels);
  const responses = responsesOf(done, { runbook, looks, charts });
  const { affected, more } = affectedOf({ looks, charts, responses, runbook });
  const summary = summaryOf({ runbook, period, looks, charts, stretches, alerts, responses });
  const hasHappened = summary.state !== 'nothing' || responses.some(({ isDeed }) => isDeed);
  return {
    ...{ context: input.context, runbook, madeAtMs: input.madeAtMs, period, redacted: input.redacted },
    ...{ looks, summary, affected, affectedMore: more, responses, charts, alerts },
    timeline: timelineOf({ looks, alerts, stretches, responses }),
    marks: marksOf({ looks, alerts, responses }),
    ...{ journal: input.journal, kept: input.kept },
    unknowns: unknownsOf(looks),
    caveats: caveatsOf(looks),
    followUps: hasHappened ? runbook.afterwards.filter((step) => !THIS.test(step)) : [],
  };
}

/** When alerts fired by all ranges together; the last one knows best how a period ended. */
function alertsOf({ histories }: Ranges, { alerts: names }: Runbook): AlertHistory {
  const all = closedAlerts(histories);
  const [first, ...rest] = all;
  if (first === undefined) {
    const reason = 'no history of alerts was kept';
    return { names, periods: [], stepSeconds: 0, reason, cause: null };
  }
  if (rest.length === 0) return first;
  const periods = new Map<string, AlertHistory['periods'][number]>();
  for (const period of all.flatMap((one) => one.periods)) {
    const same = [...periods].find(
      ([, known]) =>
        labelled(known) === labelled(period) &&
        period.fromMs <= (known.toMs ?? Number.POSITIVE_INFINITY) &&
        known.fromMs <= (period.toMs ?? Number.POSITIVE_INFINITY),
    );
    if (same === undefined) periods.set(`${labelled(period)} ${period.fromMs}`, period);
    else {
      const [key, known] = same;
      const begins = known.fromMs <= period.fromMs ? known : period;
      periods.set(key, { ...period, fromMs: begins.fromMs, open: begins.open });
    }
  }
  const reasons = [...new Set(all.flatMap(({ reason }) => reason ?? []))];
  return {
    names,
    periods: [...periods.values()].sort((a, b) => a.fromMs - b.fromMs),
    stepSeconds: Math.max(...all.map(({ stepSeconds }) => stepSeconds)),
    reason: reasons.length === 0 ? null : reasons.join('; '),
    cause: all.find(({ cause }) => cause !== null)?.cause ?? null,
  };
}

/** What no look or not every look could see; what is the operator's to configure, and is not, is no unknown. */
function unknownsOf(looks: readonly Look[]): Unknown[] {
  const found = new Map<string, Unknown & { readonly looks: number[] }>();
  const note = (index: number, one: Omit<Unknown, 'looks'>) => {
    const key = JSON.stringify([one.signal, one.source, one.status]);
    const known = found.get(key);
    if (known === undefined) found.set(key, { ...one, looks: [index] });
    else known.looks.push(index);
  };
  for (const [index, { evidence }] of looks.entries()) {
    for (const [signal, { status, reason, cause, sources }] of Object.entries(evidence.signals)) {
      if (status === 'unknown' || (status === 'absent' && cause !== 'not-configured')) {
        note(index, { signal, source: null, status, reason });
        continue;
      }
      for (const source of sources) {
        if (source.status !== 'unknown') continue;
        note(index, { signal, source: source.label, status: 'unknown', reason: source.reason });
      }
    }
  }
  return [...found.values()];
}

function caveatsOf(looks: readonly Look[]): ReportCaveat[] {
  const found = new Map<string, ReportCaveat & { readonly looks: number[] }>();
  for (const [index, { verdict }] of looks.entries()) {
    for (const { category, caveats } of verdict.findings) {
      for (const caveat of caveats) {
        const key = `${category} ${caveat.code}`;
        const known = found.get(key);
        if (known === undefined) found.set(key, { category, caveat, looks: [index] });
        else if (known.looks.at(-1) !== index) known.looks.push(index);
      }
    }
  }
  return [...found.values()];
}
