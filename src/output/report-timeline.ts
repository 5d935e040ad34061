import type { Happening, Report } from '../report/model.ts';
import type { Clock } from '../signals/asked.ts';
import { escapeText } from './escape.ts';
import { capital, SENTENCE } from './lines.ts';
import { eitherOf } from './question-sentences.ts';
import { isMeasured } from './report-effects.ts';
import type { Moment } from './report-page.ts';
import { alertText, amountOf, deedText, documentOf, momentText, outcomeText } from './report-words.ts';
import { summarise } from './triage-document.ts';

/** The timeline in words. Looks that said the same as the one before are told by their first and last. */
export const timelineText = (report: Report, clock: Clock): Moment[] =>
  report.timeline
    .filter((one) => !isRepeated(one, report))
    .map((one) => ({
      ...{ at: momentText(one.atMs, clock), atMs: one.atMs },
      ...{ kind: kindOf(one), text: textOf(one, report) },
    }));

function isRepeated(one: Happening, { looks }: Report): boolean {
  if (one.kind !== 'verdict') return false;
  const category = (index: number) => looks[index]?.verdict.category;
  const same = (index: number) => category(index) === category(one.look);
  return one.look > 0 && same(one.look - 1) && one.look + 1 < looks.length && same(one.look + 1);
}

function kindOf({ kind }: Happening): Moment['kind'] {
  switch (kind) {
    case 'alert-fires':
    case 'alert-resolves':
      return 'alert';
    case 'rises':
    case 'falls':
      return 'chart';
    default:
      return kind;
  }
}

function textOf(one: Happening, report: Report): string {
  switch (one.kind) {
    case 'alert-fires':
    case 'alert-resolves': {
      const period = report.alerts.periods[one.alert];
      const alert = period === undefined ? 'an alert' : alertText(period);
      if (one.kind === 'alert-resolves') {
        return capital(`${alert} ${one.open ? 'has resolved, at some time before' : 'resolves'}`);
      }
      return capital(`${alert} ${one.open ? 'fires, and did so before' : 'fires'}`);
    }
    case 'rises':
    case 'falls': {
      const chart = report.charts[one.chart];
      const level = chart?.levels[one.level];
      if (chart === undefined || level === undefined) return '';
      const amount = `${amountOf(level.value, chart)} (${escapeText(level.label, 60)})`;
      const verb = one.kind === 'falls' ? 'fall below' : one.open ? 'are already above' : 'rise above';
      return capital(`${escapeText(chart.title, 80)} ${verb} ${amount}`);
    }
    case 'verdict':
      return verdictText(one, report);
    case 'remedy':
    case 'note': {
      const response = report.responses[one.response];
      if (response === undefined) return '';
      const { entry } = response;
      if (one.kind === 'note') return `${deedText(response)}: ${escapeText(entry.reason, SENTENCE)}`;
      return `${deedText(response)}: ${escapeText(entry.reason, SENTENCE)} (${outcomeText(entry, isMeasured(response))})`;
    }
    case 'undo': {
      const response = report.responses[one.response];
      if (response?.undo == null) return '';
      const { entry } = response.undo;
      const who = escapeText(entry.operator, 60);
      return `${who} took back: ${deedText(response)}; ${escapeText(entry.reason, SENTENCE)} (${outcomeText(entry)})`;
    }
  }
}

function verdictText(
  { look: index, before }: Extract<Happening, { kind: 'verdict' }>,
  report: Report,
): string {
  const look = report.looks[index];
  if (look === undefined) return '';
  const { verdict } = look;
  const [worst] = verdict.findings;
  const name = worst === undefined ? verdict.category : `${worst.severity} ${eitherOf(verdict)}`;
  if (before === verdict.category) return `Triage: still ${name} (confidence ${verdict.confidence})`;
  const what = `${name} (confidence ${verdict.confidence}): ${summarise(documentOf(look, report))}`;
  return before === null ? `Triage: ${what}` : `Triage: no longer ${before}, now ${what}`;
}
