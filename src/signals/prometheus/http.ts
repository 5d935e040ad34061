import { AxiosError } from 'axios';
import type { HttpTarget } from '../../config/types.ts';
import { isRecord } from '../../values/parse.ts';
import { connectHttp, isCut, MAX_RESPONSE_BYTES, type Patience, retryPolicy } from '../http-client.ts';
import { networkReason, SourceError } from '../source-error.ts';

/** A page is no place to wait. */
const PATIENCE: Omit<Patience, 'now'> = {
  statuses: new Set([429, 502, 503, 504]),
  /** Cut off in the middle of an answer: the server was there, so asking again may help. */
  codes: new Set(['ECONNRESET', 'EPIPE', 'ERR_BAD_RESPONSE', 'ERR_STREAM_PREMATURE_CLOSE']),
  budgetMs: 1_000,
};

export interface HttpClient {
  /** Host and port, for messages. */
  readonly host: string;
  /**
   * Asks a path under the target's URL. Returns the body of a 2xx answer; throws SourceError for all else.
   * Parameters go as a POSTed form, as Grafana sends them: queries outgrow what proxies take as a URL.
   * Who asks what is being asked at that moment hears the same answer, and the server is asked once.
   */
  ask(path: string, params: Readonly<Record<string, string>>): Promise<string>;
  /** The same for what only answers GET, with the time that the server says it is. */
  get(path: string, params: Readonly<Record<string, string>>): Promise<Dated>;
  /** Where it is noted that an answer lacks data. Without it, nothing but whole answers is of use. */
  readonly lacks?: Set<string>;
  close(): void;
}

/** A body with its `Date` header, as it came; null without one. */
interface Dated {
  readonly body: string;
  readonly date: string | null;
}

/** What messages about a server must know of it. */
interface Manners {
  /** What is to be done about an answer that is too large. */
  readonly whenTooLarge: string;
  /** It says why it refuses as plain text, too. */
  readonly saysInText: boolean;
}

const ASK_FOR_LESS = 'ask for less, with sum by or topk, or have shorter label values';

/**
 * A client for one Prometheus, Loki or Alertmanager.
 * @param signal aborts every request under way
 * @param now milliseconds of any steady clock
 */
export function makeHttpClient(
  target: HttpTarget,
  signal: AbortSignal,
  now: () => number,
  { whenTooLarge = ASK_FOR_LESS, saysInText = false }: Partial<Manners> = {},
): HttpClient {
  const manners = { whenTooLarge, saysInText };
  const { client, host, close } = connectHttp(target, signal);
  const get: HttpClient['get'] = async (path, params) => {
    try {
      const { data, headers } = await client.get<string>(`${target.url}${path}`, {
        params: new URLSearchParams(params),
        'axios-retry': retryPolicy({ ...PATIENCE, now }),
      });
      const date: unknown = headers.date;
      return { body: data, date: typeof date === 'string' ? date.slice(0, 40) : null };
    } catch (error) {
      throw toSourceError(error, signal, manners);
    }
  };
  const post = async (path: string, form: string) => {
    try {
      const { data } = await client.post<string>(`${target.url}${path}`, form, {
        headers: { 'Content-Type': 'application/x-www-form-urlencoded;charset=utf-8' },
        'axios-retry': retryPolicy({ ...PATIENCE, now }),
      });
      return data;
    } catch (error) {
      throw toSourceError(error, signal, manners);
    }
  };
  const underWay = new Map<string, Promise<string>>();
  const ask: HttpClient['ask'] = (path, params) => {
    const form = new URLSearchParams(params).toString();
    const question = `${path}?${form}`;
    const asked = underWay.get(question) ?? post(path, form).finally(() => underWay.delete(question));
    underWay.set(question, asked);
    return asked;
  };
  return { host, ask, get, close };
}

const TOO_LARGE = `the answer is larger than ${MAX_RESPONSE_BYTES / 1024 / 1024} MiB, so none of it is read: `;

/** Was an answer not read because there is too much of it? */
export const isTooLarge = ({ message }: SourceError): boolean => message.startsWith(TOO_LARGE);

function toSourceError(
  error: unknown,
  signal: AbortSignal,
  { whenTooLarge, saysInText }: Manners,
): SourceError {
  if (signal.aborted) return new SourceError('timeout', 'no answer before the deadline');
  if (error instanceof AxiosError && isCut(error)) {
    return new SourceError('unreachable', 'the connection was cut in the middle of the answer');
  }
  if (error instanceof AxiosError && error.response) {
    const { status, headers } = error.response;
    const after: unknown = headers['retry-after'];
    const wait = typeof after === 'string' ? `, Retry-After: ${after.slice(0, 40)}` : '';
    if (status === 401 || status === 403) {
      return new SourceError(
        'auth',
        `HTTP ${status}, the credentials are not accepted${detail(error, saysInText)}`,
      );
    }
    if (status >= 300 && status < 400) {
      return new SourceError('malformed', `HTTP ${status}, a redirect (to a login page?), not followed`);
    }
    return new SourceError('refused', `HTTP ${status}${wait}${detail(error, saysInText)}`, status);
  }
  if (error instanceof AxiosError && /maxContentLength/.test(error.message)) {
    return new SourceError('malformed', TOO_LARGE + whenTooLarge);
  }
  const message = error instanceof Error ? error.message : String(error);
  return new SourceError('unreachable', networkReason(error) ?? message);
}

/** The server's own words for a refusal, when the body has them. */
function detail({ response }: AxiosError, saysInText: boolean): string {
  const text = String(response?.data ?? '');
  const shown = (words: string) => `: ${words.slice(0, 200)}`;
  try {
    const body: unknown = JSON.parse(text);
    // Prometheus calls it error, Alertmanager message, or answers with the text alone; Google puts one into the other.
    const own = isRecord(body) ? (body.error ?? body.message) : body;
    const said = isRecord(own) ? own.message : own;
    return typeof said === 'string' ? shown(said) : '';
  } catch {
    const isText = /^text\/plain\b/.test(String(response?.headers['content-type'] ?? ''));
    return saysInText && isText && text.trim() !== '' ? shown(text.trim()) : '';
  }
}
