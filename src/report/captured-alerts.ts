import type { Alert } from '../evidence/alert.ts';
import type { AlertPeriod } from '../evidence/history.ts';

/** The alert that a capture was about, and when it was taken. */
export interface Captured {
  readonly atMs: number;
  readonly alert: Alert;
  /** Since when it fires, milliseconds since the epoch; null: it does not, or that is not known. */
  readonly sinceMs: number | null;
}

/**
 * When alerts fired by what captures of `triage --alert` say, where no range of time tells: many keep their alerts
 * elsewhere than in the Prometheus that is asked. An end is when a later capture no longer saw it.
 */
export function alertsOf(captured: readonly Captured[], known: readonly AlertPeriod[]): AlertPeriod[] {
  const found = new Map<string, AlertPeriod>();
  for (const { atMs, alert, sinceMs } of captured) {
    const { name, labels } = alert;
    if (name === null || sinceMs === null || known.some((one) => one.name === name)) continue;
    const gone = captured.find(
      (other) =>
        other.atMs > atMs &&
        other.alert.state === 'not-firing' &&
        [other.alert.name, other.alert.wanted].includes(name),
    );
    const end = gone === undefined ? { toMs: null } : { toMs: gone.atMs, endOpen: true };
    found.set(`${sinceMs} ${name}`, { name, labels, fromMs: sinceMs, open: false, ...end });
  }
  return [...found.values()].sort((a, b) => a.fromMs - b.fromMs);
}
