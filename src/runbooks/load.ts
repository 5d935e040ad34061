import { readdir, readFile } from 'node:fs/promises';
import { ConfigError } from '../errors.ts';
import { nearest } from '../values/nearest.ts';
import { fileTrouble } from '../values/text.ts';
import type { Runbook } from './schema.ts';

/** Names of the runbooks that come with the program. */
async function builtInRunbooks(folder: URL): Promise<string[]> {
  const files = await readdir(folder);
  return files
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort();
}

/**
 * Loads a runbook that comes with the program by its name, or a file by its path (anything with a slash or ending
 * in .yaml or .yml). What comes with the program was checked when it was built; a file is checked here.
 * @param folder where the built-in runbooks lie, compiled to JSON
 * @throws ConfigError when there is no such runbook or the file is not valid
 */
export async function loadRunbook(nameOrPath: string, folder: URL): Promise<Runbook> {
  if (/[/\\]|\.ya?ml$/.test(nameOrPath)) {
    const [{ parseRunbook }, bytes] = await Promise.all([import('./parse.ts'), readBytes(nameOrPath)]);
    return parseRunbook(bytes, nameOrPath);
  }
  if (NAME.test(nameOrPath)) {
    const json = await readFile(new URL(`${nameOrPath}.json`, folder), 'utf8').catch(() => null);
    if (json !== null) return JSON.parse(json) as Runbook;
  }
  const names = await builtInRunbooks(folder);
  throw new ConfigError(
    `there is no runbook ${JSON.stringify(nameOrPath)}${nearest(nameOrPath, names)}`,
    [],
    `Runbooks: ${names.join(', ')}. One of your own is given by its path, such as --runbook ./my-system.yaml`,
  );
}

const NAME = /^[a-z0-9-]+$/;

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new ConfigError(`runbook ${path} cannot be read: ${fileTrouble(error)}`);
  }
}

/**
 * The runbook with a context's thresholds in place of its own.
 * @throws ConfigError for a name that the runbook does not have
 */
export function withThresholds(runbook: Runbook, overrides: Readonly<Record<string, number>>): Runbook {
  const names = Object.keys(runbook.thresholds);
  const problems = Object.keys(overrides)
    .filter((name) => !names.includes(name))
    .map(
      (name) => `thresholds.${name}: runbook ${runbook.name} has no such threshold${nearest(name, names)}`,
    );
  for (const [name, { unit }] of Object.entries(runbook.thresholds)) {
    const value = Object.hasOwn(overrides, name) ? (overrides[name] ?? 0) : 0;
    if (unit.startsWith('share') && value > 1) {
      problems.push(`thresholds.${name}: expected a share of at most 1, got ${value}`);
    }
  }
  if (problems.length > 0) throw new ConfigError('the configuration does not fit the runbook:', problems);
  const thresholds = Object.fromEntries(
    Object.entries(runbook.thresholds).map(([name, t]) => [
      name,
      { ...t, value: overrides[name] ?? t.value },
    ]),
  );
  return { ...runbook, thresholds };
}

/**
 * The runbook, once the context's own queries are known to be some that it asks for.
 * @throws ConfigError for a name that the runbook does not have
 */
export function withQueries(runbook: Runbook, queries: Readonly<Record<string, string>>): Runbook {
  const names = Object.values(runbook.signals).flatMap(({ sources }) =>
    sources.flatMap((source) => (source.kind === 'prometheus-query' ? [source.setting] : [])),
  );
  const problems = Object.keys(queries)
    .filter((name) => !names.includes(name))
    .map((name) => `queries.${name}: runbook ${runbook.name} asks for no such query${nearest(name, names)}`);
  if (problems.length > 0) throw new ConfigError('the configuration does not fit the runbook:', problems);
  return runbook;
}
