// PromQL for the kinds of sources. Label values are quoted; nothing that came out of a system ever enters a query.
import type { Match } from '../../runbooks/match.ts';
import { selector } from '../../runbooks/sources.ts';

/** A window that ended so long ago. */
export interface When {
  readonly windowSeconds: number;
  readonly agoSeconds?: number;
}

/** The modifier for a time so long ago. */
export const offset = (seconds: number): string => (seconds === 0 ? '' : ` offset ${seconds}s`);

/**
 * A counter's increase per second over a window that ended so long ago, for every series, with what `increase()` leaves
 * out: the first sample of a series that was born inside the window. It measures between samples, so a tenant's very
 * first 429s, which arrive as one new series, count for nothing.
 *
 * `increase()` over the length of the window is what Prometheus calls `rate()`. VictoriaMetrics divides in its `rate()`
 * by the time between the first and the last sample instead: a tenant that was rejected for one minute of the five would
 * seem to be rejected five times as much.
 *
 * The first sample is credited only when the series' target (job and instance, as far as labels tell) exposed the
 * metric before the window and still exposes one of those very series. Otherwise the counter is merely new to
 * Prometheus (or all series of the target got a new label), and what it holds may be years old.
 * A born series rose from zero to its largest value at least, which is its last unless it was reset. Where a reset lets
 * increase() see more than that, or VictoriaMetrics took it to have begun at zero, increase() stands.
 *
 * The two are alternatives of one series, of which the larger counts: `+` would drop every series that has only one of
 * them, and to compare them with `>=` would take half as long again where there are very many.
 *
 * @param more matchers as PromQL writes them, which must hold, too
 */
export function perSecond(
  metric: string,
  match: Match,
  { windowSeconds, agoSeconds = 0 }: When,
  more: readonly string[] = [],
): string {
  const when = { windowSeconds, agoSeconds };
  const [ago, before] = [offset(agoSeconds), offset(agoSeconds + windowSeconds)];
  const known = `group by (job, instance) (${metric}${before} and ${metric}${ago})`;
  const born = `${perhapsBorn(metric, match, when, more)} and on (job, instance) ${known}`;
  const rate = increasePerSecond(metric, match, when, more);
  return `max without (${BORN}) (label_replace(${born}, "${BORN}", "1", "", "") or ${rate})`;
}

/** What `increase()` alone sees, per second. It is all there is of series that were there before the window. */
export const increasePerSecond = (
  metric: string,
  match: Match,
  { windowSeconds, agoSeconds = 0 }: When,
  more: readonly string[] = [],
): string =>
  `increase(${selector(metric, match, more)}[${windowSeconds}s]${offset(agoSeconds)}) / ${windowSeconds}`;

/** The series that were not there before the window, and what they would have risen by if they began at zero, per second. */
export function perhapsBorn(
  metric: string,
  match: Match,
  { windowSeconds, agoSeconds = 0 }: When,
  more: readonly string[] = [],
): string {
  const series = selector(metric, match, more);
  const window = `[${windowSeconds}s]${offset(agoSeconds)}`;
  return `max_over_time(${series}${window}) / ${windowSeconds} unless ${series}${offset(agoSeconds + windowSeconds)}`;
}

/** The label that tells what a series was born with from its increase. */
const BORN = 'ratelimit_born';

/** The label that tells the parts of a combined query apart. */
export const PART = 'ratelimit_part';

/** Several expressions in one query, so that one signal costs one request. `partOf` sorts the answer. */
export const combine = (parts: Readonly<Record<string, string>>): string =>
  Object.entries(parts)
    .map(([name, expression]) => `label_replace(${expression}, "${PART}", "${name}", "", "")`)
    .join(' or ');

/** The samples of one part of a combined query's answer. */
export const partOf = <S extends { readonly labels: Readonly<Record<string, string>> }>(
  samples: readonly S[],
  name: string,
): S[] => samples.filter((sample) => sample.labels[PART] === name);

/**
 * To tell whether the window is long enough to hold a rate: `window` counts the samples of the best-scraped series, `now`
 * the series that are alive.
 */
export const scrapeProbe = (metric: string, when: When): Readonly<Record<string, string>> => ({
  window: mostSamples(metric, when),
  now: `count(${metric}${offset(when.agoSeconds ?? 0)})`,
});

/** The samples of the best-scraped series. */
export const mostSamples = (metric: string, { windowSeconds, agoSeconds = 0 }: When): string =>
  `max(count_over_time(${metric}[${windowSeconds}s]${offset(agoSeconds)}))`;
