import { mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { folderTrouble, makeLastFolder, writeNewFile } from '../config/new-file.ts';
import { ConfigError, UsageError } from '../errors.ts';
import { quote } from '../values/text.ts';
import { isName, isPath } from './load.ts';
import { namesOf, type RunbookPlaces } from './places.ts';
import { exampleRunbook } from './template.ts';

/** What a runbook calls itself whose file has no name that could be one. */
const USUAL_NAME = 'my-system';

/** A runbook to start from. @param name what it calls itself */
export const startingPoint = (name = USUAL_NAME): { readonly name: string; readonly yaml: string } => ({
  name,
  yaml: exampleRunbook(name),
});

/**
 * Writes a runbook to start from: to a path, whose folder is created when only that is missing, or by a name to the
 * folder of the user's own. Never over a file that is there.
 * @returns the file and what the runbook calls itself
 * @throws UsageError for what is neither a path nor a name, ConfigError when it cannot be written
 */
export async function writeStartingPoint(
  nameOrPath: string,
  places: RunbookPlaces,
): Promise<{ readonly path: string; readonly name: string }> {
  const path = isPath(nameOrPath) ? nameOrPath : await ownPath(nameOrPath, places);
  const called = basename(path).replace(/\.ya?ml$/, '');
  const name = isName(called) ? called : USUAL_NAME;
  // The program's own folders are made as a whole.
  if (path === nameOrPath) await makeLastFolder(dirname(path));
  else await makeOwnFolder(dirname(path));
  const hint = 'Name another file.';
  await writeNewFile({ path, text: exampleRunbook(name), mode: 0o666, hint });
  return { path, name };
}

/** Where one of the user's own is written to by its name. */
async function ownPath(name: string, places: RunbookPlaces): Promise<string> {
  if (!isName(name)) {
    throw new UsageError(
      `expected a file such as ./my-system.yaml, or a name of lower-case words joined by dashes, got ${quote(name)}`,
    );
  }
  const { builtIn, own } = await namesOf(places);
  if (builtIn.includes(name)) {
    throw new UsageError(
      `${name} is the name of a built-in runbook`,
      'Choose another name, or give a path such as ./my-system.yaml.',
    );
  }
  const file = own.find((one) => one === `${name}.yml`) ?? `${name}.yaml`;
  return join(places.own, file);
}

async function makeOwnFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new ConfigError(`cannot create the folder ${folder}: ${folderTrouble(error)}`);
  }
}
