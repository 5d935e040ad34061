import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { evaluate, LogqlError, type Stream, streamMatcher } from './logql.ts';
import { onStop } from './processes.ts';

// There is no package of Loki to be had for these tests, so this stands in for one: a server on loopback that speaks the
// part of Loki's API that is asked (instant queries, streams, labels, its state), evaluates LogQL on the lines it is given,
// and refuses in Loki's words and shapes: https://grafana.com/docs/loki/latest/reference/loki-http-api/

interface LokiOptions {
  /** More series than this are refused, as `max_query_series` says. */
  readonly maxSeries?: number;
  /** Only whoever has this token is answered. */
  readonly token?: string;
  /** Several tenants: only requests with X-Scope-OrgID are answered, of this one. */
  readonly tenant?: string;
  /** Why it is not ready, in its own words. */
  readonly notReady?: string;
  /** A gateway in front of it passes on its API and nothing else. */
  readonly gateway?: boolean;
  /** Its clock, milliseconds ahead of this machine's. */
  readonly aheadMs?: number;
}

export interface TestLoki {
  readonly url: string;
  /** The queries that came, in order. */
  readonly queries: string[];
  /** Adds lines to the stream that has these labels. */
  push(
    labels: Readonly<Record<string, string>>,
    lines: readonly (readonly [ms: number, line: string])[],
  ): void;
  /** Forgets all lines and streams. */
  clear(): void;
  stop(): Promise<void>;
}

export async function startLoki(options: LokiOptions = {}): Promise<TestLoki> {
  const { maxSeries = 500, token, tenant, notReady, gateway = false, aheadMs = 0 } = options;
  const streams = new Map<string, Stream & { entries: { ms: number; line: string }[] }>();
  const queries: string[] = [];

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://loki');
    const { authorization, 'x-scope-orgid': org } = request.headers;
    const refuse = (status: number, words: string) =>
      response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${words}\n`);
    const send = (body: unknown) =>
      response
        .writeHead(200, { 'Content-Type': 'application/json; charset=UTF-8' })
        .end(JSON.stringify(body));
    // Where there is nothing to be listed, Loki leaves the list out.
    const list = (data: readonly unknown[]) =>
      send({ status: 'success', ...(data.length > 0 ? { data } : {}) });
    if (token !== undefined && authorization !== `Bearer ${token}`) return void refuse(401, 'Unauthorized');
    if (aheadMs !== 0) response.setHeader('Date', new Date(Date.now() + aheadMs).toUTCString());
    if (pathname === '/ready' && !gateway) {
      return void (notReady === undefined ? refuse(200, 'ready') : refuse(503, notReady));
    }
    // Its own state is no tenant's. It is the one answer without a status around it.
    if (pathname === '/loki/api/v1/status/buildinfo') return void send(BUILD);
    if (tenant !== undefined && org === undefined) return void refuse(401, 'no org id');
    const all = tenant === undefined || org === tenant ? [...streams.values()] : [];
    try {
      if (pathname === '/loki/api/v1/query') {
        const query = searchParams.get('query') ?? '';
        queries.push(query);
        const nowMs = Date.now();
        const result = evaluate(query, { streams: all, nowMs });
        if (result.length > maxSeries) throw new LogqlError(tooMany(maxSeries));
        const value = (one: number) => [nowMs / 1_000, String(one)];
        return void send({
          status: 'success',
          data: {
            resultType: 'vector',
            result: result.map((one) => ({ metric: one.metric, value: value(one.value) })),
            stats: { summary: { totalLinesProcessed: all.flatMap(({ entries }) => entries).length } },
          },
        });
      }
      if (pathname === '/loki/api/v1/series') {
        const matches = streamMatcher(searchParams.get('match[]') ?? '');
        const during = within(searchParams);
        const found = all.filter(({ labels, entries }) => matches(labels) && entries.some(during));
        return void list(found.map(({ labels }) => labels));
      }
      const values = /^\/loki\/api\/v1\/label\/([^/]+)\/values$/.exec(pathname);
      if (pathname === '/loki/api/v1/labels' || values !== null) {
        const during = within(searchParams);
        const late = all.filter(({ entries }) => entries.some(during));
        const label = values?.[1];
        const names = late.flatMap(({ labels }) =>
          label === undefined ? Object.keys(labels) : (labels[decodeURIComponent(label)] ?? []),
        );
        return void list([...new Set(names)].sort());
      }
      refuse(404, '404 page not found');
    } catch (error) {
      if (!(error instanceof LogqlError)) throw error;
      refuse(400, error.message);
    }
  }

  const server = createServer(answer);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const stop = onStop(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    ...{ url: `http://127.0.0.1:${port}`, queries, stop },
    push: (labels, lines) => {
      const key = JSON.stringify(Object.entries(labels).sort());
      const stream = streams.get(key) ?? { labels, entries: [] };
      stream.entries.push(...lines.map(([ms, line]) => ({ ms, line })));
      streams.set(key, stream);
    },
    clear: () => streams.clear(),
  };
}

/** Whether a line is within the time that is asked for: nanoseconds, which are too many for a double to hold each of. */
function within(asked: URLSearchParams): (line: { readonly ms: number }) => boolean {
  const [start, end] = ['start', 'end'].map((name) => Number(BigInt(asked.get(name) ?? '0') / 1_000_000n));
  return ({ ms }) => ms >= (start ?? 0) && ms <= (end ?? 0);
}

const BUILD = {
  ...{ version: '2.9.7', revision: 'efc4d2f009', branch: 'HEAD', buildUser: 'root@707324a28e25' },
  ...{ buildDate: '2024-04-10T09:07:00Z', goVersion: '' },
};

const tooMany = (limit: number): string =>
  `maximum number of series (${limit}) reached for a single query; consider reducing query cardinality by adding more specific stream selectors, reducing the time range, or aggregating results with functions like sum(), count() or topk()`;
