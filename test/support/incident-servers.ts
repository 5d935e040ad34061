import { expand } from '../../src/incidents/expand.ts';
import { openMetrics, recordSeries } from '../../src/incidents/openmetrics.ts';
import { redisCommands } from '../../src/incidents/redis.ts';
import type { Incident } from '../../src/incidents/schema.ts';
import { clock } from './collecting.ts';
import { startPrometheus, type TestPrometheus } from './prometheus.ts';
import { startRedis, type TestRedis } from './redis.ts';

/** A real Redis and a real Prometheus that hold what an incident says, now. */
export async function serversWith(
  incident: Incident,
): Promise<{ redis: TestRedis; prometheus: TestPrometheus; stop: () => Promise<void> }> {
  const nowMs = Math.floor(Date.now() / 1_000) * 1_000;
  const situation = expand(incident, { nowMs, clock });
  const series = openMetrics(recordSeries(situation, { now: nowMs / 1_000 }));
  const [redis, prometheus] = await Promise.all([startRedis(), startPrometheus({ series })]);
  const stop = async () => {
    await Promise.all([redis.stop(), prometheus.stop()]);
  };
  try {
    await redis.load(redisCommands(situation));
  } catch (error) {
    await stop();
    throw error;
  }
  return { redis, prometheus, stop };
}
