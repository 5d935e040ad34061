import { readdir, readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { readStart } from '../config/files.ts';
import { ConfigError, UsageError } from '../errors.ts';
import type { Incident } from '../incidents/schema.ts';
import { nearest } from '../values/nearest.ts';
import { fileTrouble, quote } from '../values/text.ts';

/** An incident that can be played, under the name that it is asked for. */
export interface Named {
  readonly name: string;
  readonly incident: Incident;
}

const NAME = /^[a-z0-9-]+$/;
const MAX_BYTES = 4 * 1024 * 1024;

/** The incidents that come with the program, checked when it was built. @param folder where they lie, as JSON */
export async function builtIn(folder: URL): Promise<Named[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.json')).sort();
  return Promise.all(
    files.map(async (file) => ({
      name: file.slice(0, -'.json'.length),
      incident: JSON.parse(await readFile(new URL(file, folder), 'utf8')) as Incident,
    })),
  );
}

/**
 * An incident by the name that it comes with, or a file by its path (anything with a slash or ending in .yaml or .yml).
 * @throws UsageError for a name that there is not, ConfigError for a file that cannot be read or is not valid
 */
export async function findIncident(nameOrPath: string, folder: URL): Promise<Named> {
  if (/[/\\]|\.ya?ml$/.test(nameOrPath))
    return { name: nameOrPath, incident: await readIncident(nameOrPath) };
  const all = await builtIn(folder);
  const found = NAME.test(nameOrPath) ? all.find(({ name }) => name === nameOrPath) : undefined;
  if (found !== undefined) return found;
  const names = all.map(({ name }) => name);
  throw new UsageError(
    `there is no incident ${quote(nameOrPath)}${nearest(nameOrPath, names)}`,
    `Incidents: ${names.join(', ')}. One of your own is given by its path, such as ./my-incident.yaml`,
  );
}

async function readIncident(path: string): Promise<Incident> {
  const fail = (why: string): never => {
    throw new ConfigError(`incident ${path} cannot be read: ${why}`);
  };
  const bytes = await readStart(path, MAX_BYTES).catch((error: unknown) => fail(fileTrouble(error)));
  if (bytes.length > MAX_BYTES) return fail(`it has more than ${MAX_BYTES / 1024 / 1024} MiB`);
  const { parseIncident } = await import('../incidents/parse.ts');
  const incident = parseIncident(bytes, path);
  return { ...incident, runbook: locateRunbook(incident.runbook, dirname(path)) };
}

/** A runbook's name as it is, a path as an absolute one: it is looked up again from elsewhere. */
export const locateRunbook = (nameOrPath: string, folder = ''): string =>
  isPath(nameOrPath) ? resolve(folder, nameOrPath) : nameOrPath;

const isPath = (text: string): boolean => /[/\\]|\.ya?ml$/.test(text);
