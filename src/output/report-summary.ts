import type { Moment, Report, Response } from '../report/model.ts';
import type { Clock } from '../signals/asked.ts';
import { formatDuration } from '../values/duration.ts';
import { escapeText } from './escape.ts';
import { capital, SENTENCE } from './lines.ts';
import { formatNumber } from './numbers.ts';
import { namesOf, othersOf } from './question-sentences.ts';
import { effectInShort } from './report-effects.ts';
import type { Fact } from './report-page.ts';
import {
  affectedText,
  alertText,
  amountOf,
  deedText,
  documentOf,
  momentText,
  outcomeText,
} from './report-words.ts';
import { headlineOf, summarise } from './triage-document.ts';

/** The category that it was; where an open question leaves several, all of them. */
function eitherIn({ summary, looks }: Report): readonly string[] {
  const verdict = summary.look === null ? undefined : looks[summary.look]?.verdict;
  if (summary.category === null) return [];
  const found = verdict?.findings.some(({ category }) => category === summary.category) === true;
  return found ? namesOf(verdict, summary.category) : [summary.category];
}

const titlesIn = (report: Report): string =>
  eitherIn(report)
    .flatMap((either) => report.runbook.categories.find(({ id }) => id === either)?.title ?? [])
    .join(' or ');

export function titleOf(report: Report): string {
  const { summary } = report;
  const titles = titlesIn(report);
  if (titles !== '') return `Incident report: ${titles}`;
  return summary.category === 'inconclusive'
    ? 'Incident report: no category fits'
    : summary.state === 'nothing'
      ? 'Report: nothing found'
      : 'Incident report';
}

/** What it was, when, what was done and whether it is over: for somebody who reads no further. */
export function summaryText(report: Report, clock: Clock): string[] {
  return [
    whatText(report),
    whenText(report, clock),
    ...doneText(report, clock),
    ...unseenText(report),
  ].filter((text) => text !== '');
}

function whatText(report: Report): string {
  const { summary, looks, runbook } = report;
  const look = summary.look === null ? undefined : looks[summary.look];
  if (look === undefined) return 'Nobody looked at the systems in this time, so what it was is not known.';
  const document = documentOf(look, report);
  const finding = look.verdict.findings.find(({ category }) => category === summary.category);
  const category = runbook.categories.find(({ id }) => id === summary.category);
  if (finding === undefined || category === undefined) {
    const text = summarise(document);
    return look.verdict.category === 'quiet'
      ? `The last look found ${text}.`
      : `No category of the runbook fits: ${text}.`;
  }
  const either = eitherIn(report);
  const others = othersOf(look.verdict, either, summary.also);
  const also = others.length === 0 ? '' : ` Beside it: ${others.join(', ')}.`;
  return `${titlesIn(report)}: ${headlineOf(finding, document)}.${also}`;
}

function whenText(report: Report, clock: Clock): string {
  const { summary, looks } = report;
  const { began, ended, state, durationSeconds } = summary;
  // What one look alone tells of has no length.
  const lasted = durationSeconds ? formatDuration(durationSeconds) : '';
  const begin = began === null ? '' : `It began ${signOf(began, report, clock, true)}`;
  if (state === 'over') {
    const end = ended === null ? 'it is over' : `was over ${signOf(ended, report, clock, false)}`;
    const length = lasted === '' ? '' : `: ${ended?.open || began?.open ? 'about ' : ''}${lasted} in all`;
    return begin === '' ? `${capital(end)}.` : `${begin}, and ${end}${length}.`;
  }
  if (state === 'nothing') return nothingText(report);
  if (looks.length === 0 && begin === '') return nothingText(report);
  if (state === 'unknown' && summary.why === 'not-seen' && begin === '') {
    return `Whether anything happened before that is not known: ${WHY['not-seen']}.`;
  }
  const last = looks.at(-1);
  const at = last === undefined ? '' : `, ${momentText(last.atMs, clock)}`;
  const live = last?.file === null;
  const going = `it still went on when it was last looked at${at}${lasted === '' ? '' : `, after ${lasted}`}`;
  const after = live ? '' : ' What came after that is not known here.';
  const tail =
    state === 'going-on'
      ? `${capital(going)}.${after}`
      : `Whether it is over is not known: ${WHY[summary.why ?? 'not-looked']}.`;
  return begin === '' ? tail : `${begin}. ${tail}`;
}

