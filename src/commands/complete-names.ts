import { join } from 'node:path';
import type { Word } from '../completion/line.ts';
import { readFileStart } from '../config/files.ts';
import { flagOrVariable } from '../config/given.ts';
import { type ConfigInput, runbookInUse } from '../config/in-use.ts';
import { readYaml } from '../config/yaml.ts';
import type { Context } from '../context.ts';
import { builtIn } from '../drill/library.ts';
import { entriesOf } from '../journal/entries.ts';
import { showTime } from '../output/times.ts';
import { loadRunbook } from '../runbooks/load.ts';
import { namesOf, type RunbookPlaces } from '../runbooks/places.ts';
import { isRecord } from '../values/parse.ts';

// What can be offered without asking a system. Each throws whatever goes wrong.

const MAX_FILE = 1024 * 1024;
/** Entries of the journal that are offered, newest first. */
const MOST_ENTRIES = 30;

/** The contexts of the configuration file; of one with mistakes too, since its contexts may be right. */
export async function contexts({ flags, env, configHome }: ConfigInput): Promise<Word[]> {
  const named = flagOrVariable(flags.config, '--config', env, 'RATELIMIT_CONFIG');
  const path = named?.value ?? join(configHome, 'ratelimit', 'config.yaml');
  const file = readYaml(path, await readFileStart(path, MAX_FILE));
  if (Array.isArray(file) || !isRecord(file.raw) || !isRecord(file.raw.contexts)) return [];
  const current = file.raw['current-context'];
  return Object.entries(file.raw.contexts).map(([value, entry]) => {
    const words = [
      ...(isRecord(entry) && entry.production === true ? ['production'] : []),
      ...(value === current ? ['current'] : []),
    ];
    return { value, about: words.join(', ') };
  });
}

/** The runbooks that are found by their names. */
export async function runbooks(places: RunbookPlaces): Promise<Word[]> {
  const names = await namesOf(places);
  return [
    ...names.builtIn.map((value) => ({ value, about: 'built-in' })),
    ...names.own.map((file) => ({ value: file.replace(/\.ya?ml$/, ''), about: 'your own' })),
  ];
}

/** The categories of the runbook in use. */
export async function categories(input: ConfigInput, places: RunbookPlaces): Promise<Word[]> {
  const { runbook } = await runbookInUse({ ...input, readFile: readFileStart });
  const all = (await loadRunbook(runbook, places)).categories;
  return all.map(({ id, title }) => ({ value: id, about: title }));
}

/** The response steps of the runbook in use, each once. @param category of this one alone */
export async function steps(
  input: ConfigInput,
  places: RunbookPlaces,
  category: string | undefined,
): Promise<Word[]> {
  const { runbook } = await runbookInUse({ ...input, readFile: readFileStart });
  const all = (await loadRunbook(runbook, places)).categories;
  const named = all.filter(({ id }) => category === undefined || id === category);
  // The first of a name says what it is.
  const found = named.flatMap(({ respond }) => respond).reverse();
  return [...new Map(found.map(({ id, text }) => [id, { value: id, about: text }])).values()].reverse();
}

/** The incidents that can be drilled. */
export async function incidents(folder: URL): Promise<Word[]> {
  const all = await builtIn(folder);
  return all.map(({ name, incident }) => ({ value: name, about: incident.title }));
}

/** Entries of this machine's journal, newest first. @param isUndo only those that are not undone yet */
export async function entries(context: Context, isUndo: boolean): Promise<Word[]> {
  const { events } = await (await context.journal()).read();
  return entriesOf(events)
    .filter(
      ({ status, undoneBy, note }) =>
        !isUndo || (note === undefined && undoneBy === null && MAY_STAND.includes(status)),
    )
    .reverse()
    .slice(0, MOST_ENTRIES)
    .map(({ id, remedy, reason, at }) => ({
      value: id,
      about: `${remedy}, ${showTime(at, context.clock)}, ${reason}`,
    }));
}

/** Outcomes after which something may be there to be taken back. */
const MAY_STAND: readonly string[] = ['applied', 'partial', 'unknown'];
