import { type FileHandle, mkdir, open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ConfigError } from '../errors.ts';
import { fileTrouble } from '../values/text.ts';
import { exampleConfig } from './template.ts';

/**
 * Writes the example configuration to `path` (mode 0600), with the folders above it that are missing (mode 0700).
 * @throws ConfigError when something is there already, which is left as it is, or when it cannot be written;
 * nothing half-written stays
 */
export async function writeExampleConfig(path: string): Promise<void> {
  let file: FileHandle;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new ConfigError(`cannot create the folder ${dirname(path)}: ${folderTrouble(error)}`);
  }
  try {
    file = await open(path, 'wx', 0o600);
  } catch (error) {
    if (isExisting(error)) {
      const hint = 'Edit it, or name another file with --config.';
      throw new ConfigError(`${path} exists already and was left as it is`, [], hint);
    }
    throw new ConfigError(`cannot write ${path}: ${fileTrouble(error)}`);
  }
  try {
    await file.writeFile(exampleConfig());
    await file.close();
  } catch (error) {
    await file.close().catch(() => {});
    await unlink(path).catch(() => {});
    throw new ConfigError(`cannot write ${path}: ${fileTrouble(error)}`);
  }
}

function isExisting(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}

/** `mkdir` says "exists" when a file is where a folder should be. */
function folderTrouble(error: unknown): string {
  return isExisting(error) ? 'a part of its path is not a folder' : fileTrouble(error);
}
