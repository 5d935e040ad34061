import type { ReportChart } from '../../report/model.ts';
import type { Mark, Series } from '../../report/types.ts';
import { escapeText } from '../escape.ts';
import { capital } from '../lines.ts';
import { formatAmount, formatNumber } from '../numbers.ts';
import { drawingOf, type Line, levelsWithin, peakOf, type Size, type Span } from './drawing.ts';
import { type Html, html, NOTHING } from './markup.ts';
import { drawnIn, lineOf } from './palette.ts';
import { heading, type Level, type TableColumn, table } from './parts.ts';
import { cleanSvg } from './svg.ts';

/** On a desk and on paper, and on a phone, where the same text would be too small to read. */
const SIZES: Readonly<Record<'wide' | 'narrow', Size>> = {
  wide: { width: 880, height: 280 },
  narrow: { width: 340, height: 240 },
};

/** What a chart is drawn between, and beside what. */
interface Setting {
  readonly span: Span;
  readonly marks: readonly Mark[];
  /** ISO 8601, UTC, of a time in milliseconds. */
  readonly iso: (ms: number) => string;
}

/** Charts as figures, each with its lines named, and with their peaks as numbers, below it. */
export async function figures(
  charts: readonly { readonly chart: ReportChart; readonly caption: readonly string[] }[],
  level: Level,
  setting: Setting,
): Promise<Html[]> {
  const isAnyDrawn = charts.some(({ chart }) => canBeDrawn(linesOf(chart)));
  // Half a megabyte, for pages with charts alone.
  const draw = isAnyDrawn ? (await import('./engine.ts')).draw : () => '';
  return charts.map(({ chart, caption }, index) => {
    const lines = linesOf(chart);
    const drawn = (size: 'wide' | 'narrow') => {
      const { width, height } = SIZES[size];
      const svg = draw(drawingOf(chart, lines, setting.marks, setting.span, SIZES[size]), width, height);
      const label = `${chart.title} (${chart.unit}) over time, ${lines.length} ${lines.length === 1 ? 'line' : 'lines'}; its numbers are in the table below`;
      return html`<svg class="${size}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">${cleanSvg(svg, `c${index}${size}`)}</svg>\n`;
    };
    const isDrawn = canBeDrawn(lines);
    const picture = isDrawn ? html`${drawn('wide')}${drawn('narrow')}` : insteadOf(lines);
    return html`<figure class="card chart">
<figcaption>${heading(level, capital(chart.title))}<p>${caption.join(' ')}</p>\n</figcaption>
${picture}${isZero(lines) ? NOTHING : peaks(chart, lines, setting, isDrawn)}</figure>
`;
  });
}

/** The series and what there is beside them; where there is nothing to tell apart, all of it. */
function linesOf({ series, others, total }: ReportChart): Line[] {
  if (series.length === 0 && total !== null) return [{ ...total, ...lineOf(0, false), name: 'all' }];
  return [
    ...series.map((one, index) => ({ ...one, ...lineOf(index, false), name: null })),
    ...(others === null ? [] : [{ ...others, ...lineOf(0, true), name: 'all others' }]),
  ];
}

const known = ({ points }: Series): number => points.filter(([, value]) => value !== null).length;

const isZero = (lines: readonly Line[]): boolean => lines.every((line) => (peakOf(line)?.value ?? 0) === 0);

/** One point alone is no course, and nothing at all is said in fewer words. */
const canBeDrawn = (lines: readonly Line[]): boolean =>
  lines.some((line) => known(line) >= 2) && !isZero(lines);

/** In place of a drawing; that there is nothing, or nothing but zero, the caption says. */
const insteadOf = (lines: readonly Line[]): Html =>
  isZero(lines) ? NOTHING : html`<p>One point is no line: there is nothing to draw.</p>\n`;

/** What each line is called, and its largest and last value. */
function peaks(chart: ReportChart, lines: readonly Line[], { iso, span }: Setting, isDrawn: boolean): Html {
  // The date only where there are several.
  const from = iso(span.fromMs).slice(0, 10) === iso(span.toMs).slice(0, 10) ? 11 : 5;
  const at = (ms: number) => iso(ms).slice(from, 16).replace('T', ' ');
  const isMoney = chart.unit === 'USD';
  const amount = (value: number | undefined) => {
    if (value === undefined) return 'no samples';
    return isMoney ? formatAmount(value, chart.unit) : formatNumber(value);
  };
  const last = ({ points }: Line) => points.findLast(([, value]) => value !== null)?.[1] ?? undefined;
  const columns: TableColumn<Line>[] = [
    {
      head: chart.kind === 'ip' ? 'IP' : (chart.kind ?? 'line'),
      cell: (line) =>
        html`${isDrawn ? key(line) : NOTHING} ${line.name ?? html`<span class="id">${escapeText(line.id, 64)}</span>`}`,
    },
    {
      head: isMoney ? 'highest' : `highest ${chart.unit}`,
      right: true,
      cell: (line) => amount(peakOf(line)?.value),
    },
    {
      head: 'at (UTC)',
      right: true,
      cell: (line) => {
        const peak = peakOf(line);
        return peak === null ? '' : at(peak.atMs);
      },
    },
    { head: 'last', right: true, cell: (line) => amount(last(line)) },
  ];
  const beyond = chart.levels.filter((one) => !levelsWithin(chart, lines).includes(one));
  const above = beyond.map(
    ({ label, value }) =>
      html`<p class="origin">Not drawn, further up: ${escapeText(label, 80)}, ${formatAmount(value, chart.unit)}.</p>\n`,
  );
  return html`${table(`Numbers of ${chart.title}`, columns, lines)}${above}`;
}

/** The line as it is drawn, to find it by. */
const key = ({ colour, dashed }: Line): Html =>
  html`<svg class="key" viewBox="0 0 28 10" aria-hidden="true"><path d="M1 5H27" stroke="${drawnIn(colour)}" stroke-width="3"${dashed ? html` stroke-dasharray="6 4"` : NOTHING}/></svg>`;
