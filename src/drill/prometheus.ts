import type { Adapter } from '../evidence/collect.ts';
import { rounded } from '../evidence/rounded.ts';
import {
  absent,
  empty,
  measured,
  type Reading,
  type Reset,
  type Row,
  rowOf,
  unknown,
} from '../evidence/types.ts';
import { type Interval, riseOf, valueAt } from '../incidents/timeline.ts';
import type { SeriesState } from '../incidents/types.ts';
import { isMatch } from '../runbooks/match.ts';
import type { Runbook, SourceSpec } from '../runbooks/schema.ts';
import { neverSeen, selector } from '../runbooks/sources.ts';
import { neededLabels, withoutLabel } from '../runbooks/wanted-labels.ts';
import { isValidId } from '../signals/entities.ts';
import { answered, answeredLater } from '../signals/prometheus/answer.ts';
import { unite } from '../signals/prometheus/lines.ts';
import { mixOf } from '../signals/prometheus/mix.ts';
import { ratesOf, stepsOf } from '../signals/prometheus/sustained.ts';
import { parseDuration } from '../values/duration.ts';
import { readCount } from './count.ts';
import { readExcess } from './excess.ts';
import { rateOf } from './history.ts';
import { isRecorded } from './recorded.ts';

type Of<K extends SourceSpec['kind']> = Extract<SourceSpec, { kind: K }>;
type PrometheusSource = Of<'prometheus-rate' | 'prometheus-gauge' | 'prometheus-age'>;

/** What a drill's Prometheus holds at one moment. */
export interface Recording {
  readonly series: readonly SeriesState[];
  /** Seconds since the start of the drill. */
  readonly atSeconds: number;
  /** Seconds since the epoch. */
  readonly nowSeconds: number;
  readonly stoppedOf: (series: SeriesState) => readonly Interval[];
}

export interface Question {
  readonly recording: Recording;
  readonly runbook: Runbook;
  readonly kind: string | null;
  readonly windowSeconds: number;
  /** A moment so many seconds from now. */
  readonly after: (seconds: number) => Reset;
}

/** As many rows as the reader of a real Prometheus keeps. */
const TOP = 200;
const TOP_PROCESSES = 1_000;

/**
 * Reads the runbook's Prometheus sources from an incident: the same readings as `signals/prometheus` gives of a real
 * Prometheus that holds the incident's series. @param record what is held now
 */
export const readingOf =
  (record: () => Recording): Adapter =>
  async (asked, { runbook, windowSeconds, clock }) => {
    const recording = record();
    const after = (seconds: number): Reset => ({
      at: clock.iso((recording.nowSeconds + seconds) * 1_000),
      inSeconds: seconds,
    });
    return asked.map((one) => {
      const { source } = one;
      if (source.kind === 'prometheus-sustained') {
        const grid = stepsOf(source, recording.nowSeconds * 1_000);
        const told = ratesOf(source, runbook).map((rate) => rateOf(rate, rate.by, recording, grid));
        return answeredLater({ ...one, source }, unite(told, 'sources'), grid, runbook, 0);
      }
      const held = read(source, { recording, runbook, kind: one.kind, windowSeconds, after });
      return answered(one, { held, missing: [] }, 0);
    });
  };

function read(source: SourceSpec, question: Question): Reading {
  switch (source.kind) {
    case 'prometheus-rate':
      return seen(source, question) ?? readRate(source, question);
    case 'prometheus-excess':
      return readExcess(source, question);
    case 'prometheus-count':
      return readCount(source, question);
    case 'prometheus-gauge':
      return seen(source, question) ?? readGauge(source, question);
    case 'prometheus-age':
      return seen(source, question) ?? readAge(source, question);
    case 'prometheus-query':
      return absent('a drill has no queries of the context', 'not-configured');
    default:
      return unknown('refused', `a drill does not play sources of the kind ${source.kind}`);
  }
}

const ofMetric = ({ metric }: PrometheusSource, { recording }: Question): SeriesState[] =>
  recording.series.filter((one) => one.metric === metric);

const matching = (source: PrometheusSource, question: Question): SeriesState[] =>
  ofMetric(source, question).filter(({ labels }) => isMatch(labels, source.match));

/** A reading without numbers where no series matches; null: some do. */
function seen(source: PrometheusSource, question: Question): Reading | null {
  if (matching(source, question).length > 0) return null;
  const { metric, match } = source;
  const all = ofMetric(source, question);
  if (all.length === 0) {
    return absent(`Prometheus has no metric ${metric}`);
  }
  if (source.kind === 'prometheus-rate' && source['seen-within'] !== null) return absent(neverSeen(source));
  const lacking = neededLabels(question.runbook, metric, match).filter(
    (label) => !all.some(({ labels }) => label in labels),
  );
  return source.kind === 'prometheus-rate' && lacking.length > 0
    ? absent(withoutLabel(metric, lacking))
    : empty(`${metric} is there, and no series of it is ${selector('', match)}`);
}

/** A rate at some moment, by entity and value of the mixed label. */
interface Rates {
  readonly total: number;
  readonly entities: ReadonlyMap<
    string,
    { readonly value: number; readonly parts: ReadonlyMap<string, number> }
  >;
}

