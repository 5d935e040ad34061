import { absent, measured, type Reading, rowOf } from '../evidence/types.ts';
import { riseOf } from '../incidents/timeline.ts';
import { isMatch } from '../runbooks/match.ts';
import type { SourceSpec } from '../runbooks/schema.ts';
import { isValidId } from '../signals/entities.ts';
import { NOT_RECORDED } from '../signals/prometheus/excess.ts';
import { parseDuration } from '../values/duration.ts';
import type { Question } from './prometheus.ts';
import { idOf, isRecorded } from './recorded.ts';

type Excess = Extract<SourceSpec, { kind: 'prometheus-excess' }>;

const DAY = 86_400;
const STEP = 60;

/** As `signals/prometheus/excess.ts` asks it of a real Prometheus, of an incident's series. */
export function readExcess(source: Excess, question: Question): Reading {
  const { recording, runbook, kind, windowSeconds } = question;
  const { atSeconds } = recording;
  const ofMetric = recording.series.filter(({ metric }) => metric === source.metric);
  const isThere = (at: number) => isRecorded(ofMetric, at);
  if (ofMetric.length === 0) return absent(`Prometheus has no metric ${source.metric}`);
  const ago = [DAY, 7 * DAY];
  if (!ago.some((seconds) => isThere(atSeconds - seconds))) return absent(NOT_RECORDED);
  const times = runbook.thresholds[source.times]?.value ?? 1;
  const over = parseDuration(source.over) ?? 0;
  const series = ofMetric.filter((one) => isMatch(one.labels, source.match));
  const ids = new Set(series.map((one) => idOf(one, source)));
  const rows = [...ids].map((id) => {
    const group = series.filter((one) => idOf(one, source) === id);
    const rateAt = (to: number) =>
      group.reduce(
        (sum, one) => sum + riseOf(one, { from: to - windowSeconds, to }, recording.stoppedOf(one)),
        0,
      ) / windowSeconds;
    let value = 0;
    for (let at = atSeconds - over + STEP; at <= atSeconds; at += STEP) {
      const then = ago.map((seconds) => at - seconds).filter(isThere);
      if (then.length === 0) continue;
      const [now, usual] = [rateAt(at), Math.max(...then.map(rateAt))];
      if (now > times * usual) value += (now - usual) * STEP;
    }
    return rowOf({ id, valid: isValidId(kind, id), value });
  });
  const found = rows.filter(({ value }) => value > 0).sort((a, b) => b.value - a.value);
  const total = found.reduce((sum, { value }) => sum + value, 0);
  return measured({ total, distinct: found.length, rows: found });
}
