import type { Answer } from '../../evidence/collect.ts';
import type { Reading } from '../../evidence/types.ts';
import { labelOf } from '../../runbooks/sources.ts';
import type { Asked } from '../asked.ts';

/** What one source said, with the report on it: each of Prometheus's sources is asked by itself. */
export function answered(one: Asked, reading: Reading, latencyMs: number): Answer {
  const label = labelOf(one.source);
  const { status, reason, cause, rows, total, distinct } = reading;
  const [row] = rows;
  const report = {
    ...{ label, status, reason, cause, latencyMs },
    entities: distinct,
    sample:
      row === undefined
        ? total === null
          ? null
          : { id: 'total', value: total }
        : { id: row.id, value: row.value },
  };
  return {
    asked: [one],
    reading: { ...reading, rows: rows.map((each) => ({ ...each, sources: [label] })) },
    sources: [report],
  };
}
