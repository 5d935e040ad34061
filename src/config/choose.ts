import { dirname, isAbsolute, join } from 'node:path';
import { didYouMean, dottedKey, hasControl, quote } from '../values/text.ts';
import { parseTimeout } from './durations.ts';
import type { Given } from './given.ts';
import type { Sourced } from './origins.ts';
import type { ConfigSource } from './read.ts';
import type { ContextEntry } from './schema.ts';

/** The context in use: its name, or null and nothing when none is. */
export interface Chosen extends Sourced<string | null> {
  readonly entry: ContextEntry;
}

export const NO_CONTEXT: Chosen = { value: null, origin: 'default', entry: {} };

/**
 * Chooses the context: the given one, else the file's `current-context`. A file with contexts of which none is
 * chosen is a problem, since the default would be another system than any of them, unless `isConnected` says that
 * flags or the environment name the systems.
 * @returns the context, or the sentence that says why there is none
 */
export function chooseContext(
  given: Given | null,
  source: ConfigSource | null,
  path: string,
  isConnected: boolean,
): Chosen | string {
  const contexts = source?.content.contexts ?? {};
  const names = Object.keys(contexts);
  const current = source?.content['current-context'];
  const name = given?.value ?? current;
  if (name === undefined) {
    if (names.length === 0 || isConnected) return NO_CONTEXT;
    const list = names.map((one) => dottedKey([one])).join(', ');
    return `${path}: expected --context, RATELIMIT_CONTEXT or current-context to choose one of ${list}, got none`;
  }
  const entry = Object.hasOwn(contexts, name) ? contexts[name] : undefined;
  if (entry !== undefined) return { value: name, origin: given?.origin ?? 'context', entry };
  const where = given?.where ?? source?.at(['current-context']);
  if (source === null)
    return `${where}: no context ${quote(name)}: there is no configuration file at ${path}`;
  if (names.length === 0) return `${where}: no context ${quote(name)}: ${path} has no contexts`;
  return `${where}: no context ${quote(name)} in ${path}; ${didYouMean(name, names)}`;
}

/** The runbook: the given one, else the context's (a path is relative to the configuration file), else `aegis`. */
export function pickRunbook(
  given: Given | null,
  inContext: string | undefined,
  configFile: string,
  report: (problem: string) => void,
): Sourced<string> {
  if (given !== null) {
    if (given.value === '' || hasControl(given.value)) {
      report(`${given.where}: expected the name or path of a runbook, got ${quote(given.value)}`);
    }
    return given;
  }
  if (inContext === undefined) return { value: DEFAULT_RUNBOOK, origin: 'default' };
  return { value: runbookFrom(inContext, configFile), origin: 'context' };
}

export const DEFAULT_RUNBOOK = 'aegis';

/** A runbook as the configuration file names it: a path is relative to the folder of the file. */
export function runbookFrom(written: string, configFile: string): string {
  const isPath = written.includes('/') || /\.ya?ml$/.test(written);
  if (!isPath || isAbsolute(written)) return written;
  const path = join(dirname(configFile), written);
  // A path must not become a bare name on its way.
  return isAbsolute(path) || path.startsWith('.') ? path : `./${path}`;
}

/** The deadline: the flag, else the context's, else 5 seconds. `value` is the text, `seconds` what it means. */
export function pickTimeout(
  flag: string | undefined,
  inContext: string | undefined,
  report: (problem: string) => void,
): Sourced<string> & { readonly seconds: number } {
  const origin = flag !== undefined ? 'flag' : inContext !== undefined ? 'context' : 'default';
  const value = flag ?? inContext ?? '5s';
  const seconds = parseTimeout(value);
  if (typeof seconds === 'number') return { value, origin, seconds };
  report(`--timeout: ${seconds}`);
  return { value, origin, seconds: 0 };
}
