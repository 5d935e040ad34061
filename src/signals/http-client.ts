import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import axios, { type AxiosError, type AxiosInstance } from 'axios';
import axiosRetry, { type IAxiosRetryConfig, retryAfter } from 'axios-retry';
import type { HttpTarget } from '../config/types.ts';
import { isLoopbackHost } from '../values/address.ts';
import { codeOf } from './source-error.ts';

export const MAX_RESPONSE_BYTES = 8 * 1024 * 1024;

export interface HttpConnection {
  readonly client: AxiosInstance;
  /** Host and port, for messages. */
  readonly host: string;
  close(): void;
}

/**
 * An axios client for one target. Redirects are not followed, so credentials stay with the host they are for, and
 * bodies stay the text that they are.
 * @param signal aborts every request under way
 */
export function connectHttp(target: HttpTarget, signal: AbortSignal): HttpConnection {
  const tls = target.tls
    ? { ca: target.tls.ca ?? undefined, cert: target.tls.cert ?? undefined, key: target.tls.key?.reveal() }
    : {};
  const httpAgent = new HttpAgent({ keepAlive: true, maxSockets: 8 });
  const httpsAgent = new HttpsAgent({ keepAlive: true, maxSockets: 8, ...definedOnly(tls) });
  const client = axios.create({
    adapter: 'http',
    headers: {
      ...target.headers,
      Accept: 'application/json',
      'Accept-Encoding': 'identity',
      ...(target.bearerToken ? { Authorization: `Bearer ${target.bearerToken.reveal()}` } : {}),
    },
    ...(target.basicAuth
      ? { auth: { username: target.basicAuth.username, password: target.basicAuth.password.reveal() } }
      : {}),
    httpAgent,
    httpsAgent,
    maxRedirects: 0,
    // What is for this machine does not travel, neither in the clear nor at all.
    ...(isLoopbackHost(new URL(target.url).hostname) ? { proxy: false as const } : {}),
    // Answers are small by design: not worth zlib's time, nor the risk of a body that inflates without bound.
    decompress: false,
    maxContentLength: MAX_RESPONSE_BYTES,
    responseType: 'text',
    transformRequest: [(body: unknown) => body],
    transformResponse: [(body: unknown) => body],
    signal,
  });
  axiosRetry(client, { retries: 2 });
  const { freshToken } = target;
  if (freshToken !== undefined) {
    client.interceptors.request.use(async (request) => {
      request.headers.set('Authorization', `Bearer ${(await freshToken()).reveal()}`);
      return request;
    });
  }
  return {
    client,
    host: new URL(target.url).host,
    close: () => {
      httpAgent.destroy();
      httpsAgent.destroy();
    },
  };
}

/** What is tried again, and for how long in all. */
export interface Patience {
  readonly statuses: ReadonlySet<number>;
  /** Codes of errors that came without an answer. */
  readonly codes: ReadonlySet<string>;
  /** Time that the retries of one request may take in all, waits included. */
  readonly budgetMs: number;
  /** Milliseconds of any steady clock. */
  readonly now: () => number;
}

/**
 * The policy of one request; the time already spent on its retries lives in its closure. `Retry-After`, in seconds or
 * as a date, is waited for to the letter: jitter would push a small one out of the budget. Else it is backoff with
 * jitter.
 */
export function retryPolicy({ statuses, codes, budgetMs, now }: Patience): IAxiosRetryConfig {
  let firstFailure: number | null = null;
  let delay = 0;
  return {
    retryCondition: (error) => {
      if (error.config?.signal?.aborted || !worthRetrying(error, statuses, codes)) return false;
      const at = now();
      firstFailure ??= at;
      const count = (error.config?.['axios-retry']?.retryCount ?? 0) + 1;
      delay = retryAfter(error) || axiosRetry.exponentialDelay(count, undefined, 50);
      return at - firstFailure + delay <= budgetMs;
    },
    retryDelay: () => delay,
  };
}

function worthRetrying(error: AxiosError, statuses: Patience['statuses'], codes: Patience['codes']): boolean {
  if (error.response && !isCut(error)) return statuses.has(error.response.status);
  // A reset during the TLS handshake is a TLS failure.
  if (error.request?.socket?.secureConnecting === true) return false;
  const code = codeOf(error);
  return code !== null && codes.has(code) && !/maxContentLength/.test(error.message);
}

/** True when an answer began and did not end: axios keeps its status then, but it has no body. */
export const isCut = (error: AxiosError): boolean =>
  error.response !== undefined && error.response.data === undefined;

const definedOnly = <T extends object>(value: T): Partial<T> =>
  Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as Partial<T>;
