import type { Capture } from '../../src/evidence/capture-schema.ts';
import { type AlertPeriod, type ChartHistory, type Line, noHistory } from '../../src/evidence/history.ts';
import type { Evidence } from '../../src/evidence/types.ts';
import type { Entry } from '../../src/journal/types.ts';
import { captureOf, counters, crowd, evidence } from './evidence.ts';

/** Milliseconds since the epoch of a time on the day of the incident: `03:12:04`. */
export const at = (time: string): number => Date.parse(`2026-05-29T${time}Z`);
const iso = (ms: number): string => new Date(ms).toISOString();

const STEP = 15;

/** A line of a chart, a point every 15 seconds; a value of null is a gap. */
export function line(id: string, from: string, to: string, value: (ms: number) => number | null): Line {
  const count = Math.floor((at(to) - at(from)) / 1_000 / STEP) + 1;
  return {
    id,
    points: Array.from({ length: count }, (_, index) => {
      const ms = at(from) + index * STEP * 1_000;
      return [ms, value(ms)] as const;
    }),
  };
}

export const chart = (id: string, lines: readonly Line[], total: Line | null): ChartHistory => ({
  ...{
    chart: id,
    lines,
    others: null,
    total,
    stepSeconds: STEP,
    windowSeconds: 60,
    reason: null,
    cause: null,
  },
});

/** What one look found, as `triage --save` keeps it. */
export const captureAt = (time: string, facts: Evidence, more: Partial<Capture> = {}): Capture => ({
  ...captureOf({ ...facts, at: iso(at(time)) }, 'aegis'),
  context: 'prod',
  ...more,
});

export const blockEntry = (time: string, more: Partial<Entry> = {}): Entry => ({
  ...{ id: '01JWD8Q2Z4N7XK3T5V9B0C6F1G', seq: 1, at: iso(at(time)), remedy: 'block-ip' },
  ...{ operator: 'alice', reason: 'credential_stuffing', context: 'prod', runbook: 'aegis' },
  ...{ systems: { redis: 'redis://10.0.0.5:6379', api: null }, systemAt: iso(at(time)), undoes: null },
  changes: [
    {
      ...{ system: 'redis', target: 'acp:ip_block:203.0.113.42', before: null, status: 'applied' },
      after: { value: 'credential_stuffing', ttlSeconds: 86_400, expiresAt: iso(at(time) + 86_400_000) },
      ...{ message: null, verified: 'enforced' },
    },
  ],
  ...{ status: 'applied', resolved: true, verified: 'enforced' },
  verification: 'its failures stopped: none in 5 s, after 18 a second before',
  undoneBy: null,
  ...more,
});

const ATTACK = { begins: at('02:52:00'), blocked: at('03:14:10') };

/** 18 failures a second from one address while it lasts, and a few forgetful people. */
const failures = (ms: number): number => (ms > ATTACK.begins && ms <= ATTACK.blocked ? 18.2 : 0.05);

/** One address stuffs credentials, it is blocked, and it ends. */
export function stuffing(): { readonly captures: readonly Capture[]; readonly entries: readonly Entry[] } {
  const during = evidence({ 'auth-failures-by-ip': counters({ '203.0.113.42': 4812, ...crowd(40, 2) }) });
  const after = evidence();
  const kept = (from: string, to: string) => {
    const rate = line('invalid_api_key', from, to, failures);
    const period: AlertPeriod = {
      ...{ name: 'AuthFailureSpike', labels: { severity: 'warning' }, open: false },
      ...{ fromMs: at('02:56:30'), toMs: at(to) > at('03:19:15') ? at('03:19:15') : null },
    };
    return {
      history: [
        chart('auth-failures-by-reason', [rate], { ...rate, id: '' }),
        noHistory('auth-failures-by-ip', 'Redis holds only the present of this'),
        noHistory(
          'blocked-spend',
          'nothing is recorded of then: no samples of acp_inference_cost_blocked_total',
        ),
        noHistory('agent-spend', 'Redis holds only the present of this'),
        chart(
          'rejects-by-tenant',
          [line('acme', from, to, () => 0.03)],
          line('', from, to, () => 0.03),
        ),
      ],
      alertHistory: {
        ...{ names: ['RateLimitSpike', 'AuthFailureSpike'], periods: [period] },
        ...{ stepSeconds: STEP, reason: null, cause: null },
      },
    };
  };
  return {
    captures: [
      captureAt('03:12:04', during, kept('02:12:15', '03:12:00')),
      captureAt('03:24:30', after, kept('02:24:30', '03:24:30')),
    ],
    entries: [blockEntry('03:14:10')],
  };
}
