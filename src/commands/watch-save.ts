import { join } from 'node:path';
import type { Config } from '../config/types.ts';
import { RatelimitError } from '../errors.ts';
import { makeCaptureFolder } from '../evidence/capture.ts';
import { openCapture } from './save-capture.ts';
import type { Case } from './triage-run.ts';

/** Keeps the evidence of a watch in a folder: of its first look, of each that brought another verdict, of its last. */
export class Saver {
  readonly #folder: string;
  readonly #config: Config;
  readonly #version: string;
  /** The last look, as long as it is not saved. */
  #unsaved: { readonly found: Case; readonly category: string } | null = null;

  private constructor(folder: string, config: Config, version: string) {
    this.#folder = folder;
    this.#config = config;
    this.#version = version;
  }

  /** @throws ConfigError when there is no such folder, and none can be made */
  static async open(folder: string, config: Config, version: string): Promise<Saver> {
    await makeCaptureFolder(folder);
    return new Saver(folder, config, version);
  }

  /** @returns why it could not be saved; null: it was, or need not be */
  async take(found: Case, category: string, isNews: boolean): Promise<string | null> {
    this.#unsaved = { found, category };
    return isNews ? this.last() : null;
  }

  /** Saves the last look, unless it is saved. @returns as `take` */
  async last(): Promise<string | null> {
    const look = this.#unsaved;
    if (look === null) return null;
    this.#unsaved = null;
    // Colons are not for file names everywhere.
    const name = `${look.found.evidence.at.replaceAll(':', '')}-${look.category}.json`;
    try {
      const file = await openCapture(join(this.#folder, name));
      // How it went is in the looks themselves.
      await file.write({ ...look.found, history: null }, this.#config, false, this.#version);
      return null;
    } catch (error) {
      if (error instanceof RatelimitError) return error.message;
      throw error;
    }
  }
}
