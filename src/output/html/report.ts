import type { Effect, Report } from '../../report/model.ts';
import type { Clock } from '../../signals/asked.ts';
import { escapeText } from '../escape.ts';
import { formatAmount } from '../numbers.ts';
import {
  type Fact,
  type Moment,
  type PageResponse,
  type PageTable,
  type ReportPage,
  reportPage,
} from '../report-page.ts';
import { dayOf, momentText, plainMoment } from '../report-words.ts';
import { figures } from './charts.ts';
import { type Html, html, NOTHING } from './markup.ts';
import { type Maker, page } from './page.ts';
import { bar, bullets, card, heading, section, type Tone, table } from './parts.ts';

/** The report of an incident as one page to send around, with its charts. Ends with a newline. */
export async function reportHtml(report: Report, clock: Clock, maker: Maker): Promise<string> {
  const { fromMs, toMs } = report.period;
  const { iso } = clock;
  const told = reportPage(report, clock);
  const day = dayOf(report, clock);
  const drawn = await figures(telling(told.charts, report), 3, {
    span: report.period,
    marks: report.marks,
    iso,
  });
  const context = report.context === null ? '' : `, context ${escapeText(report.context)}`;
  return page({
    title: `${told.title}, ${iso(fromMs).slice(0, 10)}`,
    body: [
      summaryCard(
        report,
        told,
        `Incident report${context}, ${momentText(fromMs, clock)} to ${momentText(toMs, clock)}`,
      ),
      section(2, `Timeline${day === null ? '' : ` of ${day}`}`, [timeline(told.timeline, report, clock)]),
      section(2, 'How it went', [marksOf(report, drawn, clock), ...drawn]),
      section(
        2,
        'Response',
        told.responses.map((one, index) => response(one, report, index)),
      ),
      section(2, 'Affected', [...told.affected.map(affected), card(sentence(told.unaffected))]),
      listSection('What was unknown', told.unknown),
      listSection('Reasons to doubt', told.caveats),
      section(2, 'Follow-ups', [card(todo(told.followUps))]),
      section(2, 'About this report', [card(bullets(told.notes))]),
    ],
    about: `Runbook ${report.runbook.name}${context}, reported ${momentText(report.madeAtMs, clock)}.`,
    maker,
  });
}

/** The charts that tell of this incident first: of what was found, of a level that was passed, of an effect. */
function telling(charts: ReportPage['charts'], report: Report): ReportPage['charts'] {
  const { runbook, summary, timeline: happened, responses } = report;
  const about = runbook.categories.find(({ id }) => id === summary.category)?.about;
  const passed = happened.flatMap((one) => (one.kind === 'rises' || one.kind === 'falls' ? one.chart : []));
  const affected = responses.flatMap(({ effects }) => effects.map(({ chart }) => chart));
  const indices = new Set([...passed, ...affected]);
  const tells = ({ chart }: ReportPage['charts'][number], index: number) =>
    indices.has(index) || chart.id === about;
  return [...charts.filter(tells), ...charts.filter((one, index) => !tells(one, index))];
}

const sentence = (text: string | null): Html => (text === null ? NOTHING : html`<p>${text}</p>\n`);

const listSection = (title: string, items: readonly string[]): Html =>
  section(2, title, [card(bullets(items, 'against'))]);

const STATES: Readonly<Record<Report['summary']['state'], readonly [words: string, tone: Tone]>> = {
  ...{ nothing: ['nothing found', 'good'], over: ['over', 'good'] },
  ...{ 'going-on': ['going on', 'bad'], unknown: ['not known whether it is over', 'warn'] },
};

/** What somebody reads who reads no further. */
function summaryCard({ summary }: Report, told: ReportPage, origin: string): Html {
  const [words, tone] = STATES[summary.state];
  const isQuiet = summary.severity === null && summary.state === 'nothing';
  const edge: Tone = summary.severity !== null ? 'bad' : isQuiet ? 'good' : 'warn';
  const badges = [
    ...(summary.severity === null ? [] : [html`<span class="badge bad">${summary.severity}</span>\n`]),
    ...(summary.confidence === null
      ? []
      : [html`<span class="badge">confidence ${summary.confidence}</span>\n`]),
    html`<span class="badge ${tone}">${words}</span>\n`,
  ];
  const [lead = '', ...rest] = told.summary;
  return html`<header class="card verdict ${edge}">
<p class="origin">${origin}</p>
<div class="badges">${badges}</div>
${heading(1, told.title)}<p class="lead">${lead}</p>
${rest.map((sentence) => html`<p>${sentence}</p>\n`)}</header>
${told.facts.length === 0 ? NOTHING : html`<div class="card">${facts(told.facts)}</div>\n`}`;
}

