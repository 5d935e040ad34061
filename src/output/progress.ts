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
