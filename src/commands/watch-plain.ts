import { sourceReport } from '../output/triage-unseen.ts';
import { watchJson } from '../output/watch-json.ts';
import { watchLines } from '../output/watch-lines.ts';
import { isTurned } from '../watch/history.ts';
import type { View, ViewParts } from './watch-views.ts';

const BELL = '\u0007';

/** For a log or a script: each look is appended, nothing is drawn over. */
export async function plainView({ flags, context, streams }: ViewParts): Promise<View> {
  return {
    begin: () => {},
    async show(seen) {
      if (flags.verbose) streams.err(sourceReport(seen.document.evidence));
      const isHeard = flags.bell && !flags.quiet && streams.stderrTerminal;
      if (isHeard && isTurned(seen.history)) streams.err(BELL);
      streams.out(flags.output === 'json' ? watchJson(seen, context.clock) : watchLines(seen, context.clock));
      // Not faster than it is read. That nobody reads, or that the disk is full, is told by the streams at the end.
      await streams.flush().catch(() => {});
    },
    close: () => {},
  };
}
