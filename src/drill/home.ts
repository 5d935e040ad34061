import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LimitOverrides } from '../config/types.ts';
import { EXIT, RatelimitError } from '../errors.ts';
import { fileTrouble } from '../values/text.ts';

/** What the context of a drill is called, in its configuration and in the commands that it suggests. */
export const CONTEXT = 'drill';

/** The stream that a drill's remedies are also journaled to. */
const STREAM = 'ratelimit:journal';

interface Settings {
  readonly redis: string;
  readonly prometheus: string;
  readonly api: string;
  readonly token: string;
  /** A runbook's name, or an absolute path. */
  readonly runbook: string;
  readonly thresholds: Readonly<Record<string, number>>;
  readonly limits: LimitOverrides;
  readonly timeout: string | undefined;
}

/** A home of the drill's own, in a new folder that only this user can read. */
export interface Home {
  readonly configHome: string;
  readonly stateFolder: string;
  /** Writes the configuration that every command of the drill reads. */
  write(settings: Settings): Promise<void>;
  remove(): Promise<void>;
}

export async function makeHome(): Promise<Home> {
  const folder = await orFail(mkdtemp(join(tmpdir(), 'ratelimit-drill-')));
  const configHome = join(folder, 'config');
  const own = join(configHome, 'ratelimit');
  return {
    configHome,
    stateFolder: join(folder, 'state'),
    write: async ({ api, token, timeout, ...settings }) => {
      await orFail(mkdir(own, { recursive: true }));
      await orFail(writeFile(join(own, 'token'), token, { mode: 0o600 }));
      const context = {
        ...settings,
        api: { url: api, 'token-file': 'token' },
        'journal-stream': STREAM,
        ...(timeout === undefined ? {} : { timeout }),
      };
      const config = { 'current-context': CONTEXT, contexts: { [CONTEXT]: context } };
      // JSON is YAML.
      await orFail(writeFile(join(own, 'config.yaml'), JSON.stringify(config)));
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function orFail<T>(action: Promise<T>): Promise<T> {
  try {
    return await action;
  } catch (error) {
    throw new RatelimitError(
      'temporary-folder',
      `a drill keeps its journal in ${tmpdir()}, where it cannot write: ${fileTrouble(error)}`,
      { exitCode: EXIT.failure, hint: 'Name another folder in TMPDIR.', cause: error },
    );
  }
}
