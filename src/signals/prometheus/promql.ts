// PromQL for the kinds of sources. Label values are quoted; nothing that came out of a system ever enters a query.
import { selector } from '../../runbooks/sources.ts';

const offset = (seconds: number): string => (seconds === 0 ? '' : ` offset ${seconds}s`);

/**
 * A counter's increase per second over a window that ended so long ago, for every series, with what `rate()` leaves out: the first sample of
 * a series that was born inside the window. `rate()` measures between samples, so a tenant's very first 429s, which
 * arrive as one new series, count for nothing.
 *
 * The first sample is credited only when the series' target (job and instance, as far as labels tell) exposed the
 * metric before the window and still exposes one of those very series. Otherwise the counter is merely new to
 * Prometheus (or all series of the target got a new label), and what it holds may be years old.
 * A born series rose from zero to its largest value at least, which is its last unless it was reset. Where a reset lets
 * rate() see more than that, rate() stands.
 *
 * The alternatives are joined with `or`: `+` would drop every series that has only one of the two.
 */
export function perSecond(
  metric: string,
  match: Readonly<Record<string, string>>,
  windowSeconds: number,
  agoSeconds = 0,
): string {
  const series = selector(metric, match);
  const [ago, before] = [offset(agoSeconds), offset(agoSeconds + windowSeconds)];
  const window = `[${windowSeconds}s]${ago}`;
  const born = `unless ${series}${before} and on (job, instance) group by (job, instance) (${metric}${before} and ${metric}${ago})`;
  const rate = `rate(${series}${window})`;
  const rose = `max_over_time(${series}${window}) / ${windowSeconds}`;
  return [`(${rose} unless ${rate} >= ${rose} ${born})`, rate].join(' or ');
}

/** The label that tells the parts of a combined query apart. */
const PART = 'ratelimit_part';

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
 * Samples per series, to tell whether the window is long enough to hold a rate: `window` and `long` (four windows)
 * count the samples of the best-scraped series, `now` the series that are alive.
 */
export const scrapeProbe = (
  metric: string,
  windowSeconds: number,
  agoSeconds = 0,
): Readonly<Record<string, string>> => ({
  window: `max(count_over_time(${metric}[${windowSeconds}s]${offset(agoSeconds)}))`,
  long: `max(count_over_time(${metric}[${windowSeconds * 4}s]${offset(agoSeconds)}))`,
  now: `count(${metric}${offset(agoSeconds)})`,
});
