import { AxiosError } from 'axios';
import type { HttpTarget } from '../config/types.ts';
import { connectHttp, type HttpConnection, isCut, retryPolicy } from './http-client.ts';
import { networkReason, SourceError } from './source-error.ts';

/** One request to the system's own API. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Absolute, without secrets. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text; null: no body. */
  readonly body: string | null;
}

/** What the API answered, whatever it was. */
export interface ApiAnswer {
  readonly status: number;
  /** As it came, not cut. */
  readonly body: string;
  /** The same for people: what it echoes of our credentials is redacted. */
  readonly shown: string;
  /** `Retry-After` as it came; null without one. */
  readonly retryAfter: string | null;
}

/** Answers that say "not now"; anything else is an answer. What never was answered is not sent again. */
const NOT_NOW: ReadonlySet<number> = new Set([429, 503]);

/** The API of the limited system. */
export class Api {
  readonly url: string;
  readonly #connection: HttpConnection;
  readonly #timeoutMs: number;
  readonly #now: () => number;
  readonly #hangUp = new AbortController();
  readonly #interrupt: AbortSignal;
  /** What an answer may echo and nobody must see. */
  readonly #secrets: readonly string[];

  /**
   * @param now milliseconds of any steady clock
   * @param interrupt ends a GET; what changes something is waited for
   */
  constructor(target: HttpTarget, timeoutMs: number, now: () => number, interrupt: AbortSignal) {
    this.url = target.url;
    this.#interrupt = interrupt;
    this.#secrets = [target.bearerToken, target.basicAuth?.password ?? null]
      .map((secret) => secret?.reveal() ?? '')
      .filter((secret) => secret !== '');
    this.#timeoutMs = timeoutMs;
    this.#now = now;
    this.#connection = connectHttp(target, this.#hangUp.signal);
  }

  /**
   * Sends one request. 429 and 503 are tried again within the deadline, with what `Retry-After` says or backoff.
   * @throws SourceError `unreachable` when it never left, `incomplete` when it was sent and the answer was lost
   */
  async send({ method, url, headers, body }: ApiRequest): Promise<ApiAnswer> {
    try {
      const {
        status,
        data,
        headers: got,
      } = await this.#connection.client.request<string>({
        method,
        url,
        headers: { ...headers, ...(body === null ? {} : { 'Content-Type': 'application/json' }) },
        ...(body === null ? {} : { data: body }),
        timeout: this.#timeoutMs,
        ...(method === 'GET' ? { signal: AbortSignal.any([this.#hangUp.signal, this.#interrupt]) } : {}),
        'axios-retry': retryPolicy({
          statuses: NOT_NOW,
          codes: new Set(),
          budgetMs: this.#timeoutMs,
          now: this.#now,
        }),
      });
      return { status, ...this.#bodyOf(data ?? ''), retryAfter: text(got['retry-after']) };
    } catch (error) {
      if (error instanceof AxiosError && error.response && !isCut(error)) {
        const { status, data, headers: got } = error.response;
        return { status, ...this.#bodyOf(String(data ?? '')), retryAfter: text(got['retry-after']) };
      }
      throw lost(error, this.#connection.host);
    }
  }

  #bodyOf(body: string): Pick<ApiAnswer, 'body' | 'shown'> {
    const shown = this.#secrets.reduce((text, secret) => text.replaceAll(secret, '[redacted]'), body.trim());
    return { body, shown };
  }

  close(): void {
    this.#hangUp.abort();
    this.#connection.close();
  }
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value.slice(0, 80) : null);

/** Codes of connections that were never made: nothing can have been done. */
const NEVER_LEFT =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|CERT_|ERR_TLS|DEPTH_|UNABLE_TO|SELF_SIGNED)/;

function lost(error: unknown, host: string): SourceError {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof AxiosError ? (error.code ?? '') : '';
  const neverLeft = NEVER_LEFT.test(code);
  const why = /^timeout/.test(message) ? 'no answer in time' : (networkReason(error) ?? message);
  return new SourceError(neverLeft ? 'unreachable' : 'incomplete', `${host}: ${why}`);
}
