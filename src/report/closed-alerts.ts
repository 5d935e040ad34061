import type { AlertHistory, AlertPeriod, History } from '../evidence/history.ts';

/**
 * The alerts of several ranges of time, in their order. One that still fired where its range ended, and that a later
 * range does not know of, has ended by the time that the later one begins.
 */
export const closedAlerts = (histories: readonly History[]): AlertHistory[] =>
  histories.map(({ alerts, charts }, index) => {
    const later = histories.slice(index + 1);
    const periods = alerts.periods.map((period) => {
      const next = later.find((one) => one.alerts.reason === null && one.alerts.names.includes(period.name));
      const begins = next === undefined ? null : extentOf(next.charts);
      const isKnown = next?.alerts.periods.some((one) => labelled(one) === labelled(period));
      if (period.toMs !== null || begins === null || isKnown) return period;
      return {
        ...period,
        toMs: Math.max(period.fromMs, extentOf(charts)?.toMs ?? 0, begins.fromMs),
        endOpen: true,
      };
    });
    return { ...alerts, periods };
  });

/** From when to when charts have points; null: they have none, so how far a range goes is not known. */
function extentOf(charts: History['charts']): { readonly fromMs: number; readonly toMs: number } | null {
  const times = charts.flatMap(({ lines, total }) =>
    [...lines, ...(total === null ? [] : [total])].flatMap(({ points }) => {
      const [first, last] = [points[0], points.at(-1)];
      return first === undefined || last === undefined ? [] : [first[0], last[0]];
    }),
  );
  return times.length === 0 ? null : { fromMs: Math.min(...times), toMs: Math.max(...times) };
}

/** What tells one alert of a name from another. */
export const labelled = ({ name, labels }: AlertPeriod): string =>
  JSON.stringify([name, Object.entries(labels).sort()]);
