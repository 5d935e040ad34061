import { absent, type Reading, rowOf } from '../evidence/types.ts';
import { riseOf } from '../incidents/timeline.ts';
import { stepOf } from '../runbooks/count-schema.ts';
import { isMatch, isNone } from '../runbooks/match.ts';
import type { SourceSpec } from '../runbooks/schema.ts';
import { isValidId } from '../signals/entities.ts';
import { bounded, counted, countedRow, PARTS } from '../signals/prometheus/count.ts';
import { parseDuration } from '../values/duration.ts';
import type { Question } from './prometheus.ts';
import { idOf, isRecorded } from './recorded.ts';

type Count = Extract<SourceSpec, { kind: 'prometheus-count' }>;

/** As `signals/prometheus/count.ts` asks it of a real Prometheus, of an incident's series. */
export function readCount(source: Count, { recording, kind, after }: Question): Reading {
  const { atSeconds: now, series: all, stoppedOf } = recording;
  const ofMetric = all.filter(({ metric }) => metric === source.metric);
  if (ofMetric.length === 0) return absent(`Prometheus has no metric ${source.metric}`);
  const over = parseDuration(source.over) ?? 0;
  const step = stepOf(over);
  const moments = Array.from({ length: PARTS }, (_, index) => now - (index * over) / PARTS);
  const recorded = moments.filter((at) => isRecorded(ofMetric, at)).length / PARTS;
  const series = ofMetric.filter(
    (one) => isMatch(one.labels, source.match) && isNone(one.labels, source['none-of']),
  );
  const rows = [...new Set(series.map((one) => idOf(one, source)))].map((id) => {
    const group = series.filter((one) => idOf(one, source) === id);
    const rise = (from: number, to: number) =>
      group.reduce((sum, one) => sum + riseOf(one, { from, to }, stoppedOf(one)), 0);
    let from = now - over;
    while (from < now && rise(from, from + step) === 0) from += step;
    const row = rowOf({ id, valid: isValidId(kind, id), value: rise(now - over, now) });
    return countedRow(row, from < now ? from + over - now : undefined, after);
  });
  const sorted = rows.sort((a, b) => b.value - a.value);
  return bounded(counted(sorted, over, recorded));
}
