import type { Clock } from '../signals/asked.ts';
import { isRecord } from '../values/parse.ts';
import { CAPTURE_SCHEMA } from './capture-name.ts';
import { resetsAfter } from './resets.ts';
import { rowOf } from './types.ts';

/** Evidence alone, each signal of one source: what the first `--save` wrote. */
export const V1_SCHEMA = 'ratelimit/evidence/v1';

type Json = Readonly<Record<string, unknown>>;

/**
 * The same as a capture of today; whether it is one is checked afterwards. Rows of that time were each of the one source
 * that its signal had, and spends those of a day.
 */
export function fromV1(json: unknown, clock: Clock): unknown {
  if (!isRecord(json)) return json;
  const { schema: _, at, signals, ...rest } = json;
  const now = typeof at === 'string' ? clock.ms(at) : Number.NaN;
  return {
    schema: CAPTURE_SCHEMA,
    version: V1_SCHEMA,
    runbook: 'aegis',
    ...{ context: null, thresholds: {}, totalMs: 0, redacted: false, alert: null },
    evidence: {
      at,
      ...rest,
      resets: Number.isFinite(now) ? resetsAfter(now, clock) : null,
      signals: isRecord(signals) ? mapValues(signals, signalFromV1) : signals,
    },
  };
}

function signalFromV1(signal: unknown): unknown {
  if (!isRecord(signal)) return signal;
  const { rows, sources, unit } = signal;
  const labels = Array.isArray(sources)
    ? sources.map((source) => (isRecord(source) ? source.label : null))
    : [];
  const spends = unit === 'USD' ? { period: 'day' } : {};
  const rowFromV1 = (row: unknown) =>
    isRecord(row)
      ? { ...rowOf({ id: '', valid: false, value: 0 }), sources: labels, ...spends, ...row }
      : row;
  const sourceFromV1 = (source: unknown) =>
    isRecord(source) ? { cause: null, entities: null, sample: null, ...source } : source;
  return {
    ...{ atMost: false, baseline: null },
    ...signal,
    rows: Array.isArray(rows) ? rows.map(rowFromV1) : rows,
    sources: Array.isArray(sources) ? sources.map(sourceFromV1) : sources,
  };
}

const mapValues = (record: Json, map: (value: unknown) => unknown): Json =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
