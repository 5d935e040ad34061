import { runbookInUse } from '../config/in-use.ts';
import { contextWords } from '../config/reach.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode, UsageError } from '../errors.ts';
import { shownText } from '../output/runbook-show.ts';
import type { GlobalFlags } from '../program.ts';
import { findRunbook, loadFound } from '../runbooks/load.ts';
import { type CategoryView, type RunbookView, viewOf } from '../runbooks/view.ts';
import { nearest } from '../values/nearest.ts';
import { quote } from '../values/text.ts';
import { screenOf, streamsFor } from './streams.ts';

/** `ratelimit runbook show [category]`: what the runbook says, with the thresholds of the context. Reads no system. */
export async function runbookShow(
  id: string | null,
  flags: GlobalFlags,
  context: Context,
): Promise<ExitCode> {
  const streams = streamsFor(flags, context);
  const inUse = await runbookInUse({ flags, env: context.env, configHome: context.configHome });
  const found = await findRunbook(inUse.runbook, context.runbooks);
  const view = viewOf(await loadFound(found, context.runbooks), inUse);
  const shown = {
    view,
    category: id === null ? null : categoryOf(id, view),
    origin: found.origin,
    path: found.path,
    context: inUse.context,
    reach: contextWords(inUse),
  };
  streams.out(shownText(shown, flags.output, await screenOf(streams)));
  return EXIT.done;
}

/** Verdicts that are no categories. */
const WITHOUT: Readonly<Record<string, string>> = {
  quiet: 'It is the verdict when nothing is abnormal and everything needed was seen: nothing is to be done.',
  inconclusive:
    'It is the verdict when something is abnormal or unseen and no category fits: ratelimit triage says what.',
};

function categoryOf(id: string, { categories, runbook }: RunbookView): CategoryView {
  const found = categories.find(({ spec }) => spec.id === id);
  if (found !== undefined) return found;
  const ids = categories.map(({ spec }) => spec.id);
  throw new UsageError(
    `runbook ${runbook.name} has no category ${quote(id)}${nearest(id.slice(0, 80), ids)}`,
    (Object.hasOwn(WITHOUT, id) ? WITHOUT[id] : undefined) ?? `Categories: ${ids.join(', ')}.`,
  );
}
