import type { RatelimitError } from '../errors.ts';
import { escapeCharacter, replaceHidden } from './escape.ts';
import { toJson } from './json.ts';

/** An error for people on stderr, or for scripts as `ratelimit/error/v1` on stdout. */
export function renderError(
  error: RatelimitError,
  options: { json: boolean; stack: boolean },
): { out: string; err: string } {
  const stack = options.stack && error.cause instanceof Error ? `${inert(error.cause.stack ?? '')}\n` : '';
  if (options.json) {
    return { out: toJson(errorData(error)), err: stack };
  }
  const hint = error.hint === '' ? '' : `${inert(error.hint)}\n`;
  return { out: '', err: `ratelimit: ${inert(error.message)}\n${hint}${stack}` };
}

/** What the document `ratelimit/error/v1` holds. */
export const errorData = ({ code, exitCode, message, hint }: RatelimitError) =>
  ({ schema: 'ratelimit/error/v1', code, exitCode, message, hint }) as const;

/** Arguments and file names are quoted in messages: only the line breaks between problems are ours. */
const inert = (text: string): string =>
  replaceHidden(text, (character) => (character === '\n' ? character : escapeCharacter(character)));
