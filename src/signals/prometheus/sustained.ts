import type { Answer } from '../../evidence/collect.ts';
import {
  empty,
  measured,
  type Reading,
  type Row,
  rowOf,
  type Signal,
  unknown,
} from '../../evidence/types.ts';
import type { Runbook, SourceSpec } from '../../runbooks/schema.ts';
import { parseDuration } from '../../values/duration.ts';
import { SourceError } from '../source-error.ts';
import { askCourse, type Named } from './course.ts';
import type { HttpClient } from './http.ts';
import { NOTHING, type Told, unite } from './lines.ts';
import type { Grid } from './range.ts';
import type { Missing, Said } from './several.ts';

type Sustained = Extract<SourceSpec, { kind: 'prometheus-sustained' }>;
export type Rate = Extract<SourceSpec, { kind: 'prometheus-rate' }>;

/** Of the time that is asked for, what must be recorded to say that something did not last. */
const ENOUGH = 0.8;

/** The last moments of a time, a step apart: whole multiples of the step, so that subqueries meet them. */
export function stepsOf({ over, step }: Pick<Sustained, 'over' | 'step'>, nowMs: number): Grid {
  const stepSeconds = parseDuration(step) ?? 60;
  const count = Math.max(1, Math.round((parseDuration(over) ?? 0) / stepSeconds));
  const toSeconds = Math.floor(nowMs / 1_000 / stepSeconds) * stepSeconds;
  return { fromSeconds: toSeconds - (count - 1) * stepSeconds, toSeconds, stepSeconds };
}

/** The counters that a sustained breach is looked for in: those of the signal that has the limits. */
export const ratesOf = ({ of }: Sustained, { signals }: Runbook): Rate[] =>
  (signals[of]?.sources ?? []).filter(
    (source): source is Rate => source.kind === 'prometheus-rate' && source.ago === null,
  );

/** Whose limits are known, from what was read of the signal that has them; null where nothing was. */
export function namesIn(answers: readonly Answer[]): string[] | null {
  const readings = answers.flatMap(({ reading }) => (reading.status === 'unknown' ? [] : [reading]));
  const ids = readings.flatMap(({ rows }) => rows.map(({ id }) => String(id)));
  return readings.length === 0 ? null : [...new Set(ids)];
}

/**
 * What entities had at each step, by every counter. A failure is `missing`.
 * @param named those that are held against limits: what others had is not asked for
 */
export async function readSteps(
  source: Sustained,
  runbook: Runbook,
  clients: readonly HttpClient[],
  grid: Grid,
  named: Named,
): Promise<Told> {
  try {
    const asks = ratesOf(source, runbook).map((rate) => askCourse(rate, named));
    return unite(await Promise.all(asks.map((ask) => ask(clients, grid))), 'sources');
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    return { ...NOTHING, missing: [{ cause: error.cause, reason: error.message }] };
  }
}

/**
 * For how many minutes of the time each entity was at or over that ratio of its own limit.
 * Where too little is recorded, what was seen is proven, and that something did not last is not known.
 * @param of the signal that has the entities' limits
 */
export function minutesOver(
  source: Sustained,
  { lines, total, missing }: Told,
  { stepSeconds }: Grid,
  of: Signal | undefined,
  runbook: Runbook,
): Said<Reading> {
  const nothing = (reading: Reading): Said<Reading> => ({ held: reading, missing: [] });
  if (of === undefined || of.status === 'unknown') {
    const reason = `${runbook.signals[source.of]?.title ?? source.of} could not be read`;
    return {
      held: null,
      missing: missing.length > 0 ? missing : [{ cause: of?.cause ?? 'refused', reason }],
    };
  }
  if (of.status === 'absent') return nothing({ ...of, distinct: null, warnings: [], rows: [] });
  const seen = (total ?? []).flatMap((value, index) => (value === null ? [] : [index]));
  if (seen.length === 0 && missing.length > 0) return { held: null, missing };
  const wanted = parseDuration(source.over) ?? 0;
  const lacking: Missing[] =
    seen.length * stepSeconds < ENOUGH * wanted
      ? [
          {
            cause: 'window',
            reason: `only ${Math.round((seen.length * stepSeconds) / 60)} of the last ${Math.round(wanted / 60)} minutes are recorded: too few to say what does not last`,
          },
        ]
      : [];
  const ratio = runbook.thresholds[source.ratio]?.value ?? 1;
  const steps = total?.length ?? 0;
  const rows = of.rows.flatMap((row) => {
    const values = lines.get(String(row.id));
    const allowed = row.limit?.value ?? null;
    return values === undefined || allowed === null
      ? []
      : rowFor(
          row,
          seen.filter((index) => (values[index] ?? 0) / allowed >= ratio),
          steps,
          stepSeconds,
        );
  });
  const sorted = rows.sort((a, b) => b.value - a.value);
  const held =
    sorted.length > 0
      ? measured({ total: null, distinct: sorted.length, rows: sorted })
      : seen.length > 0
        ? empty(null, of.live)
        : unknown('window', lacking[0]?.reason ?? '');
  return { held, missing: [...missing, ...lacking] };
}

function rowFor(
  { id, valid, kind, labels }: Row,
  over: readonly number[],
  steps: number,
  stepSeconds: number,
): Row[] {
  const last = over.at(-1);
  if (last === undefined) return [];
  return [
    rowOf({
      ...{ id, valid, kind },
      value: (over.length * stepSeconds) / 60,
      lastSeenSeconds: (steps - 1 - last) * stepSeconds,
      // Which tier it is of, and no mix of minutes.
      labels: Object.fromEntries(
        Object.entries(labels).map(([label, mix]) => [label, onlyMost(mix)] as const),
      ),
    }),
  ];
}

function onlyMost(mix: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const [most] = Object.entries(mix).sort((a, b) => b[1] - a[1]);
  return most === undefined ? {} : { [most[0]]: 1 };
}
