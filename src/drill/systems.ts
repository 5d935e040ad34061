import { withDisplay } from '../config/display.ts';
import { type HttpTarget, type RedisTarget, Secret } from '../config/types.ts';
import type { Adapter } from '../evidence/collect.ts';
import type { Historian } from '../evidence/history.ts';
import { expand } from '../incidents/expand.ts';
import type { Incident } from '../incidents/schema.ts';
import type { RemediesSpec } from '../runbooks/remedies-schema.ts';
import type { Clock } from '../signals/asked.ts';
import { startApiServer } from './api-server.ts';
import { makeServer } from './commands.ts';
import { historyOf } from './history.ts';
import { logsOf } from './logs.ts';
import { type Recording, readingOf } from './prometheus.ts';
import { startRedisServer } from './redis-server.ts';
import { Store } from './store.ts';
import { Traffic } from './traffic.ts';

/** The systems of an incident, played by this process: nothing else is ever connected to. */
export interface Systems {
  readonly redis: RedisTarget;
  readonly api: HttpTarget;
  /** Where nothing answers but a refusal: the program's own reader is replaced. */
  readonly prometheusUrl: string;
  readonly readPrometheus: Adapter;
  readonly readLogs: Adapter;
  readonly readHistory: Historian;
  close(): void;
}

/** Nobody but this process is told of the port; it only keeps the drill's own clients honest. */
const TOKEN = 'drill';

/** Starts to play; from here on time passes. */
export async function startSystems(
  incident: Incident,
  remedies: RemediesSpec,
  clock: Clock,
): Promise<Systems> {
  const startMs = clock.now();
  const situation = expand(incident, { nowMs: startMs, clock });
  const store = new Store();
  const traffic = new Traffic(situation, store, startMs);
  const present = (): number => {
    const nowMs = clock.now();
    traffic.settle(nowMs);
    return nowMs;
  };
  const record = (): Recording => {
    const nowMs = present();
    return {
      series: situation.series,
      atSeconds: (nowMs - startMs) / 1_000,
      nowSeconds: nowMs / 1_000,
      stoppedOf: (series) => traffic.stoppedOf(series),
    };
  };
  const answer = makeServer(store);
  const redis = await startRedisServer((words) => answer(words, present()));
  const api = await startApiServer({ remedies, token: TOKEN, store, present });
  const apiUrl = `http://127.0.0.1:${api.port}`;
  return {
    redis: withDisplay({
      ...{ host: '127.0.0.1', port: redis.port, path: null, db: 0 },
      ...{ username: null, password: null, tls: null },
    }),
    api: { url: apiUrl, bearerToken: new Secret(TOKEN), basicAuth: null, headers: {}, tls: null },
    prometheusUrl: `${apiUrl}/prometheus`,
    readPrometheus: readingOf(record),
    readLogs: logsOf(() => ({ logs: situation.logs, atSeconds: (clock.now() - startMs) / 1_000 })),
    readHistory: historyOf(record),
    close: () => {
      redis.close();
      api.close();
    },
  };
}
