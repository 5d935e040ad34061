import {
  createServer,
  type IncomingHttpHeaders,
  request as requestOf,
  type Server,
  type ServerResponse,
} from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { deadPort, onStop } from './processes.ts';

/** What to do with one request. */
export type Fault = (response: ServerResponse, request?: SeenRequest) => void;

interface SeenRequest {
  method: string;
  /** The path with its query, as it was sent. */
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** Milliseconds since the server started, for the gaps between retries. */
  atMs: number;
}

/** By path without its query; `*` is any other. A list is played request by request, its last item forever. */
type Routes = Record<string, Fault | readonly Fault[]>;

export interface FaultyHttp {
  url: string;
  port: number;
  requests: SeenRequest[];
  stop(): Promise<void>;
}

/** A status with any body; headers such as `{ 'Retry-After': '2' }`. */
export const status =
  (code: number, body = '', headers: Record<string, string> = {}): Fault =>
  (response) => {
    response.writeHead(code, headers).end(body);
  };

/** 200 (or another status) with JSON; text is sent as it is, so that it may hold what JSON cannot. */
export const json = (body: unknown, code = 200): Fault =>
  status(code, typeof body === 'string' ? body : JSON.stringify(body), {
    'Content-Type': 'application/json',
  });

/** A proxy's page where JSON was expected. */
export const html = (code = 200, body = '<!doctype html><title>Sign in</title>'): Fault =>
  status(code, body, { 'Content-Type': 'text/html' });

/** A Prometheus answer; a value is sent as Prometheus writes it: `NaN` and `+Inf` too. */
export const vector = (
  rows: readonly (readonly [metric: Record<string, string>, value: string])[],
  warnings?: readonly string[],
): Fault =>
  json({
    status: 'success',
    data: {
      resultType: 'vector',
      result: rows.map(([metric, value]) => ({ metric, value: [Date.now() / 1000, value] })),
    },
    ...(warnings && { warnings }),
  });

/** Prometheus's own error, such as `bad_data` (400), `execution` (422), `timeout` (503). */
export const prometheusError = (errorType: string, error: string, code = 422): Fault =>
  json({ status: 'error', errorType, error }, code);

/** Never answers. */
export const hang: Fault = () => {};

/** Promises the whole body, sends the first half and resets the connection. */
export const halfBody =
  (body: string): Fault =>
  (response) => {
    response.writeHead(200, {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
    });
    response.write(Buffer.from(body).subarray(0, Buffer.byteLength(body) >> 1), () => {
      response.socket?.resetAndDestroy();
    });
  };

/** A body of this many bytes, sent as fast as it is read. */
export const huge =
  (bytes: number): Fault =>
  (response) => {
    const chunk = Buffer.alloc(65_536, ' ');
    let left = bytes;
    const more = () => {
      while (left > 0) {
        const size = Math.min(left, chunk.length);
        left -= size;
        if (!response.write(chunk.subarray(0, size))) return response.once('drain', more);
      }
      return response.end();
    };
    response.writeHead(200, { 'Content-Type': 'application/json' });
    more();
  };

/** The fault after a delay. */
export const slow =
  (ms: number, then: Fault): Fault =>
  (response, request) => {
    void sleep(ms, undefined, { ref: false }).then(() => response.destroyed || then(response, request));
  };

/** What another server answers, but to the requests whose body is such: those meet the fault. */
export const proxyTo =
  (url: string, { unless, fault }: { unless: RegExp; fault: Fault }): Fault =>
  (response, request) => {
    if (request === undefined || unless.test(request.body)) {
      fault(response, request);
      return;
    }
    passOn(`${url}${request.url}`, request, response);
  };

interface Answered {
  readonly code: number;
  readonly body: string;
}

/**
 * Gives a real server's answer to a request, as it is or as it was changed. Each request has a connection of its own: one
 * that is kept may be closed while it is sent. Where the server is gone by then, whoever asked loses the connection.
 */
export function passOn(
  url: string,
  { method, body, headers }: SeenRequest,
  response: ServerResponse,
  changed: (answer: Answered) => Fault = ({ code, body: said }) => status(code, said),
): void {
  const lost = () => void response.destroy();
  const type = { 'Content-Type': headers['content-type'] ?? '' };
  const upstream = requestOf(url, { method, agent: false, headers: type }, (answer) => {
    text(answer)
      .then((said) => changed({ code: answer.statusCode ?? 502, body: said })(response))
      .catch(lost);
  });
  upstream.on('error', lost).end(method === 'GET' ? undefined : body);
}

/** A URL on which nothing listens. */
export async function refusedUrl(): Promise<string> {
  return `http://127.0.0.1:${await deadPort()}`;
}

/** Starts a server on loopback that plays the routes and records what it was asked. Unknown paths are 404. */
export async function startFaultyHttp(routes: Routes): Promise<FaultyHttp> {
  const started = performance.now();
  const requests: SeenRequest[] = [];
  const server = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request;
    const atMs = performance.now() - started;
    const path = url.split('?', 1)[0] ?? '';
    const seen: SeenRequest = { method, url, headers, body: '', atMs };
    const turn = requests.filter((other) => other.url.split('?', 1)[0] === path).length;
    requests.push(seen);
    try {
      seen.body = await text(request);
    } catch {
      return; // the client went away
    }
    const route = routes[path] ?? routes['*'] ?? status(404);
    const fault = typeof route === 'function' ? route : (route[turn] ?? route.at(-1));
    (fault ?? status(404))(response, seen);
  });
  const port = await listen(server);
  const stop = onStop(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${port}`, port, requests, stop };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(address !== null && typeof address === 'object' ? address.port : 0);
    });
  });
}
