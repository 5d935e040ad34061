import { readdir } from 'node:fs/promises';
import { ConfigError } from '../errors.ts';
import { fileTrouble } from '../values/text.ts';

/** Where runbooks are looked for by their names. */
export interface RunbookPlaces {
  /** Those that come with the program, compiled to JSON. */
  readonly builtIn: URL;
  /** The user's own, YAML: `$XDG_CONFIG_HOME/ratelimit/runbooks`. It may be missing. */
  readonly own: string;
}

/**
 * What is there: the names of the built-in runbooks, and the files of the user's own.
 * @throws ConfigError when the user's folder is there and cannot be listed
 */
export async function namesOf(
  places: RunbookPlaces,
): Promise<{ readonly builtIn: readonly string[]; readonly own: readonly string[] }> {
  const [builtIn, own] = await Promise.all([readdir(places.builtIn), ownFiles(places.own)]);
  return { builtIn: named(builtIn, /\.json$/).map((file) => file.replace(/\.json$/, '')), own };
}

const named = (files: readonly string[], pattern: RegExp): string[] =>
  files.filter((file) => pattern.test(file)).sort();

async function ownFiles(folder: string): Promise<string[]> {
  try {
    return named(await readdir(folder), /^[^.].*\.ya?ml$/);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new ConfigError(
      `the folder of your own runbooks, ${folder}, cannot be listed: ${fileTrouble(error)}`,
    );
  }
}
