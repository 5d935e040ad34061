import type { Clock } from '../signals/asked.ts';
import type { History } from '../watch/history.ts';
import { commandLines } from './command-wrap.ts';
import { measure } from './measure.ts';
import type { Paint } from './paint.ts';
import { type Line, paintLine, span, spread } from './spans.ts';
import { summarise, toneOf, verdictName } from './triage-document.ts';
import { changeMark, changeText } from './watch-changes.ts';
import { entryLines, footerLine, sinceText, timeLine, timeOfDay, unseenLines } from './watch-status.ts';
import { sparkWidth, type Table, tablesOf } from './watch-tables.ts';
import type { Moment, Size, Watching } from './watch-view.ts';
import { wrap } from './wrap.ts';

const LEAST: Size = { columns: 30, rows: 6 };

/** How many lines each part may take, by how high the screen is: the same from look to look, so that little moves. */
interface Plan {
  readonly title: boolean;
  readonly summary: number;
  readonly gap: boolean;
  readonly changes: number;
  readonly unseen: number;
  readonly next: number;
  readonly entries: number;
}

function planFor(rows: number): Plan {
  if (rows >= 40) return { title: true, summary: 3, gap: true, changes: 10, unseen: 5, next: 4, entries: 3 };
  if (rows >= 30) return { title: true, summary: 2, gap: true, changes: 6, unseen: 3, next: 3, entries: 2 };
  if (rows >= 20) return { title: true, summary: 2, gap: true, changes: 3, unseen: 2, next: 2, entries: 1 };
  if (rows >= 14) return { title: true, summary: 2, gap: false, changes: 1, unseen: 1, next: 2, entries: 1 };
  return { title: false, summary: 2, gap: false, changes: 0, unseen: 1, next: 2, entries: 0 };
}

/** The screen: exactly as many lines as it has, none wider than it is. */
export function watchFrame(
  view: Watching | null,
  moment: Moment,
  { columns, rows }: Size,
  paint: Paint,
  clock: Clock,
): string[] {
  const lines = linesFor(view, moment, { columns, rows }, clock).slice(0, rows);
  return Array.from({ length: rows }, (_, index) => paintLine(lines[index] ?? [], columns, paint));
}

function linesFor(view: Watching | null, moment: Moment, size: Size, clock: Clock): Line[] {
  const { columns, rows } = size;
  const plan = planFor(rows);
  const title = plan.title ? [titleLine(moment, columns, clock)] : [];
  if (view === null)
    return [...title, [span('looking for the first time')], [], footerLine(null, moment, columns)];
  if (columns < LEAST.columns || rows < LEAST.rows) return tiny(view);
  const gap: Line[] = plan.gap ? [[]] : [];
  const top = [...title, ...verdictLines(view, moment, plan.summary, columns, clock), ...gap];
  const bottom = [
    ...below(changeLines(view, plan.changes, clock), gap),
    ...unseenLines(view).slice(0, plan.unseen),
    ...nextLines(view, plan.next, columns),
    footerLine(view, moment, columns),
  ];
  const entries = entryLines(view, moment.nowMs, clock).slice(0, plan.entries);
  const axis = timeLine(view, moment.nowMs, columns, sparkWidth(columns));
  const room = rows - top.length - bottom.length - entries.length - 1;
  const tables = fitTables(tablesOf(view, columns), room);
  const middle = [...tables, ...(room > 0 ? [axis] : []), ...entries];
  const filler = Math.max(0, rows - top.length - middle.length - bottom.length);
  return [...top, ...middle, ...Array.from({ length: filler }, (): Line => []), ...bottom];
}

/** For a window in which nothing else fits. */
const tiny = ({ document }: Watching): Line[] => [
  [span(document.verdict.category, toneOf(document.verdict))],
  [span('window too small')],
  [span('q quit', 'dim')],
];

const titleLine = ({ what, nowMs }: Moment, columns: number, clock: Clock): Line =>
  spread([span(`ratelimit watch, ${what}`, 'dim')], [span(`${timeOfDay(nowMs, clock)} UTC`, 'dim')], columns);

