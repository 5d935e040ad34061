import { expand } from '../../src/incidents/expand.ts';
import { lineOf, momentsOf } from '../../src/incidents/log-lines.ts';
import { openMetrics, recordSeries } from '../../src/incidents/openmetrics.ts';
import { redisCommands } from '../../src/incidents/redis.ts';
import type { Incident } from '../../src/incidents/schema.ts';
import { clock } from './collecting.ts';
import { startLoki, type TestLoki } from './loki.ts';
import { startPrometheus, type TestPrometheus } from './prometheus.ts';
import { startRedis, type TestRedis } from './redis.ts';

/** Beyond now, so that lines go on while a slow test runs, as samples do. */
const LOGS_TO_SECONDS = 600;

/**
 * A real Redis and a real Prometheus that hold what an incident says, now, and where it has lines of a log what stands in
 * for a Loki.
 * @param given an empty Redis, which stays; without it one is started
 */
export async function serversWith(
  incident: Incident,
  given?: TestRedis,
): Promise<{
  redis: TestRedis;
  prometheus: TestPrometheus;
  loki: TestLoki | null;
  stop: () => Promise<void>;
}> {
  const nowMs = Math.floor(Date.now() / 1_000) * 1_000;
  const situation = expand(incident, { nowMs, clock });
  const series = openMetrics(recordSeries(situation, { now: nowMs / 1_000 }));
  const [redis, prometheus, loki] = await Promise.all([
    given ?? startRedis(),
    startPrometheus({ series }),
    situation.logs.length > 0 ? startLoki() : null,
  ]);
  for (const state of situation.logs) {
    const line = lineOf(state);
    loki?.push(
      state.stream,
      momentsOf(state, LOGS_TO_SECONDS).map((seconds) => [nowMs + seconds * 1_000, line]),
    );
  }
  const stop = async () => {
    await Promise.all([given?.flush() ?? redis.stop(), prometheus.stop(), loki?.stop()]);
  };
  try {
    await redis.load(redisCommands(situation));
  } catch (error) {
    await stop();
    throw error;
  }
  return { redis, prometheus, loki, stop };
}
