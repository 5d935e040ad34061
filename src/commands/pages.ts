import type { Context } from '../context.ts';
import type { Maker } from '../output/html/page.ts';
import type { Streams } from '../output/streams.ts';

/** Who a page says it is by. */
export const makerOf = ({ version, user }: Context): Maker => ({ version, operator: user() });

/** A page is no use on a terminal: says where it belongs. */
export function mentionFile(
  { quiet }: { readonly quiet: boolean },
  { terminal, err }: Streams,
  command: string,
): void {
  if (!terminal || quiet) return;
  err(`That was a page for a browser: ratelimit ${command} -o html > ${command}.html\n`);
}
