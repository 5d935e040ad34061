import type { Alert } from './alert.ts';
import type { AlertHistory, ChartHistory } from './history.ts';
import type { Evidence, Signal } from './types.ts';

/** The same evidence with other words in its messages: why something was not seen, and what is to be warned of. */
export function mapMessages(evidence: Evidence, map: (message: string) => string): Evidence {
  const orNull = (message: string | null) => (message === null ? null : map(message));
  const signals = Object.entries(evidence.signals).map(([id, signal]): [string, Signal] => [
    id,
    {
      ...signal,
      reason: orNull(signal.reason),
      warnings: signal.warnings.map(map),
      sources: signal.sources.map((source) => ({ ...source, reason: orNull(source.reason) })),
    },
  ]);
  const { scan } = evidence;
  const nodes = scan?.nodes.map((node) => ({ ...node, reason: orNull(node.reason) })) ?? [];
  return {
    ...evidence,
    scan:
      scan === null
        ? null
        : { ...scan, nodes, reason: orNull(scan.reason), warnings: scan.warnings.map(map) },
    signals: Object.fromEntries(signals),
  };
}

/** The same history with other words in its messages. */
export const mapReasons = (
  charts: readonly ChartHistory[],
  alerts: AlertHistory | null,
  map: (message: string) => string,
): { readonly charts: ChartHistory[]; readonly alerts: AlertHistory | null } => {
  const told = <T extends { readonly reason: string | null }>(one: T): T => ({
    ...one,
    reason: one.reason === null ? null : map(one.reason),
  });
  return { charts: charts.map(told), alerts: alerts === null ? null : told(alerts) };
};

/** The same alert with other words in its messages. */
export const mapAlert = (alert: Alert, map: (message: string) => string): Alert => ({
  ...alert,
  reason: alert.reason === null ? null : map(alert.reason),
  warnings: alert.warnings.map(map),
});
