import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { notAFile, readStart } from '../config/files.ts';
import { ConfigError } from '../errors.ts';
import type { Runbook } from '../runbooks/schema.ts';
import { fileTrouble } from '../values/text.ts';
import { parseLabel } from './parse.ts';
import type { Label } from './types.ts';

const CAPTURE = '.json';
const LABEL = '.label.yaml';
const MAX_LABEL_BYTES = 64 * 1024;

/** What a folder holds at its own level. */
export interface LabelledFolder {
  /** Captures with a label beside them, by name: the file without its end. */
  readonly pairs: readonly string[];
  /** All captures. */
  readonly captures: number;
  /** Captures without a label and labels without a capture, as sentences. */
  readonly problems: readonly string[];
}

export const captureFile = (folder: string, name: string): string => join(folder, `${name}${CAPTURE}`);

/**
 * Looks for `<name>.json` with `<name>.label.yaml` beside it, in the order of the names. Hidden files are left alone.
 * @throws ConfigError when the folder cannot be listed
 */
export async function labelledIn(folder: string): Promise<LabelledFolder> {
  let files: string[];
  try {
    files = (await readdir(folder)).filter((file) => !file.startsWith('.')).sort();
  } catch (error) {
    const isFile = (error as NodeJS.ErrnoException).code === 'ENOTDIR';
    throw new ConfigError(
      `${folder} cannot be listed: ${isFile ? 'it is not a folder' : folderTrouble(error)}`,
    );
  }
  const named = (end: string) =>
    files.filter((file) => file.endsWith(end)).map((file) => file.slice(0, -end.length));
  const [captures, labels] = [named(CAPTURE), named(LABEL)];
  return {
    pairs: captures.filter((name) => labels.includes(name)),
    captures: captures.length,
    problems: [
      ...captures
        .filter((name) => !labels.includes(name))
        .map((name) => `${captureFile(folder, name)} has no label: expected ${name}${LABEL} beside it`),
      ...labels
        .filter((name) => !captures.includes(name))
        .map((name) => `${join(folder, name)}${LABEL} has no capture: expected ${name}${CAPTURE} beside it`),
      ...named('.label.yml').map(
        (name) => `${join(folder, name)}.label.yml is not read: rename it to ${name}${LABEL}`,
      ),
    ],
  };
}

const folderTrouble = (error: unknown): string =>
  (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such folder' : fileTrouble(error);

/** The label of a capture, or its problems: sentences with file, line and key. */
export async function readLabel(folder: string, name: string, runbook: Runbook): Promise<Label | string[]> {
  const path = join(folder, `${name}${LABEL}`);
  const trouble = await notAFile(path);
  if (trouble !== null) return [trouble];
  try {
    const bytes = await readStart(path, MAX_LABEL_BYTES);
    if (bytes.length > MAX_LABEL_BYTES) return [`${path} cannot be used: it is over 64 kB`];
    return parseLabel(bytes, path, runbook);
  } catch (error) {
    return [`${path} cannot be read: ${fileTrouble(error)}`];
  }
}
