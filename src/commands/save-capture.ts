import { dirname } from 'node:path';
import { makeLastFolder } from '../config/new-file.ts';
import type { Config } from '../config/types.ts';
import { reserveCapture } from '../evidence/capture.ts';
import { type Collected, captureText } from './capture-text.ts';

interface CaptureFile {
  write(run: Collected, config: Config, isRedacted: boolean, version: string): Promise<void>;
  /** Nothing was collected. */
  discard(): Promise<void>;
}

/**
 * Takes the name of a file for the evidence; the folder that it is in is made when only that is missing.
 * @throws ConfigError when it exists already or cannot be created
 */
export async function openCapture(path: string): Promise<CaptureFile> {
  await makeLastFolder(dirname(path));
  const file = await reserveCapture(path);
  return {
    discard: file.discard,
    write: (run, config, isRedacted, version) => file.write(captureText(run, config, isRedacted, version)),
  };
}