function ratesAt(to: number, source: Of<'prometheus-rate'>, question: Question): Rates {
  const { recording, windowSeconds } = question;
  const entities = new Map<string, { value: number; parts: Map<string, number> }>();
  let total = 0;
  for (const series of matching(source, question)) {
    const rise = riseOf(series, { from: to - windowSeconds, to }, recording.stoppedOf(series));
    const rate = rise / windowSeconds;
    const id = series.labels[source.by ?? ''] ?? '';
    const entity = entities.get(id) ?? { value: 0, parts: new Map() };
    const part = series.labels[source.mix ?? ''] ?? '';
    entity.value += rate;
    entity.parts.set(part, (entity.parts.get(part) ?? 0) + rate);
    entities.set(id, entity);
    total += rate;
  }
  return { total: rounded(total), entities };
}

const DAY = 86_400;

/** The rates a day and a week ago; null where nothing of the metric is recorded of then. */
function earlierRates(source: Of<'prometheus-rate'>, question: Question): (Rates | null)[] {
  return [DAY, 7 * DAY].map((ago) => {
    const then = question.recording.atSeconds - ago;
    return isRecorded(ofMetric(source, question), then) ? ratesAt(then, source, question) : null;
  });
}

function readRate(source: Of<'prometheus-rate'>, question: Question): Reading {
  const { by, mix, entity } = source;
  const kind = entity ?? question.kind;
  const ago = source.ago === null ? 0 : (parseDuration(source.ago) ?? 0);
  const at = question.recording.atSeconds - ago;
  if (ago > 0 && !isRecorded(ofMetric(source, question), at)) {
    return empty(`${source.metric} has too few samples of ${source.ago} ago`, false);
  }
  const { total, entities } = ratesAt(at, source, question);
  const [day = null, week = null] = source.usual ? earlierRates(source, question) : [];
  const known = [day, week].filter((rates) => rates !== null);
  const found = [...entities].filter(([, { value }]) => value > 0).sort((a, b) => b[1].value - a[1].value);
  const rows = found.slice(0, by === null ? 0 : TOP).map(([id, { value, parts }]): Row => {
    const sorted = [...parts].sort((a, b) => b[1] - a[1]);
    return rowOf({
      ...{ id, valid: isValidId(kind, id), kind: entity, value: rounded(value) },
      share: total > 0 ? value / total : null,
      usual:
        known.length === 0 ? null : Math.max(...known.map((rates) => rates.entities.get(id)?.value ?? 0)),
      labels: mix === null ? {} : mixOf(mix, rounded(value), sorted),
    });
  });
  const strangers = rows.filter(({ valid }) => !valid);
  return measured({
    total,
    distinct: by === null ? null : found.length,
    rows,
    baseline: source.usual ? { day: day?.total ?? null, week: week?.total ?? null } : null,
    strangers: {
      distinct: strangers.length,
      total: strangers.reduce((sum, { value }) => sum + value, 0),
      largest: strangers[0]?.value ?? 0,
      bins: [],
    },
  });
}

/** Present values by a label and another one that is kept, combined where several series have the same. */
function presentValues(
  source: Of<'prometheus-gauge' | 'prometheus-age'>,
  question: Question,
  combine: (a: number, b: number) => number,
): { readonly id: string; readonly kept: string; readonly value: number }[] {
  const { atSeconds, stoppedOf } = question.recording;
  const values = new Map<string, { id: string; kept: string; value: number }>();
  for (const series of matching(source, question)) {
    const value = valueAt(series, atSeconds, stoppedOf(series)) ?? 0;
    const id = series.labels[source.by] ?? '';
    const kept = 'mix' in source ? (series.labels[source.mix ?? ''] ?? '') : '';
    const name = JSON.stringify([id, kept]);
    const other = values.get(name);
    values.set(name, { id, kept, value: other === undefined ? value : combine(other.value, value) });
  }
  return [...values.values()];
}

function readGauge(source: Of<'prometheus-gauge'>, question: Question): Reading {
  const { runbook, kind, recording } = question;
  const { mix } = source;
  const smallest = source.first === 'smallest';
  const limit = source.limit === null ? null : (runbook.thresholds[source.limit]?.value ?? null);
  const values = presentValues(source, question, smallest ? Math.min : (a, b) => a + b);
  const rows = values
    .sort((a, b) => (smallest ? a.value - b.value : b.value - a.value))
    .slice(0, TOP_PROCESSES)
    .map(({ id, kept, value }): Row => {
      const used = limit === null ? null : { value: limit, ratio: value / limit };
      return {
        ...plainRow(id, kind, value),
        labels: mix === null ? {} : { [mix]: { [kept]: 1 } },
        limit: used && { ...used, problem: null, stored: null, endsInSeconds: null, perHour: null },
      };
    });
  const all = matching(source, question);
  const total = all.reduce(
    (sum, one) => sum + (valueAt(one, recording.atSeconds, recording.stoppedOf(one)) ?? 0),
    0,
  );
  return measured({ total, distinct: values.length, rows });
}

function readAge(source: Of<'prometheus-age'>, question: Question): Reading {
  const { nowSeconds } = question.recording;
  const rows = presentValues(source, question, Math.max)
    .map(
      ({ id, kept, value }): Row => ({
        ...plainRow(id, question.kind, Math.max(0, nowSeconds - value)),
        labels: source.mix === null ? {} : { [source.mix]: { [kept]: 1 } },
      }),
    )
    .sort((a, b) => a.value - b.value);
  return measured({ total: null, distinct: rows.length, rows: rows.slice(0, TOP_PROCESSES) });
}

const plainRow = (id: string, kind: string | null, value: number): Row =>
  rowOf({ id, valid: isValidId(kind, id), value });