/** What speaks for it that there was nothing: what is not kept says neither. */
function nothingText({ alerts, charts }: Report): string {
  const isCharted = charts.some(
    ({ stepSeconds, total, levels }) => stepSeconds !== null && total !== null && levels.length > 0,
  );
  const told = [
    ...(alerts.reason === null ? ['no alert is recorded'] : []),
    ...(isCharted ? ['no chart rose above its level'] : []),
  ];
  return told.length === 0
    ? 'How it was at other times is not known: there are no charts and no alerts of it.'
    : `${capital(told.join(' and '))}.`;
}

const WHY = {
  'not-looked': 'nobody has looked at the systems since',
  'not-seen': 'charts or alerts of that time could not be read',
  inconclusive: 'the last look could not tell',
  'alert-fires': 'an alert was not seen to resolve',
  'chart-above': 'a rate is still above its level',
  'seems-over': 'the last look found it still, with signs that it may be over',
  'rates-fell':
    'the last look still found it, though the rates had fallen again: it looks back on some minutes',
} as const;

/** `at 03:12 UTC, when alert RateLimitSpike fired`. */
function signOf(moment: Moment, report: Report, clock: Clock, begins: boolean): string {
  const at = momentText(moment.atMs, clock);
  if (moment.by === 'verdict') {
    return begins ? `at ${at} or before, when triage first saw it` : `by ${at}, when triage no longer saw it`;
  }
  const when = moment.open ? `${begins ? `at ${at} or before` : `by ${at}`}, when` : `at ${at}, when`;
  return `${when} ${moment.by === 'alert' ? alertSign(moment, report, begins) : chartSign(moment, report, begins)}`;
}

function alertSign({ atMs, open }: Moment, { alerts }: Report, begins: boolean): string {
  const period = alerts.periods.find(({ fromMs, toMs }) => (begins ? fromMs : toMs) === atMs);
  const name = period === undefined ? 'an alert' : alertText({ ...period, labels: {} });
  if (begins) return `${name} ${open ? 'was firing already' : 'fired'}`;
  return `${name} ${open ? 'had resolved' : 'resolved'}`;
}

function chartSign({ atMs, open }: Moment, { timeline, charts }: Report, begins: boolean): string {
  const found = timeline.find((one) => one.atMs === atMs && one.kind === (begins ? 'rises' : 'falls'));
  const chart = found !== undefined && 'level' in found ? charts[found.chart] : undefined;
  const level = found !== undefined && 'level' in found ? chart?.levels[found.level] : undefined;
  if (chart === undefined || level === undefined) return begins ? 'a rate rose' : 'a rate fell again';
  const [title, amount] = [escapeText(chart.title, 80), amountOf(level.value, chart)];
  if (!begins) return `${title} fell below ${amount} again`;
  return open ? `${title} were above ${amount} already` : `${title} rose above ${amount}`;
}

function doneText(report: Report, clock: Clock): string[] {
  const { responses, journal } = report;
  if (responses.length === 0) {
    if (report.redacted) return [];
    return journal.state === 'missing'
      ? ['Nothing was done from this machine, which has no journal. What others did is not known here.']
      : journal.state === 'read'
        ? [
            `Nothing was done${journal.team ? '' : ' from this machine'}: the journal has no entry of this time.`,
          ]
        : ['What was done is not known: the journal could not be read.'];
  }
  return responses.slice(0, MOST_TOLD).map((response) => {
    const { entry, atMs, undo, effects } = response;
    const effect = effectInShort(effects, report);
    if (entry.note !== undefined) return noteText(response, effect, clock);
    const back = undo === null ? '' : ` It was taken back at ${momentText(undo.atMs, clock)}.`;
    const then = effect === null ? '' : ` ${capital(effect)}.`;
    return `${deedText(response)} at ${momentText(atMs, clock)} (${outcomeText(entry, effect !== null)}).${then}${back}`;
  });
}

/** `alice by hand (tell-crm) at 2026-05-29 03:12:04 UTC: told the CRM team.` */
function noteText(response: Response, effect: string | null, clock: Clock): string {
  const { entry, atMs } = response;
  const text = escapeText(entry.reason, SENTENCE).replace(/[^.!?]$/, '$&.');
  const then = effect === null ? '' : ` ${capital(effect)}.`;
  return `${deedText(response)} at ${momentText(atMs, clock)}: ${text}${then}`;
}

