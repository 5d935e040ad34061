import { closest } from 'fastest-levenshtein';

/** How much of a value from a file, a flag or the environment a message shows. */
const SHOWN_CHARS = 80;
/** Longest path that Linux opens. */
const SHOWN_PATH_CHARS = 4096;

/** What invisible, or a terminal would obey: controls, format characters (bidi overrides), line separators. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** True when the text holds a line break, another control character or half a surrogate pair. */
export function hasControl(text: string): boolean {
  return /[\p{Cc}\p{Cs}]/u.test(text);
}

/**
 * Hides what may be a secret in a URL, also in one that is broken: everything between the first `:` after the
 * scheme and the last `@`, a "port" that is no number (a password whose host was forgotten), and any query or
 * fragment other than `?db=N`.
 * @returns the text, for a message only: it is no longer a URL
 */
export function redactUrl(text: string): string {
  const scheme = /^(?:unix:|[a-z][a-z0-9+.-]*:\/\/)/i.exec(text)?.[0] ?? '';
  const rest = text.slice(scheme.length);
  const at = rest.lastIndexOf('@');
  return scheme + (at < 0 ? '' : redactUserinfo(rest.slice(0, at))) + redactTail(rest.slice(at + 1));
}

function redactUserinfo(userinfo: string): string {
  const colon = userinfo.indexOf(':');
  if (colon >= 0) return `${userinfo.slice(0, colon)}:[redacted]@`;
  return /[/?#]|%3a/i.test(userinfo) ? '[redacted]@' : `${userinfo}@`;
}

function redactTail(tail: string): string {
  const match = /^(\[[^\]]*\]|[^:/?#]*)(:[^/?#]*)?([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(tail);
  const [, host = '', port = '', path = '', query = '', fragment = ''] = match ?? [];
  if (!/^(?::\d{0,5})?$/.test(port)) return `${host}:[redacted]`;
  const shownQuery = query === '' || /^\?db=\d{1,4}$/.test(query) ? query : '?[redacted]';
  return host + port + path + shownQuery + (fragment === '' ? '' : '#[redacted]');
}

/**
 * A text as messages show it: what may be a secret hidden, quoted and escaped as in JSON, characters that
 * a terminal would obey escaped too, cut to 80 characters.
 */
export function quote(text: string): string {
  return cut(escaped(redactUrl(text)), SHOWN_CHARS);
}

/** The path of a file as messages show it: like `quote`, but whole, since it is there to be opened. */
export function quotePath(path: string): string {
  return cut(escaped(redactUrl(path)), SHOWN_PATH_CHARS);
}

function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;
}

function escaped(text: string): string {
  return JSON.stringify(text).replace(UNPRINTABLE, escapeUnits);
}

function escapeUnits(character: string): string {
  return [...Array(character.length).keys()]
    .map((i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`)
    .join('');
}

/** Which key of the file a problem is about: `contexts.prod.redis.url`; unusual names are quoted. */
export function dottedKey(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (/^[\w-]{1,80}$/.test(String(part)) ? String(part) : quote(String(part))))
    .join('.');
}

/** The one of the names that is nearest to what was written. */
export function closestTo(name: string, valid: readonly string[]): string {
  // The distance of a very long name costs time and says nothing.
  return closest(name.slice(0, SHOWN_CHARS).toLowerCase(), valid);
}

/** `did you mean "prod"? Valid: dev, prod`: the nearest of the valid names, then all of them. */
export function didYouMean(name: string, valid: readonly string[]): string {
  return `did you mean ${quote(closestTo(name, valid))}? Valid: ${valid.map((one) => dottedKey([one])).join(', ')}`;
}

/** Why a file could not be read or written, in words. */
export function fileTrouble(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return TROUBLE[code] ?? (code === '' ? 'it could not be read' : code);
}

const TROUBLE: Readonly<Record<string, string>> = {
  EEXIST: 'it exists already',
  ENOENT: 'no such file',
  ENOTDIR: 'a part of its path is not a folder',
  EISDIR: 'it is a folder, not a file',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'its name is too long',
  EROFS: 'the file system is read-only',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'it is not UTF-8 text',
  ENOSPC: 'no space is left',
};

/** Longest reason, in characters: it is stored with every change. */
const MAX_REASON = 200;

/** Why a reason cannot be stored; null: it can. */
export function problemWithReason(text: string): string | null {
  if (text.trim() === '') return 'a reason is needed';
  if (hasControl(text)) return 'it must not hold control characters';
  const length = [...text.trim()].length;
  return length <= MAX_REASON ? null : `${length} characters are too many, at most ${MAX_REASON} are kept`;
}

/** A word as a POSIX shell takes it, for a sentence that names a flag; whole commands are `output/quote.ts`'s. */
export const shellWord = (word: string): string =>
  /^[\w@%+:,./[\]-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
