import { absent, empty, measured, type Reading, type Row } from '../../evidence/types.ts';
import { stepOf } from '../../runbooks/count-schema.ts';
import { noneOf } from '../../runbooks/match.ts';
import { formatDuration, parseDuration } from '../../values/duration.ts';
import { query } from './api.ts';
import type { HttpClient } from './http.ts';
import { combine, partOf, perSecond, type When } from './promql.ts';
import type { Held, Of, Question } from './question.ts';
import { nothing, plainRow } from './read.ts';
import { leavingOut, targetParts, targetsOf } from './targets.ts';

const TOP = 200;
/** Moments at which it is asked whether anything was recorded. */
export const PARTS = 24;
/** Of the time, what must be recorded to say that there were no more. */
const ENOUGH = 0.8;

/**
 * How many events there were in the time that the source names, by entity, and when the first of them is as old as that
 * time. `bounded` makes of it what it proves. Throws SourceError.
 */
export async function readCount(source: Of<'prometheus-count'>, question: Question): Promise<Held> {
  const { http, kind, windowSeconds, without, isOneOfSeveral, after } = question;
  const { metric, match, by } = source;
  const over = parseDuration(source.over) ?? 0;
  const others = noneOf(source['none-of']);
  const risen = (when: When) =>
    `sum by (${by}) (${leavingOut(perSecond(metric, match, when, others), metric, without, when)})`;
  const whole = risen({ windowSeconds: over });
  const step = stepOf(over);
  // Twice the step, so that slow scraping leaves two samples in it.
  const look = 2 * step;
  const part = Math.floor(over / PARTS);
  const answer = await query(
    http,
    combine({
      now: `count(${metric})`,
      parts: `count_over_time((count(${metric}))[${over}s:${part}s])`,
      rows: `topk(${TOP}, ${whole} * ${over})`,
      // None of these looks back to before that time.
      first: `min_over_time(((${risen({ windowSeconds: look })} > 0) * 0 + time())[${over - look}s:${step}s]) - ${step} + ${over} - time()`,
      soon: `${risen({ windowSeconds: look, agoSeconds: over - look })} > 0`,
      // Those that have ended since counted, too.
      ...(isOneOfSeveral ? targetParts('targets', metric, { windowSeconds: over, everySeconds: step }) : {}),
    }),
  );
  const held = (reading: Reading): Held => ({
    ...{ reading, usual: null, targets: targetsOf(answer, 'targets') },
  });
  if (partOf(answer, 'now').length === 0)
    return held(await nothing(http, metric, match, windowSeconds, false));
  const recorded = Math.min(1, (partOf(answer, 'parts')[0]?.value ?? 0) / PARTS);
  const left = new Map(
    [
      ...partOf(answer, 'first'),
      // The first of them was in the first minutes of that time.
      ...partOf(answer, 'soon').map((one) => ({ ...one, value: step })),
    ].map(({ labels, value }) => [labels[by] ?? '', value]),
  );
  const rows = partOf(answer, 'rows').flatMap(({ labels, value }) => {
    const id = labels[by] ?? '';
    return value > 0 ? [countedRow(plainRow(id, kind, value), left.get(id), after)] : [];
  });
  const reading = counted(rows, over, recorded);
  const isCut = rows.length >= TOP && reading.status === 'measured';
  return held(isCut ? await withAll(reading, whole, over, http) : reading);
}

/** With the total and the number of all entities, of which the largest are there. */
async function withAll(
  reading: Reading,
  rates: string,
  overSeconds: number,
  http: HttpClient,
): Promise<Reading> {
  const all = await query(
    http,
    combine({ total: `sum(${rates}) * ${overSeconds}`, distinct: `count(${rates} > 0)` }),
  );
  const [total, distinct] = ['total', 'distinct'].map((name) => partOf(all, name)[0]?.value ?? null);
  return { ...reading, total: total == null ? null : Math.round(total), distinct: distinct ?? null };
}

/** @param leftSeconds until the first event is as old as the time; undefined: it is not known when that was */
export function countedRow(row: Row, leftSeconds: number | undefined, after: Question['after']): Row {
  return {
    ...row,
    // Events are whole, and increase() is a guess between samples.
    value: Math.round(row.value),
    ...(leftSeconds === undefined ? {} : { frees: after(Math.max(0, Math.round(leftSeconds))) }),
  };
}

/** What was counted; with a warning where too little is recorded. @param recorded the share of the time that is recorded */
export function counted(rows: readonly Row[], overSeconds: number, recorded: number): Reading {
  const reason = `only ${formatDuration(Math.round(recorded * overSeconds))} of the last ${formatDuration(overSeconds)} are recorded: there may have been more`;
  const found = rows.filter(({ value }) => value > 0);
  if (found.length === 0 && recorded >= ENOUGH) return empty();
  return measured({
    total: found.reduce((sum, { value }) => sum + value, 0),
    distinct: found.length,
    rows: found,
    warnings: recorded >= ENOUGH ? [] : [reason],
  });
}

/**
 * What counts prove, of one Prometheus or of several together: where too little is recorded of any of them they are as many
 * at least, and of none it is not known that there were none.
 */
export function bounded(reading: Reading): Reading {
  const [reason] = reading.warnings;
  if (reading.status !== 'measured' || reason === undefined) return reading;
  if (reading.rows.length === 0) return absent(reason);
  return { ...reading, rows: reading.rows.map((row) => ({ ...row, atLeast: true })) };
}
