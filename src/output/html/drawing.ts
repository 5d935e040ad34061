import type { EChartsCoreOption } from 'echarts/core';
import type { Chart, Mark, Series } from '../../report/types.ts';
import { groupedBy } from '../../values/grouped.ts';
import { escapeText } from '../escape.ts';
import { formatAmount, formatNumber } from '../numbers.ts';
import { type Colour, drawnIn } from './palette.ts';

/** How large a drawing is, in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** From when to when all charts of a page go, so that they can be held one below the other. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A series as it is drawn. */
export interface Line extends Series {
  /** What it is called where its id is not its name; null: its id is. */
  readonly name: string | null;
  readonly colour: Colour;
  readonly dashed: boolean;
}

/** The largest value; null without any. */
export function peakOf({ points }: Series): { readonly atMs: number; readonly value: number } | null {
  let peak: { atMs: number; value: number } | null = null;
  for (const [atMs, value] of points) {
    if (value !== null && (peak === null || value > peak.value)) peak = { atMs, value };
  }
  return peak;
}

/**
 * The levels that are drawn: those within reach of the lines, and the next one above them, which says how far that is.
 * Further ones would only press the lines to the ground.
 */
export function levelsWithin({ levels }: Chart, lines: readonly Series[]): Chart['levels'] {
  const most = Math.max(0, ...lines.map((one) => peakOf(one)?.value ?? 0));
  const next = Math.min(...levels.map(({ value }) => value).filter((value) => value > most));
  return levels.filter(({ value }) => value <= most || value === next);
}

/** What the library is told to draw: lines with their gaps, levels across, marks down, time in UTC. */
export function drawingOf(
  chart: Chart,
  lines: readonly Line[],
  marks: readonly Mark[],
  span: Span,
  size: Size,
): EChartsCoreOption {
  const levels = levelsWithin(chart, lines);
  const highest = Math.max(0, ...levels.map(({ value }) => value));
  const text = { color: drawnIn('label'), fontSize: 12, fontFamily: 'sans-serif' };
  return {
    ...{ animation: false, useUTC: true, silent: true, backgroundColor: 'transparent' },
    grid: {
      left: 4,
      right: 12,
      top: 34,
      bottom: 4,
      outerBoundsMode: 'same',
      outerBoundsContain: 'axisLabel',
    },
    xAxis: {
      ...{
        type: 'time',
        min: span.fromMs,
        max: span.toMs,
        splitNumber: Math.max(2, Math.round(size.width / 110)),
      },
      axisLine: { lineStyle: { color: drawnIn('axis') } },
      axisTick: { lineStyle: { color: drawnIn('axis') } },
      splitLine: { show: false },
      axisLabel: { ...text, hideOverlap: true, formatter: TIMES },
    },
    yAxis: {
      ...{ type: 'value', min: 0, splitNumber: 4, name: chart.unit, nameGap: 14 },
      max: ({ max }: { readonly max: number }) => (highest >= max ? highest * 1.1 : null),
      nameTextStyle: { ...text, align: 'left' },
      axisLabel: {
        ...text,
        formatter: (value: number) => plainAmount(value, chart.unit),
        showMaxLabel: highest === 0 ? null : false,
      },
      splitLine: { lineStyle: { color: drawnIn('grid') } },
    },
    series: [
      ...lines.map((line) => lineSeries(line, lines.length === 1)),
      { type: 'line', data: [], silent: true, markLine: linesAcross(chart, levels, marks, span, size) },
    ],
  };
}

/** Without its unit, which stands on the axis; with that of money. */
const plainAmount = (value: number, unit: string): string =>
  unit === 'USD' ? formatAmount(value, unit).replace(/\.00$/, '') : formatNumber(value);

