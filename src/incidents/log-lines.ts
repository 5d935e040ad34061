import type { LogState } from './types.ts';

/** A line as the log has it. Dots in the name of a field lead into nested ones. */
export const lineOf = ({ fields, format }: LogState): string =>
  format === 'json'
    ? JSON.stringify(nested(Object.entries(fields).map(([name, value]) => [name.split('.'), value])))
    : Object.entries(fields)
        .map(([name, value]) => `${name}=${/^[\w./:-]+$/.test(value) ? value : JSON.stringify(value)}`)
        .join(' ');

/** Fields by their paths, as an object. */
function nested(fields: readonly (readonly [path: readonly string[], value: string])[]): object {
  const firsts = [...new Set(fields.map(([[first = '']]) => first))];
  const entries = firsts.map((first): [string, unknown] => {
    const own = fields.filter(([path]) => path[0] === first);
    const [leaf] = own.filter(([path]) => path.length === 1);
    return [first, leaf?.[1] ?? nested(own.map(([path, value]) => [path.slice(1), value]))];
  });
  return Object.fromEntries(entries);
}

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
