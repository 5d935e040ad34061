import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readStart } from '../config/files.ts';
import { ConfigError } from '../errors.ts';
import { nearest } from '../values/nearest.ts';
import { fileTrouble, shellWord } from '../values/text.ts';
import { limitProblems, withLimits } from './limits.ts';
import { linkProblems, withLinks } from './links.ts';
import { namesOf, type RunbookPlaces } from './places.ts';
import type { Runbook } from './schema.ts';

/** Where a runbook was found. */
export interface Found {
  /** `own`: by its name among the user's own; `path`: a file that was named. */
  readonly origin: 'built-in' | 'own' | 'path';
  /** What it was asked for by. */
  readonly name: string;
  /** The file; null for one that comes with the program. */
  readonly path: string | null;
}

const MAX_BYTES = 1024 * 1024;
/** What a runbook may be called; so a name can never lead out of the folder that it is looked for in. */
const NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;

/** Can a runbook of this name be found by it? */
export const isName = (text: string): boolean => NAME.test(text);

/** A path is anything with a slash or ending in .yaml or .yml; all else is a name. */
export const isPath = (nameOrPath: string): boolean => /[/\\]|\.ya?ml$/.test(nameOrPath);

/**
 * Finds a runbook: a file by its path, else a built-in one or one of the user's own by its name. Names that both
 * have are refused: whichever won would one day judge in the other's place, and nobody would notice.
 * @throws ConfigError when there is none, or more than one
 */
export async function findRunbook(nameOrPath: string, places: RunbookPlaces): Promise<Found> {
  if (isPath(nameOrPath)) return { origin: 'path', name: nameOrPath, path: nameOrPath };
  const found = isName(nameOrPath) ? await named(nameOrPath, places) : [];
  const [first, second] = found;
  if (first === undefined) throw await unknownName(nameOrPath, places);
  if (second !== undefined) throw ambiguous(nameOrPath, found);
  return first;
}

/**
 * Loads a runbook by its name or path. What comes with the program was checked when it was built; a file is checked
 * here.
 * @throws ConfigError when there is no such runbook, more than one, or the file is not valid
 */
export async function loadRunbook(nameOrPath: string, places: RunbookPlaces): Promise<Runbook> {
  return loadFound(await findRunbook(nameOrPath, places), places);
}

/** Loads a runbook that was found. @throws ConfigError when the file cannot be read or is not valid */
export async function loadFound({ origin, name, path }: Found, places: RunbookPlaces): Promise<Runbook> {
  if (path === null) return JSON.parse(await readFile(builtInFile(name, places), 'utf8')) as Runbook;
  const [{ parseRunbook }, bytes] = await Promise.all([import('./parse.ts'), readBytes(path)]);
  return parseRunbook(bytes, path, origin === 'own' ? name : undefined);
}

const builtInFile = (name: string, { builtIn }: RunbookPlaces): URL => new URL(`${name}.json`, builtIn);

async function named(name: string, places: RunbookPlaces): Promise<Found[]> {
  const own = ['yaml', 'yml'].map((end) => join(places.own, `${name}.${end}`));
  const [isBuiltIn, ...isOwn] = await Promise.all([builtInFile(name, places), ...own].map(isThere));
  return [
    ...(isBuiltIn ? [{ origin: 'built-in', name, path: null } as const] : []),
    ...own.filter((_, index) => isOwn[index]).map((path) => ({ origin: 'own', name, path }) as const),
  ];
}

async function isThere(file: string | URL): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw new ConfigError(`${String(file)} cannot be looked at: ${fileTrouble(error)}`);
  }
}

async function unknownName(name: string, places: RunbookPlaces): Promise<ConfigError> {
  const { builtIn, own } = await namesOf(places);
  const names = [...new Set([...builtIn, ...own.map((file) => file.replace(/\.ya?ml$/, ''))])];
  return new ConfigError(
    `there is no runbook ${JSON.stringify(name)}${nearest(name.slice(0, 80), names)}`,
    [],
    `Runbooks: ${names.join(', ')}. One of your own is given by its path, such as --runbook ./my-system.yaml, or by its name when it is in ${places.own}`,
  );
}

