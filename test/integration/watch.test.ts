import { getEventListeners } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type WatchFlags, watchCommand } from '../../src/commands/watch.ts';
import { makeContext } from '../../src/context.ts';
import type { Streams } from '../../src/output/streams.ts';
import { refusedUrl } from '../support/faulty-http.ts';
import { startFaultyRedis } from '../support/faulty-redis.ts';
import { singleIp } from '../support/incidents.ts';
import { stopEverything, temporaryFolder } from '../support/processes.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

/** Node warns from the eleventh listener on. */
const LOOKS = 15;

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
  await redis.load(singleIp().redis);
});
afterAll(stopEverything);

/** Watches in this process, far faster than the program allows. */
async function watch(
  flags: Partial<WatchFlags>,
): Promise<{ lines: string[]; listeners: number; code: number }> {
  const lines: string[] = [];
  const interrupt = new AbortController();
  const streams: Streams = {
    ...{ out: (text) => void lines.push(text), err: () => {}, columns: 80, colorOut: false, colorErr: false },
    ...{ terminal: false, stderrTerminal: false, canAsk: false, closed: false, flush: async () => {} },
  };
  const context = {
    ...makeContext(interrupt.signal, []),
    env: {},
    configHome: await temporaryFolder('config'),
    stateFolder: await temporaryFolder('state'),
    runbooks: { builtIn: new URL('../../dist/runbooks/', import.meta.url), own: '/nowhere' },
    streams: () => streams,
  };
  const code = await watchCommand(
    {
      ...{ output: 'json', color: 'never', input: true, verbose: false, quiet: false, bell: true },
      ...{ redisUrl: redis.url, prometheusUrl: await refusedUrl() },
      ...{ interval: 0.001, count: LOOKS, window: 300, top: 10, pace: 'fast' },
      ...flags,
    } as WatchFlags,
    context,
  );
  return { lines, code, listeners: getEventListeners(interrupt.signal, 'abort').length };
}

test('many looks leave nothing behind: no listener, no connection', async () => {
  // Files share this process, and another may have left something.
  const connections = () =>
    process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
  const before = connections();
  const warnings: string[] = [];
  const whenWarned = (warning: Error) => void warnings.push(warning.message);
  process.on('warning', whenWarned);
  const proxy = await startFaultyRedis({ proxy: { port: redis.port } });
  const { lines, listeners, code } = await watch({ redisUrl: proxy.url });
  await proxy.stop();
  process.off('warning', whenWarned);
  expect([code, lines.length, listeners, warnings]).toEqual([0, LOOKS, 0, []]);
  await expect.poll(connections).toBeLessThanOrEqual(before);
});
