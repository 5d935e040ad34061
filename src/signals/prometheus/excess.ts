import { absent, measured, type Reading } from '../../evidence/types.ts';
import { parseDuration } from '../../values/duration.ts';
import { query } from './api.ts';
import { combine, increasePerSecond, offset, partOf } from './promql.ts';
import type { Held, Of, Question } from './question.ts';
import { nothing, plainRow } from './read.ts';
import { leavingOut, targetParts, targetsOf } from './targets.ts';

const DAY = 86_400;
const AGO = { day: DAY, week: 7 * DAY } as const;
/** How often the rate is looked at, seconds. */
const STEP = 60;
const TOP = 200;

/**
 * By how much a counter rose above what is usual, by entity: the sum over the minutes in which its rate was more than so
 * many times that of the same minute yesterday and a week ago, whichever was more, of what was above that. Absent where
 * nothing is recorded of either. Throws SourceError.
 */
export async function readExcess(source: Of<'prometheus-excess'>, question: Question): Promise<Held> {
  const { http, runbook, kind, windowSeconds, without, isOneOfSeveral } = question;
  const { metric, match, by } = source;
  const over = parseDuration(source.over) ?? 0;
  const times = runbook.thresholds[source.times]?.value ?? 1;
  const rate = (agoSeconds: number) => {
    const when = { windowSeconds, agoSeconds };
    return `sum by (${by}) (${leavingOut(increasePerSecond(metric, match, when), metric, without, when)})`;
  };
  const then = Object.entries(AGO).map(
    ([name, ago]) => `label_replace(${rate(ago)}, "${WHEN}", "${name}", "", "")`,
  );
  const now = rate(0);
  const recorded = Object.values(AGO).map((ago) => `count(${metric}${offset(ago)})`);
  // Who had nothing then usually has nothing; of a minute of which nothing is recorded that cannot be said.
  const none = `${now} * 0 and on () (${recorded.join(' or ')})`;
  const usual = `(max by (${by}) (${then.join(' or ')}) or ${none})`;
  const excess = `(${now} - ${usual}) and (${now} > ${times} * ${usual})`;
  const answer = await query(
    http,
    combine({
      recorded: `max(${recorded.join(' or ')})`,
      now: `count(${metric})`,
      rows: `topk(${TOP}, sum_over_time((${excess})[${over}s:${STEP}s]) * ${STEP})`,
      // Those that have ended since counted, too.
      ...(isOneOfSeveral ? targetParts('targets', metric, { windowSeconds: over, everySeconds: STEP }) : {}),
    }),
  );
  const targets = targetsOf(answer, 'targets');
  const held = (reading: Reading): Held => ({ reading, usual: null, targets });
  if (partOf(answer, 'now').length === 0)
    return held(await nothing(http, metric, match, windowSeconds, false));
  if (partOf(answer, 'recorded').length === 0) return held(absent(NOT_RECORDED));
  const rows = partOf(answer, 'rows').map(({ labels, value }) => plainRow(labels[by] ?? '', kind, value));
  const total = rows.reduce((sum, { value }) => sum + value, 0);
  return held(measured({ total, distinct: rows.length, rows }));
}

/** The label that tells yesterday from a week ago. */
const WHEN = 'ratelimit_when';

export const NOT_RECORDED = 'what is usual is not known: nothing is recorded of yesterday or a week ago';
