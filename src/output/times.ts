import type { Reset } from '../evidence/types.ts';
import type { Clock } from '../signals/asked.ts';
import { formatDuration } from '../values/duration.ts';
import { escapeText } from './escape.ts';

/** `2026-11-22 10:40:12 UTC`; what is no time, as from a journal that somebody has edited, as it stands, escaped. */
export function showMoment(iso: string, clock: Clock): string {
  const at = clock.ms(iso);
  if (!Number.isFinite(at)) return escapeText(iso, 40);
  return `${clock.iso(at).replace('T', ' ').replace(/\.\d+/, '').replace('Z', '')} UTC`;
}

/**
 * `2026-11-22 10:40:12 UTC (in 24h)`, `... (3m ago)`: absolute, with the relative one beside.
 * @param seconds from now on, where the system that holds it has said so; otherwise this machine's clock tells
 */
export function showTime(iso: string, clock: Clock, seconds?: number | null): string {
  const at = clock.ms(iso);
  if (!Number.isFinite(at)) return escapeText(iso, 40);
  return `${showMoment(iso, clock)} (${relative(seconds ?? (at - clock.now()) / 1_000)})`;
}

/** `2026-11-22 10:40 UTC (in 2h5m)`: when something begins anew, to the minute. */
export const showReset = ({ at, inSeconds }: Reset): string =>
  `${at.slice(0, 16).replace('T', ' ')} UTC (in ${formatDuration(inSeconds)})`;

/** `in 24h`, `3m ago`, `now`. */
function relative(seconds: number): string {
  const rounded = Math.round(seconds);
  if (rounded === 0) return 'now';
  return rounded > 0 ? `in ${showSeconds(rounded)}` : `${showSeconds(-rounded)} ago`;
}

const HOUR = 3_600;

/** As `formatDuration`, but in hours up to two days: what is blocked for 24h is said to end in 24h. */
export function showSeconds(seconds: number): string {
  if (seconds < 24 * HOUR || seconds >= 48 * HOUR) return formatDuration(seconds);
  const minutes = Math.floor((seconds % HOUR) / 60);
  return `${Math.floor(seconds / HOUR)}h${minutes === 0 ? '' : `${minutes}m`}`;
}