function verdictLines(
  view: Watching,
  { nowMs }: Moment,
  lines: number,
  columns: number,
  clock: Clock,
): Line[] {
  const { verdict } = view.document;
  const [worst] = verdict.findings;
  const tone = toneOf(verdict);
  const since = sinceText(view, nowMs, clock);
  const rest = (count: number) => wrapped(summarise(view.document), columns, count);
  const name = verdictName(verdict);
  if (measure(name) + 2 + measure(since) <= columns) {
    return [spread([span(name, tone)], [span(since, 'strong')], columns), ...rest(lines)];
  }
  const short = worst === undefined ? verdict.category : `${worst.severity} ${worst.category}`;
  return [[span(short, tone)], [span(`${verdict.confidence}, ${since}`, 'strong')], ...rest(lines - 1)];
}

/** So many lines, the last one cut where there would be more. Fewer are filled up, so that what is below stays. */
function wrapped(text: string, columns: number, lines: number): Line[] {
  const all = wrap(text, columns).split('\n');
  const kept = all.slice(0, lines - 1);
  const last = all.slice(lines - 1).join(' ');
  return Array.from({ length: lines }, (_, index) => [span(index < lines - 1 ? (kept[index] ?? '') : last)]);
}

/** What changed, the newest first; what the last look brought is bright. */
function changeLines({ history, document }: Watching, lines: number, clock: Clock): Line[] {
  const newest = history.looks.at(-1)?.atMs;
  const log = newestFirst(history.log).slice(0, lines);
  const shown = log.map(({ atMs, change }): Line => {
    const { mark, tone } = changeMark(change);
    const isNew = atMs === newest;
    return [
      span(`${timeOfDay(atMs, clock)} `, 'dim'),
      span(`${mark} `, isNew ? tone : 'dim'),
      span(changeText(change, document.runbook), isNew ? undefined : 'dim'),
    ];
  });
  if (shown.length === 0 && lines > 0) shown.push([span('Nothing new since the watch began', 'dim')]);
  return [...shown, ...Array.from({ length: lines - shown.length }, (): Line => [])].slice(0, lines);
}

/** Of one look the verdict stands before what is less. */
const newestFirst = (log: History['log']): History['log'] => [...log].sort((a, b) => b.atMs - a.atMs);

const below = (lines: readonly Line[], gap: readonly Line[]): Line[] =>
  lines.length === 0 ? [] : [...gap, ...lines, ...gap];

/** What to do next: a command is whole or not there, since half of one is worse than none. */
function nextLines({ next, document }: Watching, lines: number, columns: number): Line[] {
  if (next !== null) {
    const whole = commandLines(next, columns - 6);
    if (whole !== null && whole.length <= lines) {
      return whole.map((text, index) => [
        span(index === 0 ? 'Next: ' : '      ', 'strong'),
        span(text, 'name'),
      ]);
    }
    return [
      [span('Next: ', 'strong'), span('ratelimit triage', 'name'), span(' shows it: no room here', 'dim')],
    ];
  }
  const [step] = [...document.remedies.values()].flat();
  if (step === undefined) return [[span('Next: nothing to do', 'dim')]];
  return wrapped(`Next: ${step.text}`, columns, Math.min(2, lines));
}

/** As many lines of the tables as there is room for: what a finding is about comes first, and then takes turns. */
function fitTables(tables: readonly Table[], room: number): Line[] {
  const byWeight = [...tables].sort((a, b) => Number(b.isCentral) - Number(a.isCentral));
  const height = new Map<Table, number>();
  let left = room;
  const grow = (table: Table, by: number) => {
    const now = height.get(table) ?? 0;
    const more = Math.min(by, left, table.lines.length - now);
    height.set(table, now + more);
    left -= more;
    return more > 0;
  };
  for (const table of byWeight) grow(table, table.isCentral ? 4 : 2);
  for (let isGrowing = true; left > 0 && isGrowing; ) {
    isGrowing = byWeight.map((table) => grow(table, 1)).includes(true);
  }
  return tables.flatMap((table) => table.lines.slice(0, height.get(table)));
}
