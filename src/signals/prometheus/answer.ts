import type { Answer } from '../../evidence/collect.ts';
import type { Reading } from '../../evidence/types.ts';
import type { Runbook, SourceSpec } from '../../runbooks/schema.ts';
import { labelOf } from '../../runbooks/sources.ts';
import type { Asked } from '../asked.ts';
import type { Told } from './lines.ts';
import type { Grid } from './range.ts';
import { allOf, readingOf, type Said } from './several.ts';
import { minutesOver } from './sustained.ts';

/**
 * What one source said, with the report on it: each of Prometheus's sources is asked by itself. Numbers of which some
 * are missing are `measured` with a report that is `unknown`: what they prove is proven, and what is not among them may
 * be what could not be read.
 */
export function answered(one: Asked, said: Said<Reading>, latencyMs: number): Answer {
  const label = labelOf(one.source);
  const reading = readingOf(said);
  const { status, reason, cause, rows, total, distinct } = reading;
  const missing = status === 'measured' ? allOf(said.missing) : null;
  const [row] = rows;
  const report = {
    ...(missing === null ? { status, reason, cause } : { status: 'unknown' as const, ...missing }),
    ...{ label, latencyMs },
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
    reading: {
      ...reading,
      rows: rows.map((each) => ({ ...each, sources: [label] })),
      warnings: missing === null ? reading.warnings : [...reading.warnings, missing.reason],
    },
    sources: [report],
  };
}

type Sustained = Extract<SourceSpec, { kind: 'prometheus-sustained' }>;

/** What was read step by step, to be held against the limits once the signal that has them is known. */
export function answeredLater(
  one: Asked & { readonly source: Sustained },
  told: Told,
  grid: Grid,
  runbook: Runbook,
  latencyMs: number,
): Answer {
  const settle: Answer['settle'] = (signals) =>
    answered(one, minutesOver(one.source, told, grid, signals[one.source.of], runbook), latencyMs);
  return { ...settle({}), settle };
}
