import { startRedis } from '../test/support/redis.ts';
import type { Row } from './bench.ts';
import { median, paired, run } from './measure.ts';

function* counters(from: number, to: number): Generator<string[]> {
  for (let i = from; i < to; i++) {
    yield [
      'SET',
      `acp:auth_fail:10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`,
      String((i % 7) + 1),
      'EX',
      '3600',
    ];
  }
}

/** Triage of a large keyspace: time against `redis-cli --scan`, memory against a small one, totals against an exact count. */
export async function scan(program: string, smoke: boolean): Promise<Row[]> {
  const [small, large] = smoke ? [1_000, 20_000] : [20_000, 1_000_000];
  const redis = await startRedis();
  const args = [program, 'triage', '-o', 'json', '--timeout', '60s', '--redis-url', redis.url];
  // No Prometheus: its connection is refused at once, so the time is Redis's.
  const triage = () => run(process.execPath, [...args, '--prometheus-url', 'http://127.0.0.1:1']);

  await redis.load(counters(0, small));
  const memorySmall = median([await triage(), await triage(), await triage()].map(({ peakKib }) => peakKib));
  await redis.load(counters(small, large));
  const cli = () => run('redis-cli', ['-p', String(redis.port), '--scan', '--pattern', 'acp:auth_fail:*']);
  const timed = await paired(triage, cli, smoke ? 1 : 3);
  const memoryLarge = timed.last?.[0].peakKib ?? Number.NaN;

  const answer = JSON.parse(timed.last?.[0].stdout ?? '{}');
  const counted = answer.signals['auth-failures-by-ip'];
  const exact = Array.from({ length: large }, (_, i) => (i % 7) + 1).reduce((sum, value) => sum + value, 0);
  if (counted.total !== exact || counted.distinct !== large) {
    throw new Error(
      `counted ${counted.total} failures of ${counted.distinct} IPs, expected ${exact} of ${large}`,
    );
  }
  await redis.stop();
  const keys = (count: number) => `${count.toLocaleString('en-US')} keys`;
  const s = (value: number) => `${(value / 1000).toFixed(2)} s`;
  const mib = (value: number) => `${(value / 1024).toFixed(0)} MiB`;
  return [
    {
      what: `triage of ${keys(large)} against redis-cli --scan`,
      ours: s(timed.a),
      against: s(timed.b),
      ratio: timed.ratio,
      // Of so few keys as in the smoke, starting is nearly all of it.
      target: smoke ? null : 0.5,
    },
    {
      what: `peak memory at ${keys(large)} against ${keys(small)}`,
      ours: mib(memoryLarge),
      against: mib(memorySmall),
      ratio: memoryLarge / memorySmall,
      target: 1.5,
    },
  ];
}
