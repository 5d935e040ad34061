import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ConfigError } from '../errors.ts';
import { folderTrouble, writeNewFile } from './new-file.ts';
import { exampleConfig } from './template.ts';

/**
 * Writes the example configuration to `path` (mode 0600), with the folders above it that are missing (mode 0700).
 * @throws ConfigError when something is there already, which is left as it is, or when it cannot be written;
 * nothing half-written stays
 */
export async function writeExampleConfig(path: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new ConfigError(`cannot create the folder ${dirname(path)}: ${folderTrouble(error)}`);
  }
  const hint = 'Edit it, or name another file with --config.';
  await writeNewFile({ path, text: exampleConfig(), mode: 0o600, hint });
}
