import type { LogState } from './types.ts';

/** A line as the log has it. */
export const lineOf = ({ fields, format }: LogState): string =>
  format === 'json'
    ? JSON.stringify(fields)
    : Object.entries(fields)
        .map(([name, value]) => `${name}=${/^[\w./:-]+$/.test(value) ? value : JSON.stringify(value)}`)
        .join(' ');

/** How often it was written within some seconds from the moment of the incident on: after `from`, and until `to`. */
export function timesIn({ from: first, every }: LogState, from: number, to: number): number {
  const upTo = (seconds: number) => Math.max(0, Math.floor((seconds - first) / every + 1e-9) + 1);
  return upTo(to) - upTo(from);
}

/** When it was written until then, seconds from the moment of the incident on. */
export const momentsOf = (state: LogState, to: number): number[] =>
  Array.from(
    { length: timesIn(state, Number.NEGATIVE_INFINITY, to) },
    (_, index) => state.from + index * state.every,
  );
