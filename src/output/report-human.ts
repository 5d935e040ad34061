import type { Report } from '../report/model.ts';
import type { Clock } from '../signals/asked.ts';
import { labelled, marked, type Screen } from './lines.ts';
import { type PageTable, reportPage } from './report-page.ts';
import { dayOf, plainMoment } from './report-words.ts';
import { renderTable } from './table.ts';
import { wrap } from './wrap.ts';

/** The first are those that are known. */
const EFFECTS = 3;
/** Rows of a table on a screen; Markdown and HTML have them all. */
const ROWS = 5;

/** The report in short, for a terminal. Ends with a newline. */
export function reportHuman(report: Report, clock: Clock, screen: Screen): string {
  const { paint, width } = screen;
  const page = reportPage(report, clock);
  const tone = { nothing: paint.good, over: paint.good, 'going-on': paint.bad, unknown: paint.warn };
  const block = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? '' : `${paint.strong(title)}\n${lines.join('\n')}`;
  const list = (title: string, mark: string, items: readonly string[]) =>
    block(
      title,
      items.map((item) => wrap(`  ${mark} ${item}`, width, '    ')),
    );
  const day = dayOf(report, clock);
  const sections = [
    tone[report.summary.state](page.title),
    page.summary.map((sentence) => wrap(sentence, width)).join('\n'),
    labelled(page.facts, width).join('\n'),
    block(
      `Timeline (UTC${day === null ? '' : `, ${day}`})`,
      labelled(
        page.timeline.map(({ atMs, text }) => ({ name: plainMoment(atMs, report, clock), value: text })),
        width,
      ),
    ),
    ...page.affected.map((table) => block(table.title, [tableLines(table, screen)])),
    page.unaffected ?? '',
    ...page.responses.map(({ title, effects }) => list(`Effect of ${title}`, '-', effects.slice(0, EFFECTS))),
    list(
      'How it went',
      '-',
      page.charts
        .filter(({ chart }) => chart.series.length > 0)
        .map(({ chart, caption }) => `${chart.title}: ${caption[0] ?? ''}`),
    ),
    list('What was unknown', '?', page.unknown),
    block(
      'Reasons to doubt',
      page.caveats.map((caveat) => marked('!', caveat, screen)),
    ),
    list('Follow-ups', '*', page.followUps),
    list('About this report', '-', page.notes),
    paint.dim('Whole: -o markdown, or -o json'),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function tableLines({ head, rows, right, more }: PageTable, { paint, width }: Screen): string {
  const shown = rows.slice(0, ROWS);
  const left = rows.length - shown.length;
  const align = right.map((isNumber): 'left' | 'right' => (isNumber ? 'right' : 'left'));
  const table = renderTable({ head, rows: shown, align, paint, width: width - 2 });
  const rest = [...(left > 0 ? [`${left} more rows`] : []), ...(more === null ? [] : [more])].join(', ');
  const lines = [table, ...(rest === '' ? [] : [rest])].join('\n');
  return lines.replace(/^/gm, '  ');
}
