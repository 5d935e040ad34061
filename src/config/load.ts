import { join } from 'node:path';
import { ConfigError } from '../errors.ts';
import { fileTrouble, hasControl, quotePath } from '../values/text.ts';
import type { Given } from './given.ts';
import type { ConfigSource } from './read.ts';
import type { ReadFile } from './secrets.ts';

const MAX_FILE = 1024 * 1024;

/** The configuration file, if there is one. */
export interface LoadedFile {
  readonly path: string;
  /** null: there is no file, or it cannot be used. */
  readonly source: ConfigSource | null;
  /** True when the file cannot be used, which is already reported. */
  readonly isBroken: boolean;
}

/**
 * Reads the file that a flag or a variable names, which must exist, or else `ratelimit/config.yaml` in `configHome`,
 * which may be missing. What is wrong with it is reported, not thrown.
 */
export async function loadFile(
  given: Given | null,
  configHome: string,
  read: ReadFile,
  report: (problem: string) => void,
): Promise<LoadedFile> {
  const path = given?.value ?? join(configHome, 'ratelimit', 'config.yaml');
  const broken: LoadedFile = { path, source: null, isBroken: true };
  const refuse = (why: string) => {
    report(
      given === null ? `${path}: ${why}` : `${given.where}: cannot use the file ${quotePath(path)}: ${why}`,
    );
    return broken;
  };
  if (path === '' || hasControl(path)) return refuse('expected the path of a file');
  try {
    const bytes = await read(path, MAX_FILE);
    if (bytes.length > MAX_FILE) return refuse('it is over 1 MB');
    const { parseConfigFile } = await import('./read.ts');
    return { path, source: parseConfigFile(path, bytes), isBroken: false };
  } catch (error) {
    if (error instanceof ConfigError) {
      error.problems.forEach(report);
      return broken;
    }
    if (given === null && isMissing(error)) return { path, source: null, isBroken: false };
    return refuse(fileTrouble(error));
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
