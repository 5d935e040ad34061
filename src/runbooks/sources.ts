import { parseDuration } from '../values/duration.ts';
import { keyPattern } from '../values/template.ts';
import { logsLabel } from './logs-schema.ts';
import { type Match, matchersOf, noneOf } from './match.ts';
import type { Runbook, SourceSpec } from './schema.ts';

/**
 * A PromQL selector such as `acp_gateway_request_total{status="429"}`, its label values quoted.
 * @param more matchers as PromQL writes them, which must hold, too
 */
export function selector(metric: string, match: Match, more: readonly string[] = []): string {
  const matchers = [...matchersOf(match), ...more];
  return matchers.length > 0 ? `${metric}{${matchers.join(',')}}` : metric;
}

/** A key of a template that no system has, to ask about. */
export const sampleKey = (template: string): string => template.replaceAll(/\{[^}]*\}/g, 'ratelimit-doctor');

/** A source as the runbook's reader knows it: a key family or a selector. */
export function labelOf(source: SourceSpec): string {
  switch (source.kind) {
    case 'redis-counter':
    case 'redis-entry':
      return keyPattern(source.key);
    case 'redis-spend':
      return source.cap === null
        ? keyPattern(source.spend)
        : `${keyPattern(source.spend)} / ${keyPattern(source.cap)}`;
    case 'redis-eviction':
      return 'maxmemory-policy';
    case 'prometheus-query':
      return `queries.${source.setting}`;
    case 'prometheus-excess':
      return `${selector(source.metric, source.match)} above usual, ${source.over}`;
    case 'prometheus-count':
      return `${selector(source.metric, source.match, noneOf(source['none-of']))} in ${source.over}`;
    case 'prometheus-sustained':
      return `${source.of} over ${source.over}`;
    case 'logs-count':
      return logsLabel(source);
    case 'prometheus-rate':
      return `${selector(source.metric, source.match)}${source.ago === null ? '' : ` offset ${source.ago}`}`;
    default:
      return selector(source.metric, source.match);
  }
}

/** What the source reads, as the runbook writes it: key templates or a metric; nothing for the operator's own query. */
export function namesOf(source: SourceSpec): string[] {
  switch (source.kind) {
    case 'redis-counter':
      return [source.key];
    case 'redis-entry':
      return source.reason === null ? [source.key] : [source.key, source.reason];
    case 'redis-spend':
      return source.cap === null ? [source.spend] : [source.spend, source.cap];
    case 'redis-eviction':
    case 'prometheus-query':
    case 'prometheus-sustained':
    case 'logs-count':
      return [];
    default:
      return [source.metric];
  }
}

/** Why an empty answer says nothing where a source asks that such a series was seen. */
export const neverSeen = ({
  metric,
  match,
  'seen-within': within,
}: Extract<SourceSpec, { kind: 'prometheus-rate' }>): string =>
  `no series of ${metric} was ${selector('', match)} in the last ${within}: they may never be counted, which is not zero`;

/** What time a source's numbers cover, seconds: triage's window does not move Redis's own counters. null for a state. */
export function windowOf(source: SourceSpec, windowSeconds: number): number | null {
  if (source.kind === 'redis-counter') return source.window === null ? null : parseDuration(source.window);
  if (source.kind === 'prometheus-excess') return parseDuration(source.over);
  if (source.kind === 'prometheus-count') return parseDuration(source.over);
  if (source.kind === 'prometheus-sustained') return parseDuration(source.over);
  if (source.kind === 'logs-count') {
    return source.over === null ? windowSeconds : parseDuration(source.over);
  }
  return source.kind === 'prometheus-rate' ? windowSeconds : null;
}

/** Which systems a runbook's signals are read from. */
export function readsOf({ signals }: Pick<Runbook, 'signals'>): {
  readonly redis: boolean;
  readonly prometheus: boolean;
} {
  const kinds = Object.values(signals).flatMap(({ sources }) => sources.map(({ kind }) => kind));
  const reads = (system: string) => kinds.some((kind) => kind.startsWith(system));
  return { redis: reads('redis-'), prometheus: reads('prometheus-') };
}
