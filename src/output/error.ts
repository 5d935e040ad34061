import type { RatelimitError } from '../errors.ts';
import { visible } from './escape.ts';
import { toJson } from './json.ts';

/**
 * An error for people on stderr, or for scripts as `ratelimit/error/v1` on stdout. Arguments and file names are quoted in
 * messages: only the line breaks between problems are ours.
 */
export function renderError(
  error: RatelimitError,
  options: { json: boolean; stack: boolean },
): { out: string; err: string } {
  const stack = options.stack && error.cause instanceof Error ? `${visible(error.cause.stack ?? '')}\n` : '';
  if (options.json) {
    return { out: toJson(errorData(error)), err: stack };
  }
  const hint = error.hint === '' ? '' : `${visible(error.hint)}\n`;
  return { out: '', err: `ratelimit: ${visible(error.message)}\n${hint}${stack}` };
}

/** What the document `ratelimit/error/v1` holds. */
export const errorData = ({ code, exitCode, message, hint }: RatelimitError) =>
  ({ schema: 'ratelimit/error/v1', code, exitCode, message, hint }) as const;