/** Responses that the summary tells of; all of them stand below. */
const MOST_TOLD = 5;

function unseenText({ unknowns, journal }: Report): string[] {
  const signals = new Set(unknowns.filter(({ status }) => status === 'unknown').map(({ signal }) => signal));
  return [
    ...(signals.size === 0
      ? []
      : [
          `${formatNumber(signals.size)} ${signals.size === 1 ? 'signal' : 'signals'} could not be read, or not whole: see what was unknown.`,
        ]),
    ...(journal.intact ? [] : ['The journal shows signs of having been changed: see the notes.']),
  ];
}

/** The same in names and values. */
export function factsOf(report: Report, clock: Clock): Fact[] {
  const { summary, context, runbook, alerts, looks } = report;
  const { began, ended, durationSeconds } = summary;
  const fact = (name: string, value: string | null): Fact[] => (value === null ? [] : [{ name, value }]);
  const moment = (one: Moment | null, bound: string) =>
    one === null ? null : `${momentText(one.atMs, clock)}${one.open ? ` ${bound}` : ''}`;
  const isFound = runbook.categories.some(({ id }) => id === summary.category);
  const about = began?.open === true || ended?.open === true ? 'about ' : '';
  const state = STATES[summary.state];
  return [
    ...fact('Severity', summary.severity),
    ...fact(
      'Category',
      summary.category === null
        ? null
        : `${eitherIn(report).join(' or ')}${isFound && summary.confidence !== null ? ` (confidence ${summary.confidence})` : ''}`,
    ),
    ...fact('Affected', affectedText(report)),
    ...fact('Began', moment(began, 'or before')),
    ...fact('Ended', moment(ended, 'or before')),
    ...fact(
      'Duration',
      durationSeconds
        ? `${about}${formatDuration(durationSeconds)}${summary.state === 'going-on' ? ' so far' : ''}`
        : null,
    ),
    ...reactionFacts(report, clock),
    ...fact(
      'State',
      `${state} (${looks.length === 0 ? 'nobody looked at the systems' : `last looked at ${momentText(summary.lastKnownMs, clock)}`})`,
    ),
    ...fact(
      'Alerts',
      alerts.periods.length === 0
        ? null
        : [...new Set(alerts.periods.map(({ name }) => escapeText(name, 80)))].join(', '),
    ),
    ...fact(
      'Operators',
      summary.operators.length === 0 ? null : summary.operators.map((one) => escapeText(one, 60)).join(', '),
    ),
    ...fact('Context', context === null ? null : escapeText(context, 80)),
    ...fact('Runbook', `${runbook.title} (${runbook.name})`),
  ];
}

/** How long it took until somebody knew, looked and acted. */
function reactionFacts({ summary: { began }, alerts, looks, responses }: Report, clock: Clock): Fact[] {
  const first = (name: string, ms: number | undefined): Fact[] => {
    if (ms === undefined) return [];
    // Nobody reads milliseconds of what people did.
    const later = began === null ? 0 : Math.round((ms - began.atMs) / 1_000);
    const more = began?.open === true ? ' or more' : '';
    const after = later < 1 ? '' : `, ${formatDuration(later)}${more} after it began`;
    const before = later > -1 || began?.open === true ? '' : `, ${formatDuration(-later)} before it began`;
    return [{ name, value: `${momentText(ms, clock)}${after}${before}` }];
  };
  // A look that was made for the report tells nothing of when it was found.
  const found = looks.find(({ verdict, file }) => file !== null && verdict.findings.length > 0);
  // What was done about something earlier is a response to this only where nothing else is.
  const deeds = responses.filter(({ isDeed }) => isDeed);
  const acted = deeds.find(({ atMs }) => began === null || atMs >= began.atMs) ?? deeds[0];
  return [
    ...first('First alert', alerts.periods[0]?.fromMs),
    ...first('First found', found?.atMs),
    ...first('First response', acted?.atMs),
  ];
}

const STATES = {
  nothing: 'nothing found',
  over: 'over',
  'going-on': 'going on',
  unknown: 'not known',
} as const;
