import { runbookInUse } from '../config/in-use.ts';
import { contextWords } from '../config/reach.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode, UsageError } from '../errors.ts';
import { shownText } from '../output/runbook-show.ts';
import type { GlobalFlags } from '../program.ts';
import { findRunbook, isName, loadFound, loadRunbook } from '../runbooks/load.ts';
import { namesOf, type RunbookPlaces } from '../runbooks/places.ts';
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
    category: id === null ? null : await categoryOf(id, view, context.runbooks),
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

async function categoryOf(
  id: string,
  { categories, runbook }: RunbookView,
  places: RunbookPlaces,
): Promise<CategoryView> {
  const found = categories.find(({ spec }) => spec.id === id);
  if (found !== undefined) return found;
  const ids = categories.map(({ spec }) => spec.id);
  throw new UsageError(
    `runbook ${runbook.name} has no category ${quote(id)}${nearest(id.slice(0, 80), ids)}`,
    (Object.hasOwn(WITHOUT, id) ? WITHOUT[id] : undefined) ??
      (await elsewhere(id, places)) ??
      `Categories: ${ids.join(', ')}.`,
  );
}

/** What leads to it where it is a runbook, or a category of another one that comes with the program; null: it is neither. */
async function elsewhere(id: string, places: RunbookPlaces): Promise<string | null> {
  if (!isName(id)) return null;
  const { builtIn, own } = await namesOf(places);
  if ([...builtIn, ...own.map((file) => file.replace(/\.ya?ml$/, ''))].includes(id)) {
    return `${id} is a runbook: ratelimit runbook show --runbook ${id}`;
  }
  const all = await Promise.all(builtIn.map((name) => loadRunbook(name, places)));
  const other = all.find(({ categories }) => categories.some((one) => one.id === id));
  return other === undefined
    ? null
    : `It is one of runbook ${other.name}: ratelimit runbook show ${id} --runbook ${other.name}`;
}