const facts = (list: readonly Fact[]): Html =>
  list.length === 0
    ? NOTHING
    : html`<dl class="facts">\n${list.map(({ name, value }) => html`<dt>${name}</dt><dd>${value}</dd>\n`)}</dl>\n`;

/** The number of a mark, as it stands in the charts. */
const badge = (index: number): Html => html`<span class="number">${index + 1}</span>`;

/** What happened, a line each; those that are marked in the charts have their number. */
function timeline(moments: readonly Moment[], report: Report, clock: Clock): Html {
  if (moments.length === 0) return NOTHING;
  const left = report.marks.map((mark, index) => ({ ...mark, index }));
  const items = moments.map(({ atMs, kind, text }) => {
    const found = left.findIndex((mark) => mark.atMs === atMs && mark.kind === kind);
    const [mark] = found < 0 ? [] : left.splice(found, 1);
    const number = mark === undefined ? NOTHING : html` ${badge(mark.index)}`;
    return html`<li class="is-${kind}"><span class="when">${plainMoment(atMs, report, clock)} UTC</span><span class="what">${text}${number}</span></li>\n`;
  });
  return html`<div class="card long"><ol class="timeline${dayOf(report, clock) === null ? ' dated' : ''}">\n${items}</ol></div>\n`;
}

/** What the numbers on top of the charts are. */
function marksOf(report: Report, drawn: readonly Html[], clock: Clock): Html {
  const { marks } = report;
  if (marks.length === 0 || drawn.length === 0) return NOTHING;
  const items = marks.map(
    ({ atMs, label }, index) =>
      html`<li>${badge(index)} ${plainMoment(atMs, report, clock)} ${escapeText(label, 160)}</li>\n`,
  );
  return html`<ul class="marks">\n${items}</ul>\n`;
}

/** What was done, and the numbers before and after it. */
function response({ title, facts: list, effects }: PageResponse, report: Report, index: number): Html {
  const measured = report.responses[index]?.effects ?? [];
  const shown = effects.map((text, at) => {
    const effect = measured[at];
    return html`<li>${text}${effect === undefined ? NOTHING : beforeAndAfter(effect, report)}</li>\n`;
  });
  return html`<div class="card">
${heading(3, title)}${facts(list)}${shown.length === 0 ? NOTHING : html`<ul class="effects">\n${shown}</ul>\n`}</div>
`;
}

/** Two bars on one scale, where one of them is known; what is not known has none. */
function beforeAndAfter({ chart, before, after }: Effect, { charts }: Report): Html {
  if (before === null && after === null) return NOTHING;
  const unit = charts[chart]?.unit ?? '';
  const whole = Math.max(before?.value ?? 0, after?.value ?? 0);
  const row = (name: string, value: number | undefined, tone: Tone) =>
    html`<span>${name}</span>${value === undefined ? html`<i></i><b>unknown</b>` : html`${bar(whole > 0 ? value / whole : 0, tone)}<b>${formatAmount(value, unit)}</b>`}`;
  return html`<span class="pair">${row('before', before?.value, 'faint')}${row('after', after?.value, 'plain')}</span>`;
}

/** Those of one kind; the first column names them. */
function affected({ title, head, right, rows, more }: PageTable): Html {
  const columns = head.map((name, index) => ({
    ...{ head: name, right: right[index] ?? false },
    cell: (row: readonly string[]) =>
      index === 0 ? html`<span class="id">${row[index] ?? ''}</span>` : (row[index] ?? ''),
  }));
  return html`<div class="card">
${heading(3, title)}${table(title, columns, rows)}${more === null ? NOTHING : html`<p class="origin">${more}</p>\n`}</div>
`;
}

/** To be ticked off on paper. */
const todo = (items: readonly string[]): Html =>
  items.length === 0
    ? NOTHING
    : html`<ul class="todo">\n${items.map((item) => html`<li>${item}</li>\n`)}</ul>\n`;
