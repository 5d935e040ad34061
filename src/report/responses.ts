import type { Entry } from '../journal/types.ts';
import type { CategorySpec, Runbook } from '../runbooks/schema.ts';
import { KINDS } from './kinds.ts';
import type { Effect, Look, Mean, ReportChart, Response, Subject } from './model.ts';
import { categoriesFound, rootOf, rootsOf } from './roots.ts';
import { subjectsOf } from './subjects.ts';
import type { Series } from './types.ts';

/** An entry of the journal and when it was. */
export interface Done {
  readonly entry: Entry;
  readonly atMs: number;
}

/** How long a mean before and after is taken of, milliseconds, and how many points of a coarse range at least. */
const SPAN_MS = 300_000;
const LEAST_POINTS = 3;
/** Numbers that differ by no more are rounded differently. */
const SAME = 0.001;
/** A look further away than that tells nothing of a remedy. */
const LOOK_MS = 7_200_000;

interface Around {
  readonly runbook: Runbook;
  readonly looks: readonly Look[];
  readonly charts: readonly ReportChart[];
}

/** What was done, each with what became of the rates after it; an undoing stands with what it took back. */
export function responsesOf(done: readonly Done[], around: Around): Response[] {
  const ids = new Set(done.map(({ entry }) => entry.id));
  const own = done.filter(({ entry }) => entry.undoes === null || !ids.has(entry.undoes));
  return own.map(({ entry, atMs }): Response => {
    const subjects = subjectsOf(entry, around.runbook);
    const undo =
      done.find(({ entry: other }) => other.undoes === entry.id && other.status === 'applied') ?? null;
    return {
      ...{ entry, atMs, isDeed: isDeed(entry), subjects, undo },
      effects: mayHaveChanged(entry) ? effectsOf({ entry, atMs }, subjects, done, around) : [],
    };
  });
}

/** Was something done? A note that names no response says what somebody saw. */
const isDeed = ({ note }: Entry): boolean =>
  note === undefined || note.category !== null || note.step !== null;

/** What was refused, failed or only seen has no effect, and is none that another's may be mistaken for. */
const mayHaveChanged = (entry: Entry): boolean =>
  isDeed(entry) && (entry.status === 'applied' || entry.status === 'partial' || entry.status === 'unknown');

function effectsOf(
  { entry, atMs }: Done,
  subjects: readonly Subject[],
  done: readonly Done[],
  { runbook, looks, charts }: Around,
): Effect[] {
  const roots = rootsFor(entry, subjects, looks, runbook);
  const others = done.filter(({ entry: other }) => other.id !== entry.id && mayHaveChanged(other));
  const found = charts.flatMap((chart, index): Effect[] => {
    // Money only grows, so what it was on average says nothing.
    if (chart.unit === 'USD' || !roots.has(rootOf(chart.id, runbook))) return [];
    const named = chart.series.filter(({ id }) =>
      subjects.some((subject) => subject.id === id && (chart.kind === null || chart.kind === subject.kind)),
    );
    const lines: [string | null, Series][] = [
      ...(chart.total === null ? [] : [[soleOf(chart, named), chart.total] as [string | null, Series]]),
      ...named.map((series): [string, Series] => [series.id, series]),
    ];
    return lines.map(([series, line]) => ({
      ...{ chart: index, series },
      ...compared(line, chart, atMs, others),
    }));
  });
  // What is known stands first.
  return found.sort((a, b) => Number(a.reason !== null) - Number(b.reason !== null));
}

/**
 * Whose all of a chart was, where it was one entity's alone from its first point to its last: an agent's calls are
 * counted by its tenant, and which one that is only the numbers tell. null: of several, or it is told by itself.
 */
function soleOf({ kind, series, others, total }: ReportChart, named: readonly Series[]): string | null {
  const [only, ...more] = series;
  if (only === undefined || more.length > 0 || others !== null || named.length > 0) return null;
  // Where there are no entities the one line is the whole itself; a reason or a layer is nobody.
  if (only.points === total?.points) return null;
  if (kind === null || !KINDS.includes(kind)) return null;
  const values = new Map(only.points);
  const isAll = total?.points.every(([at, value]) => {
    const own = values.get(at) ?? null;
    return value === null || Math.abs(value - (own ?? 0)) <= SAME * value;
  });
  return isAll === true ? only.id : null;
}

/** What it can be expected to change: signals of its subjects, and those of the categories that it answers. */
function rootsFor(
  entry: Entry,
  subjects: readonly Subject[],
  looks: readonly Look[],
  runbook: Runbook,
): Set<string> {
  const kinds = new Set(subjects.map(({ kind }) => kind));
  const ofKind = Object.entries(runbook.signals).flatMap(([id, { entity }]) =>
    entity !== null && kinds.has(entity.kind) ? [rootOf(id, runbook)] : [],
  );
  const answered = answeredBy(entry, looks, runbook);
  return new Set([...ofKind, ...answered.flatMap((category) => [...rootsOf(category, runbook)])]);
}

/** The category that a note names; of those that were found those that propose the remedy, or have the note's step. */
function answeredBy(
  { note, remedy }: Entry,
  looks: readonly Look[],
  runbook: Runbook,
): readonly CategorySpec[] {
  const named = note?.category ?? null;
  if (named !== null) return runbook.categories.filter(({ id }) => id === named);
  const isAnswer = ({ id, command }: CategorySpec['respond'][number]): boolean =>
    note === undefined ? command?.[1] === remedy : id === note.step;
  return categoriesFound(looks, runbook).filter(({ respond }) => respond.some(isAnswer));
}

type Compared = Omit<Effect, 'chart' | 'series'>;

/**
 * The means of a line before and after a moment. A point looks back on a window: after the moment only those count
 * whose window has begun after it.
 */
function compared(
  { points }: Series,
  { stepSeconds, windowSeconds }: ReportChart,
  atMs: number,
  others: readonly Done[],
): Compared {
  const known = points.flatMap(([at, value]): [number, number][] => (value === null ? [] : [[at, value]]));
  const windowMs = windowSeconds * 1_000;
  const isSparse = stepSeconds === null;
  const span = isSparse ? LOOK_MS : Math.max(SPAN_MS, LEAST_POINTS * stepSeconds * 1_000);
  const earlier = known.filter(([at]) => at <= atMs && at > atMs - span);
  const later = known.filter(([at]) => at > atMs && at <= atMs + windowMs + span);
  const clear = later.filter(([at]) => at - windowMs >= atMs);
  const before = meanOf(isSparse ? earlier.slice(-1) : earlier);
  const after = meanOf(isSparse ? clear.slice(0, 1) : clear);
  const mixed = others.some(
    ({ atMs: other }) => other > (before?.fromMs ?? atMs) - windowMs && other < (after?.toMs ?? atMs),
  );
  const reason =
    before === null
      ? 'no-samples-before'
      : after !== null
        ? null
        : later.length > 0
          ? 'too-soon'
          : 'no-samples-after';
  return { before, after, reason, mixed };
}

function meanOf(points: readonly (readonly [number, number])[]): Mean | null {
  const [first] = points;
  const last = points.at(-1);
  if (first === undefined || last === undefined) return null;
  const sum = points.reduce((all, [, value]) => all + value, 0);
  return { value: sum / points.length, fromMs: first[0], toMs: last[0], points: points.length };
}
