import type { Known } from '../../src/alerts/lead.ts';
import type { Alert } from '../../src/evidence/alert.ts';
import type { Firing } from '../../src/signals/alertmanager.ts';
import type { Clock } from '../../src/signals/asked.ts';

/** When the alerts of these tests are looked at. */
export const NOW = Date.parse('2026-05-29T03:12:04Z');

export const clock: Clock = {
  now: () => NOW,
  iso: (ms) => new Date(ms).toISOString(),
  ms: (iso) => Date.parse(iso),
  steady: () => 0,
};

/** An alert that fires for so many seconds. */
export const firing = (
  labels: Record<string, string>,
  more: Partial<Firing> & { readonly forSeconds?: number } = {},
): Firing => {
  const { forSeconds = 60, ...rest } = more;
  return {
    fingerprint: fingerprintOf(labels),
    ...{ state: 'active', startsAt: clock.iso(NOW - forSeconds * 1_000), labels, generatorUrl: '' },
    ...{ silencedBy: [], inhibitedBy: [], mutedBy: [] },
    ...rest,
  };
};

function fingerprintOf(labels: Record<string, string>): string {
  const hash = [...JSON.stringify(labels)].reduce(
    (sum, char) => (sum * 31 + char.charCodeAt(0)) % 2 ** 40,
    7,
  );
  return hash.toString(16).padStart(16, '0');
}

/** Two contexts, of which `prod-us` is in use; aegis lists RateLimitSpike, the operator's own `shop` lists ShopSpike. */
export const known = (more: Partial<Known> = {}): Known => ({
  ...{ context: 'prod-us', isContextGiven: false, connectedBy: null, givenRunbook: null, rules: [] },
  runbookOf: new Map([
    ['prod-us', 'aegis'],
    ['prod-eu', 'aegis'],
  ]),
  defaultRunbook: 'aegis',
  runbooks: [
    { name: 'aegis', alerts: ['RateLimitSpike', 'AuthFailureSpike'], isNamed: true },
    { name: 'shop', alerts: ['ShopSpike'], isNamed: true },
  ],
  ...more,
});

/** What is said of an alert that fires for 12 minutes. */
export const alertOf = (more: Partial<Alert> = {}): Alert => ({
  ...{ source: 'http://alertmanager:9093', wanted: null, state: 'active', reason: null, cause: null },
  ...{ name: 'RateLimitSpike', fingerprint: '0123456789abcdef', startsAt: '2026-05-29T03:00:04.000Z' },
  ...{ firingForSeconds: 720, labels: { severity: 'page' }, generatorUrl: null },
  ...{ silencedBy: [], inhibitedBy: [], mutedBy: [], instanceCount: 1, windowSeconds: 720 },
  instances: [
    {
      ...{ fingerprint: '0123456789abcdef', state: 'active', startsAt: '2026-05-29T03:00:04.000Z' },
      labels: {},
    },
  ],
  pickedBy: { context: 'default', runbook: 'default' },
  warnings: [],
  ...more,
});
