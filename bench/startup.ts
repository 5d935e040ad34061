import { startFaultyRedis } from '../test/support/faulty-redis.ts';
import { calm, merge, noise, singleIp } from '../test/support/incidents.ts';
import { openMetrics } from '../test/support/openmetrics.ts';
import { startPrometheus } from '../test/support/prometheus.ts';
import { startRedis } from '../test/support/redis.ts';
import type { Row } from './bench.ts';
import { ms, paired, run } from './measure.ts';

/** What every program pays that loads these packages as they come. */
const LOADING = "require('ioredis'); require('axios'); require('commander')";

/**
 * Start-up against bare Node, and a whole triage of a small incident on real servers against bare Node. How long a bare
 * Node takes depends on the machine more than on anything else (NODE_EXTRA_CA_CERTS triples it), so what merely loading
 * the packages costs stands beside it.
 */
export async function startup(program: string, runs: number): Promise<Row[]> {
  const bare = () => run(process.execPath, ['-e', '0']);
  const version = await paired(() => run(process.execPath, [program, '--version']), bare, runs);

  const now = Math.floor(Date.now() / 1000);
  const incident = merge(calm(now), noise(now), singleIp());
  const redis = await startRedis();
  await redis.load(incident.redis);
  const prometheus = await startPrometheus({ series: openMetrics(incident.series) });
  const args = [program, 'triage', '--redis-url', redis.url, '--prometheus-url', prometheus.url];
  const triage = await paired(() => run(process.execPath, args), bare, runs);
  if (!triage.last?.[0].stdout.includes('single-ip-credential-stuffing')) {
    throw new Error('the benchmark measured a wrong verdict');
  }
  const words = await paired(
    () => run(process.execPath, [program, '__complete', 'triage', '--']),
    bare,
    runs,
  );
  if (!words.last?.[0].stdout.includes('--pace')) throw new Error('the benchmark completed no words');
  const live = [program, '__complete', 'unblock-ip', '--redis-url'];
  const silent = await startFaultyRedis('silent');
  const given = await paired(
    () => run(process.execPath, [...live, silent.url, '']),
    () => run(process.execPath, [...live, redis.url, '']),
    Math.ceil(runs / 4),
  );
  const loading = await paired(() => run(process.execPath, ['-e', LOADING]), bare, runs);
  await Promise.all([redis.stop(), prometheus.stop(), silent.stop()]);
  return [
    {
      what: '--version against node -e 0',
      ours: ms(version.a),
      against: ms(version.b),
      ratio: version.ratio,
      target: 1.25,
    },
    {
      what: 'triage of a small incident against node -e 0',
      ours: ms(triage.a),
      against: ms(triage.b),
      ratio: triage.ratio,
      target: 3,
    },
    {
      what: 'completing a flag against node -e 0',
      ours: ms(words.a),
      against: ms(words.b),
      ratio: words.ratio,
      target: 2,
    },
    {
      // The difference is what it waits for Redis at the most: 300 ms.
      what: 'completing, Redis hangs, against one that answers',
      ours: ms(given.a),
      against: ms(given.b),
      ratio: given.ratio,
      target: null,
    },
    {
      what: 'only loading its packages against node -e 0',
      ours: ms(loading.a),
      against: ms(loading.b),
      ratio: loading.ratio,
      target: null,
    },
  ];
}
