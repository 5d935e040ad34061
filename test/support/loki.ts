import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { evaluate, LogqlError, type Stream, streamMatcher } from './logql.ts';
import { onStop } from './processes.ts';

// There is no package of Loki to be had for these tests, so this stands in for one: a server on loopback that speaks the
// part of Loki's query API that is asked (instant queries and streams), evaluates LogQL on the lines it is given, and
// refuses in Loki's words and shapes: https://grafana.com/docs/loki/latest/reference/loki-http-api/

interface LokiOptions {
  /** More series than this are refused, as `max_query_series` says. */
  readonly maxSeries?: number;
  /** Only whoever has this token is answered. */
  readonly token?: string;
  /** Several tenants: only requests with X-Scope-OrgID are answered, of this one. */
  readonly tenant?: string;
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

export async function startLoki({ maxSeries = 500, token, tenant }: LokiOptions = {}): Promise<TestLoki> {
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
    if (token !== undefined && authorization !== `Bearer ${token}`) return void refuse(401, 'Unauthorized');
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
        const [start, end] = ['start', 'end'].map((name) => Number(searchParams.get(name)) / 1e6);
        const found = all.filter(
          ({ labels, entries }) =>
            matches(labels) && entries.some(({ ms }) => ms >= (start ?? 0) && ms <= (end ?? 0)),
        );
        // Without any, Loki leaves the list out.
        return void send({
          status: 'success',
          ...(found.length > 0 ? { data: found.map((s) => s.labels) } : {}),
        });
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

const tooMany = (limit: number): string =>
  `maximum number of series (${limit}) reached for a single query; consider reducing query cardinality by adding more specific stream selectors, reducing the time range, or aggregating results with functions like sum(), count() or topk()`;
