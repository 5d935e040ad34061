import type { Evidence, Scan, Signal } from '../evidence/types.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { groupedBy } from '../values/grouped.ts';
import { escapeText } from './escape.ts';
import { listed } from './lines.ts';

interface Seen {
  readonly evidence: Evidence;
  readonly runbook: Runbook;
}

/** What the verdict could not rest on: the rest of the keyspace, then signals without numbers, a line for each reason. */
export function unseen({ evidence, runbook }: Seen): string[] {
  const { scan } = evidence;
  const rest = Object.entries(evidence.signals).filter(
    ([, { status, cause }]) => status === 'unknown' || (status === 'absent' && cause !== 'not-configured'),
  );
  const unreached = rest.filter(([, signal]) => isUnreached(signal, scan)).map(([id]) => id);
  const told = rest.filter(([, signal]) => !isUnreached(signal, scan));
  const lines = byReason(told, runbook).map(({ ids, status, why }) =>
    ids.length > 1 ? `${why}; ${status}: ${ids.join(', ')}` : `${ids.join()} is ${status}: ${why}`,
  );
  return [...gapOf(scan, unreached), ...lines, ...logsUnset({ evidence, runbook })];
}

/** Signals that lack the same for the same reason, as where a server is down, in the order of the first of each. */
function byReason(signals: readonly (readonly [string, Signal])[], runbook: Runbook) {
  const told = signals.map(([id, signal]) => ({
    id,
    status: signal.status,
    why: whyOf(id, signal, runbook),
  }));
  return [...groupedBy(told, ({ status, why }) => `${status}: ${why}`).values()].flatMap((alike) =>
    alike.slice(0, 1).map(({ status, why }) => ({ ids: alike.map(({ id }) => id), status, why })),
  );
}

/** What only logs tell, where nobody has said where these are: unlike a query of one's own, it is no extra. */
function logsUnset({ evidence, runbook }: Seen): string[] {
  const unset = Object.entries(evidence.signals).filter(
    ([id, { cause }]) =>
      cause === 'not-configured' && runbook.signals[id]?.sources.every(({ kind }) => kind === 'logs-count'),
  );
  const reasons = new Set(unset.map(([, { reason }]) => escapeText(reason ?? '', 240)));
  const ids = unset.map(([id]) => id).join(', ');
  return unset.length === 0 ? [] : [`only logs tell ${ids}: ${[...reasons].join('; ')}`];
}

/** The same of what could not be read, as reasons for not knowing. */
export function unread({ evidence, runbook }: Seen): string[] {
  const { scan } = evidence;
  const unknown = Object.entries(evidence.signals).filter(
    ([, signal]) => signal.status === 'unknown' && !isUnreached(signal, scan),
  );
  const lines = byReason(unknown, runbook).map(({ ids, why }) => `${listed(ids)} could not be read: ${why}`);
  return [...gapOf(scan, []), ...lines];
}

/** Is nothing known of it because the pass ended before its keys came by, and for no other reason? */
const isUnreached = ({ status, sources }: Signal, scan: Scan | null): boolean =>
  scan !== null &&
  scan.reason !== null &&
  status === 'unknown' &&
  sources.every((source) => source.reason === scan.reason);

function gapOf(scan: Scan | null, unreached: readonly string[]): string[] {
  if (scan === null || scan.reason === null) return [];
  const names = unreached.length === 0 ? '' : `; no key so far of ${unreached.join(', ')}`;
  return [`${escapeText(scan.reason, 400)}${names}`];
}

const whyOf = (id: string, { reason }: Signal, { signals }: Runbook): string =>
  escapeText(reason ?? signals[id]?.title ?? '', 240);

/** Warnings of the pass and of all signals, escaped. */
export const warningsOf = ({ signals, scan }: Evidence): string[] => [
  ...(scan?.warnings.map((warning) => escapeText(warning, 400)) ?? []),
  ...new Set(
    Object.entries(signals).flatMap(([id, signal]) =>
      signal.warnings.map((warning) => warningOf(id, escapeText(warning, 400))),
    ),
  ),
];

/** A warning of a signal; one about a table of limits is the same whichever of its signals has found it. */
export const warningOf = (signal: string, warning: string): string =>
  warning.startsWith('limits.') ? warning : `${signal}: ${warning}`;

/** What each source answered and how long it took, a line each: for --verbose. */
export const sourceReport = (evidence: Evidence): string =>
  Object.entries(evidence.signals)
    .flatMap(([id, { sources }]) =>
      sources.map(
        ({ label, status, latencyMs }) => `${id}: ${escapeText(label, 100)} ${status}, ${latencyMs} ms\n`,
      ),
    )
    .join('');