/** Refused for each command alike: a verdict by one runbook and a remedy by the other would be worst. */
function ambiguous(name: string, found: readonly Found[]): ConfigError {
  const files = found.flatMap(({ path }) => path ?? []);
  const all = found.map(({ path }) => path ?? 'the built-in one');
  const rename = found.length > files.length ? ' For the built-in one, rename that file.' : '';
  return new ConfigError(
    `${name} is the name of ${found.length} runbooks: ${all.join(' and ')}`,
    [],
    `Say which by its path: ${files.map((path) => `--runbook ${shellWord(path)}`).join(' or ')}.${rename}`,
  );
}

async function readBytes(path: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await readStart(path, MAX_BYTES);
  } catch (error) {
    throw new ConfigError(`runbook ${path} cannot be read: ${fileTrouble(error)}`);
  }
  if (bytes.length > MAX_BYTES) throw new ConfigError(`runbook ${path} cannot be used: it is over 1 MB`);
  return bytes;
}

const UNFIT = 'the configuration does not fit the runbook:';

/** What keeps a context's thresholds from being this runbook's, as sentences with the name. */
export function thresholdProblems(
  { name: runbook, thresholds }: Runbook,
  overrides: Readonly<Record<string, number>>,
): string[] {
  const names = Object.keys(thresholds);
  return Object.entries(overrides).flatMap(([name, value]) => {
    const own = Object.hasOwn(thresholds, name) ? thresholds[name] : undefined;
    if (own === undefined) {
      return [`thresholds.${name}: runbook ${runbook} has no such threshold${nearest(name, names)}`];
    }
    return own.unit.startsWith('share') && value > 1
      ? [`thresholds.${name}: expected a share of at most 1, got ${value}`]
      : [];
  });
}

/**
 * The runbook with a context's thresholds in place of its own.
 * @throws ConfigError for a name that the runbook does not have
 */
export function withThresholds(runbook: Runbook, overrides: Readonly<Record<string, number>>): Runbook {
  const problems = thresholdProblems(runbook, overrides);
  if (problems.length > 0) throw new ConfigError(UNFIT, problems);
  const thresholds = Object.fromEntries(
    Object.entries(runbook.thresholds).map(([name, t]) => [
      name,
      { ...t, value: (Object.hasOwn(overrides, name) ? overrides[name] : undefined) ?? t.value },
    ]),
  );
  return { ...runbook, thresholds };
}

/** What keeps a context's queries from being some that this runbook asks for, as sentences with the name. */
function queryProblems(
  { name: runbook, signals, charts }: Runbook,
  queries: Readonly<Record<string, string>>,
): string[] {
  const ofSignals = Object.values(signals).flatMap(({ sources }) =>
    sources.flatMap((source) => (source.kind === 'prometheus-query' ? [source.setting] : [])),
  );
  const names = [...new Set([...ofSignals, ...charts.flatMap(({ query }) => query?.setting ?? [])])];
  return Object.keys(queries)
    .filter((name) => !names.includes(name))
    .map((name) => `queries.${name}: runbook ${runbook} asks for no such query${nearest(name, names)}`);
}

/** What a context of the configuration says about its runbook. */
interface Settings {
  readonly thresholds: Readonly<Record<string, number>>;
  readonly queries: Readonly<Record<string, string>>;
  readonly limits: Parameters<typeof withLimits>[1];
  /** Where pages are, by the names that the runbook's links have for these places. */
  readonly links: Readonly<Record<string, string>>;
}

/**
 * The runbook as a context has it: with its thresholds, limits and pages, and its queries known to be some that the
 * runbook asks for.
 * @throws ConfigError with every name that the runbook does not have
 */
export function withSettings(runbook: Runbook, { thresholds, queries, limits, links }: Settings): Runbook {
  const problems = [
    ...thresholdProblems(runbook, thresholds),
    ...queryProblems(runbook, queries),
    ...limitProblems(runbook, limits),
    ...linkProblems(runbook, links),
  ];
  if (problems.length > 0) throw new ConfigError(UNFIT, problems);
  return withLinks(withLimits(withThresholds(runbook, thresholds), limits), links);
}
