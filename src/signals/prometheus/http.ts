import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import axios, { AxiosError } from 'axios';
import axiosRetry, { type IAxiosRetryConfig, retryAfter } from 'axios-retry';
import type { HttpTarget } from '../../config/types.ts';
import { codeOf, networkReason, SourceError } from '../source-error.ts';

/** Retries in all and their time in all: a page is no place to wait. */
const RETRIES = 2;
const RETRY_BUDGET_MS = 1_000;
const RETRY_STATUS = new Set([429, 502, 503, 504]);
/** Cut off in the middle of an answer: the server was there, so asking again may help. */
const RETRY_CODES = new Set(['ECONNRESET', 'EPIPE', 'ERR_BAD_RESPONSE', 'ERR_STREAM_PREMATURE_CLOSE']);
const MAX_RESPONSE_BYTES = 8 * 1024 * 1024;

export interface HttpClient {
  /** Host and port, for messages. */
  readonly host: string;
  /**
   * Asks a path under the target's URL. Returns the body of a 2xx answer; throws SourceError for all else.
   * Parameters go as a POSTed form, as Grafana sends them: queries outgrow what proxies take as a URL.
   */
  ask(path: string, params: Readonly<Record<string, string>>): Promise<string>;
  close(): void;
}

/**
 * An HTTP client for one target. Redirects are not followed, so credentials stay with the host they are for.
 * @param signal aborts every request under way
 * @param now milliseconds of any steady clock
 */
export function makeHttpClient(target: HttpTarget, signal: AbortSignal, now: () => number): HttpClient {
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
    // Answers are small by design: not worth zlib's time, nor the risk of a body that inflates without bound.
    decompress: false,
    maxContentLength: MAX_RESPONSE_BYTES,
    responseType: 'text',
    transformResponse: [(body: unknown) => body],
    signal,
  });
  axiosRetry(client, { retries: RETRIES });
  const host = new URL(target.url).host;
  return {
    host,
    ask: async (path, params) => {
      try {
        const { data } = await client.post<string>(`${target.url}${path}`, new URLSearchParams(params), {
          'axios-retry': retryPolicy(now),
        });
        return data;
      } catch (error) {
        throw toSourceError(error, signal);
      }
    },
    close: () => {
      httpAgent.destroy();
      httpsAgent.destroy();
    },
  };
}

/** The policy of one request; the time already spent on retries lives in its closure. */
function retryPolicy(now: () => number): IAxiosRetryConfig {
  let firstFailure: number | null = null;
  let delay = 0;
  return {
    retryCondition: (error) => {
      if (error.config?.signal?.aborted || !worthRetrying(error)) return false;
      const at = now();
      firstFailure ??= at;
      const count = (error.config?.['axios-retry']?.retryCount ?? 0) + 1;
      // Retry-After in seconds or as a date is waited for to the letter: jitter would push "1" out of the budget.
      delay = retryAfter(error) || axiosRetry.exponentialDelay(count, undefined, 50);
      return at - firstFailure + delay <= RETRY_BUDGET_MS;
    },
    retryDelay: () => delay,
  };
}

function worthRetrying(error: AxiosError): boolean {
  if (error.response && !isCut(error)) return RETRY_STATUS.has(error.response.status);
  // A reset during the TLS handshake is a TLS failure.
  if (error.request?.socket?.secureConnecting === true) return false;
  const code = codeOf(error);
  return code !== null && RETRY_CODES.has(code) && !/maxContentLength/.test(error.message);
}

/** True when an answer began and did not end: axios keeps its status then, but it has no body. */
const isCut = (error: AxiosError): boolean =>
  error.response !== undefined && error.response.data === undefined;

function toSourceError(error: unknown, signal: AbortSignal): SourceError {
  if (signal.aborted) return new SourceError('timeout', 'no answer before the deadline');
  if (error instanceof AxiosError && isCut(error)) {
    return new SourceError('unreachable', 'the connection was cut in the middle of the answer');
  }
  if (error instanceof AxiosError && error.response) {
    const { status, headers } = error.response;
    const after: unknown = headers['retry-after'];
    const wait = typeof after === 'string' ? `, Retry-After: ${after.slice(0, 40)}` : '';
    if (status === 401 || status === 403) {
      return new SourceError('auth', `HTTP ${status}, the credentials are not accepted${detail(error)}`);
    }
    if (status >= 300 && status < 400) {
      return new SourceError('malformed', `HTTP ${status}, a redirect (to a login page?), not followed`);
    }
    return new SourceError('refused', `HTTP ${status}${wait}${detail(error)}`);
  }
  if (error instanceof AxiosError && /maxContentLength/.test(error.message)) {
    return new SourceError('malformed', `the answer is larger than ${MAX_RESPONSE_BYTES / 1024 / 1024} MiB`);
  }
  const message = error instanceof Error ? error.message : String(error);
  return new SourceError('unreachable', networkReason(error) ?? message);
}

/** Prometheus's own words for a refusal, when the body has them. */
function detail(error: AxiosError): string {
  try {
    const body: unknown = JSON.parse(String(error.response?.data));
    const said = typeof body === 'object' && body !== null && 'error' in body ? body.error : null;
    return typeof said === 'string' ? `: ${said.slice(0, 200)}` : '';
  } catch {
    return '';
  }
}

const definedOnly = <T extends object>(value: T): Partial<T> =>
  Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as Partial<T>;
