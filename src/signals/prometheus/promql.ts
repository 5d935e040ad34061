// PromQL for the kinds of sources. Label values are quoted; nothing that came out of a system ever enters a query.
import { selector } from '../../runbooks/sources.ts';

/**
 * A counter's increase per second over a window, for every series, with what `rate()` leaves out: the first sample of
 * a series that was born inside the window. `rate()` measures between samples, so a tenant's very first 429s, which
 * arrive as one new series, count for nothing.
 *
 * The first sample is credited only when the series' target (job and instance, as far as labels tell) exposed the
 * metric before the window. Otherwise the counter is merely new to Prometheus, and what it holds may be years old.
 * A born series that never reset rose from zero to its last value. One that did reset is credited its smallest value,
 * which is at most its first.
 *
 * The alternatives are joined with `or`: `+` would drop every series that has only one of the two.
 */
export function perSecond(
  metric: string,
  match: Readonly<Record<string, string>>,
  windowSeconds: number,
): string {
  const series = selector(metric, match);
  const window = `[${windowSeconds}s]`;
  const before = `offset ${windowSeconds}s`;
  const born = `unless ${series} ${before} and on (job, instance) group by (job, instance) (${metric} ${before})`;
  return [
    `(last_over_time(${series}${window}) and (resets(${series}${window}) == 0) ${born}) / ${windowSeconds}`,
    `(rate(${series}${window}) + min_over_time(${series}${window}) / ${windowSeconds} and (resets(${series}${window}) > 0) ${born})`,
    `rate(${series}${window})`,
  ].join(' or ');
}

/**
 * Samples per series, to tell whether the window is long enough to hold a rate: `window` and `long` (four windows)
 * count the samples of the best-scraped series, `now` the series that are alive.
 */
export function scrapeProbe(metric: string, windowSeconds: number): string {
  const named = (name: string, expression: string) =>
    `label_replace(${expression}, "probe", "${name}", "", "")`;
  return [
    named('window', `max(count_over_time(${metric}[${windowSeconds}s]))`),
    named('long', `max(count_over_time(${metric}[${windowSeconds * 4}s]))`),
    named('now', `count(${metric})`),
  ].join(' or ');
}
