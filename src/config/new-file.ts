import { type FileHandle, mkdir, open, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ConfigError } from '../errors.ts';
import { fileTrouble } from '../values/text.ts';

interface NewFile {
  readonly path: string;
  readonly text: string;
  /** Who may read it, as of `open`; the umask takes its part. */
  readonly mode: number;
  /** What to do when something is there already. */
  readonly hint: string;
}

/**
 * Writes a file where none is.
 * @throws ConfigError when something is there already, which is left as it is, or when it cannot be written;
 * nothing half-written stays
 */
export async function writeNewFile({ path, text, mode, hint }: NewFile): Promise<void> {
  let file: FileHandle;
  try {
    file = await open(path, 'wx', mode);
  } catch (error) {
    if (isExisting(error)) throw new ConfigError(`${path} exists already and was left as it is`, [], hint);
    throw new ConfigError(`cannot write ${path}: ${fileTrouble(error)}`);
  }
  try {
    await file.writeFile(text);
    await file.close();
  } catch (error) {
    await file.close().catch(() => {});
    await unlink(path).catch(() => {});
    throw new ConfigError(`cannot write ${path}: ${fileTrouble(error)}`);
  }
}

/** Why a folder cannot be created, in words. `mkdir` says "exists" when a file is where a folder should be. */
export function folderTrouble(error: unknown): string {
  return isExisting(error) ? 'a part of its path is not a folder' : fileTrouble(error);
}

function isExisting(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}

/**
 * Makes a folder where there is none. Of other people's folders only the last one is made: a path that is further from
 * what is there has a slip in it.
 * @throws ConfigError when it cannot be made
 */
export async function makeLastFolder(folder: string): Promise<void> {
  try {
    if (!(await isFolder(folder))) await mkdir(folder);
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const why = isMissing ? `there is no folder ${dirname(folder)}` : folderTrouble(error);
    throw new ConfigError(`cannot create the folder ${folder}: ${why}`);
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw new ConfigError(`cannot use the folder ${path}: ${fileTrouble(error)}`);
  }
}
