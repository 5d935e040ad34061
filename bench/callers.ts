import { counter, openMetrics, series } from '../test/support/openmetrics.ts';
import { startPrometheus } from '../test/support/prometheus.ts';
import type { Row } from './bench.ts';
import { paired, run } from './measure.ts';

/** Seconds that `triage` gives a system unless it is told otherwise. */
const DEADLINE = 5;
const LOUD = 'caller-7';

/** Callers with what was accepted and what was rejected of each; one of them is far above its limit. */
function* callers(count: number, now: number): Generator<ReturnType<typeof series>> {
  for (let i = 0; i < count; i++) {
    const caller = `caller-${i}`;
    const where = { job: 'edge', instance: `edge-${i % 4}:9100`, caller, tier: 'free' };
    const span = { from: -960, to: 300, step: 30, start: 1e5 + i };
    const [accepted, rejected] = caller === LOUD ? [20, 40] : [(i % 150) / 10, 0];
    const made = (outcome: string, perSecond: number) =>
      series('tps_requests_total', { ...where, outcome }, counter(now, { ...span, perSecond }));
    yield made('accepted', accepted);
    yield made('rejected', rejected);
  }
}

/** Triage of many callers: against the deadline, and against one query for the largest of them by hand. */
export async function callersBench(program: string, smoke: boolean): Promise<Row[]> {
  const count = smoke ? 500 : 20_000;
  const now = Math.floor(Date.now() / 1_000);
  const { url, stop } = await startPrometheus({ series: openMetrics([...callers(count, now)]) });
  const args = ['triage', '-o', 'json', '--runbook', 'tps-limits', '--timeout', '60s'];
  const triage = () => run(process.execPath, [program, ...args, '--prometheus-url', url]);
  const largest = 'topk(10, sum by (caller) (rate(tps_requests_total[5m])))';
  const byHand = () => run('promtool', ['query', 'instant', url, largest]);
  const timed = await paired(triage, byHand, smoke ? 1 : 3);
  await stop();

  const { verdict, signals, degraded } = JSON.parse(timed.last?.[0].stdout ?? '{}');
  const { distinct, rows } = signals['requests-by-caller'];
  if (degraded || verdict.category !== 'caller-consistently-over-limit' || rows[0].id !== LOUD) {
    throw new Error(
      `triage of ${distinct} callers said ${verdict.category} of ${rows[0]?.id}, not of ${LOUD}`,
    );
  }
  const s = (value: number) => `${(value / 1000).toFixed(2)} s`;
  const what = `triage of ${count.toLocaleString('en-US')} callers`;
  return [
    {
      ...{ what: `${what} against its deadline`, ours: s(timed.a), against: s(DEADLINE * 1_000) },
      ...{ ratio: timed.a / (DEADLINE * 1_000), target: 1 },
    },
    {
      ...{ what: `${what} against one topk by hand`, ours: s(timed.a), against: s(timed.b) },
      ...{ ratio: timed.ratio, target: null },
    },
  ];
}
