import type { Cause } from '../evidence/types.ts';

/** A source that could not be read: why, in words that name the host. Becomes an `unknown` reading. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
  override readonly cause: Cause;
  /** The HTTP status of the answer; null where there was none. */
  readonly status: number | null;
  constructor(cause: Cause, reason: string, status: number | null = null) {
    super(reason);
    this.cause = cause;
    this.status = status;
  }
}

const NETWORK: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset while reading',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network unreachable',
  ENOTFOUND: 'host name not found',
  EAI_AGAIN: 'host name lookup failed',
  ETIMEDOUT: 'connection timed out',
  EPIPE: 'connection closed while writing',
  ENOENT: 'no such socket',
  EACCES: 'permission denied',
  ECONNABORTED: 'connection aborted',
};

/** A network error's code in words, or null when it is none. */
export function networkReason(error: unknown): string | null {
  const code = codeOf(error);
  if (code === null) return null;
  if (NETWORK[code]) return NETWORK[code];
  return /CERT|SSL|TLS|ALTNAME|UNABLE_TO|EPROTO/.test(code)
    ? `TLS: ${(error as Error).message.trim()}`
    : null;
}

/** The code of an error, of its cause, or of the first of several (an AggregateError of IPv4 and IPv6 attempts). */
export function codeOf(error: unknown): string | null {
  if (typeof error !== 'object' || error === null) return null;
  const { code, cause, errors } = error as { code?: unknown; cause?: unknown; errors?: unknown };
  if (Array.isArray(errors) && errors.length > 0) return codeOf(errors[0]);
  if (typeof code === 'string' && code !== '') return code;
  return cause === undefined || cause === error ? null : codeOf(cause);
}
