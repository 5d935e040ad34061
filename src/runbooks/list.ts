import { join } from 'node:path';
import { notAFile } from '../config/files.ts';
import { ConfigError } from '../errors.ts';
import { isName, loadFound } from './load.ts';
import { namesOf, type RunbookPlaces } from './places.ts';

/** One runbook that is found by its name, or would be if it were not for its problems. */
export interface Listed {
  readonly name: string;
  readonly origin: 'built-in' | 'own';
  /** The file; null for one that comes with the program. */
  readonly path: string | null;
  /** null: it cannot be read. */
  readonly title: string | null;
  readonly categories: number | null;
  /** How many alerting rules it has. */
  readonly rules: number | null;
  /** The alerts that page for it. */
  readonly alerts: readonly string[];
  /** Why it cannot be used by its name, sentences; empty when it can. */
  readonly problems: readonly string[];
}

/**
 * The built-in runbooks and the user's own, by name. One that cannot be used is listed with its problems.
 * @throws ConfigError when the folder of the user's own is there and cannot be listed
 */
export async function listRunbooks(places: RunbookPlaces): Promise<Listed[]> {
  const { builtIn, own } = await namesOf(places);
  const taken = (file: string): string[] => {
    const name = nameOf(file);
    const others = own.filter((other) => other !== file && nameOf(other) === name);
    return [
      ...(builtIn.includes(name)
        ? [`${name} is the name of a built-in runbook too: rename the file, or use it by its path`]
        : []),
      ...others.map((other) => `${other} has the same name: rename one, or use them by their paths`),
    ];
  };
  return Promise.all([
    ...builtIn.map((name) => listed(name, null, places, [])),
    ...own.map((file) => listed(nameOf(file), join(places.own, file), places, taken(file))),
  ]);
}

const nameOf = (file: string): string => file.replace(/\.ya?ml$/, '');

const UNREAD = { title: null, categories: null, rules: null, alerts: [] } as const;

async function listed(
  name: string,
  path: string | null,
  places: RunbookPlaces,
  known: readonly string[],
): Promise<Listed> {
  const origin = path === null ? 'built-in' : 'own';
  const isUsable = isName(name);
  const odd = isUsable
    ? known
    : [...known, `${name} is no name of lower-case words joined by dashes: rename the file`];
  const trouble = path === null ? null : await notAFile(path);
  if (trouble !== null) return { name, origin, path, ...UNREAD, problems: [...odd, trouble] };
  try {
    const found = { origin: isUsable ? origin : 'path', name, path } as const;
    const { title, categories, rules, alerts } = await loadFound(found, places);
    const counts = { categories: categories.length, rules: rules.length };
    return { name, origin, path, title, ...counts, alerts, problems: odd };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const found = error.problems.length > 0 ? error.problems : [error.message];
    return { name, origin, path, ...UNREAD, problems: [...odd, ...found] };
  }
}
