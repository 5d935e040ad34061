import type { Clock } from '../signals/asked.ts';
import type { History } from '../watch/history.ts';
import { commandLines } from './command-wrap.ts';
import { measure } from './measure.ts';
import type { Paint } from './paint.ts';
import { eitherOf } from './question-sentences.ts';
import { type Line, paintLine, span, spread } from './spans.ts';
import { summarise, toneOf, verdictName } from './triage-document.ts';
import { changeMark, changeText } from './watch-changes.ts';
import { entryLines, footerLine, sinceTexts, timeLine, timeOfDay, unseenLines } from './watch-status.ts';
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
    ...(plan.changes > 0 ? gap : []),
    ...changeLines(view, plan.changes, clock),
    ...atMost(unseenLines(view, columns), plan.unseen),
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

/** That there is more is seen. */
const atMost = (lines: readonly Line[], most: number): Line[] =>
  lines.slice(0, most).map((line, index) => {
    const isCut = index === most - 1 && lines.length > most;
    return isCut ? [...line, span(' …', 'dim')] : line;
  });

/** For a window in which nothing else fits. */
const tiny = ({ document }: Watching): Line[] => [
  [span(eitherOf(document.verdict), toneOf(document.verdict))],
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
  const name = verdictName(verdict);
  const since = sinceTexts(view, nowMs, clock);
  const beside = since.find((text) => measure(name) + 2 + measure(text) <= columns);
  const rest = (count: number) => wrapped(summarise(view.document), columns, count);
  if (beside !== undefined) {
    return [spread([span(name, tone)], [span(beside, 'strong')], columns), ...rest(lines)];
  }
  const short = worst === undefined ? verdict.category : `${worst.severity} ${eitherOf(verdict)}`;
  return [[span(short, tone)], [span(`${verdict.confidence}, ${since[0]}`, 'strong')], ...rest(lines - 1)];
}

/** At most so many lines, the last one cut where there would be more. */
function wrapped(text: string, columns: number, lines: number): Line[] {
  const all = wrap(text, columns).split('\n');
  const last = all.slice(lines - 1).join(' ');
  return [...all.slice(0, lines - 1), ...(last === '' ? [] : [last])].map((line) => [span(line)]);
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

const UNDECIDED = 'Next: not known; ratelimit triage shows what was seen, ratelimit doctor what cannot be';

/** What to do next: a command is whole or not there, since half of one is worse than none. */
function nextLines({ next, document }: Watching, lines: number, columns: number): Line[] {
  if (next !== null) {
    const isWorst = next.category === document.verdict.category;
    const label = isWorst ? 'Next: ' : `Next, for ${next.category}: `;
    const whole = commandLines(next.argv, columns - 6, label.length - 6);
    if (whole !== null && whole.length <= lines) {
      return whole.map((text, index) => [span(index === 0 ? label : '      ', 'strong'), span(text, 'name')]);
    }
    return [[span(label, 'strong'), span('no room here, ratelimit triage shows it', 'dim')]];
  }
  const [step] = [...document.remedies.values()].flat();
  if (step === undefined) {
    // Where no category fits, or nothing could be seen, nobody knows whether there is nothing to do.
    return document.verdict.category === 'quiet'
      ? [[span('Next: nothing to do', 'dim')]]
      : wrapped(UNDECIDED, columns, Math.min(2, lines));
  }
  return wrapped(`Next: ${step.text}`, columns, Math.min(2, lines));
}

/**
 * As many lines of the tables as there is room for. Each has its largest entity, those that findings are about first, and
 * then they take turns.
 */
function fitTables(tables: readonly Table[], room: number): Line[] {
  const byWeight = [...tables].sort((a, b) => Number(b.isCentral) - Number(a.isCentral));
  const height = new Map<Table, number>();
  let left = room;
  const grow = (table: Table, by: number): boolean => {
    const now = height.get(table) ?? 0;
    const more = Math.min(by, table.lines.length - now);
    if (more === 0 || more > left) return false;
    height.set(table, now + more);
    left -= more;
    return true;
  };
  for (const table of byWeight) grow(table, 2);
  const shown = byWeight.filter((table) => height.has(table));
  for (let isGrowing = true; isGrowing; ) isGrowing = shown.map((table) => grow(table, 1)).includes(true);
  return tables.flatMap((table) => table.lines.slice(0, height.get(table) ?? 0));
}