/** By the size of the step between two labels; the date only where a day begins. */
const TIMES = {
  ...{
    year: '{yyyy}-{MM}-{dd}',
    month: '{yyyy}-{MM}-{dd}',
    day: '{MM}-{dd}',
    hour: '{HH}:{mm}',
    minute: '{HH}:{mm}',
  },
  ...{ second: '{HH}:{mm}:{ss}', millisecond: '{HH}:{mm}:{ss}', none: '{HH}:{mm}:{ss}' },
};

function lineSeries({ points, colour, dashed }: Line, isAlone: boolean) {
  const color = drawnIn(colour);
  const isKnown = (at: number) => points[at]?.[1] != null;
  return {
    ...{
      type: 'line',
      silent: true,
      connectNulls: false,
      emphasis: { disabled: true },
      itemStyle: { color },
    },
    lineStyle: { color, width: 2, type: dashed ? [6, 4] : 'solid', join: 'round', cap: 'round' },
    ...{ symbolSize: 5, showAllSymbol: true },
    ...(isAlone ? { areaStyle: { color, opacity: 0.12 } } : {}),
    data: points.map(([atMs, value], at) => ({
      value: [atMs, value],
      // A point between two gaps is no line, and would not be seen. Few points are seen each.
      symbol: points.length <= FEW || !(isKnown(at - 1) || isKnown(at + 1)) ? 'circle' : 'none',
    })),
  };
}

/** So many points are drawn as such. */
const FEW = 30;

/** Levels as dashed lines across, marks as lines down with their numbers on top. */
function linesAcross(
  { unit }: Chart,
  levels: Chart['levels'],
  marks: readonly Mark[],
  span: Span,
  { width }: Size,
) {
  const level = drawnIn('level');
  const mark = drawnIn('mark');
  const words = {
    fontSize: 12,
    fontFamily: 'sans-serif',
    textBorderColor: drawnIn('paper'),
    textBorderWidth: 3,
  };
  const names = namesOf(marks, ((span.toMs - span.fromMs) / width) * ROOM);
  return {
    ...{ silent: true, symbol: 'none', animation: false },
    data: [
      ...[...groupedBy(levels, ({ value }) => value)].map(([value, alike]) => ({
        yAxis: value,
        label: {
          ...words,
          color: level,
          position: 'insideEndTop',
          formatter: () => `${nameOf(alike)} ${plainAmount(value, unit)}`,
        },
        lineStyle: { color: level, type: [5, 4], width: 1.5 },
      })),
      ...marks.map(({ atMs, kind }, index) => ({
        xAxis: atMs,
        label: {
          ...words,
          color: mark,
          fontWeight: 'bold',
          distance: 4,
          formatter: () => names[index] ?? '',
        },
        lineStyle: { color: mark, width: 1.25, type: DASHES[kind] },
      })),
    ],
  };
}

/** Of levels of the same height, which are one line: names drawn over one another would show the last one alone. */
const nameOf = ([first, ...others]: Chart['levels']): string =>
  `${escapeText(first?.label ?? '', 40)}${others.length === 0 ? '' : ` and ${others.length} more`}`;

const DASHES: Readonly<Record<Mark['kind'], 'solid' | readonly number[]>> = {
  ...{ remedy: 'solid', undo: [7, 3], note: [9, 3, 2, 3], alert: [3, 3], verdict: [1, 3] },
};

/** So many pixels a mark's number takes, and so many times that several together. */
const ROOM = 18;
const SEVERAL = 1.6;

/** The number of each mark from 1 on; of those too close to one another, the first has them all: `2-4`. */
export function namesOf(marks: readonly Mark[], room: number): string[] {
  const names: string[] = [];
  let first = 0;
  for (const [index, { atMs }] of marks.entries()) {
    const start = marks[first];
    if (
      start === undefined ||
      index === 0 ||
      atMs - start.atMs >= room * (names[first]?.includes('-') ? SEVERAL : 1)
    ) {
      first = index;
      names.push(String(index + 1));
    } else {
      names[first] = `${first + 1}-${index + 1}`;
      names.push('');
    }
  }
  return names;
}
