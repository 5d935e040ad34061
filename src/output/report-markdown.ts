import type { Report } from '../report/model.ts';
import type { Clock } from '../signals/asked.ts';
import { literalMarkdown } from './escape.ts';
import { markdownPage, markdownTable } from './markdown.ts';
import { type PageChart, type PageTable, reportPage } from './report-page.ts';
import { dayOf, plainMoment } from './report-words.ts';

/** The report for a wiki or a ticket. Everything from outside renders as plain text there. Ends with a newline. */
export function reportMarkdown(report: Report, clock: Clock): string {
  const page = reportPage(report, clock);
  const text = plain;
  const list = (title: string, items: readonly string[]) =>
    items.length === 0 ? [] : [`## ${title}`, '', ...items.map((item) => `- ${text(item)}`), ''];
  const day = dayOf(report, clock);
  const facts = page.facts.map(({ name, value }) => [text(name), text(value)]);
  return markdownPage([
    `# ${text(page.title)}`,
    '',
    ...page.summary.flatMap((sentence) => [text(sentence), '']),
    ...markdownTable(['', ''], facts),
    ...(page.timeline.length === 0 ? [] : [`## Timeline${day === null ? '' : ` of ${day}`}`, '']),
    ...markdownTable(
      ['UTC', 'what'],
      page.timeline.map(({ atMs, text: what }) => [plainMoment(atMs, report, clock), text(what)]),
    ),
    ...(page.affected.length === 0 ? [] : ['## Affected', '']),
    ...page.affected.flatMap(tableOf),
    ...(page.unaffected === null ? [] : [text(page.unaffected), '']),
    ...(page.responses.length === 0 ? [] : ['## Response', '']),
    ...page.responses.flatMap(({ title, facts: told, effects }) => [
      `### ${text(title)}`,
      '',
      ...told.map(({ name, value }) => `- ${text(name)}: ${text(value)}`),
      ...effects.map((effect) => `- Effect: ${text(effect)}`),
      '',
    ]),
    ...(page.charts.length === 0 ? [] : ['## How it went', '']),
    ...page.charts.flatMap(chartOf),
    '',
    ...list('What was unknown', page.unknown),
    ...list('Reasons to doubt', page.caveats),
    ...list('Follow-ups', page.followUps),
    ...list('About this report', page.notes),
  ]);
}

function tableOf({ title, head, right, rows, more }: PageTable): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    `**${plain(title)}**`,
    '',
    line(head.map(plain)),
    line(right.map((isNumber) => (isNumber ? '--:' : '---'))),
    ...rows.map((row) => line(row.map(plain))),
    '',
    ...(more === null ? [] : [plain(more), '']),
  ];
}

/** A time of the day is no emoji, so nothing need keep it from being one. */
const plain = (text: string): string =>
  literalMarkdown(text).replaceAll(/(?<=\b\d\d):&#8203;(?=\d\d:\d\d\b)/g, ':');

/** Markdown has no charts: what each shows is told. */
const chartOf = ({ chart, caption }: PageChart): string[] => [
  `- **${plain(chart.title)}**: ${caption.map(plain).join(' ')}`,
];
