import type { Context } from '../context.ts';
import type { Streams } from '../output/streams.ts';
import type { GlobalFlags } from '../program.ts';

/** The program's streams, coloured as the flags say; commander's `--no-color` is `false`. */
export const streamsFor = ({ color }: Pick<GlobalFlags, 'color'>, context: Context): Streams =>
  context.streams(color === false ? 'never' : color);
