import { absent, empty, measured, type Reading } from '../../evidence/types.ts';
import { stepOf } from '../../runbooks/count-schema.ts';
import { noneOf } from '../../runbooks/match.ts';
import { selector } from '../../runbooks/sources.ts';
import { formatDuration, parseDuration } from '../../values/duration.ts';
import { query } from './api.ts';
import { combine, partOf, perSecond } from './promql.ts';
import type { Held, Of, Question } from './question.ts';
import { nothing, plainRow } from './read.ts';
import { leavingOut, targetParts, targetsOf } from './targets.ts';

const TOP = 200;
/** Moments at which it is asked whether anything was recorded. */
const PARTS = 24;
/** Of the time, what must be recorded to say that there were no more. */
const ENOUGH = 0.8;

/**
 * How many events there were in the time that the source names, by entity, and when the first of them is as old as that
 * time. Where too little of it is recorded they are as many at least. Throws SourceError.
 */
export async function readCount(source: Of<'prometheus-count'>, question: Question): Promise<Held> {
  const { http, kind, windowSeconds, without, isOneOfSeveral, after } = question;
  const { metric, match, by } = source;
  const over = parseDuration(source.over) ?? 0;
  const when = { windowSeconds: over };
  const others = noneOf(source['none-of']);
  const rate = leavingOut(perSecond(metric, match, when, others), metric, without, when);
  const step = stepOf(over);
  // Twice the step, so that slow scraping leaves two samples in it.
  const recent = `increase(${selector(metric, match, others)}[${2 * step}s])`;
  const rose = `sum by (${by}) (${leavingOut(recent, metric, without, { windowSeconds: 2 * step })}) > 0`;
  const part = Math.floor(over / PARTS);
  const answer = await query(
    http,
    combine({
      now: `count(${metric})`,
      parts: `count_over_time((count(${metric}))[${over}s:${part}s])`,
      rows: `topk(${TOP}, sum by (${by}) (${rate}) * ${over})`,
      first: `min_over_time(((${rose}) * 0 + time())[${over}s:${step}s]) - ${step} + ${over} - time()`,
      ...(isOneOfSeveral ? targetParts('targets', metric, { windowSeconds }) : {}),
    }),
  );
  const held = (reading: Reading): Held => ({
    ...{ reading, usual: null, targets: targetsOf(answer, 'targets') },
  });
  if (partOf(answer, 'now').length === 0)
    return held(await nothing(http, metric, match, windowSeconds, false));
  const recorded = Math.min(1, (partOf(answer, 'parts')[0]?.value ?? 0) / PARTS);
  const left = new Map(partOf(answer, 'first').map(({ labels, value }) => [labels[by] ?? '', value]));
  const rows = partOf(answer, 'rows').flatMap(({ labels, value }) => {
    const id = labels[by] ?? '';
    return value > 0 ? [countedRow(plainRow(id, kind, value), left.get(id), recorded >= ENOUGH, after)] : [];
  });
  return held(counted(rows, over, recorded));
}

/** @param leftSeconds until the first event is as old as the time; undefined: it is not known when that was */
export function countedRow(
  row: Reading['rows'][number],
  leftSeconds: number | undefined,
  isWhole: boolean,
  after: Question['after'],
): Reading['rows'][number] {
  return {
    ...row,
    // Events are whole, and increase() is a guess between samples.
    value: Math.round(row.value),
    atLeast: !isWhole,
    ...(leftSeconds === undefined ? {} : { frees: after(Math.max(0, Math.round(leftSeconds))) }),
  };
}

/** @param recorded the share of the time that is recorded */
export function counted(rows: Reading['rows'], overSeconds: number, recorded: number): Reading {
  const reason = `only ${formatDuration(Math.round(recorded * overSeconds))} of the last ${formatDuration(overSeconds)} are recorded: there may have been more`;
  const found = rows.filter(({ value }) => value > 0);
  if (found.length === 0) return recorded >= ENOUGH ? empty() : absent(reason);
  return measured({
    total: found.reduce((sum, { value }) => sum + value, 0),
    distinct: found.length,
    rows: found,
    warnings: recorded >= ENOUGH ? [] : [reason],
  });
}

export const isWhole = (recorded: number): boolean => recorded >= ENOUGH;
