import type { Context } from '../context.ts';
import type { Screen } from '../output/lines.ts';
import { paintFor } from '../output/paint-for.ts';
import type { Streams } from '../output/streams.ts';
import type { GlobalFlags } from '../program.ts';

/** The program's streams, coloured as the flags say; commander's `--no-color` is `false`. */
export const streamsFor = ({ color }: Pick<GlobalFlags, 'color'>, context: Context): Streams =>
  context.streams(color === false ? 'never' : color);

/** What the answer is laid out for. */
export const screenOf = async ({ colorOut, columns }: Streams): Promise<Screen> => {
  return { paint: await paintFor(colorOut), width: columns };
};
