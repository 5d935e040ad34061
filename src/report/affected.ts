import type { Id, Row, Signal } from '../evidence/types.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { KINDS } from './kinds.ts';
import type { Affected, Look, ReportChart, Response } from './model.ts';
import { peakOf } from './peak.ts';
import { categoriesFound, rootOf, rootsOf } from './roots.ts';

/** Of each kind; a crowd has thousands. */
const SHOWN = 20;

interface Seen {
  readonly looks: readonly Look[];
  readonly charts: readonly ReportChart[];
  readonly responses: readonly Response[];
  readonly runbook: Runbook;
}

/**
 * Who was part of it: subjects of findings and of what was done, whoever was loud by the runbook's own thresholds or at
 * a limit, and of a crowd its largest.
 * @returns those that are told, and how many more there were of a kind
 */
export function affectedOf(seen: Seen): {
  readonly affected: Affected[];
  readonly more: Record<string, number>;
} {
  const { looks, responses, charts, runbook } = seen;
  const found = new Map<string, Affected>();
  const abouts = new Set(categoriesFound(looks, runbook).map(({ about }) => about));
  for (const { atMs, evidence, verdict } of looks) {
    const subjects = new Set(
      verdict.findings.flatMap((finding) => finding.subjects.map(({ kind, id }) => nameOf(kind, id))),
    );
    const own = new Map(
      verdict.findings.flatMap((finding) =>
        finding.subjects.map(({ kind, id, signal }): [string, string] => [nameOf(kind, id), signal]),
      ),
    );
    for (const [id, signal] of Object.entries(evidence.signals)) {
      for (const row of signal.rows) {
        const kind = row.kind ?? runbook.signals[id]?.entity?.kind ?? 'name';
        const name = nameOf(kind, row.id);
        // What a subject is judged by stands for it; what else there is about it is told elsewhere.
        const isSubject =
          subjects.has(name) && (own.get(name) === id || evidence.signals[own.get(name) ?? ''] === undefined);
        const isPart =
          isSubject || isNamed(kind, row.id, responses) || isLoud(id, row, abouts, verdict.findings, runbook);
        if (!isPart || !KINDS.includes(kind) || isState(signal)) continue;
        add(found, name, seenOnce(kind, row, id, signal, atMs, isSubject));
      }
    }
  }
  for (const { subjects } of responses) {
    for (const { kind, id } of subjects) {
      if (!found.has(nameOf(kind, id))) found.set(nameOf(kind, id), onlyNamed(kind, id));
    }
  }
  for (const one of loudInCharts(seen)) {
    const name = nameOf(one.kind, one.id);
    if (!found.has(name)) found.set(name, one);
  }
  const all = [...found.values()].map((one) => withCharts(withResponses(one, responses), charts));
  return cut(all);
}

const nameOf = (kind: string, id: Id): string => JSON.stringify([kind, id]);

/** What is there, rather than what happened: blocks, kill switches. */
const isState = ({ unit }: Signal): boolean => unit === 's left' || unit === 's' || unit === 'up';

const isNamed = (kind: string, id: Id, responses: readonly Response[]): boolean =>
  responses.some(({ subjects }) => subjects.some((subject) => subject.kind === kind && subject.id === id));

function isLoud(
  id: string,
  row: Row,
  abouts: ReadonlySet<string>,
  findings: Look['verdict']['findings'],
  runbook: Runbook,
): boolean {
  if (findings.length === 0) return false;
  const spec = runbook.signals[id];
  const loud = runbook.thresholds[spec?.spread?.['loud-at'] ?? '']?.value ?? null;
  if (loud !== null && row.value >= loud) return true;
  if ((row.limit?.ratio ?? 0) >= 1) return true;
  // A crowd has nobody who stands out.
  const floor = runbook.thresholds[spec?.spread?.floor ?? '']?.value ?? 0;
  const isCrowd = findings.some(({ subjects }) => subjects.length === 0);
  return abouts.has(id) && isCrowd && row.value >= floor;
}

function seenOnce(
  kind: string,
  row: Row,
  signal: string,
  { unit }: Signal,
  atMs: number,
  subject: boolean,
): Affected {
  const lastMs = row.lastSeenSeconds === null ? atMs : atMs - row.lastSeenSeconds * 1_000;
  return {
    ...{ kind, id: row.id, claimed: row.claimed, subject, signal, unit },
    peak: { value: row.value, atMs, atLeast: row.atLeast },
    ...{ firstMs: Math.min(atMs, lastMs), lastMs, responses: [] },
  };
}

