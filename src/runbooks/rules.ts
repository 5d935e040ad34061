import { parseDuration } from '../values/duration.ts';
import { limitConditions } from './limit-rules.ts';
import { fillPlaces } from './promql-text.ts';
import type { RuleCondition, RuleSpec } from './rules-schema.ts';
import type { Runbook, SourceSpec } from './schema.ts';
import { selector } from './sources.ts';

/** A rule as Prometheus evaluates it. */
export interface AlertingRule {
  readonly spec: RuleSpec;
  /** PromQL, of several lines. */
  readonly expr: string;
  /** Prometheus's own way to write durations. */
  readonly window: string;
  readonly for: string;
  readonly severity: string;
  /** The labels that say what it fires for; none where it is about all together. */
  readonly by: readonly string[];
  /** Ids of the signals that it is about. */
  readonly signals: readonly string[];
}

type Rated = Extract<SourceSpec, { kind: 'prometheus-rate' | 'prometheus-gauge' }>;
type SignalSpec = Runbook['signals'][string];

/** The runbook's alerting rules, their expressions made from its signals and thresholds. */
export const alertingRules = (runbook: Runbook): AlertingRule[] =>
  runbook.rules.map((spec) => {
    const { when, expr } = spec;
    const window = promDuration(spec.window);
    const signal = when === null ? undefined : runbook.signals[when.signal];
    return {
      spec,
      expr:
        when === null || signal === undefined
          ? fillPlaces(expr ?? '', (name) => (name === 'window' ? window : numberOf(runbook, name)))
          : conditionOn(when, signal, { runbook, window }),
      window,
      for: promDuration(spec.for),
      severity: spec.severity ?? runbook.severity,
      by: entityLabels(spec, runbook),
      signals: when === null ? spec.signals : [when.signal],
    };
  });

/** Sources that a rule can be made of: counters and levels of Prometheus, as they are now. */
export const ratedSources = ({ sources }: SignalSpec): Rated[] =>
  sources.filter(
    (source): source is Rated =>
      (source.kind === 'prometheus-rate' && source.ago === null) ||
      (source.kind === 'prometheus-gauge' && source.first === 'largest'),
  );

/** The label that tells a source's entities apart in an alert: what they are, whatever the metric calls it. */
function entityLabel(source: Rated, { entity }: SignalSpec): string | null {
  const kind = ('entity' in source ? source.entity : null) ?? entity?.kind ?? null;
  return source.by === null || kind === null ? null : kind === 'name' || kind === 'word' ? source.by : kind;
}

/** The labels of a rule's alerts that say what each is about. */
export function entityLabels({ when, by }: RuleSpec, { signals }: Runbook): readonly string[] {
  if (when === null) return by;
  const signal = Object.hasOwn(signals, when.signal) ? signals[when.signal] : undefined;
  if ((when.of !== 'each' && when.of !== 'limit') || signal === undefined) return [];
  return [...new Set(ratedSources(signal).flatMap((source) => entityLabel(source, signal) ?? []))];
}

/** A threshold as PromQL writes it; null where there is none, or it is not known. */
function numberOf({ thresholds }: Runbook, name: string): string | null {
  const value = Object.hasOwn(thresholds, name) ? (thresholds[name]?.value ?? null) : null;
  return value === null ? null : String(value);
}

interface Making {
  readonly runbook: Runbook;
  readonly window: string;
}

/**
 * Where a signal has several sources, any of them is enough. Each is measured against the threshold before `or` joins
 * them: the two sides have the same labels then, so what several sources tell of is one alert.
 */
function conditionOn(when: RuleCondition, signal: SignalSpec, { runbook, window }: Making): string {
  const least = numberOf(runbook, when['at-least']);
  const any = (parts: readonly string[]) => parts.join('\nor\n');
  const reaches = (number: string | null) => (source: Rated) =>
    `${byEntity(source, signal, window)} >= ${number}`;
  const rated = ratedSources(signal);
  switch (when.of) {
    case 'each':
      return any(rated.map(reaches(least)));
    case 'limit':
      return any(
        rated.flatMap((source) =>
          limitConditions(runbook, signal, source, least ?? '', (more) =>
            byEntity(source, signal, window, more),
          ),
        ),
      );
    case 'count': {
      const counted = any(rated.map(reaches(numberOf(runbook, when.each ?? ''))));
      return `count(\n${counted.replaceAll(/^/gm, '  ')}\n) >= ${least}`;
    }
    case 'all': {
      const { unusual } = when;
      const now = (source: Rated) => `sum(${levelOf(source, window)})`;
      const much = rated.map((source) => `${now(source)} >= ${least}`);
      if (unusual === null) return any(much);
      const [enough, times] = [unusual['at-least'], unusual.times].map((name) => numberOf(runbook, name));
      const odd = rated.map((source) => {
        const before = (ago: string) => `${times} * sum(${levelOf(source, window, ` offset ${ago}`)})`;
        // Without a yesterday nothing is unusual; a week ago only counts where it is known.
        return `${now(source)} >= ${enough}\n  and ${now(source)} > ${before('1d')}\n  unless ${now(source)} <= ${before('1w')}`;
      });
      return any([...much, ...odd]);
    }
  }
}

/** Summed by what the entities are, under one label whichever source tells of them. */
function byEntity(source: Rated, signal: SignalSpec, window: string, more: readonly string[] = []): string {
  const level = levelOf(source, window, '', more);
  const label = entityLabel(source, signal);
  if (label === null || source.by === null) return `sum(${level})`;
  if (label === source.by) return `sum by (${label}) (${level})`;
  const renamed = `label_replace(sum by (${source.by}) (${level}), "${label}", "$1", "${source.by}", "(.*)")`;
  return `sum by (${label}) (${renamed})`;
}

/** @param more matchers beside the source's own, as PromQL writes them */
function levelOf(source: Rated, window: string, offset = '', more: readonly string[] = []): string {
  const series = selector(source.metric, source.match, more);
  return source.kind === 'prometheus-rate' ? `rate(${series}[${window}]${offset})` : `${series}${offset}`;
}

const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
];

/** A duration as Prometheus writes it: whole numbers, the largest unit first. */
export function promDuration(duration: string): string {
  let left = Math.round((parseDuration(duration) ?? 0) * 1_000);
  return UNITS.map(([unit, size]) => {
    const count = Math.floor(left / size);
    left -= count * size;
    return count === 0 ? '' : `${count}${unit}`;
  }).join('');
}
