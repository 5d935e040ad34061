import type { Context } from '../context.ts';
import type { ExitCode } from '../errors.ts';
import { paintFor } from '../output/paint-for.ts';
import { quoteCommand } from '../output/quote.ts';
import type { Streams } from '../output/streams.ts';
import type { TriageDocument } from '../output/triage-document.ts';
import { triageHuman } from '../output/triage-human.ts';
import { sourceReport } from '../output/triage-unseen.ts';
import { onlyLooks } from '../remedies/propose.ts';

interface Offer {
  /** What the triage itself ends with. */
  readonly code: ExitCode;
  readonly context: Context;
  readonly streams: Streams;
  /** Runs a command line in this process. */
  readonly again: (argv: readonly string[]) => Promise<ExitCode>;
}

/** Rows per table of "show more". */
const MORE_ROWS = 200;

/**
 * Ends a triage on a terminal with a menu: the proposed remedies, "show more", "nothing". Choosing a remedy runs the
 * very command that was shown, through the same door.
 * @returns the exit code of the triage, or of the remedy that was chosen
 */
export async function offerRemedies(document: TriageDocument, offer: Offer): Promise<ExitCode> {
  const { code, context, streams, again } = offer;
  const remedies = [...document.remedies.values()].flat();
  const commands = remedies.flatMap(({ argv }) => (argv === null ? [] : [argv]));
  if (commands.length === 0) return code;
  // What helps stands before what only looks, so that the first choice is one Enter away.
  commands.sort((a, b) => Number(onlyLooks(a)) - Number(onlyLooks(b)));
  const choices: { readonly name: string; readonly value: readonly string[] | 'more' | null }[] = [
    ...commands.map((argv) => ({ name: quoteCommand(argv), value: argv })),
    { name: 'show more', value: 'more' },
    { name: 'nothing', value: null },
  ];
  const prompter = await context.prompter(await paintFor(streams.colorErr));
  for (;;) {
    const chosen = await prompter.choose('What next?', choices);
    if (chosen === null) return code;
    if (chosen !== 'more') return again(chosen.slice(1));
    streams.err(sourceReport(document.evidence));
    const paint = await paintFor(streams.colorOut);
    streams.out(triageHuman({ ...document, top: MORE_ROWS }, paint, streams.columns));
  }
}
