import { EXIT, RatelimitError } from '../errors.ts';
import { fileTrouble, quotePath } from '../values/text.ts';

/** Nothing could be added to the journal, so nothing may be changed either: exit 6. */
export class JournalError extends RatelimitError {
  override readonly name = 'JournalError';
  constructor(message: string, hint: string, cause?: unknown) {
    super('journal', message, { exitCode: EXIT.refused, hint, cause });
  }
}

const HINT = 'Make it writable, or set XDG_STATE_HOME to a folder that is.';

/** The code of an error of the operating system, such as `ENOENT`; null for any other error. */
export function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error ? String(error.code) : null;
}

/**
 * What kept `file` from being written, for the operator. Errors that are not the operating system's are bugs and
 * are returned as they are.
 * @param why in place of what the operating system says
 */
export function cannotWrite(file: string, error: unknown, why = fileTrouble(error)): unknown {
  if (error instanceof JournalError || codeOf(error) === null) return error;
  return new JournalError(`cannot write the journal ${quotePath(file)}: ${why}`, HINT, error);
}

/** For what is done as well as possible, and goes without saying when it is not. */
export const ignore = (): void => {};
