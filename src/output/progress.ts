import type { PassProgress } from '../signals/redis/pass.ts';
import { formatDuration } from '../values/duration.ts';
import { formatNumber, formatShare } from './numbers.ts';
import type { Streams } from './streams.ts';

const PATIENCE_MS = 400;
const CLEAR_LINE = '\r\u001b[K';

/**
 * Says on stderr that something is under way, only on a terminal and only when it takes long enough to wonder.
 * @param text what is under way; asked for again each time, where it changes
 * @returns stops it and clears the line
 */
export function startProgress(streams: Streams, text: string | (() => string), quiet: boolean): () => void {
  if (quiet || !streams.stderrTerminal) return () => {};
  let ticks = 0;
  const timer = setInterval(() => {
    ticks += 1;
    const now = typeof text === 'string' ? text : text();
    streams.err(`${CLEAR_LINE}${now} ${((ticks * PATIENCE_MS) / 1000).toFixed(1)} s (Ctrl-C stops)`);
  }, PATIENCE_MS);
  return () => {
    clearInterval(timer);
    if (ticks > 0) streams.err(CLEAR_LINE);
  };
}

/**
 * How far the pass over the keyspace is: `reading redis://...: 37% of the keyspace, 410,000 keys (205,000/s), 3s left`.
 * @param pass null: it has not begun, or it is over
 */
export function scanProgress(what: string, pass: PassProgress | null): string {
  if (pass === null || pass.coverage === 0) return what;
  const { coverage, keys, elapsedMs } = pass;
  const perSecond = elapsedMs > 0 ? ` (${formatNumber(Math.round((keys / elapsedMs) * 1_000))}/s)` : '';
  const left = Math.ceil((elapsedMs * (1 - coverage)) / coverage / 1_000);
  return `${what}: ${formatShare(coverage)} of the keyspace, ${formatNumber(keys)} keys${perSecond}, ${formatDuration(left)} left;`;
}

/** A line on stderr that says how something goes on; on a terminal only. */
export function progressLine(streams: Streams, quiet: boolean): { show(text: string): void; clear(): void } {
  if (quiet || !streams.stderrTerminal) return { show: () => {}, clear: () => {} };
  let isShown = false;
  return {
    show: (text) => {
      isShown = true;
      streams.err(`${CLEAR_LINE}${text} (Ctrl-C stops)`);
    },
    clear: () => {
      if (isShown) streams.err(CLEAR_LINE);
      isShown = false;
    },
  };
}