/**
 * Who was loud at some time between the looks, or where nobody looked, in a chart that tells of what was found or went
 * above its level: a look knows its window alone.
 */
function loudInCharts({ looks, charts, runbook }: Seen): Affected[] {
  const roots = categoriesFound(looks, runbook).map((category) => rootsOf(category, runbook));
  const threshold = (name: string | null | undefined) => runbook.thresholds[name ?? '']?.value ?? null;
  return charts.flatMap(({ id: signal, kind, unit, from, series, total }, index): Affected[] => {
    const loud = threshold(runbook.signals[signal]?.spread?.['loud-at']);
    const level = threshold(runbook.charts[index]?.level);
    if (loud === null || kind === null || !KINDS.includes(kind) || from === 'looks') return [];
    const isAbove = total !== null && level !== null && peakOf(total) >= level;
    if (!isAbove && !roots.some((one) => one.has(rootOf(signal, runbook)))) return [];
    return series
      .filter((line) => peakOf(line) >= loud)
      .map(({ id }) => ({
        ...onlyNamed(kind, id),
        signal,
        unit,
        peak: { value: 0, atMs: 0, atLeast: false },
      }));
  });
}

/** Seen again, or in another signal: the one that it was judged by counts, else the first. */
function add(found: Map<string, Affected>, name: string, next: Affected): void {
  const known = found.get(name);
  if (known === undefined || (next.subject && !known.subject && known.signal !== next.signal)) {
    found.set(name, next);
    return;
  }
  if (known.signal !== next.signal) return;
  const peak = (next.peak?.value ?? 0) > (known.peak?.value ?? 0) ? next.peak : known.peak;
  found.set(name, {
    ...known,
    peak,
    subject: known.subject || next.subject,
    claimed: known.claimed || next.claimed,
    firstMs: least(known.firstMs, next.firstMs),
    lastMs: most(known.lastMs, next.lastMs),
  });
}

const onlyNamed = (kind: string, id: string): Affected => ({
  ...{ kind, id, claimed: false, subject: false, signal: '', unit: '' },
  ...{ peak: null, firstMs: null, lastMs: null, responses: [] },
});

const withResponses = (one: Affected, responses: readonly Response[]): Affected => ({
  ...one,
  responses: responses.flatMap(({ subjects }, index) =>
    subjects.some(({ kind, id }) => kind === one.kind && id === one.id) ? [index] : [],
  ),
});

/** A range of time knows more than some looks do. */
function withCharts(one: Affected, charts: readonly ReportChart[]): Affected {
  const chart = charts.find(({ id, kind }) => id === one.signal && kind === one.kind);
  const series = chart?.from === 'looks' ? undefined : chart?.series.find(({ id }) => id === one.id);
  if (series === undefined) return one;
  const busy = series.points.filter(([, value]) => (value ?? 0) > 0);
  const value = peakOf(series);
  const at = series.points.find(([, other]) => other === value)?.[0] ?? 0;
  const isMore = value > (one.peak?.value ?? 0);
  return {
    ...one,
    peak: isMore ? { value, atMs: at, atLeast: false } : one.peak,
    firstMs: least(one.firstMs, busy[0]?.[0] ?? null),
    lastMs: most(one.lastMs, busy.at(-1)?.[0] ?? null),
  };
}

const least = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.min(a, b);
const most = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.max(a, b);

function cut(all: readonly Affected[]): { affected: Affected[]; more: Record<string, number> } {
  const affected: Affected[] = [];
  const more: Record<string, number> = {};
  for (const kind of KINDS) {
    const own = all
      .filter((one) => one.kind === kind)
      .sort((a, b) => rank(b) - rank(a) || (b.peak?.value ?? 0) - (a.peak?.value ?? 0));
    affected.push(...own.slice(0, SHOWN));
    if (own.length > SHOWN) more[kind] = own.length - SHOWN;
  }
  return { affected, more };
}

/** Whom it was about stands first, then whom something was done about. */
const rank = ({ subject, responses }: Affected): number => (subject ? 2 : 0) + (responses.length > 0 ? 1 : 0);
